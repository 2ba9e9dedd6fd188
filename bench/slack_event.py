"""Slack's events at 100 a second into the real front: signature, commit on PostgreSQL, answer."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Iterator

import aiohttp
from sqlalchemy import text

from bench.places import POSTGRES, Places, free_port
from bench.processes import CONTENT, baton, wait_until_ready
from bench.table import Measured, median, quantile
from runtime.domain.ids import new_id
from runtime.storage.database import Database
from tests.worlds.slack.cast import ADA, APP, BOT_USER, GENERAL, TEAM
from tests.worlds.slack.spawned import spawned_world

_PER_SECOND = 100
_SECONDS = 8
_SECRET = "bench-signing-secret"


def measure(places: Places) -> Iterator[Measured]:
    """Send on schedule, whatever the answers; measure from the scheduled moment."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    database = Database(places.url(POSTGRES))
    with spawned_world() as slack:
        settings = {
            "BATON_DATABASE_URL": places.url(POSTGRES),
            "BATON_REDIS_URL": places.redis_url,
            "BATON_AGENTS_PATH": str(CONTENT),
            "BATON_HOME": str(places.folder / "front"),
            "BATON_PORT": str(port),
            "BATON_LOG_LEVEL": "ERROR",
            "SLACK_SIGNING_SECRET": _SECRET,
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_API_URL": slack.api_url,
        }
        with baton("front", settings, log=places.folder / "front.log") as front:
            wait_until_ready(url, front)
            asyncio.run(_send(url, count=_PER_SECOND))  # Warms caches and connections.
            before = _taken(database)
            waits = asyncio.run(_send(url, count=_PER_SECOND * _SECONDS))
            taken = _taken(database) - before
    database.close()
    assert taken == len(waits), f"{len(waits)} answered, {taken} committed"
    yield Measured(
        name=f"Slack event → answer, {_PER_SECOND}/s, p99", on=POSTGRES,
        value=quantile(waits, 0.99) * 1000, unit="ms", goal=30.0,
        beside=f"p50 {median(waits) * 1000:.1f} ms; {taken} events, each a run in the database",
    )  # fmt: skip


async def _send(url: str, *, count: int) -> list[float]:
    connector = aiohttp.TCPConnector(limit=64)
    async with aiohttp.ClientSession(connector=connector) as session:
        began = time.perf_counter() + 0.2
        return await asyncio.gather(
            *(
                _one(session, url, number, at=began + number / _PER_SECOND)
                for number in range(count)
            )
        )


async def _one(session: aiohttp.ClientSession, url: str, number: int, *, at: float) -> float:
    body, headers = _event(number)
    await asyncio.sleep(at - time.perf_counter())
    async with session.post(f"{url}/slack/events", data=body, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
    return time.perf_counter() - at


def _event(number: int) -> tuple[bytes, dict[str, str]]:
    now = time.time()
    stamp = f"{now:.0f}.{number:06d}"
    event = {
        "type": "app_mention", "user": ADA, "team": TEAM, "channel": GENERAL, "ts": stamp,
        "event_ts": stamp, "text": f"<@{BOT_USER}> compare the offers {new_id('req')}",
    }  # fmt: skip
    envelope = {
        "type": "event_callback", "team_id": TEAM, "api_app_id": APP, "event": event,
        "event_id": new_id("Ev"), "event_time": int(now),
        "authorizations": [{"team_id": TEAM, "user_id": BOT_USER, "is_bot": True}],
    }  # fmt: skip
    body = json.dumps(envelope).encode()
    timestamp = str(int(now))
    signed = hmac.new(_SECRET.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256)
    headers = {
        "Content-Type": "application/json",
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": f"v0={signed.hexdigest()}",
    }
    return body, headers


def _taken(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(text("SELECT count(*) FROM run")).scalar_one())
