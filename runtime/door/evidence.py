"""Prove what was done: hand out a run's records with their proofs, and check the whole log."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

from runtime.audit import anchor
from runtime.audit.anchor import Anchoring
from runtime.audit.bucket import Bucket
from runtime.audit.calls import CallChore
from runtime.audit.erase import Erased, erase
from runtime.audit.head import Signer, open_signer
from runtime.audit.inspect import Inspected, inspect
from runtime.audit.log import Sequencer
from runtime.audit.pack import gather, write
from runtime.audit.page import draw
from runtime.audit.retention import Retention
from runtime.domain.errors import NotFound
from runtime.domain.ports import Bell, Clock
from runtime.domain.retention import Outlook, Periods
from runtime.door.packs import Exported, Handing
from runtime.durable.sweep import Chore
from runtime.storage import audits, heads, runs
from runtime.storage.database import Database, again_when_contended

_MOST_ROUNDS = 10_000
_BATCH = 200


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
    periods: Periods = field(default_factory=Periods)
    """How long everything else is."""
    bucket: Bucket | None = None
    """Where heads are put beside the file."""

    def signer(self) -> Signer:
        """Open the key, or make it. Raises ``Misconfigured``."""
        return open_signer(self.key)

    def chores(self, bell: Bell) -> list[Chore]:
        """Give what the sweep does, in order: take up, place and sign, hand out, remove, anchor."""
        return [
            CallChore(self.database, self.clock),
            Sequencer(self.database, self.clock, self.signer),
            self.expire,
            Handing(self.database, self.clock, bell, partial(self.export, workspace=None)),
            Retention(self.database, self.clock, self.periods),
            Anchoring(
                self.database,
                self.clock,
                bell,
                file=self.anchors,
                every=self.anchor_every,
                bucket=self.bucket,
            ),
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
        anchors = list(anchor.read(self.anchors))
        if self.bucket is not None:
            anchors += anchor.stored(self.bucket)
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

    def erase(self, person: str, *, by: str) -> Erased:
        """Erase a person, here and in everything that is stored. Raises as ``audit.erase`` does."""
        self.catch_up()
        return erase(self.database, self.clock, person, by=by)

    def outlook(self) -> list[Outlook]:
        """Say of each class of data how long it is kept, what goes now, and when the next will."""
        return Retention(self.database, self.clock, self.periods).outlook()

    def take_up(self) -> None:
        """Put calls on record that the sweep has not yet; needs no key."""
        _until_done(CallChore(self.database, self.clock))

    def catch_up(self) -> None:
        """Take up and place what the sweep has not yet."""
        self.take_up()
        _until_done(Sequencer(self.database, self.clock, self.signer))


def _until_done(chore: Chore) -> None:
    for _ in range(_MOST_ROUNDS):
        if not chore():
            break
