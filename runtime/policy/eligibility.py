"""Who may decide. Asked at every click, of the policy as it is then."""

from __future__ import annotations

from fnmatch import fnmatchcase

from runtime.domain.approval import Stage
from runtime.domain.conversation import Person, PersonKind
from runtime.policy.policy import Policy

_NEVER = {
    PersonKind.GUEST: "guests of the workspace may not decide",
    PersonKind.EXTERNAL: "people from another organisation may not decide",
    PersonKind.BOT: "bots may not decide",
}


def may_decide(policy: Policy, stage: Stage, person: Person, requester: str) -> str | None:
    """Say why ``person`` may not decide this stage, in words for that person; None when they may.

    Everything doubtful is a no: an account that is not a plain member, an incomplete identity, a
    stage that names nobody, a role that the policy no longer has.
    """
    if person.kind is not PersonKind.MEMBER:
        return _NEVER.get(person.kind, "only members of the workspace may decide")
    if not (person.channel and person.workspace and person.external_id):
        return "it is not known who you are, so you may not decide"
    principal = person.principal
    # Whoever is kept out with one account is kept out with all: a requester who has another chat
    # open as well is still the requester.
    if _is_any_named(policy.excluded(stage, requester), person, requester):
        return f"you ({principal}) are kept from deciding this one; somebody else must"
    names = policy.eligible_names(stage, requester)
    if not names:
        return "nobody is eligible to decide this: an operator must name people in policy.yaml"
    if _is_any_named(names, person, requester):
        return None
    return f"you ({principal}) may not decide this: it needs {_wanted(stage)}"


def _is_any_named(names: tuple[str, ...], person: Person, requester: str) -> bool:
    return any(_is_named(names, principal, requester) for principal in person.principals)


def _is_named(names: tuple[str, ...], principal: str, requester: str) -> bool:
    # The requester's principal comes from outside: read as a pattern, a name such as "*" would
    # let everybody in.
    return any(
        principal == name if name == requester else fnmatchcase(principal, name) for name in names
    )


def _wanted(stage: Stage) -> str:
    words = [_in_words(entry) for entry in stage.eligible if not entry.startswith("!")]
    return " or ".join(dict.fromkeys(words))


def _in_words(entry: str) -> str:
    if entry == "requester":
        return "the requester"
    if entry.startswith("role:"):
        return f"the role {entry.removeprefix('role:')!r}"
    return entry
