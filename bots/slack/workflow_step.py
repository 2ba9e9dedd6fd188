"""The end of a run, told to the step of Workflow Builder that waits for it."""

from __future__ import annotations

from bots.slack.api import CallError
from bots.slack.line import Line
from bots.slack.payload import Payload
from bots.spelling import cut
from bots.views import Answer, Shown
from runtime.domain.delivery import Delivery

_OVER = frozenset({"execution_not_in_running_state", "function_execution_not_found"})
"""The workflow has been told, or has been stopped: there is nobody left to tell."""
_LONGEST = 10_000


def step_waiting(delivery: Delivery) -> str:
    """Give the execution that a delivery's place stands for; empty where it is a conversation."""
    return Payload(delivery.place.address).identifier("function")


async def complete(line: Line, execution: str, shown: Shown) -> str:
    """Complete the step once the run has ended; until then there is nothing to say.

    Raises:
        CallError: Slack does not take it now.
    """
    if isinstance(shown, Answer):
        try:
            await _complete(line, execution, shown)
        except CallError as fault:
            if fault.code not in _OVER:
                raise
    return f"function:{execution}"


async def _complete(line: Line, execution: str, answer: Answer) -> None:
    match answer.outcome:
        case "succeeded":
            await line.api.call(
                "functions.completeSuccess",
                function_execution_id=execution,
                outputs={
                    "answer": cut(answer.text, _LONGEST),
                    "outcome": answer.outcome,
                    "run": str(answer.run_number),
                },
            )
        case "failed" | "cancelled":
            await line.api.call(
                "functions.completeError",
                function_execution_id=execution,
                error=cut(f"Run {answer.run_number} {answer.outcome}: {answer.text}", 1_000),
            )
        case _:
            pass
