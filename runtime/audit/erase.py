"""Erase a person: the key of their words in the audit, and their words everywhere else.

What they asked for goes whole, with its steps and files; the run stays as a number with its cost.
Where they only spoke in somebody else's run, what was said there goes, and what agents made of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from runtime.audit import chain
from runtime.audit.personal import ERASED
from runtime.audit.retention import remove
from runtime.domain.errors import NotFound, Refused
from runtime.domain.json import JsonObject
from runtime.domain.ports import Clock
from runtime.domain.retention import Part
from runtime.storage import audits, conversations, erasing, personal_keys, removal
from runtime.storage.connection import Connection
from runtime.storage.database import Database, again_when_contended

_ROWS: Final = 100
_A_MOMENT: Final = timedelta(minutes=1)
"""As much as clocks of two machines may differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What was erased."""

    runs: int
    """Of the person's own; as many say so in their audit."""
    others: int
    """Runs of other people that they had spoken in."""
    memories: int
    left: tuple[int, ...] = ()
    """Numbers of other people's runs that are at work: erase again when these have ended."""


def erase(database: Database, clock: Clock, person: str, *, by: str) -> Erased:
    """Erase a person, named as records do. Done again, it goes on where it was cut off.

    Raises:
        Refused: a run of theirs is at work, or a workflow starts in their name.
        NotFound: nothing is known of such a person.
    """
    now = clock.now()
    facts: JsonObject = {"person": person, "operator": by}
    with database.read() as connection:
        _refuse_live(connection, person)
        own = audits.runs_of(connection, person)
        spoken = erasing.runs_spoken_in(connection, person)
        known = conversations.person(connection, person) is not None
    # Their words first, so that what a crash leaves is still found by whoever erases again.
    left = _remove_runs(database, own, spoken, facts, now)
    while _said(database, person) == _ROWS:
        continue
    forgotten, destroyed = _person(database, person, own, facts, now)
    if not (known or own or destroyed):
        raise NotFound(
            f"nothing is known of {person!r}; name the person as records do, such as"
            " slack:T024/U061"
        )
    others = len(spoken) - len(left)
    return Erased(runs=len(own), others=others, memories=forgotten, left=tuple(left))


def _refuse_live(connection: Connection, person: str) -> None:
    live = erasing.live_runs(connection, person)
    if live:
        numbers = ", ".join(f"#{number}" for number in live[:5])
        raise Refused(
            f"{person} has {len(live)} runs at work ({numbers}); wait for their end, or `cancel`"
            " them, and erase then"
        )
    workspace = person.partition(":")[2].partition("/")[0]
    sponsored = [
        workflow
        for workflow, sponsor in erasing.sponsored(connection, workspace)
        if "{channel}:{workspace}/{external_id}".format(**sponsor) == person
    ]
    if sponsored:
        raise Refused(
            f"{', '.join(sponsored)} starts in the name of {person}; let somebody else"
            " `schedules start` it, and erase then"
        )


def _remove_runs(
    database: Database,
    own: Sequence[str],
    spoken: Sequence[tuple[str, int, bool]],
    facts: JsonObject,
    now: datetime,
) -> list[int]:
    for run_id in own:
        for part in (Part.FILES, Part.WORDS):
            told: JsonObject = {**facts, "part": part.value}
            if not remove(database, run_id, part, mark=ERASED, facts=told, now=now, name=ERASED):
                raise Refused(
                    "a run of theirs has ended a moment ago and is still being put on record;"
                    " erase again in a minute"
                )
    left: list[int] = []
    for run_id, number, ended in spoken:
        told = {**facts, "part": Part.TRANSCRIPT.value}
        done = ended and remove(database, run_id, Part.TRANSCRIPT, mark=ERASED, facts=told, now=now)
        left += [] if done else [number]
    return left


@again_when_contended
def _said(database: Database, person: str) -> int:
    with database.write() as connection:
        return erasing.drop_said(connection, person, mark=ERASED, limit=_ROWS)


@again_when_contended
def _person(
    database: Database, person: str, own: Sequence[str], facts: JsonObject, now: datetime
) -> tuple[int, int]:
    with database.write() as connection:
        # Packs hold the keys of the words in them.
        removal.drop_evidence(connection, None, before=now + _A_MOMENT)
        for run_id in own:
            chain.append(connection, run_id, "PersonErased", facts, now=now)
        forgotten = erasing.drop_person(connection, person, mark=ERASED)
        return forgotten, personal_keys.destroy(connection, person, now=now)
