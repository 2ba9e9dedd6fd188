"""Let time pass, holding nothing but a row."""

from __future__ import annotations

from runtime.catalog.workflow.task import WaitTask
from runtime.workflows.doing import Doing
from runtime.workflows.flow import Passed


def wait(doing: Doing) -> Passed:
    """Wait; the data stays as it is."""
    task = doing.task
    assert isinstance(task, WaitTask)
    doing.act.ctx.sleep(doing.name, doing.view.seconds(task.duration, doing.data))
    return doing.gives(doing.data)
