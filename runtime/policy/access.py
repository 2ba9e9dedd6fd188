"""Who may use Baton for what: denied unless an entry allows it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from runtime.domain.conversation import Person, PersonKind
from runtime.domain.json import Json
from runtime.policy.located import Located
from runtime.policy.stages import Names, check_principal


class Right(StrEnum):
    """What an entry may allow, spelled as in policy.yaml."""

    ASK = "ask"
    """Begin runs."""
    SEE = "see"
    """See every run of one's workspace."""
    SEE_OWN = "see-own"
    """See the runs one has asked for."""
    STEER = "steer"
    """Pause, resume, cancel and retry the runs of others; one's own everybody may."""
    GRANT = "grant"
    """Give leave in advance, where one may decide."""
    DELEGATE = "delegate"
    """Hand one's own decisions on."""
    HALT = "halt"
    """Throw the red switch, and agree to lift it."""
    PUBLISH = "publish"
    """Set workflows going by themselves, for as long as one has this."""
    ADMINISTER = "administer"
    """Act on what others have here: reset a second factor, erase a person, tell an audit's head."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Some people, and what they may. ``start`` names agents and workflows, as globs."""

    who: tuple[str, ...]
    may: tuple[Right, ...]
    start: tuple[str, ...] = ("*",)

    def spelled(self) -> Json:
        """Spell it, for the policy's digest."""
        return [list(self.who), [right.value for right in self.may], list(self.start)]


MEMBER = "member"
STANDARD: tuple[Entry, ...] = (
    Entry(who=(MEMBER,), may=(Right.ASK, Right.SEE, Right.GRANT, Right.DELEGATE)),
    Entry(who=("role:operator", "role:approver"), may=(Right.STEER, Right.HALT)),
    # Who sits at this machine could do either without Baton.
    Entry(
        who=("role:operator", "console:local/*", "terminal:local/*"),
        may=(Right.PUBLISH, Right.ADMINISTER),
    ),
)
"""What holds where policy.yaml has no ``access``."""


def refusal(
    entries: tuple[Entry, ...], roles: Names, person: Person, right: Right, *, start: str = ""
) -> str | None:
    """Say which grant is missing, in words for the person; None where they may.

    ``start`` is the agent or workflow that is named; empty where a plan is made.
    """
    if person.kind is not PersonKind.MEMBER:
        return f"{person.kind.value} accounts may do nothing here; ask a member of the workspace"
    for entry in entries:
        names_it = not start or any(fnmatchcase(start, pattern) for pattern in entry.start)
        if right in entry.may and names_it and _is_among(entry.who, roles, person):
            return None
    what = f"{right.value!r}" + (f" for {start!r}" if start else "")
    return (
        f"you ({person.principal}) may not do this: it needs the grant {what} under `access` in"
        " policy.yaml"
    )


def read_access(place: Located | None, roles: Names) -> tuple[Entry, ...]:
    """Read the section ``access``; where there is none, give the standard."""
    if place is None:
        return STANDARD
    return tuple(_entry(item, roles) for item in place.items())


def _entry(place: Located, roles: Names) -> Entry:
    fields = place.fields(("who", "may", "start"))
    for needed in ("who", "may"):
        if needed not in fields:
            place.wrong(f"an entry needs {needed!r}; write `{needed}: [...]`")
    who = fields["who"].texts()
    for name in who:
        if name.startswith("role:"):
            if name.removeprefix("role:") not in roles:
                fields["who"].wrong(f"the role {name!r} is not defined; add it under `roles`")
        elif name != MEMBER:
            check_principal(name, fields["who"])
    words = {right.value: right for right in Right}
    may = fields["may"].texts()
    for word in may:
        if word not in words:
            fields["may"].wrong(f"{word!r} is not known; write some of: {', '.join(words)}")
    start = fields["start"].texts() if "start" in fields else ("*",)
    return Entry(who=who, may=tuple(words[word] for word in dict.fromkeys(may)), start=start)


def _is_among(who: tuple[str, ...], roles: Names, person: Person) -> bool:
    patterns = [
        pattern
        for name in who
        for pattern in (roles.get(name[5:], ()) if name.startswith("role:") else (name,))
    ]
    return MEMBER in patterns or any(
        fnmatchcase(principal, pattern) for principal in person.principals for pattern in patterns
    )
