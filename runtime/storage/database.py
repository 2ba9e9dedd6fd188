"""A database, opened the same way on SQLite and on PostgreSQL.

PostgreSQL is used as it is. SQLite has one writer: threads of this process queue at a lock of ours,
which is fair and costs a third of fighting over the file's lock; other processes meet at
``BEGIN IMMEDIATE`` and the busy timeout. WAL with ``synchronous=FULL``: a commit that returned
survives power loss.
"""

from __future__ import annotations

import json
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from runtime.domain.errors import Contended, Misconfigured, Upstream
from runtime.storage.hot import Hot, Row, command

if TYPE_CHECKING:
    import psycopg

_BUSY_TIMEOUT_SECONDS = 30.0
_MOST_LOOKS = 250
_MOST_TRIES = 5
_UNDONE = frozenset({"40P01", "40001"})
"""PostgreSQL's codes for a deadlock and for a serialization failure: nothing of it happened."""
P = ParamSpec("P")
T = TypeVar("T")


def normal_url(url: str) -> str:
    """Give the SQLAlchemy spelling of a database URL; ``postgres://`` and plain paths are taken."""
    if "://" not in url:
        return f"sqlite:///{url}"
    scheme, rest = url.split("://", 1)
    if scheme in ("postgres", "postgresql"):
        return f"postgresql+psycopg://{rest}"
    if scheme not in ("sqlite", "postgresql+psycopg"):
        raise Misconfigured(
            f"BATON_DATABASE_URL begins with {scheme!r}; write sqlite:///FILE or postgresql://…"
        )
    return url


def again_when_contended(work: Callable[P, T]) -> Callable[P, T]:
    """Do ``work``, which is one transaction, anew when it stood in another one's way.

    Transactions that touch a run lock in one order: the run, its steps from the deepest up, its
    approvals, its deliveries. Where two meet all the same, PostgreSQL undoes one of them.
    """

    @wraps(work)
    def patient(*args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(_MOST_TRIES - 1):
            try:
                return work(*args, **kwargs)
            except Contended:
                time.sleep(random.uniform(0.005, 0.05))  # noqa: S311 - only spreads rivals
        return work(*args, **kwargs)

    return patient


class Database:
    """Connections to one database. Every method may be called from any thread."""

    def __init__(self, url: str, *, pool_size: int = 20) -> None:
        self.url = make_url(normal_url(url))
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        arguments: dict[str, object] = (
            {
                "check_same_thread": False,
                "timeout": _BUSY_TIMEOUT_SECONDS,
                "isolation_level": None,
            }
            if self.is_sqlite
            else {"connect_timeout": 10, "prepare_threshold": 3}
        )
        self._engine: Engine = create_engine(
            self.url,
            connect_args=arguments,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=False,
            pool_recycle=-1 if self.is_sqlite else 1800,
            json_serializer=_to_json,
            hide_parameters=True,
            # Transactions are begun and ended in words, so that nothing is switched on the way.
            isolation_level="AUTOCOMMIT",
            skip_autocommit_rollback=True,
        )
        self._begin = "BEGIN IMMEDIATE" if self.is_sqlite else "BEGIN"
        self._writer = threading.RLock() if self.is_sqlite else nullcontext()
        if self.is_sqlite:
            event.listen(self._engine, "connect", _prepare_sqlite)
        else:
            event.listen(self._engine, "connect", _prepare_postgres)

    @property
    def engine(self) -> Engine:
        """Give SQLAlchemy's engine, for migrations only."""
        return self._engine

    @contextmanager
    def read(self) -> Generator[Connection]:
        """Open a connection on which every statement sees the newest committed state."""
        with _as_upstream(), self._engine.connect() as connection:
            try:
                yield connection
            except (OperationalError, InterfaceError):
                self._give_up(connection)
                raise

    @contextmanager
    def write(self) -> Generator[Connection]:
        """Open a transaction: committed when the block ends, rolled back when it raises.

        A crash inside means nothing of it happened; a crash after it means all of it did.
        """
        with _as_upstream(), self._writer, self._engine.connect() as connection:
            connection.begin()  # Tells SQLAlchemy; the words that tell the database are ours.
            try:
                command(connection, self._begin)
                yield connection
                command(connection, "COMMIT")
            except BaseException:
                self._undo(connection)
                raise

    def lasting(self) -> Connection:
        """Give a connection that is the caller's for good; close it by invalidating it."""
        with _as_upstream():
            return self._engine.connect()

    def first(self, statement: Hot, values: Mapping[str, object]) -> Row | None:
        """Run one statement as a commit of its own, in one trip; give the row it returned."""
        with self._borrowed() as connection:
            return statement.first_on(connection, self._engine.dialect, values)

    def count(self, statement: Hot, values: Mapping[str, object]) -> int:
        """Run one statement as a commit of its own, in one trip; give how many rows it changed."""
        with self._borrowed() as connection:
            return statement.count_on(connection, self._engine.dialect, values)

    @contextmanager
    def _borrowed(self) -> Generator[PoolProxiedConnection]:
        with _as_upstream(), self._writer:
            connection = self._engine.raw_connection()
            try:
                yield connection
            except (OperationalError, InterfaceError):
                self._give_up(connection)
                raise
            finally:
                connection.close()

    def _undo(self, connection: Connection) -> None:
        try:
            command(connection, "ROLLBACK")
        except DBAPIError:
            # The connection broke, and the transaction with it.
            self._give_up(connection)

    def _give_up(self, connection: Connection | PoolProxiedConnection) -> None:
        """Use a connection no more, nor the idle ones, which likely broke with it.

        Whether they are still of use is not worth finding out.
        """
        connection.invalidate()
        self._engine.dispose()

    def check(self) -> list[str]:
        """Say what is wrong with this database, in words for the operator; nothing if all is well.

        An engine that acts outside on the strength of a commit must not lose that commit.
        """
        try:
            with self.read() as connection:
                if self.is_sqlite:
                    return []
                return [
                    f"PostgreSQL runs with {setting}=off, which can lose acknowledged work;"
                    f" set {setting}=on"
                    for setting in ("fsync", "full_page_writes", "synchronous_commit")
                    if connection.execute(text(f"SHOW {setting}")).scalar_one() == "off"
                ]
        except Upstream as error:
            return [error.public]

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def _prepare_postgres(connection: psycopg.Connection, _record: ConnectionPoolEntry) -> None:
    from psycopg import Error

    # A process that is frozen inside a transaction would hold its locks for as long as it sleeps.
    # A connection that breaks here is found out by its first use, where errors are translated.
    with suppress(Error):
        connection.execute("SET idle_in_transaction_session_timeout = '20s'")
        connection.commit()


def _prepare_sqlite(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
    _use_wal(connection)
    for pragma in ("synchronous=FULL", "busy_timeout=30000", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _use_wal(connection: sqlite3.Connection) -> None:
    # The first switch to WAL needs the file alone, and SQLite does not wait for that by itself.
    for _ in range(_MOST_LOOKS):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            time.sleep(0.02)
        else:
            return
    connection.execute("PRAGMA journal_mode=WAL")


def _to_json(value: object) -> str:
    spelled = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    if not spelled.isascii():
        try:
            spelled.encode()
        except UnicodeEncodeError:
            # Half a surrogate pair, from somebody's broken JSON: kept as the escape it came as.
            return json.dumps(value, separators=(",", ":"))
    return spelled


@contextmanager
def _as_upstream() -> Generator[None]:
    """Turn "the database is away" into an error that everybody knows to retry."""
    try:
        yield
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) in _UNDONE:
            raise Contended("two changes met; try again", ambiguous=False) from error
        raise Upstream(_words(error), ambiguous=True) from error
    except InterfaceError as error:
        raise Upstream(_words(error), ambiguous=True) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Upstream(_words(error), ambiguous=True) from error
        raise


def _words(error: DBAPIError) -> str:
    first = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else "no answer"
    return f"the database did not answer ({first[:200]}); it is tried again"
