"""Budgets that policy sets beside each run's own: for people, agents, channels and workspaces."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Final

from runtime.domain.budget import UNLIMITED, Budget
from runtime.domain.json import Json
from runtime.policy.case import GROUP
from runtime.policy.located import Located
from runtime.policy.stages import Names, duration, eligible_entries

_FIELDS: Final = ("id", "of", "names", "usd", "tokens", "time", "eligible")


class Of(StrEnum):
    """Whose spending is counted, spelled as in policy.yaml; each day anew, but for a run's."""

    RUN = "run"
    AGENT = "agent"
    USER = "user"
    CHANNEL = "channel"
    WORKSPACE = "workspace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """One budget. ``names`` are globs on agents, people or channels; empty fits all."""

    id: str
    of: Of
    limit: Budget
    eligible: tuple[str, ...] = ()
    """Who may say what now when it is used up; empty means the policy's default."""
    names: tuple[str, ...] = ()

    def speaks_of(self, name: str) -> bool:
        """Tell whether it limits this agent, person or channel."""
        return not self.names or any(fnmatchcase(name, pattern) for pattern in self.names)

    def spelled(self) -> Json:
        """Spell it, for the policy's digest."""
        limits = [str(self.limit.usd), self.limit.tokens, str(self.limit.seconds)]
        return [self.id, self.of.value, list(self.names), limits, list(self.eligible)]


def read_budgets(
    place: Located | None, *, roles: Names, on_call: frozenset[str]
) -> tuple[Cap, ...]:
    """Read the section ``budgets``."""
    if place is None:
        return ()
    caps: list[Cap] = []
    for item in place.items():
        cap = _cap(item, roles, on_call)
        if cap.id == "run" or any(other.id == cap.id for other in caps):
            item.wrong(f"the id {cap.id!r} is taken; give every budget its own")
        caps.append(cap)
    return tuple(caps)


def _cap(place: Located, roles: Names, on_call: frozenset[str]) -> Cap:
    fields = place.fields(_FIELDS)
    for needed in ("id", "of"):
        if needed not in fields:
            place.wrong(f"a budget needs {needed!r}; write `{needed}: …`")
    of = fields["of"].one_of(Of, lambda choice: choice.value)
    usd, tokens, time = (fields.get(name) for name in ("usd", "tokens", "time"))
    if usd is None and tokens is None and time is None:
        place.wrong("say how much: `usd: 20`, `tokens: 1000000` or, for runs, `time: 2h`")
    if time is not None and of is not Of.RUN:
        time.wrong("only a run takes time; write `of: run`, or limit `usd` or `tokens`")
    if "names" in fields and of in (Of.RUN, Of.WORKSPACE):
        fields["names"].wrong(f"a budget of each {of.value} has no names; remove the line")
    who = fields.get("eligible")
    eligible = eligible_entries(who, roles=roles, on_call=on_call) if who else ()
    if who is not None and any(GROUP in entry for entry in eligible):
        who.wrong("groups of a chat are not looked up here; name people or roles")
    return Cap(
        id=fields["id"].text(),
        of=of,
        limit=Budget(
            usd=float(_positive(usd)) if usd else UNLIMITED.usd,
            tokens=int(_positive(tokens)) if tokens else UNLIMITED.tokens,
            seconds=duration(time) if time else UNLIMITED.seconds,
        ),
        eligible=eligible,
        names=fields["names"].texts() if "names" in fields else (),
    )


def _positive(place: Located) -> int | float:
    value = place.number()
    if value <= 0:
        place.wrong("write a number above 0")
    return value
