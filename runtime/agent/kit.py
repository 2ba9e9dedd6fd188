"""What the agents of one run have at hand: the versions the run began with."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from runtime.agent.run_files import RunFiles
from runtime.agent.run_memory import RunMemory
from runtime.catalog.agent import Agent, Role
from runtime.catalog.catalog import Catalog
from runtime.catalog.policy_of import policy_of
from runtime.catalog.python_tools import python_tools
from runtime.domain.errors import Misconfigured
from runtime.domain.ports import Clock
from runtime.domain.run import Run
from runtime.expressions.evaluator import Evaluator
from runtime.models.completion import Models
from runtime.policy.policy import Policy
from runtime.storage import definitions
from runtime.storage.database import Database
from runtime.tools.registry import Registry
from runtime.tools.runner import Runner
from runtime.tools.tool import Call, Tool

_KEPT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """Tools that no agent owns: those that ship and those of MCP servers."""

    tools: tuple[Tool, ...]
    missing: Mapping[str, str]
    """Servers that are down, with the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """A catalog made ready for work."""

    catalog: Catalog
    policy: Policy
    registry: Registry

    @property
    def planner(self) -> Agent:
        """Give the agent that plans. Raises ``Misconfigured`` where there is none."""
        planners = self.catalog.with_role(Role.PLANNER)
        if not planners:
            raise Misconfigured("no agent has the role planner; add agents/planner/agent.md")
        return planners[0]


def make_kit(catalog: Catalog, shared: Shared) -> Kit:
    """Give the kit of a catalog: its own Python tools beside the shared ones.

    Raises ``Misconfigured`` where an agent is granted a tool that does not exist.
    """
    own = [tool for agent in catalog.agents.values() for tool in python_tools(agent)]
    registry = Registry([*shared.tools, *own], missing=shared.missing)
    for agent in catalog.agents.values():
        registry.granted(agent.tools, where=f"agents/{agent.name}/agent.md")
    return Kit(
        catalog=catalog,
        policy=policy_of(catalog),
        registry=registry,
    )


class Kits:
    """Kits by the digest a run pinned; the last few are kept ready."""

    def __init__(self, database: Database, shared: Callable[[Catalog], Shared]) -> None:
        self._database = database
        self._shared = shared
        self._kits: OrderedDict[str, Kit] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, run: Run) -> Kit:
        """Give the kit of the versions a run began with."""
        with self._lock:
            if run.catalog in self._kits:
                self._kits.move_to_end(run.catalog)
                return self._kits[run.catalog]
        with self._database.read() as connection:
            stored = definitions.read(connection, run.catalog)
        if stored is None:
            raise Misconfigured(f"the agents of run #{run.number} are not stored; restore them")
        catalog = Catalog.from_json(stored)
        kit = make_kit(catalog, self._shared(catalog))
        with self._lock:
            self._kits[run.catalog] = kit
            while len(self._kits) > _KEPT:
                self._kits.popitem(last=False)
        return kit


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What handlers need of the process they run in."""

    database: Database
    clock: Clock
    kits: Kits
    models: Models
    runner: Runner
    data: Path
    current_policy: Callable[[], Policy]
    """The policy as it is now: who may decide is asked of it, not of the pinned one."""
    evaluator: Evaluator | None = None
    """Answers what rules say in jq; without it nobody can tell, and such rules count against."""

    def call(self, run: Run, *, step_id: str, key: str) -> Call:
        """Give what a tool may touch while it makes one call."""
        return Call(
            run_id=run.id,
            step_id=step_id,
            key=key,
            principal=run.requester,
            files=RunFiles(
                self.database, self.clock, run_id=run.id, step_id=step_id, data=self.data
            ),
            memory=RunMemory(
                self.database, self.clock, workspace=run.workspace, principal=run.requester
            ),
            secrets={},
            data=self.data,
        )
