"""One task in the hands of its kind: what it was given, and where it writes down what it did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from runtime.catalog.workflow.task import Task, Tasks
from runtime.domain.effects import Effect
from runtime.domain.json import Json
from runtime.durable.leaf import Leaf
from runtime.durable.retry import NEVER
from runtime.workflows.act import Act
from runtime.workflows.flow import CONTINUE, Flow, Frame, Passed
from runtime.workflows.view import View


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """A task about to be done. ``data`` is its transformed input."""

    act: Act
    task: Task
    name: str
    """Its name in the journal of this step."""
    frame: Frame
    view: View
    data: Json
    context: Json

    def gives(self, output: Json, *, then: str = CONTINUE) -> Passed:
        """End with an output, the context as it was."""
        return Passed(flow=Flow(data=output, context=self.context), then=then)

    def once(self, kind: str, work: Callable[[], Json], *, name: str | None = None) -> Json:
        """Do something that only looks or computes, once, as one entry of the journal."""
        return self.act.ctx.do(name or self.name, work, self.leaf(kind))

    def leaf(self, kind: str, *, effect: Effect = Effect.READ, input: Json = None) -> Leaf:
        """Describe an entry of the journal. The author's policy retries, not the engine's."""
        return Leaf(
            kind=kind,
            title=self.task.title,
            actor=self.act.workflow.actor,
            effect=effect,
            input=input,
            retry=NEVER,
        )

    def inner(self, tasks: Tasks, flow: Flow, frame: Frame) -> Passed:
        """Do tasks that this one holds. Their ``exit`` ends them, not what holds them."""
        passed = self.act.do_tasks(self.act, tasks, flow, frame)
        return replace(passed, then=passed.then if passed.then == "end" else CONTINUE)

    @property
    def flow(self) -> Flow:
        """Give what tasks within this one begin with."""
        return Flow(data=self.data, context=self.context)
