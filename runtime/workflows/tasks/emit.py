"""Say that something happened: an event for whoever listens."""

from __future__ import annotations

from runtime.catalog.workflow.task import EmitTask
from runtime.domain.effects import Effect
from runtime.domain.errors import ToolFailed
from runtime.domain.json import Json, object_of
from runtime.tools.tool import Call
from runtime.workflows.calls.gated import Deed, perform
from runtime.workflows.doing import Doing
from runtime.workflows.flow import Passed
from runtime.workflows.problem import fault


def emit(doing: Doing) -> Passed:
    """Emit the event, and give it."""
    task = doing.task
    assert isinstance(task, EmitTask)
    act = doing.act
    given = object_of(doing.view.fill(task.event, doing.data))
    workflow = act.workflow
    event: dict[str, Json] = {
        "specversion": "1.0",
        # The key of the step: a repeat after a crash is the same event, and is taken once.
        "id": act.ctx.key(doing.name),
        "source": f"/{workflow.namespace}/{workflow.name}/{workflow.version}",
        "time": act.ctx.now(f"{doing.name}/time").isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        **given,
    }

    def publish(call: Call) -> Json:
        act.outfit.events.publish(act.ctx.run.workspace, event)
        if act.outfit.outlet is not None:
            try:
                act.outfit.outlet.send(event, key=call.key)
            except ToolFailed as error:
                raise fault("communication", error.public, at=task.reference) from error
        return event

    shown = {"type": event["type"], "source": event["source"], "data": event.get("data")}
    deed = Deed(
        tool="emit", effect=Effect.WRITE, arguments=shown, run=publish, fails_as="validation"
    )
    return doing.gives(perform(doing, deed))
