"""The red switch: what is stopped, by whom, and who has agreed to go on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

PEOPLE_TO_LIFT: Final = 2


class HaltScope(StrEnum):
    """What a halt stops."""

    EVERYTHING = "everything"
    WORKSPACE = "workspace"
    TOOL = "tool"
    AGENT = "agent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """One halt. ``lifted_by`` are the people who have agreed to end it."""

    id: str
    number: int
    scope: HaltScope
    name: str
    """Of the tool or agent; empty otherwise."""
    workspace: str
    """Whose runs; empty for those of all workspaces."""
    by: str
    by_name: str
    reason: str
    drill: bool
    """It stops nothing: it is told, listed and lifted like a real one, for practice."""
    at: datetime
    lifted_by: tuple[str, ...] = ()
    lifted_at: datetime | None = None

    def stops(self, *, workspace: str, tool: str | None = None, agent: str | None = None) -> bool:
        """Tell whether it stops a call of this tool, or work of this agent, in this workspace."""
        if self.drill or self.lifted_at is not None or self.workspace not in ("", workspace):
            return False
        if self.scope is HaltScope.TOOL:
            return self.name == tool
        if self.scope is HaltScope.AGENT:
            return self.name == agent
        return True

    @property
    def words(self) -> str:
        """Say what stands still, and why."""
        what = f"{self.scope.value} {self.name}".strip()
        reason = f": {self.reason}" if self.reason else ""
        return f"{what} is halted by {self.by_name}{reason}"


def halting(
    halts: Iterable[Halt], *, workspace: str, tool: str | None = None, agent: str | None = None
) -> Halt | None:
    """Give the first halt that stops this, or None."""
    return next(
        (one for one in halts if one.stops(workspace=workspace, tool=tool, agent=agent)), None
    )
