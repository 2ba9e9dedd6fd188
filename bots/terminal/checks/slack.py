"""Whether Slack is set up: tokens, scopes, signing secret, clock."""

from __future__ import annotations

import base64
import json
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import cast
from urllib.parse import urlencode, urlsplit

from bots.terminal.checks.check import Check, fine, wrong
from runtime.settings import Settings

_ANSWER_SECONDS = 5.0
_LARGEST_SKEW_SECONDS = 60.0
"""Slack's signatures are refused when they are five minutes old."""
_REINSTALL = "create the app's manifest anew (baton slack manifest), install it again"
_COPY_BOTH = (
    "copy both SLACK_CLIENT_ID and SLACK_CLIENT_SECRET from Basic Information, App Credentials"
)
_UNKNOWN_CLIENT = frozenset({"invalid_client_id", "bad_client_secret"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What Slack said, and what its headers tell."""

    body: dict[str, object]
    scopes: frozenset[str] | None
    """What the token may do; None where Slack does not say."""
    skew_seconds: float | None


def slack(
    settings: Settings,
    needed: Sequence[str],
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> list[Check]:
    """Ask Slack who we are, what we may do, and whether our clocks agree."""
    bot, secret, app, client_secret = (
        one.get_secret_value().strip() if one else ""
        for one in (
            settings.slack_bot_token,
            settings.slack_signing_secret,
            settings.slack_app_token,
            settings.slack_client_secret,
        )
    )
    client = (settings.slack_client_id or "").strip()
    if not (bot or secret or app or client or client_secret):
        return fine("slack", "not set up")
    found = _mixed_up(bot=bot, secret=secret, app=app)
    if not (secret or app):
        found += wrong(
            "slack",
            "Baton hears nothing of Slack",
            todo="set SLACK_SIGNING_SECRET, or SLACK_APP_TOKEN for Socket Mode",
        )
    if bot:
        found += _bot(settings.slack_api_url, bot, needed, now)
        found += _unused(client or client_secret)
    elif client or client_secret:
        found += _by_oauth(settings, client, client_secret, now)
    else:
        found += wrong(
            "slack",
            "SLACK_BOT_TOKEN is not set",
            todo="set it to the bot's xoxb-…, or SLACK_CLIENT_ID and SLACK_CLIENT_SECRET to let "
            "workspaces install the app",
        )
    return [*found, *(_app(settings.slack_api_url, app, now) if app else [])]


def _mixed_up(*, bot: str, secret: str, app: str) -> list[Check]:
    """Notice a token in another one's place; never tells a value."""
    found: list[Check] = []
    if bot and not bot.startswith("xoxb-"):
        found += wrong(
            "slack", "SLACK_BOT_TOKEN is no bot token", todo="set the one that begins with xoxb-"
        )
    if secret.startswith(("xox", "xapp-")):
        found += wrong(
            "slack",
            "SLACK_SIGNING_SECRET holds a token",
            todo="copy the signing secret from Basic Information, App Credentials",
        )
    if app and not app.startswith("xapp-"):
        found += wrong(
            "slack", "SLACK_APP_TOKEN is no app token", todo="set the one that begins with xapp-"
        )
    return found


def _unused(client: str) -> list[Check]:
    if not client:
        return []
    return fine(
        "slack",
        "SLACK_CLIENT_ID is not used, since SLACK_BOT_TOKEN is set",
        hint="empty SLACK_BOT_TOKEN to let many workspaces install the app",
    )


def _by_oauth(
    settings: Settings, client: str, client_secret: str, now: Callable[[], datetime]
) -> list[Check]:
    """Look at what workspaces need that install the app from a link; their tokens come later."""
    found: list[Check] = []
    if not settings.secret_keys:
        found += wrong(
            "slack",
            "BATON_SECRET_KEYS is not set, so no workspace's token can be kept",
            todo="set it to a key made with: openssl rand -hex 32",
        )
    if not client or not client_secret:
        missing = "SLACK_CLIENT_SECRET" if client else "SLACK_CLIENT_ID"
        return [
            *found,
            *wrong("slack", f"{missing} is not set, so nobody can install", todo=_COPY_BOTH),
        ]
    return [*found, *_client(settings.slack_api_url, client, client_secret, now)]


def _client(base_url: str, client: str, secret: str, now: Callable[[], datetime]) -> list[Check]:
    """Show Slack our name and secret with a code that is none: it objects to what is wrong."""
    login = base64.b64encode(f"{client}:{secret}".encode()).decode()
    body = urlencode({"code": "of-nobody"}).encode()
    try:
        answer = call_slack(base_url, "oauth.v2.access", f"Basic {login}", now, body=body)
    except (OSError, ValueError) as error:
        return _silent(base_url, error)
    error = answer.body.get("error")
    if error in _UNKNOWN_CLIENT:
        return wrong("slack", f"Slack refuses the client's secret ({error})", todo=_COPY_BOTH)
    return [
        *fine("slack", "workspaces install the app at /slack/install"),
        *_clock(answer.skew_seconds),
    ]


def _silent(base_url: str, error: Exception) -> list[Check]:
    reason = getattr(error, "reason", None) or type(error).__name__
    return wrong(
        "slack",
        f"no answer from {base_url} ({reason})",
        todo="check the network and SLACK_API_URL",
    )


def _bot(
    base_url: str, token: str, needed: Sequence[str], now: Callable[[], datetime]
) -> list[Check]:
    try:
        answer = call_slack(base_url, "auth.test", f"Bearer {token}", now)
    except (OSError, ValueError) as error:
        return _silent(base_url, error)
    if answer.body.get("ok") is not True:
        return wrong(
            "slack",
            f"Slack refuses the bot token ({answer.body.get('error')})",
            todo="install the app again and set SLACK_BOT_TOKEN to its new token",
        )
    return [
        *fine("slack", f"{answer.body.get('user')} in {answer.body.get('team')}"),
        *_scopes(answer.scopes, needed),
        *_clock(answer.skew_seconds),
    ]


def _scopes(given: frozenset[str] | None, needed: Sequence[str]) -> list[Check]:
    missing = lacking(given, needed)
    if not missing:
        return []
    return wrong("slack", f"the app lacks the scopes {', '.join(missing)}", todo=_REINSTALL)


def lacking(given: frozenset[str] | None, needed: Sequence[str]) -> list[str]:
    """Name the scopes a token lacks, as far as Slack says what it has."""
    return [] if given is None else [scope for scope in needed if scope not in given]


def _clock(skew_seconds: float | None) -> list[Check]:
    if skew_seconds is None or abs(skew_seconds) <= _LARGEST_SKEW_SECONDS:
        return []
    return wrong(
        "clock",
        f"this machine's clock differs from Slack's by {abs(skew_seconds):.0f} s",
        todo="synchronise the clock (NTP); Slack's requests look stale otherwise",
    )


def _app(base_url: str, token: str, now: Callable[[], datetime]) -> list[Check]:
    try:
        # Gives an address to connect to, and connects to nothing.
        answer = call_slack(base_url, "apps.connections.open", f"Bearer {token}", now)
    except (OSError, ValueError):
        # The check of what we speak with has told that there is no answer.
        return []
    if answer.body.get("ok") is True:
        return fine("slack", "Socket Mode can be opened")
    return wrong(
        "slack",
        f"Slack refuses the app token ({answer.body.get('error')})",
        todo="make an app-level token with connections:write, and switch Socket Mode on",
    )


def call_slack(
    base_url: str,
    method: str,
    authorization: str,
    now: Callable[[], datetime],
    *,
    body: bytes = b"",
) -> Answer:
    """Call one method of Slack's, for five seconds at most. Raises ``OSError``, ``ValueError``."""
    url = f"{base_url.rstrip('/')}/{method}"
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ValueError("not an http address")
    request = urllib.request.Request(  # noqa: S310 - the scheme is checked above
        url, data=body, headers={"Authorization": authorization}
    )
    with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as response:  # noqa: S310 - the address is a setting
        told = cast("object", json.loads(response.read(100_000)))
        date = cast("str | None", response.headers.get("Date"))
        scopes = cast("str | None", response.headers.get("x-oauth-scopes"))
    return Answer(
        body=cast("dict[str, object]", told) if isinstance(told, dict) else {},
        scopes=None if scopes is None else frozenset(one.strip() for one in scopes.split(",")),
        skew_seconds=(now() - parsedate_to_datetime(date)).total_seconds() if date else None,
    )
