"""What an effect declares about itself before it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from runtime.domain.effects import Effect
from runtime.domain.json import Json, JsonObject
from runtime.domain.step import Cost
from runtime.durable.retry import BACK_OFF, Retry
from runtime.storage.connection import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a reconcile hook found about an effect in doubt."""

    happened: bool
    result: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One effect inside a step: how it is shown, repeated and accounted for."""

    kind: str = "value"
    title: str = ""
    actor: str = ""
    effect: Effect = Effect.READ
    input: Json = None
    decision: JsonObject | None = None
    retry: Retry = BACK_OFF
    reconcile: Callable[[], Found | None] | None = None
    """Asked when a crash or a lost answer leaves an irreversible effect in doubt."""
    doubted: Callable[[Connection, str], None] | None = None
    """Called with the leaf's id in the transaction that marks it unknown: ask a person there."""
    cost: Callable[[Json], Cost] | None = None
    """Reads what the effect used up from its result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A task to be done below this one."""

    name: str
    kind: str
    input: Callable[[dict[str, Json]], Json] | Json = None
    """The input, or a function of the outputs of ``needs`` (by name) that gives it."""
    title: str = ""
    actor: str = ""
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a child ended. ``error`` is set unless it succeeded."""

    name: str
    path: str
    status: str
    output: Json
    error: JsonObject | None

    @property
    def succeeded(self) -> bool:
        """Tell whether there is an output to go on with."""
        return self.status == "succeeded"

    @property
    def waived(self) -> bool:
        """Tell whether a person chose to go on without it."""
        return self.status == "skipped" and self.output is not None
