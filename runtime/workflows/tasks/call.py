"""Call something by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from runtime.catalog.workflow.task import CallTask
from runtime.workflows.calls.a2a import call_a2a
from runtime.workflows.calls.function import call_function
from runtime.workflows.calls.http import call_http
from runtime.workflows.calls.mcp import call_mcp
from runtime.workflows.calls.openapi import call_openapi
from runtime.workflows.calls.own import OWN
from runtime.workflows.doing import Doing
from runtime.workflows.flow import Passed
from runtime.workflows.problem import fault

CALLED: Final[Mapping[str, Callable[[Doing], Passed]]] = {
    "a2a": call_a2a,
    "http": call_http,
    "openapi": call_openapi,
    "mcp": call_mcp,
    **OWN,
}
NOT_CALLED: Final = ("asyncapi", "grpc")


def call(doing: Doing) -> Passed:
    """Call it; what is called decides what is given."""
    task = doing.task
    assert isinstance(task, CallTask)
    known = CALLED.get(task.function)
    if known is not None:
        return known(doing)
    if task.function in NOT_CALLED:
        supported = ", ".join(sorted(CALLED))
        words = f"call: {task.function} is not supported here; supported: {supported}, functions"
        raise fault("configuration", words, at=task.reference)
    return call_function(doing)
