"""What is not as it was when people were asked before, for them to see at a glance."""

from __future__ import annotations

from runtime.domain.approval import Difference, Preview
from runtime.domain.canonical import canonical
from runtime.domain.json import Json, JsonObject

_LONGEST = 500


def of_arguments(before: JsonObject, after: JsonObject) -> tuple[Difference, ...]:
    """Give the arguments that were changed, added or taken away, by name."""
    return tuple(
        Difference(name=name, before=_spelled(before, name), after=_spelled(after, name))
        for name in sorted({*before, *after})
        if _spelled(before, name) != _spelled(after, name)
    )


def of_previews(before: Preview, after: Preview) -> tuple[Difference, ...]:
    """Give what the tool says differently of its target."""
    pairs = [
        ("what", before.what, after.what),
        ("where", before.where, after.where),
        ("how many", _count(before.how_many), _count(after.how_many)),
        ("reversible", _yes(before.reversible), _yes(after.reversible)),
        ("state of the target", _short(before.fingerprint), _short(after.fingerprint)),
    ]
    return tuple(
        Difference(name=name, before=was[:_LONGEST], after=now[:_LONGEST])
        for name, was, now in pairs
        if was != now
    )


def of_rules(before: tuple[str, str], after: tuple[str, str]) -> tuple[Difference, ...]:
    """Give a rule that asks by now instead of the one that asked: id and reason of each."""
    if before == after:
        return ()
    was, now = (f"{rule}: {reason}"[:_LONGEST] for rule, reason in (before, after))
    return (Difference(name="rule", before=was, after=now),)


def _spelled(arguments: JsonObject, name: str) -> str:
    if name not in arguments:
        return ""
    value: Json = arguments[name]
    return (value if isinstance(value, str) else canonical(value))[:_LONGEST]


def _count(number: int | None) -> str:
    return "" if number is None else str(number)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _short(fingerprint: str | None) -> str:
    return (fingerprint or "")[:12]
