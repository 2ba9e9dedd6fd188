"""What is elsewhere: database, Redis, MCP servers, Slack. Each look is limited in time."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from bots.terminal.checks.check import Check, fine, wrong
from runtime.domain.errors import Upstream
from runtime.settings import Settings
from runtime.storage import migrate
from runtime.storage.database import Database

if TYPE_CHECKING:
    from redis import Redis

_ANSWER_SECONDS = 5.0
_LARGEST_SKEW_SECONDS = 60.0
"""Slack's signatures are refused when they are five minutes old."""


def database(settings: Settings) -> list[Check]:
    """Reach the database, compare its tables with this version, look at its safety."""
    if settings.database_url is None and not (settings.home / "baton.sqlite").is_file():
        return fine("database", "SQLite, made at the first start")
    opened = Database(settings.database, pool_size=1)
    kind = "SQLite" if opened.is_sqlite else f"PostgreSQL at {_place(settings.database)}"
    try:
        revision = migrate.current(opened)
        unsafe = opened.check()
    except Upstream as error:
        return wrong(
            "database",
            f"{kind}: {error.public}",
            todo="start the database, or correct BATON_DATABASE_URL",
        )
    finally:
        opened.close()
    found = [
        check
        for problem in unsafe
        for check in wrong("database", problem, todo="change it in postgresql.conf and reload")
    ]
    return _revision(kind, revision, embedded=settings.embedded) + found


def queue(settings: Settings) -> list[Check]:
    """Reach Redis where one is set, and make sure it never drops messages by itself."""
    if settings.redis_url is None:
        return fine("queue", "in this process (BATON_REDIS_URL is not set)")
    import redis

    place = _place(settings.redis_url)
    connection = redis.Redis.from_url(
        settings.redis_url, socket_connect_timeout=_ANSWER_SECONDS, socket_timeout=_ANSWER_SECONDS
    )
    try:
        connection.ping()
        policy = _eviction(connection)
    except redis.RedisError as error:
        return wrong(
            "queue",
            f"Redis at {place} does not answer ({type(error).__name__})",
            todo="start Redis, or correct BATON_REDIS_URL; runs wait in the database meanwhile",
        )
    finally:
        connection.close()
    if policy not in {"noeviction", None}:
        return wrong(
            "queue",
            f"Redis at {place} evicts keys ({policy}), so work is delayed when memory runs short",
            todo="redis-cli CONFIG SET maxmemory-policy noeviction",
        )
    unknown = "" if policy else "; its maxmemory-policy may not be read, it should be noeviction"
    return fine("queue", f"Redis at {place}{unknown}")


def tool_servers(settings: Settings, environment: Mapping[str, str]) -> list[Check]:
    """Connect to every MCP server and count its tools."""
    file = settings.agents_path / "mcp.json"
    from runtime.tools.mcp import McpServers, parse_servers

    configs = (
        parse_servers(file.read_text(encoding="utf-8"), file=str(file)) if file.is_file() else ()
    )
    if not configs:
        return fine("mcp", "no server is named in agents/mcp.json")
    checks: list[Check] = []
    with McpServers(configs, environment=environment) as servers:
        problems, tools = servers.problems, servers.tools
    for config in configs:
        count = sum(tool.name.startswith(f"{config.name}.") for tool in tools)
        if config.name not in problems:
            checks += fine("mcp", f"{config.name}: {count} tools")
    for name, problem in problems.items():
        checks += wrong("mcp", f"{name}: {problem}", todo=f"correct {name!r} in {file}")
    return checks


def slack(
    settings: Settings, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> list[Check]:
    """Ask Slack who we are, and whether our clocks agree."""
    token = settings.slack_bot_token
    if token is None:
        if settings.slack_signing_secret or settings.slack_app_token:
            return wrong("slack", "SLACK_BOT_TOKEN is not set", todo="set it to the bot's xoxb-…")
        return fine("slack", "not set up")
    if not (settings.slack_signing_secret or settings.slack_app_token):
        return wrong(
            "slack",
            "Baton can post but hears nothing",
            todo="set SLACK_SIGNING_SECRET, or SLACK_APP_TOKEN for Socket Mode",
        )
    try:
        answer, skew = _auth_test(settings.slack_api_url, token.get_secret_value(), now)
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        return wrong(
            "slack",
            f"no answer from {settings.slack_api_url} ({reason})",
            todo="check the network and SLACK_API_URL",
        )
    if answer.get("ok") is not True:
        return wrong(
            "slack",
            f"Slack refuses the bot token ({answer.get('error')})",
            todo="install the app again and set SLACK_BOT_TOKEN to its new token",
        )
    checks = fine("slack", f"{answer.get('user')} in {answer.get('team')}")
    if skew is not None and abs(skew) > _LARGEST_SKEW_SECONDS:
        checks += wrong(
            "clock",
            f"this machine's clock differs from Slack's by {abs(skew):.0f} s",
            todo="synchronise the clock (NTP); Slack's requests look stale otherwise",
        )
    return checks


def _revision(kind: str, revision: str | None, *, embedded: bool) -> list[Check]:
    if revision == migrate.HEAD:
        return fine("database", f"{kind}, tables at revision {revision}")
    state = f"{kind}, tables at {revision or 'no revision'}, this version needs {migrate.HEAD}"
    if embedded:
        return fine("database", state, hint="the next start migrates it by itself")
    return wrong("database", state, todo="run: baton migrate")


def _eviction(connection: Redis) -> str | None:
    """Give Redis' policy; None where a managed Redis does not tell."""
    import redis

    try:
        given = cast("dict[str, str]", connection.config_get("maxmemory-policy"))
    except redis.ResponseError:
        return None
    return given.get("maxmemory-policy")


def _auth_test(
    base_url: str, token: str, now: Callable[[], datetime]
) -> tuple[dict[str, object], float | None]:
    url = base_url.rstrip("/") + "/auth.test"
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ValueError("not an http address")
    request = urllib.request.Request(  # noqa: S310 - the scheme is checked above
        url, data=b"", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as response:  # noqa: S310 - the address is a setting
        answer = cast("object", json.loads(response.read(100_000)))
        date = cast("str | None", response.headers.get("Date"))
    skew = (now() - parsedate_to_datetime(date)).total_seconds() if date else None
    return (cast("dict[str, object]", answer) if isinstance(answer, dict) else {}), skew


def _place(url: str) -> str:
    """Give host and port of a URL, without whatever secret stands in it."""
    parts = urlsplit(url)
    return f"{parts.hostname or 'localhost'}:{parts.port}" if parts.port else parts.hostname or "?"
