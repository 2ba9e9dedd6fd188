"""How the world misbehaves when a test asks it to."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

KINDS = frozenset(
    {
        "rate_limited",  # 429 with Retry-After
        "server_error",  # a 5xx, nothing done
        "server_error_after",  # a 5xx, though the call took effect
        "reset_before",  # connection reset, nothing done
        "reset_after",  # connection reset, though the call took effect
        "slow",  # waits, then works
        "slow_after",  # takes effect, then waits before it answers
        "error",  # ok: false with a documented error
        "archive_channel",  # the channel is archived just before the call
        "revoke_token",  # the token is revoked just before the call
    }
)
"""What can go wrong with a call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One way of misbehaving, and towards which calls."""

    method: str
    """A method name, or a glob: ``chat.*``. Response URLs go by ``response_url``."""
    kind: str
    holding: str = ""
    """Meet only calls whose arguments, as compact JSON, hold this."""
    times: int | None = 1
    """How many calls it meets; None for every one until it is cleared."""
    after: int = 0
    """How many matching calls pass unharmed first."""
    probability: float = 1.0
    seed: int = 0
    """Seeds the chance, so that a campaign can be repeated."""
    error: str = ""
    status: int = 503
    retry_after_seconds: int = 1
    delay_seconds: float = 0.0


@dataclass(slots=True)
class _Armed:
    fault: Fault
    met: int = 0
    passed: int = 0
    chance: random.Random = field(default_factory=random.Random)


class FaultPlan:
    """Which fault meets the next call of a method."""

    def __init__(self) -> None:
        self._armed: list[_Armed] = []

    def arm(self, fault: Fault) -> None:
        """Add a fault; of several that match, the oldest that is not used up wins."""
        if fault.kind not in KINDS:
            raise ValueError(f"unknown fault {fault.kind!r}: one of {sorted(KINDS)}")
        self._armed.append(_Armed(fault=fault, chance=random.Random(fault.seed)))

    def clear(self) -> None:
        self._armed.clear()

    def draw(self, method: str, arguments: str = "") -> Fault | None:
        """Give the fault for this call, and count it; the arguments are compact JSON."""
        for armed in self._armed:
            fault = armed.fault
            if not fnmatchcase(method, fault.method) or fault.holding not in arguments:
                continue
            if fault.times is not None and armed.met >= fault.times:
                continue
            if armed.passed < fault.after:
                armed.passed += 1
                continue
            if armed.chance.random() >= fault.probability:
                continue
            armed.met += 1
            return fault
        return None
