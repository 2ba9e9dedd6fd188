"""The yardstick: one row, one commit, by the bare driver, as durable as the product's own."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable

import psycopg

from runtime.domain.ids import new_id

_PAYLOAD = "x" * 100


def bare_commit(url: str) -> Callable[[], float]:
    """Give a function that commits one row and gives the seconds it took."""
    return _sqlite(url) if url.startswith("sqlite") else _postgres(url)


def _sqlite(url: str) -> Callable[[], float]:
    connection = sqlite3.connect(
        url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA busy_timeout=30000")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS bare (id TEXT PRIMARY KEY, payload TEXT)")

    def commit() -> float:
        began = time.perf_counter()
        connection.execute("INSERT INTO bare VALUES (?, ?)", (new_id("row"), _PAYLOAD))
        return time.perf_counter() - began

    return commit


def _postgres(url: str) -> Callable[[], float]:
    connection = psycopg.connect(url, autocommit=True, prepare_threshold=3)
    connection.execute("CREATE TABLE IF NOT EXISTS bare (id TEXT PRIMARY KEY, payload TEXT)")

    def commit() -> float:
        began = time.perf_counter()
        connection.execute("INSERT INTO bare VALUES (%s, %s)", (new_id("row"), _PAYLOAD))
        return time.perf_counter() - began

    return commit
