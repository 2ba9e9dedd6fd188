"""A limit on the time of anything, also of what waits in other hands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from runtime.durable.context import Context
from runtime.durable.unwind import Suspend
from runtime.workflows.problem import fault

T = TypeVar("T")


def within(ctx: Context, name: str, seconds: float, *, at: str, work: Callable[[], T]) -> T:
    """Do something in a limited time. Raises ``Faulted`` of the type timeout when it is over.

    What waits is woken at the limit, and what is unfinished below ``name`` is cancelled. An effect
    under way is not cut off: its own limit ends it, and its result counts.
    """
    begun = ctx.now(f"{name}/began")
    until = begun + timedelta(seconds=seconds)
    if ctx.ran_out(name):
        raise _late(seconds, at)
    try:
        return work()
    except Suspend as wait:
        # Not caught to go on, but to be woken in time; it is the engine that suspends.
        if ctx.run_out(name, until):
            raise _late(seconds, at) from None
        wait.wake_at = min(wait.wake_at or until, until)
        raise


def _late(seconds: float, at: str) -> Exception:
    return fault("timeout", f"it took longer than {seconds:g} seconds", at=at, title="Timed out")
