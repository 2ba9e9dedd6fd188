"""What Slack sends into the real front: signature, commit on PostgreSQL, answer.

Events alone at 100 a second, each a run, into one front; then events, clicks and commands mixed at
200, in turn into two fronts, one for each core, as a load balancer would. Beside both stands what a
front takes that checks the signature, commits one row and does nothing else.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import subprocess
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode

import aiohttp
from sqlalchemy import text

from bench.bare_front import bare_front
from bench.places import POSTGRES, Places, free_port
from bench.processes import CONTENT, baton, cpu_seconds, wait_until_ready
from bench.table import Measured, median, quantile
from runtime.domain.ids import new_id
from runtime.storage.database import Database
from tests.worlds.slack.cast import ADA, APP, BOT_USER, GENERAL, TEAM
from tests.worlds.slack.spawned import spawned_world

_EVENTS_PER_SECOND = 100
_MIXED_PER_SECOND = 200
_SECONDS = 8
_KINDS = ("event", "click", "event", "command")
"""Half of the mixed requests are events, a quarter each clicks and commands."""
_SECRET = "bench-signing-secret"
_SIGNING_SECONDS = 0.002
"""How long before its moment a request is made and signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One request as Slack sends it."""

    kind: str
    body: bytes
    headers: dict[str, str]


Request = Callable[[int], Sent]


def measure(places: Places) -> Iterator[Measured]:
    """Send on schedule, whatever the answers; measure from the scheduled moment."""
    with places.apart() as (postgres_url, redis_url), spawned_world() as slack:
        database = Database(postgres_url)
        settings = {
            "BATON_DATABASE_URL": postgres_url,
            "BATON_REDIS_URL": redis_url,
            "BATON_AGENTS_PATH": str(CONTENT),
            "BATON_HOME": str(places.folder / "front"),
            "BATON_LOG_LEVEL": "ERROR",
            "SLACK_SIGNING_SECRET": _SECRET,
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_API_URL": slack.api_url,
        }
        bare = _bare(postgres_url)
        with ExitStack() as fronts:
            first, url = fronts.enter_context(_front(places, settings))
            events = [_event] * _EVENTS_PER_SECOND
            _send_all([url], events, per_second=_EVENTS_PER_SECOND)  # Warms caches and connections.
            before = _taken(database)
            sent = _send_all([url], events * _SECONDS, per_second=_EVENTS_PER_SECOND)
            waits = [wait for _, wait in sent]
            taken = _taken(database) - before
            second, other = fronts.enter_context(_front(places, settings))
            requests = _mixed(_runs(database))
            # Warms both fronts for every kind, as the events did for their own.
            warming, rest = requests[:_MIXED_PER_SECOND], requests[_MIXED_PER_SECOND:]
            _send_all([url, other], warming, per_second=_MIXED_PER_SECOND)
            used = cpu_seconds(first) + cpu_seconds(second)
            mixed = _send_all([url, other], rest, per_second=_MIXED_PER_SECOND)
            used = cpu_seconds(first) + cpu_seconds(second) - used
        database.close()
    assert taken == len(waits), f"{len(waits)} answered, {taken} committed"
    yield Measured(
        name=f"Slack event → answer, {_EVENTS_PER_SECOND}/s, p99", on=POSTGRES,
        value=quantile(waits, 0.99) * 1000, unit="ms", goal=30.0,
        beside=f"p50 {median(waits) * 1000:.1f} ms; {taken} events, each a run in the database;"
        f" one row and nothing else {bare[0] * 1000:.1f} ms",
    )  # fmt: skip
    by_kind = {kind: [wait for one, wait in mixed if one == kind] for kind in dict.fromkeys(_KINDS)}
    yield Measured(
        name=f"Slack events, clicks, commands → answer, {_MIXED_PER_SECOND}/s, 2 fronts, p99",
        on=POSTGRES, value=quantile([wait for _, wait in mixed], 0.99) * 1000, unit="ms", goal=30.0,
        beside="; ".join(
            f"{kind} p50 {median(waits) * 1000:.1f} p99 {quantile(waits, 0.99) * 1000:.1f} ms"
            for kind, waits in by_kind.items()
        )
        + f"; fronts {used / len(mixed) * 1000:.1f} ms of processor each;"
        f" one row and nothing else {bare[1] * 1000:.1f} ms",
    )  # fmt: skip


def _bare(postgres_url: str) -> tuple[float, float]:
    """Give the p99 of the bare front, alone and as two at twice the speed."""
    late: list[float] = []
    with (
        bare_front(postgres_url, _SECRET) as one,
        bare_front(postgres_url, _SECRET) as other,
    ):
        for urls, per_second in (([one], _EVENTS_PER_SECOND), ([one, other], _MIXED_PER_SECOND)):
            events = [_event] * per_second
            _send_all(urls, events, per_second=per_second)
            sent = _send_all(urls, events * (_SECONDS // 2), per_second=per_second)
            late.append(quantile([wait for _, wait in sent], 0.99))
    return late[0], late[1]


def _mixed(runs: Sequence[str]) -> list[Request]:
    """Give events, clicks that pause runs and let them go on, and commands that look."""
    requests: list[Request] = []
    for number in range(_MIXED_PER_SECOND * (1 + _SECONDS)):
        turn, at = divmod(number // len(_KINDS), len(runs))
        action = "run.resume" if turn % 2 else "run.pause"
        kinds: dict[str, Request] = {
            "event": _event,
            "click": partial(_click, action, runs[at]),
            "command": partial(_command, f"status {at + 1}"),
        }
        requests.append(kinds[_KINDS[number % len(_KINDS)]])
    return requests


@contextmanager
def _front(
    places: Places, settings: Mapping[str, str]
) -> Generator[tuple[subprocess.Popen[str], str]]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    own = {**settings, "BATON_PORT": str(port)}
    with baton("front", own, log=places.folder / f"front-{port}.log") as front:
        wait_until_ready(url, front)
        yield front, url


def _send_all(
    urls: Sequence[str], requests: Sequence[Request], *, per_second: int
) -> list[tuple[str, float]]:
    """Send on schedule, to each front in turn; give each one's kind and how late its answer was."""
    return asyncio.run(_send(urls, requests, per_second=per_second))


async def _send(
    urls: Sequence[str], requests: Sequence[Request], *, per_second: int
) -> list[tuple[str, float]]:
    connector = aiohttp.TCPConnector(limit=64)
    async with aiohttp.ClientSession(connector=connector) as session:
        began = time.perf_counter() + 0.2
        return await asyncio.gather(
            *(
                _one(
                    session,
                    urls[number // len(_KINDS) % len(urls)],
                    request,
                    number,
                    at=began + number / per_second,
                )
                for number, request in enumerate(requests)
            )
        )


async def _one(
    session: aiohttp.ClientSession, url: str, request: Request, number: int, *, at: float
) -> tuple[str, float]:
    await asyncio.sleep(at - time.perf_counter() - _SIGNING_SECONDS)
    sent = request(number)
    await asyncio.sleep(at - time.perf_counter())
    async with session.post(f"{url}/slack/events", data=sent.body, headers=sent.headers) as answer:
        assert answer.status == 200, await answer.text()
    return sent.kind, time.perf_counter() - at


def _event(number: int) -> Sent:
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
    return _signed("event", json.dumps(envelope).encode(), content_type="application/json")


def _click(action: str, run: str, number: int) -> Sent:
    payload = {
        "type": "block_actions", "team": {"id": TEAM}, "api_app_id": APP,
        "user": {"id": ADA, "team_id": TEAM}, "trigger_id": f"{number}.1.{new_id('bench')}",
        "channel": {"id": GENERAL}, "container": {"type": "message", "channel_id": GENERAL},
        "actions": [{"type": "button", "action_id": action, "block_id": "b", "value": run}],
    }  # fmt: skip
    return _signed("click", urlencode({"payload": json.dumps(payload)}).encode())


def _command(text: str, number: int) -> Sent:
    fields = {
        "command": "/baton", "text": text, "team_id": TEAM, "api_app_id": APP, "user_id": ADA,
        "channel_id": GENERAL, "trigger_id": f"{number}.2.{new_id('bench')}",
    }  # fmt: skip
    return _signed("command", urlencode(fields).encode())


def _signed(
    kind: str, body: bytes, *, content_type: str = "application/x-www-form-urlencoded"
) -> Sent:
    timestamp = str(int(time.time()))
    signed = hmac.new(_SECRET.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256)
    headers = {
        "Content-Type": content_type,
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": f"v0={signed.hexdigest()}",
    }
    return Sent(kind=kind, body=body, headers=headers)


def _runs(database: Database) -> list[str]:
    """Name the oldest runs, in the order of their numbers."""
    with database.read() as connection:
        rows = connection.execute(text("SELECT id FROM run ORDER BY number LIMIT 100"))
        return [str(id) for (id,) in rows]


def _taken(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(text("SELECT count(*) FROM run")).scalar_one())
