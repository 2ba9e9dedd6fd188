"""Workflows on a real engine and database, with time and the outside in the hands of the test."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from runtime.agent.kit import Kits, Services, Shared
from runtime.catalog.agent import Agent
from runtime.catalog.catalog import Catalog
from runtime.catalog.workflow.read import parse_workflow
from runtime.domain.json import Json, JsonObject, object_of
from runtime.domain.states import StepStatus
from runtime.domain.step import Cost, Step
from runtime.durable.announcer import Announcer
from runtime.durable.engine import Engine
from runtime.expressions.evaluator import Evaluator
from runtime.models.completion import Completion, Prompt
from runtime.observability.personal_data import Clean, PersonalData
from runtime.policy.parse import parse_policy
from runtime.storage import definitions, trees
from runtime.storage.database import Database
from runtime.testing import SteppedClock
from runtime.tools.http import Http
from runtime.tools.network import Network
from runtime.tools.runner import Runner
from runtime.tools.tool import Tool
from runtime.worker import handlers
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
_HEADED = re.compile(r"^document:", re.MULTILINE)


class TickingClock(SteppedClock):
    """A clock that moves a little whenever it is looked at, so that no two moments are the same."""

    def now(self) -> datetime:
        return self.step(0.000_001)


class ScriptedModels:
    """Answers prompts as a function says; without one, no workflow here may ask a model."""

    def __init__(self, answer: Callable[[Prompt], str] | None = None) -> None:
        self._answer = answer
        self.asked: list[Prompt] = []
        """Every prompt, in the order they came."""
        self.usd = 0.0
        """What each answer costs."""

    def complete(self, prompt: Prompt) -> Completion:
        self.asked.append(prompt)
        if self._answer is None:
            raise AssertionError(f"a model was asked: {prompt!r:.200}")
        return Completion(
            text=self._answer(prompt),
            tool_calls=(),
            model="scripted",
            cost=Cost(usd=self.usd, tokens=1_000),
            finish="stop",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a workflow stands."""

    status: StepStatus
    output: Json
    problem: JsonObject
    waits_for: str


@contextmanager
def opened(url: str, make: Callable[[Database], FlowWorld]) -> Generator[FlowWorld]:
    """Give a world on the database of a URL for as long as the block lasts."""
    database = Database(url)
    made = make(database)
    try:
        yield made
    finally:
        made.close()
        database.close()


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
        models: ScriptedModels | None = None,
        agents: tuple[Agent, ...] = (),
        hide: Clean = PersonalData(),  # noqa: B008 - it never changes
    ) -> None:
        self.engines = EngineWorld(database, clock)
        self.database = database
        self._policy = policy
        self._agents = agents
        current = parse_policy(policy, file="policy.yaml")
        kits = Kits(database, lambda _: Shared(tools=tools, missing={}))
        services = Services(
            database=database,
            clock=self.engines.clock,
            kits=kits,
            models=models or ScriptedModels(),
            runner=Runner(secrets={}, hide=hide),
            data=data,
            current_policy=lambda: current,
        )
        self.events = Events(database=database, clock=self.engines.clock, bell=self.engines.bell)
        self.outfit = Outfit(
            services=services,
            evaluator=evaluator,
            http=Http(network=Network(allowed=allowed)),
            events=self.events,
            secrets=secrets or {},
        )

    def process(self, announcer: Announcer | None = None) -> Engine:
        """Start a process."""
        works = {
            **handlers(self.outfit.services),
            KIND: partial(carry_out, outfit=self.outfit),
        }
        return self.engines.process(announcer, **works)

    def accept(self, *documents: str, input: Json = None, mcp: str | None = None) -> str:
        """Accept a run of the first of some workflows; give its id. Nobody works on it yet."""
        return self.accept_many(1, *documents, input=input, mcp=mcp)[0]

    def accept_many(
        self, count: int, *documents: str, input: Json = None, mcp: str | None = None
    ) -> list[str]:
        """Accept so many runs of the same workflow and input at once; give their ids."""
        workflows = [
            parse_workflow(text if _HEADED.search(text) else HEAD + text, file="flow.yaml")
            for text in documents
        ]
        catalog = Catalog.of(
            self._agents, workflows=workflows, policy_text=self._policy, mcp_text=mcp
        )
        with self.database.write() as connection:
            now = self.engines.clock.now()
            definitions.keep(connection, catalog.digest, catalog.to_json, now=now)
        given: Json = {"workflow": workflows[0].name, "input": input}
        return self.engines.accept_many(count, kind=KIND, input=given, catalog=catalog.digest)

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
