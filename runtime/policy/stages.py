"""The stages of a rule, read from policy.yaml."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

from runtime.domain.approval import OnExpiry, Stage, Verdict
from runtime.domain.assurance import Assurance
from runtime.domain.errors import Misconfigured
from runtime.domain.json import Json
from runtime.policy.case import GROUP
from runtime.policy.duration import seconds_of
from runtime.policy.located import Located, read_located

Names = Mapping[str, tuple[str, ...]]
ALL: Final = (
    "eligible",
    "quorum",
    "veto",
    "escalate_to",
    "remind_every",
    "reasons_for",
    "assurance",
    "critical",
)
"""What a stage may say beside its time; a rule with one stage may say it itself."""
TIME: Final = ("expires_after", "on_expiry")
_REASONED: Final = (Verdict.APPROVE, Verdict.REJECT)
_MOST_RUNGS: Final = 10


def read_stages(
    fields: Mapping[str, Located], *, roles: Names, on_call: frozenset[str]
) -> tuple[Stage, ...]:
    """Give a rule's stages, in the long form or the short one."""
    reader = _Reader(roles, on_call)
    stages = fields.get("stages")
    said = [fields[name] for name in ALL if name in fields]
    if stages is not None:
        if said:
            said[0].wrong("write either `stages` or the short form; put this into a stage")
        items = stages.items()
        if not items:
            stages.wrong("an empty list fits nothing; name a stage or remove the line")
        return tuple(reader.stage(item, item.fields((*ALL, *TIME)), timed=True) for item in items)
    if "eligible" not in fields:
        if said:
            said[0].wrong("say whose: add `eligible: [...]`")
        return ()
    on_expiry = fields.get("on_expiry")
    timed = on_expiry is not None and on_expiry.scalar() == OnExpiry.ESCALATE
    return (reader.stage(fields["eligible"], fields, timed=timed),)


def stages_from(value: Json, *, roles: Names, on_call: frozenset[str]) -> tuple[Stage, ...]:
    """Give stages that stand somewhere else than in policy.yaml, as data.

    Raises:
        Misconfigured: with what is wrong in which stage; the caller knows the file.
    """
    file = "stages"
    place = read_located(json.dumps({"stages": value}, ensure_ascii=False), file=file)
    assert place is not None, "it holds one key"
    try:
        return read_stages(place.fields(("stages",)), roles=roles, on_call=on_call)
    except Misconfigured as error:
        raise Misconfigured(error.public.removeprefix(f"{file}:1: ")) from error


def check_principal(name: str, place: Located) -> None:
    """Refuse what names no person."""
    if re.fullmatch(r"[^\s:/]+:[^\s/]+/\S+", name) is None or name.startswith(("role:", "!")):
        place.wrong(
            f"{name!r} names nobody; write channel:workspace/person, such as 'slack:T024/U061' "
            "or 'terminal:local/*'"
        )


def duration(place: Located) -> float:
    """Give a duration in seconds."""
    raw = place.scalar()
    seconds = seconds_of(raw) if isinstance(raw, str) else None
    if seconds is None:
        place.wrong("write a duration longer than nothing, such as 45m, 12h, 3d or 1d12h")
    return seconds


def eligible_entries(
    place: Located, *, roles: Names, on_call: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    """Give who may decide, each entry checked."""
    return _Reader(roles, on_call).entries(place, may_exclude=True)


class _Reader:
    def __init__(self, roles: Names, on_call: frozenset[str]) -> None:
        self._roles = roles
        self._on_call = on_call

    def stage(self, place: Located, fields: Mapping[str, Located], *, timed: bool) -> Stage:
        if "eligible" not in fields:
            place.wrong("say who may decide: `eligible: [requester, 'role:approver']`")
        veto, ladder, remind, reasons = (
            fields.get(name) for name in ("veto", "escalate_to", "remind_every", "reasons_for")
        )
        limit = fields.get("expires_after") if timed else None
        then = fields.get("on_expiry") if timed else None
        on_limit = then.one_of(OnExpiry, lambda one: one.value) if then else OnExpiry.HOLD
        if on_limit is OnExpiry.ESCALATE and (ladder is None or limit is None):
            (then or place).wrong(
                "to escalate, say when and to whom: `expires_after: 4h` and"
                " `escalate_to: ['role:lead']`"
            )
        if ladder is not None and on_limit is not OnExpiry.ESCALATE:
            ladder.wrong("nobody would ever be added; write `on_expiry: escalate` beside it")
        return Stage(
            eligible=self.entries(fields["eligible"], may_exclude=True),
            quorum=_quorum(fields.get("quorum")),
            veto=self.entries(veto, may_exclude=False) if veto else (),
            limit_seconds=duration(limit) if limit else None,
            on_limit=on_limit,
            escalate_to=self._ladder(ladder) if ladder else (),
            remind_seconds=_at_least_a_minute(remind) if remind else None,
            reasons_for=_reasons(reasons) if reasons else (),
            assurance=_assurance(fields.get("assurance"), fields.get("critical")),
        )

    def entries(self, place: Located, *, may_exclude: bool) -> tuple[str, ...]:
        entries = place.texts()
        if not entries or all(entry.startswith("!") for entry in entries):
            place.wrong(
                "nobody could ever decide; name who may, such as [requester, 'role:approver']"
            )
        for entry in entries:
            if entry.startswith("!") and not may_exclude:
                place.wrong(f"{entry!r} shuts somebody out, which only `eligible` may do")
            self._check(entry.removeprefix("!"), place)
        return entries

    def _ladder(self, place: Located) -> tuple[tuple[str, ...], ...]:
        rungs = [one for one in place.items() if one.is_list] if place.is_list else []
        if not rungs:
            return (self.entries(place, may_exclude=False),)
        if len(rungs) > _MOST_RUNGS:
            place.wrong(f"a ladder has at most {_MOST_RUNGS} rungs; leave some out")
        return tuple(self.entries(rung, may_exclude=False) for rung in place.items())

    def _check(self, name: str, place: Located) -> None:
        if name in ("requester", "thread-owner"):
            return
        for prefix, known, section in (
            ("role:", list(self._roles), "roles"),
            ("on-call:", sorted(self._on_call), "on_call"),
        ):
            if name.startswith(prefix):
                _check_known(name.removeprefix(prefix), place, prefix, known, section)
                return
        if name.startswith(GROUP):
            check_principal(name.removeprefix(GROUP), place)
            return
        check_principal(name, place)


def _check_known(name: str, place: Located, prefix: str, known: list[str], section: str) -> None:
    if name in known:
        return
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean '{prefix}{near[0]}'?" if near else f"add `{name}` under `{section}`"
    what = "role" if section == "roles" else "on-call table"
    place.wrong(f"the {what} {name!r} is not defined; {hint}")


def _assurance(place: Located | None, critical: Located | None) -> Assurance:
    if critical is not None:
        if not isinstance(critical.scalar(), bool):
            critical.wrong("write `critical: true`, or remove the line")
        if place is not None:
            critical.wrong("`critical` is short for `assurance: stepped-up`; write one of them")
        return Assurance.STEPPED_UP if critical.scalar() else Assurance.MEMBER
    if place is None:
        return Assurance.MEMBER
    return place.one_of(Assurance, lambda one: one.value)


def _quorum(place: Located | None) -> int:
    count = place.number() if place else 1
    if place is not None and (not isinstance(count, int) or not 1 <= count <= 20):
        place.wrong("a quorum is a whole number from 1 to 20")
    return int(count)


def _at_least_a_minute(place: Located) -> float:
    seconds = duration(place)
    if seconds < 60:
        place.wrong("people are reminded once a minute at most; write a longer time")
    return seconds


def _reasons(place: Located) -> tuple[Verdict, ...]:
    words = {verdict.value: verdict for verdict in _REASONED}
    for word in place.texts():
        if word not in words:
            place.wrong(f"{word!r} is not known; write approve, reject or both")
    return tuple(words[word] for word in dict.fromkeys(place.texts()))
