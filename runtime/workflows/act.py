"""One workflow being carried out within one step: all that its tasks need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from runtime.agent.kit import Kit, Services
from runtime.agent.sources import Sources
from runtime.catalog.workflow.document import Workflow
from runtime.catalog.workflow.task import Duration, Task, Tasks
from runtime.domain.json import Json, JsonObject
from runtime.durable.context import Context
from runtime.expressions.evaluator import Evaluator
from runtime.tools.containers import Containers
from runtime.tools.http import Http
from runtime.workflows.events import Events
from runtime.workflows.flow import Flow, Frame, Passed
from runtime.workflows.outlet import Outlet
from runtime.workflows.problem import fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Outfit:
    """What workflows need of the process they run in."""

    services: Services
    evaluator: Evaluator
    http: Http
    events: Events
    secrets: Mapping[str, str]
    """The environment that tools may be handed secrets from."""
    containers: Containers | None = None
    """Runs images; nothing does where it is not set."""
    outlet: Outlet | None = None
    """Where emitted events go as well; nowhere where it is not set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A workflow at work. ``do_tasks`` is the interpreter itself, for tasks that hold others."""

    ctx: Context
    outfit: Outfit
    kit: Kit
    workflow: Workflow
    input: Json
    """The workflow's input before any transformation."""
    started: str
    """When the workflow began, in ISO 8601."""
    index: Mapping[str, Task]
    """Every task of the document by its reference."""
    do_tasks: Callable[[Act, Tasks, Flow, Frame], Passed]
    do_task: Callable[[Act, Task, Flow, Frame, str], Passed]
    sources: Sources
    """Where values came from; see ``origins``."""
    memo: dict[str, Json] = field(default_factory=dict[str, Json])
    """What is worked out once: descriptors of workflow and runtime."""

    def describe(self) -> JsonObject:
        """Give what a child step needs to go on with the same workflow."""
        return {"workflow": self.workflow.name, "input": self.input, "started": self.started}

    def timeout_of(self, timeout: Duration | str | None, *, at: str) -> Duration | None:
        """Give a timeout, looked up where it is a name."""
        if not isinstance(timeout, str):
            return timeout
        found = self.workflow.use.timeouts.get(timeout)
        if found is None:
            raise fault("configuration", f"use.timeouts has no {timeout!r}; add it", at=at)
        return found
