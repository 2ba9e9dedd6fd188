"""The log of all runs: give records their places, keep the tree over them, sign its head.

Done by the sweep, in batches. A record is placed only when it is committed, and places are given
one after the other by whoever holds the lock, so there can be no gap; a run's records keep their
order. Runs that append meanwhile wait for nothing here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from runtime.audit import tree
from runtime.audit.head import Signer
from runtime.domain.ports import Clock
from runtime.storage import audits, heads
from runtime.storage.connection import Connection
from runtime.storage.database import Database, again_when_contended

_log = logging.getLogger(__name__)
_BATCH: Final = 500
BLOCK: Final = 256
"""Leaves, or blocks of the level below, that one stored hash stands for."""


class Sequencer:
    """A chore of the sweep. Give it a way to the key: it is read when there is a head to sign."""

    def __init__(self, database: Database, clock: Clock, signer: Callable[[], Signer]) -> None:
        self._database = database
        self._clock = clock
        self._signer = signer

    @again_when_contended
    def __call__(self) -> int:
        """Place one batch of records and sign the head; give how many there were."""
        with self._database.read() as connection:
            if not audits.unplaced(connection, limit=1):
                return 0
        signer = self._signer()
        with self._database.write() as connection:
            if not heads.lock(connection):
                return 0
            found = audits.unplaced(connection, limit=_BATCH)
            if not found:
                return 0
            size = audits.log_size(connection)
            audits.place(
                connection,
                [(run, sequence, size + i) for i, (run, sequence, _) in enumerate(found)],
            )
            size += len(found)
            _complete(connection, size)
            root = Tree(connection).root(size).hex()
            heads.add(connection, signer.head(size=size, root=root, at=self._clock.now()))
        return len(found)


def _complete(connection: Connection, size: int) -> None:
    """Keep the roots of blocks that this batch has made whole, level by level."""
    stored, level, whole = Tree(connection), 1, size // BLOCK
    while whole:
        known = heads.tile_count(connection, level=level)
        if known < whole:
            width = BLOCK**level
            made = [
                (number, stored.computed(number * width, (number + 1) * width).hex())
                for number in range(known, whole)
            ]
            heads.add_tiles(connection, level, made)
        level, whole = level + 1, whole // BLOCK


class Tree:
    """The stored log as a tree; whole blocks are not hashed anew."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def root(self, size: int) -> bytes:
        """Give the root of the log as it was when it held ``size`` records."""
        return self.over(0, size) if size else tree.root_of([])

    def inclusion(self, position: int, size: int) -> list[bytes]:
        """Give the proof that a record is in the log of that size."""
        return tree.inclusion(position, size, self.over)

    def over(self, first: int, last: int) -> bytes:
        """Give the root over a range that a tree is split into."""
        level = _level(first, last)
        if level:
            width = BLOCK**level
            blocks = heads.tiles(
                self._connection, level=level, first=first // width, last=last // width
            )
            if len(blocks) == (last - first) // width and not last % width:
                return tree.root_of([bytes.fromhex(digest) for _, digest in blocks])
        return self.computed(first, last)

    def computed(self, first: int, last: int) -> bytes:
        """Give the root over a range from what lies below it."""
        if last - first <= BLOCK:
            leaves = audits.leaves(self._connection, first, last)
            if [position for position, _ in leaves] != list(range(first, last)):
                raise LookupError(f"the log has a gap between {first} and {last}")
            return tree.root_of([bytes.fromhex(digest) for _, digest in leaves])
        middle = first + tree.split(last - first)
        return tree.node_hash(self.over(first, middle), self.over(middle, last))


def _level(first: int, last: int) -> int:
    """Give the largest kind of block that a range is made of, 0 for single records."""
    level = 0
    while not first % BLOCK ** (level + 1) and last - first >= BLOCK ** (level + 1):
        level += 1
    return level
