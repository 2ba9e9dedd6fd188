"""Take up what agents did: every model and tool call, from the journal into the run's chain.

The journal is written on the hot path; this is done by the sweep, a moment later and in batches,
so that a step costs no more for being audited. Decisions are another matter: they are on record in
the transaction that makes them, before anything is done on their strength.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from itertools import groupby
from typing import Final

from runtime.audit import chain
from runtime.audit.chain import Fact
from runtime.audit.record import plain, spelled, when
from runtime.domain.json import Json, JsonObject, object_of
from runtime.domain.ports import Clock
from runtime.domain.step import Step
from runtime.storage import recorded
from runtime.storage.connection import Connection
from runtime.storage.database import Database, again_when_contended

_BATCH: Final = 500
"""As many as make the sweep begin anew at once, so that a backlog shrinks."""
_EVENTS: Final = {"model": "ModelAsked", "tool": "ToolCalled"}


class CallChore:
    """A chore of the sweep."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def __call__(self) -> int:
        """Take up one batch of calls; give how many there were."""
        with self._database.read() as connection:
            found = recorded.unrecorded(connection, limit=_BATCH)
        for run_id, steps in groupby(found, key=lambda step: step.run_id):
            self._take_up(run_id, [step.id for step in steps])
        return len(found)

    @again_when_contended
    def _take_up(self, run_id: str, step_ids: list[str]) -> None:
        with self._database.write() as connection:
            take_up(connection, run_id, step_ids, now=self._clock.now())


def take_up(
    connection: Connection, run_id: str, step_ids: list[str] | None = None, *, now: datetime
) -> None:
    """Record the calls of a run that are not on record: those named, or all. The caller commits.

    A crash before the commit leaves them to the next sweep; two sweeps meet at the run's lock, and
    the second finds nothing left.
    """
    recorded.lock(connection, run_id)
    steps = recorded.claim(connection, run_id, step_ids)
    chain.append_all(connection, run_id, [_fact(step, now) for step in steps], now=now)


def _fact(step: Step, now: datetime) -> Fact:
    given, output = object_of(step.input), object_of(step.output)
    facts: dict[str, Json] = {
        "step": step.path,
        "actor": step.actor,
        "status": step.status.value,
        "attempt": step.attempt,
        "key": step.key,
        "output": step.output_blob or _hash(step.output),
        "usd": step.cost.usd,
        "tokens": step.cost.tokens,
        "began": when(step.started_at) if step.started_at else None,
        "error": step.error,
    }
    if step.kind == "model":
        facts |= {
            "purpose": step.title,
            "tier": given.get("tier"),
            "model": output.get("model"),
            "prompt": given.get("prompt"),
        }
    else:
        facts |= {
            "tool": step.title,
            "effect": step.effect.value if step.effect else None,
            "arguments": step.input,
            "decision": step.decision,
        }
    return step.finished_at or now, _EVENTS[step.kind], _without_nothing(facts)


def _hash(value: Json) -> str:
    return hashlib.sha256(spelled(plain(value))).hexdigest()


def _without_nothing(facts: Mapping[str, Json]) -> JsonObject:
    return {name: value for name, value in facts.items() if value is not None}
