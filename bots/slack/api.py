"""Calls to Slack's Web API: one session, no hidden retries, every failure named."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import cast
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bots.slack.credentials import SlackCredentials
from bots.slack.payload import Payload
from bots.slack.speaking import speaking_for
from bots.slack.surface import METHODS
from bots.slack.tokens import OneToken, Tokens
from runtime.domain.json import Json

_TIMEOUT = aiohttp.ClientTimeout(total=10, sock_connect=3)
# These take no JSON body: https://docs.slack.dev/apis/web-api#methods_supporting_json
_FORM_METHODS = frozenset(
    {
        "auth.test",
        "conversations.history",
        "conversations.info",
        "conversations.members",
        "conversations.replies",
        "files.completeUploadExternal",
        "files.getUploadURLExternal",
        "users.info",
    }
)
_DOUBTFUL_ERRORS = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout"}
)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_RETRY_SECONDS = 30.0


class CallError(Exception):
    """A call that Slack did not answer with ``ok``; the code is Slack's, or names the failure."""

    def __init__(
        self, code: str, *, retry_after_seconds: float | None = None, ambiguous: bool = False
    ) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after_seconds = retry_after_seconds
        self.ambiguous = ambiguous
        """The call may have taken effect."""


class SlackApi:
    """The bot's own line to Slack; belongs to one event loop, from the first call on."""

    def __init__(self, credentials: SlackCredentials, tokens: Tokens | None = None) -> None:
        self._tokens = tokens or OneToken(credentials.bot_token)
        self.web = AsyncWebClient(
            base_url=credentials.base_url,
            # The stock handler repeats a post whose answer was lost: two messages. The outbox
            # repeats instead, after looking.
            retry_handlers=[],
            logger=quiet_logger("bots.slack.wire"),
        )
        if urlsplit(credentials.base_url).hostname in _LOOPBACK:
            self.web.proxy = None
        self._session: aiohttp.ClientSession | None = None

    def session(self) -> aiohttp.ClientSession:
        """Give the one session, opened at its first use inside the loop.

        The client would otherwise open a connection for every call; with a session given, the
        client's own timeout is ignored, so the session carries it.
        """
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
            self.web.session = self._session
        return self._session

    async def call(self, method: str, **arguments: Json) -> Payload:
        """Call a method and give its answer.

        Raises:
            CallError: anything but ``ok``; ``ambiguous`` where nobody knows what happened.
        """
        if method not in METHODS:
            raise ValueError(f"{method!r} is not on the surface: its scopes would be missing")
        self.session()
        token = await self._tokens.of(speaking_for())
        if not token:
            raise CallError("account_inactive")
        given: dict[str, object] = {
            "token": token,
            **{name: value for name, value in arguments.items() if value is not None},
        }
        try:
            if method in _FORM_METHODS:
                answer = await self.web.api_call(method, params=given)
            else:
                answer = await self.web.api_call(method, json=given)
        except SlackApiError as error:
            raise _named(error) from None
        except aiohttp.ClientConnectorError:
            raise CallError("unreachable") from None
        except TimeoutError:
            raise CallError("timeout", ambiguous=True) from None
        except (aiohttp.ClientError, OSError):
            raise CallError("connection_lost", ambiguous=True) from None
        except (AttributeError, ValueError, TypeError):
            # The client stumbles over answers that are no JSON object: a proxy spoke, not Slack.
            raise CallError("unreadable_answer", ambiguous=True) from None
        return Payload(cast("object", answer.data))

    async def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()


def quiet_logger(name: str, *, level: int = logging.INFO) -> logging.Logger:
    """Give a logger that never prints what people wrote, which the vendor does at DEBUG."""
    logger = logging.getLogger(name)
    logger.setLevel(max(logger.level, level))
    return logger


def _named(error: SlackApiError) -> CallError:
    response = cast("object", error.response)
    status = cast("object", getattr(response, "status_code", getattr(response, "status", 0)))
    answer = Payload(cast("object", getattr(response, "data", None)))
    headers = cast("object", getattr(response, "headers", None))
    code = answer.text("error")
    if status == 429 or code in ("ratelimited", "rate_limited"):
        return CallError("ratelimited", retry_after_seconds=_retry_after(headers))
    if not code:
        return CallError(f"http_{status}", ambiguous=True)
    doubtful = code in _DOUBTFUL_ERRORS or (isinstance(status, int) and status >= 500)
    return CallError(code, ambiguous=doubtful)


def _retry_after(headers: object) -> float:
    if not isinstance(headers, Mapping):
        return _RETRY_SECONDS
    for name, value in cast("Mapping[object, object]", headers).items():
        if str(name).lower() == "retry-after":
            try:
                return min(max(float(str(value)), 0.1), 3_600.0)
            except ValueError:
                return _RETRY_SECONDS
    return _RETRY_SECONDS
