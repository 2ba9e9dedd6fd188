"""Hand a run's evidence to whoever may see the run: asked for at the door, made by who has the key.

The door has no key to sign with, so it keeps the wish; a worker's sweep makes the pack, puts it
with the run's files and owes it to the conversation. What was made goes after a day: it holds the
keys of the words in it, which are to be destroyed when somebody is erased.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from runtime.audit import chain
from runtime.domain.conversation import Person, Place
from runtime.domain.delivery import DeliveryKind
from runtime.domain.errors import NotFound
from runtime.domain.ports import Bell, Clock
from runtime.domain.run import EVIDENCE, Artifact, Run
from runtime.storage import (
    artifacts,
    blobs,
    conversations,
    deliveries,
    evidence_wishes,
    removal,
    runs,
)
from runtime.storage.database import Database, again_when_contended
from runtime.storage.evidence_wishes import Wish

_AT_ONCE: Final = 5
KEPT: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """One run's evidence, for machines and for people; each stands on its own."""

    number: int
    pack: bytes
    page: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Packs:
    """Takes wishes."""

    database: Database
    clock: Clock

    @again_when_contended
    def ask(self, run: Run, person: Person, place: Place | None) -> Run:
        """Have the evidence of a run they may see made, and posted where ``place`` says."""
        now = self.clock.now()
        with self.database.write() as connection:
            where = conversations.ensure(connection, place, now=now).id if place else None
            chain.append(connection, run.id, "EvidenceAsked", {"by": person.principal}, now=now)
            evidence_wishes.add(
                connection, run_id=run.id, conversation_id=where, by=person.principal, now=now
            )
        return run


class Handing:
    """A chore of the sweep: makes what was wished for, and removes what was made a day ago."""

    def __init__(
        self, database: Database, clock: Clock, bell: Bell, export: Callable[[str], Exported]
    ) -> None:
        self._database = database
        self._clock = clock
        self._bell = bell
        self._export = export

    def __call__(self) -> int:
        """Handle one batch; give how many wishes were looked at."""
        with self._database.read() as connection:
            wanted = evidence_wishes.unmade(connection, limit=_AT_ONCE)
            old = self._clock.now() - KEPT
            over = evidence_wishes.made_before(connection, old, limit=_AT_ONCE)
        for wish in wanted:
            self._make(wish)
        for wish in over:
            self._remove(wish)
        return len(wanted) + len(over)

    def _make(self, wish: Wish) -> None:
        try:
            exported = self._export(wish.run_id)
        except NotFound:
            # Not in the log yet: the next sweep finds it there.
            return
        self._hand_out(wish, exported)
        if wish.conversation_id is not None:
            self._bell.ring(conversations=[wish.conversation_id])

    @again_when_contended
    def _hand_out(self, wish: Wish, exported: Exported) -> None:
        now = self._clock.now()
        name = f"run-{exported.number}"
        files = (
            (f"{name}.html", "text/html", exported.page),
            (f"{name}.jsonl", "application/jsonl", exported.pack),
        )
        with self._database.write() as connection:
            runs.lock(connection, wish.run_id)
            if not evidence_wishes.mark_made(connection, wish.id, now=now):
                return
            for file, kind, content in files:
                made = Artifact(
                    name=file,
                    media_type=kind,
                    size_bytes=len(content),
                    digest=blobs.put(connection, content),
                    step_id=EVIDENCE,
                )
                artifacts.put(connection, wish.run_id, made, now=now)
            if wish.conversation_id is not None:
                deliveries.owe(
                    connection,
                    conversation_id=wish.conversation_id,
                    run_id=wish.run_id,
                    kind=DeliveryKind.ANSWER,
                    subject_id=f"{EVIDENCE}/{wish.id}",
                    now=now,
                    payload={EVIDENCE: _words(exported.number, name)},
                )

    @again_when_contended
    def _remove(self, wish: Wish) -> None:
        with self._database.write() as connection:
            before = self._clock.now() - KEPT
            removal.drop_evidence(connection, wish.run_id, before=before)
            evidence_wishes.drop(connection, wish.id)


def _words(number: int, name: str) -> str:
    return (
        f"The evidence of run #{number}, as far as it is on record now. {name}.html is to be read;"
        f" {name}.jsonl is the same for machines. Whoever has one of them checks it with"
        f" `baton audit verify {name}.html`. Both hold what people wrote, and stay here for a day."
    )
