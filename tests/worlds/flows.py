"""Workflows on a real engine and database, with time and the outside in the hands of the test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from runtime.agent.kit import Kits, Services, Shared
from runtime.catalog.catalog import Catalog
from runtime.catalog.workflow.read import parse_workflow
from runtime.domain.json import Json, JsonObject, object_of
from runtime.domain.states import StepStatus
from runtime.domain.step import Step
from runtime.durable.engine import Engine
from runtime.expressions.evaluator import Evaluator
from runtime.models.completion import Completion, Prompt
from runtime.policy.parse import parse_policy
from runtime.storage import definitions, trees
from runtime.storage.database import Database
from runtime.testing import SteppedClock
from runtime.tools.http import Http
from runtime.tools.network import Network
from runtime.tools.runner import Runner
from runtime.tools.tool import Tool
from runtime.workflows.act import Outfit
from runtime.workflows.events import Events
from runtime.workflows.handler import KIND, carry_out
from tests.worlds.engine import EngineWorld, root_of

POLICY = "version: 1\ndefaults: {read: allow, write: allow, irreversible: allow}\n"
HEAD = """\
document:
  dsl: '1.0.3'
  namespace: test
  name: flow
  version: '1.0.0'
"""


class TickingClock(SteppedClock):
    """A clock that moves a little whenever it is looked at, so that no two moments are the same."""

    def now(self) -> datetime:
        return self.step(0.000_001)


class _NoModels:
    """No workflow here asks a model."""

    def complete(self, prompt: Prompt) -> Completion:
        raise AssertionError(f"a model was asked: {prompt!r:.200}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a workflow stands."""

    status: StepStatus
    output: Json
    problem: JsonObject
    waits_for: str


class FlowWorld:
    """One database and any number of processes that carry out workflows."""

    def __init__(
        self,
        database: Database,
        *,
        evaluator: Evaluator,
        data: Path,
        allowed: frozenset[str] = frozenset(),
        secrets: Mapping[str, str] | None = None,
        tools: tuple[Tool, ...] = (),
        policy: str = POLICY,
        clock: SteppedClock | None = None,
    ) -> None:
        self.engines = EngineWorld(database, clock)
        self.database = database
        self._policy = policy
        kits = Kits(database, lambda _: Shared(tools=tools, missing={}))
        services = Services(
            database=database,
            clock=self.engines.clock,
            kits=kits,
            models=_NoModels(),
            runner=Runner(secrets={}),
            data=data,
            current_policy=lambda: parse_policy(policy, file="policy.yaml"),
        )
        self.events = Events(database=database, clock=self.engines.clock, bell=self.engines.bell)
        self.outfit = Outfit(
            services=services,
            evaluator=evaluator,
            http=Http(network=Network(allowed=allowed)),
            events=self.events,
            secrets=secrets or {},
        )

    def process(self) -> Engine:
        """Start a process."""
        return self.engines.process(None, **{KIND: partial(carry_out, outfit=self.outfit)})

    def accept(self, *documents: str, input: Json = None, mcp: str | None = None) -> str:
        """Accept a run of the first of some workflows; give its id. Nobody works on it yet."""
        workflows = [
            parse_workflow(text if text.startswith("document:") else HEAD + text, file="flow.yaml")
            for text in documents
        ]
        catalog = Catalog.of([], workflows=workflows, policy_text=self._policy, mcp_text=mcp)
        given = {"workflow": workflows[0].name, "input": input}
        run_id = self.engines.accept(kind=KIND, input=given, catalog=catalog.digest)
        with self.database.write() as connection:
            now = self.engines.clock.now()
            definitions.keep(connection, catalog.digest, catalog.to_json, now=now)
        return run_id

    def run(self, *documents: str, input: Json = None) -> Outcome:
        """Carry out a workflow in one process until it ends or waits."""
        run_id = self.accept(*documents, input=input)
        self.engines.do(self.process(), run_id)
        return self.outcome(run_id)

    def outcome(self, run_id: str) -> Outcome:
        """Give how a run stands."""
        root = self.engines.step(run_id, "/")
        return Outcome(
            status=root.status,
            output=object_of(root.output).get("output"),
            problem=object_of((root.error or {}).get("problem")),
            waits_for=root.waits_for,
        )

    def steps(self, run_id: str) -> list[Step]:
        """Give every step of a run in the order it came to be."""
        with self.database.read() as connection:
            return trees.tree(connection, run_id)

    def names(self, run_id: str) -> list[str]:
        """Give the paths of a run's tasks and effects, in the order they came to be."""
        return [step.path for step in self.steps(run_id) if step.id != root_of(run_id)]

    def close(self) -> None:
        """End the processes."""
        self.engines.close()
