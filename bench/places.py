"""The databases and the Redis that measurements run on: real, durable, and gone afterwards."""

from __future__ import annotations

import shutil
import socket
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path

from runtime.domain.errors import Misconfigured
from runtime.domain.ids import new_id
from runtime.storage.database import Database
from runtime.storage.migrate import migrate
from tests.worlds.services import PostgresServer, RedisServer

SQLITE = "sqlite"
POSTGRES = "postgres"


class Places:
    """A folder with a SQLite file, a PostgreSQL and a Redis, each started when asked for."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self._stack = stack

    def url(self, kind: str) -> str:
        """Give the URL of a migrated database. Raises where it would lose acknowledged work."""
        return {SQLITE: self._sqlite, POSTGRES: self._postgres}[kind]

    @contextmanager
    def another(self, kind: str) -> Generator[str]:
        """Give the URL of a migrated database of one's own, of no use afterwards."""
        if kind == SQLITE:
            yield _prepared(f"sqlite:///{self.folder / new_id('bench')}.sqlite")
        else:
            with self._server.fresh_database(unused=True) as url:
                yield url

    @contextmanager
    def apart(self) -> Generator[tuple[str, str]]:
        """Give a PostgreSQL and a Redis of one's own, where what is left undone is in no way."""
        server = RedisServer(None)
        try:
            with self.another(POSTGRES) as url:
                yield url, server.url
        finally:
            server.close()

    @cached_property
    def redis_url(self) -> str:
        """Give the URL of a Redis, reached over TCP as a deployment reaches it."""
        server = RedisServer(None)
        self._stack.callback(server.close)
        return server.url

    @cached_property
    def _sqlite(self) -> str:
        return _prepared(f"sqlite:///{self.folder / 'bench.sqlite'}")

    @cached_property
    def _postgres(self) -> str:
        return _prepared(self._server.url)

    @cached_property
    def _server(self) -> PostgresServer:
        server = PostgresServer(None)
        self._stack.callback(server.close)
        return server


@contextmanager
def places() -> Generator[Places]:
    """Give places that vanish when the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="baton-bench-"))
    try:
        with ExitStack() as stack:
            yield Places(folder, stack)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """Give a loopback port nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _prepared(url: str) -> str:
    database = Database(url)
    migrate(database)
    problems = database.check()
    database.close()
    if problems:
        raise Misconfigured("; ".join(problems))
    return url
