"""Which processes still live: what a lease cannot tell.

A lease says who may write. A process that lost it may be dead, or asleep in the middle of a call
that it will finish when it wakes. The difference decides whether "it did not happen" can be
believed, so every working process holds something that only its death lets go of: a lock of its
session in PostgreSQL, a lock on a file of its own beside a SQLite database.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

from sqlalchemy import Connection, text

from runtime.domain.errors import Upstream
from runtime.storage.database import Database

_HELD: Final = text(
    "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND classid = CAST(:high AS oid) AND objid = CAST(:low AS oid) AND objsubid = 1)"
)


class Presence(Protocol):
    """One process's sign of life, and a look at the others'."""

    def keep(self) -> None:
        """Show the sign, again where it was lost. Raises ``Upstream`` where that cannot be."""
        ...

    def lives(self, process: str) -> bool:
        """Tell whether a process may still act; False only where it is known not to."""
        ...

    def close(self) -> None:
        """Take the sign back."""
        ...


def presence(database: Database, *, process: str) -> Presence:
    """Give the sign of life of a process that works on this database; not shown yet."""
    if not database.is_sqlite:
        return _Session(database, process)
    file = database.url.database
    folder = None if file in (None, "", ":memory:") else Path(f"{file}.alive")
    return _LockedFile(folder, process)


class _Session:
    """An advisory lock, held by a connection that does nothing else."""

    def __init__(self, database: Database, process: str) -> None:
        self._database = database
        self._process = process
        self._connection: Connection | None = None

    def keep(self) -> None:
        if self._connection is not None:
            try:
                self._connection.execute(text("SELECT 1"))
            except Exception:
                # It broke, and the lock with it; a new one takes its place below.
                self.close()
        if self._connection is None:
            self._connection = self._database.lasting()
            # Else a machine that lost its power would count as alive for hours.
            for setting, seconds in (("idle", 10), ("interval", 5), ("count", 3)):
                self._connection.execute(text(f"SET tcp_keepalives_{setting} = {seconds}"))
            high, low = _halves(self._process)
            key = int.from_bytes(((high << 32) | low).to_bytes(8), signed=True)
            self._connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": key})

    def lives(self, process: str) -> bool:
        high, low = _halves(process)
        with self._database.read() as connection:
            return bool(connection.execute(_HELD, {"high": high, "low": low}).scalar_one())

    def close(self) -> None:
        if self._connection is not None:
            with suppress(Exception):
                # Not given back to the pool: the lock must end with it.
                self._connection.invalidate()
                self._connection.close()
            self._connection = None


class _LockedFile:
    """A lock on a file that the kernel lets go of when the process ends, however it ends."""

    def __init__(self, folder: Path | None, process: str) -> None:
        self._folder = folder
        self._process = process
        self._held: int | None = None

    def keep(self) -> None:
        if self._folder is None or self._held is not None:
            return
        try:
            self._folder.mkdir(exist_ok=True)
            held = os.open(self._folder / self._process, os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise Upstream(
                f"a sign of life cannot be written beside the database ({error.strerror});"
                " make its folder writable",
                ambiguous=False,
            ) from error
        _lock(held)
        self._held = held

    def lives(self, process: str) -> bool:
        if self._folder is None:
            return False
        file = self._folder / process
        try:
            other = os.open(file, os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            if not _lock(other):
                return True
            file.unlink(missing_ok=True)
            return False
        finally:
            os.close(other)

    def close(self) -> None:
        if self._held is not None and self._folder is not None:
            (self._folder / self._process).unlink(missing_ok=True)
            os.close(self._held)
            self._held = None


def _lock(file: int) -> bool:
    """Lock a file without waiting; False where another process has it."""
    try:
        import fcntl
    except ImportError:
        # Without such locks nobody is known to live, and a hook's word has to be enough.
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _halves(process: str) -> tuple[int, int]:
    """Give the two halves by which PostgreSQL lists the lock of a process."""
    whole = hashlib.sha256(process.encode()).digest()
    return int.from_bytes(whole[:4]), int.from_bytes(whole[4:8])
