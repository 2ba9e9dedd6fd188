"""Who decides on a ``call: approval``: stages in the words of policy.yaml, or one of its rules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from runtime.catalog.workflow.durations import seconds_of
from runtime.domain.approval import Stage
from runtime.domain.json import Json
from runtime.policy.decision import Outcome
from runtime.policy.policy import Policy
from runtime.policy.rule import Rule
from runtime.policy.stages import stages_from

_DURATIONS: Final = ("expires_after", "remind_every")
_SPANS: Final = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))
_ROLE: Final = re.compile(r"!?role:(.+)")


def stages_of(value: Json, policy: Policy) -> tuple[Stage, ...]:
    """Read stages, each role and table of which the policy must have. Raises ``Misconfigured``."""
    return stages_from(_plain(value), roles=policy.roles, on_call=frozenset(policy.on_call))


def stages_at_work(value: Json, policy: Policy) -> tuple[Stage, ...]:
    """Read stages of a workflow that runs. Raises ``Misconfigured``.

    A role that is gone by now stands for nobody, and that nobody can decide is told by whoever
    asks; the run need not end for it.
    """
    named = {found[1]: () for text in _texts(value) if (found := _ROLE.fullmatch(text))}
    roles = {**named, **policy.roles}
    return stages_from(_plain(value), roles=roles, on_call=frozenset(policy.on_call))


def rules_that_ask(policy: Policy) -> dict[str, Rule]:
    """Give the rules by which people are asked, by their ids."""
    return {rule.id: rule for rule in policy.rules if rule.outcome is Outcome.ASK}


def _plain(value: Json) -> Json:
    """Spell durations as policy.yaml does; both spellings are taken."""
    if not isinstance(value, list):
        return value
    return [_stage(one) if isinstance(one, Mapping) else one for one in value]


def _stage(value: Mapping[str, Json]) -> Json:
    return {
        name: _spelled(one) if name in _DURATIONS else one
        for name, one in value.items()
        if one is not None
    }


def _spelled(value: Json) -> Json:
    seconds = seconds_of(value)
    if seconds is None:
        return value
    left, words = int(seconds), ""
    for size, unit in _SPANS:
        count, left = divmod(left, size)
        words += f"{count}{unit}" if count else ""
    return words or "0s"


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, Sequence):
        for one in value:
            yield from _texts(one)
