"""Who may decide. Asked at every click, of the policy as it is then."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fnmatch import fnmatchcase

from runtime.domain.approval import Stage
from runtime.domain.conversation import Person, PersonKind
from runtime.policy.case import GROUP, Case
from runtime.policy.policy import Policy

_NEVER = {
    PersonKind.GUEST: "guests of the workspace may not decide",
    PersonKind.EXTERNAL: "people from another organisation may not decide",
    PersonKind.BOT: "bots may not decide",
}


def may_decide(policy: Policy, stage: Stage, person: Person, case: Case) -> str | None:
    """Say why ``person`` may not decide this stage, in words for that person; None when they may.

    Everything doubtful is a no: an account that is not a plain member, an incomplete identity, a
    stage that names nobody, a role that the policy no longer has, a group nobody looked up.
    """
    if person.kind is not PersonKind.MEMBER:
        return _NEVER.get(person.kind, "only members of the workspace may decide")
    if not (person.channel and person.workspace and person.external_id):
        return "it is not known who you are, so you may not decide"
    principal = person.principal
    # Whoever is kept out with one account is kept out with all: a requester who has another chat
    # open as well is still the requester.
    if set(person.principals) & set(case.kept_out):
        return f"you ({principal}) changed the arguments; somebody else must agree to that"
    if is_named(policy.excluded(stage, case), person, case):
        return f"you ({principal}) are kept from deciding this one; somebody else must"
    names = policy.eligible_names(stage, case)
    if not names:
        return "nobody is eligible to decide this: an operator must name people in policy.yaml"
    if is_named(names, person, case):
        return None
    entries = (*stage.eligible, *case.added)
    return f"you ({principal}) may not decide this: it needs {all_in_words(entries)}"


def unmeetable(
    policy: Policy, stages: Sequence[Stage], case: Case, *, away: Collection[str] = ()
) -> str | None:
    """Say why nobody could ever agree to all stages; None where they could.

    A glob or a group may hold any number of people, so only what is certain is told. ``away`` are
    those for whom nobody decides meanwhile.
    """
    if not stages:
        return "nobody is eligible"
    for number, stage in enumerate(stages, start=1):
        names = policy.eligible_names(stage, case)
        where = f" in stage {number}" if len(stages) > 1 else ""
        if not names:
            return f"nobody is eligible{where}"
        there = [name for name in names if name not in away]
        if all(is_one_person(name) for name in names) and len(there) < stage.quorum:
            gone = f" ({', '.join(sorted(set(names) - set(there)))} away)" if away else ""
            return f"{stage.quorum} must agree{where} and only {len(there)} could{gone}"
    return None


def is_one_person(name: str) -> bool:
    """Tell whether a name is one principal, and no glob and no group."""
    return not name.startswith(GROUP) and not any(letter in name for letter in "*?[")


def is_named(names: Sequence[str], person: Person, case: Case) -> bool:
    """Tell whether any of these principals, globs and groups means this person."""
    # Principals of requesters come from outside: read as a pattern, a name such as "*" would let
    # everybody in.
    exact = {case.requester, case.thread_owner, *case.kept_out}
    return any(
        name.removeprefix(GROUP) in person.groups
        if name.startswith(GROUP)
        else name in person.principals
        if name in exact
        else any(fnmatchcase(principal, name) for principal in person.principals)
        for name in names
    )


def all_in_words(entries: Sequence[str]) -> str:
    """Say whom the entries of a stage mean, without those they leave out."""
    words = [in_words(entry) for entry in entries if not entry.startswith("!")]
    return " or ".join(dict.fromkeys(words))


def in_words(entry: str) -> str:
    """Call whom an entry of ``eligible`` names; with ``!`` before it, whom it leaves out."""
    entry = entry.removeprefix("!")
    if entry == "requester":
        return "the requester"
    if entry == "thread-owner":
        return "who began the conversation"
    if entry.startswith("role:"):
        return f"the role {entry.removeprefix('role:')!r}"
    if entry.startswith("on-call:"):
        return f"who is on call for {entry.removeprefix('on-call:')!r}"
    if entry.startswith(GROUP):
        return f"the group {entry.removeprefix(GROUP)!r}"
    return entry
