"""Prove what was done: hand out a run's records with their proofs, and check the whole log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from runtime.audit import anchor, chain
from runtime.audit.anchor import Anchoring
from runtime.audit.calls import CallChore
from runtime.audit.head import Signer, open_signer
from runtime.audit.inspect import Inspected, inspect
from runtime.audit.log import Sequencer
from runtime.audit.pack import gather, write
from runtime.audit.page import draw
from runtime.domain.errors import NotFound
from runtime.domain.json import JsonObject
from runtime.domain.ports import Bell, Clock
from runtime.durable.sweep import Chore
from runtime.storage import audits, heads, personal_keys, runs
from runtime.storage.database import Database, again_when_contended

_MOST_ROUNDS = 10_000
_BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """One run's evidence, for machines and for people; each stands on its own."""

    number: int
    pack: bytes
    page: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The audit, for whoever holds its key: a process that works on runs, or the operator."""

    database: Database
    clock: Clock
    key: Path
    anchors: Path
    anchor_every: timedelta
    keep: timedelta
    """How long facts of records are kept."""

    def signer(self) -> Signer:
        """Open the key, or make it. Raises ``Misconfigured``."""
        return open_signer(self.key)

    def chores(self, bell: Bell) -> list[Chore]:
        """Give what the sweep does for the audit, in order: take up, place and sign, anchor."""
        return [
            CallChore(self.database, self.clock),
            Sequencer(self.database, self.clock, self.signer),
            self.expire,
            Anchoring(self.database, self.clock, bell, file=self.anchors, every=self.anchor_every),
        ]

    @again_when_contended
    def expire(self) -> int:
        """Take the facts out of one batch of records whose time is over; give how many."""
        with self.database.write() as connection:
            before = self.clock.now() - self.keep
            return audits.expire(connection, before=before, limit=_BATCH)

    def export(self, ref: str, *, workspace: str | None) -> Exported:
        """Give the evidence of one run as it stands. Raises ``NotFound``."""
        self.catch_up()
        with self.database.read() as connection:
            run = runs.find(connection, ref, workspace=workspace)
            if run is None:
                raise NotFound(f"there is no run {ref!r}; `runs` lists the latest")
            evidence = gather(connection, run)
        pack = write(evidence, self.signer())
        return Exported(number=run.number, pack=pack, page=draw(pack))

    def inspect(self) -> Inspected:
        """Check every record, every head and every anchor."""
        self.catch_up()
        anchors = anchor.read(self.anchors)
        trusted = self.signer().key
        with self.database.read() as connection:
            kept_since = self.clock.now() - self.keep
            return inspect(connection, anchors=anchors, kept_since=kept_since, trusted=trusted)

    def tell(self, ref: str, *, by: str) -> int:
        """Let the conversation of a run be told every anchored head; give the run's number.

        Raises:
            NotFound: there is no such run.
        """
        with self.database.write() as connection:
            run = runs.find(connection, ref, workspace=None)
            if run is None:
                raise NotFound(f"there is no run {ref!r}; `runs` lists the latest")
            heads.tell_in(connection, run.conversation_id, by=by, now=self.clock.now())
        return run.number

    def erase(self, person: str, *, by: str) -> int:
        """Make a person's words in the audit unreadable for good; give how many runs say so.

        Raises:
            NotFound: the audit holds no words of such a person.
        """
        now = self.clock.now()
        with self.database.write() as connection:
            touched = audits.runs_of(connection, person)
            if not personal_keys.destroy(connection, person, now=now):
                raise NotFound(
                    f"the audit holds no readable words of {person!r}; name the person as records"
                    " do, such as slack:T024/U061"
                )
            facts: JsonObject = {"person": person, "operator": by}
            for run_id in touched:
                chain.append(connection, run_id, "PersonErased", facts, now=now)
        return len(touched)

    def catch_up(self) -> None:
        """Take up and place what the sweep has not yet."""
        work: Sequence[Chore] = (
            CallChore(self.database, self.clock),
            Sequencer(self.database, self.clock, self.signer),
        )
        for chore in work:
            for _ in range(_MOST_ROUNDS):
                if not chore():
                    break
