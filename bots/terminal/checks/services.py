"""What is elsewhere: database, Redis, MCP servers. Each look is limited in time."""

from __future__ import annotations

from collections.abc import Mapping
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


def _place(url: str) -> str:
    """Give host and port of a URL, without whatever secret stands in it."""
    parts = urlsplit(url)
    return f"{parts.hostname or 'localhost'}:{parts.port}" if parts.port else parts.hostname or "?"
