"""The token Baton speaks to the connector with."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, cast

from bots.teams.credentials import TeamsCredentials
from bots.teams.payload import Payload
from runtime.domain.errors import Upstream

_SCOPE = "https://api.botframework.com/.default"
_AUTHORITY = "https://login.microsoftonline.com/"
_EARLY_SECONDS = 300.0
_TIMEOUT_SECONDS = 10.0
_OPERATOR_MUST_ACT = frozenset(
    {"invalid_client", "unauthorized_client", "invalid_request", "invalid_scope"}
)


class Tokens(Protocol):
    """Gives the value of the ``Authorization`` header; empty where none is sent."""

    async def authorization(self) -> str:
        """Give it. Raises ``Upstream``, certain that nothing was said yet."""
        ...

    def forget(self) -> None:
        """Ask anew next time: the connector did not take the last one."""
        ...


class NoTokens:
    """For this machine's own connector, which nobody signs in to."""

    async def authorization(self) -> str:
        """Give nothing."""
        return ""

    def forget(self) -> None:
        """Keep nothing."""


@dataclass(frozen=True, slots=True)
class _Held:
    token: str
    until: float


class ClientSecretTokens:
    """A single-tenant application's client credentials, through MSAL.

    MSAL blocks, so it runs on a thread; one application for the whole process keeps its cache, and
    a token is asked for five minutes before the old one ends, which serves until it does.
    """

    def __init__(
        self,
        credentials: TeamsCredentials,
        *,
        http_client: object = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """``http_client`` is MSAL's port to the network; its own where None."""
        self._credentials = credentials
        self._http_client = http_client
        self._now = now
        self._asking = asyncio.Lock()
        self._held: _Held | None = None
        self._application: object = None

    async def authorization(self) -> str:
        """Give a bearer token that is good for some minutes at least."""
        held = self._held
        if held is None or self._now() >= held.until - _EARLY_SECONDS:
            async with self._asking:
                held = self._held
                if held is None or self._now() >= held.until - _EARLY_SECONDS:
                    held = await self._renewed(held)
        return f"Bearer {held.token}"

    def forget(self) -> None:
        """Drop the token and MSAL's cache of it."""
        self._held = None
        self._application = None

    async def _renewed(self, held: _Held | None) -> _Held:
        try:
            answer = Payload(await asyncio.to_thread(self._acquire))
        except Exception as error:
            # MSAL and the HTTP library below it raise what they like; their words may quote the
            # request, so only the kind is kept. The delivery is tried again.
            answer = Payload({"error": type(error).__name__})
        token = answer.text("access_token")
        if token:
            self._held = _Held(token, self._now() + (answer.whole("expires_in") or 0))
            return self._held
        if held is not None and self._now() < held.until:
            return held
        code = answer.text("error") or "no_answer"
        hint = (
            ": check MICROSOFT_APP_ID, MICROSOFT_APP_PASSWORD and MICROSOFT_APP_TENANT_ID"
            if code in _OPERATOR_MUST_ACT
            else ""
        )
        raise Upstream(f"Microsoft gave Baton no token ({code!r}){hint}", ambiguous=False)

    def _acquire(self) -> object:
        # Late: a process without Teams never loads it.
        import msal

        if self._application is None:
            self._application = msal.ConfidentialClientApplication(
                self._credentials.app_id,
                client_credential=self._credentials.password,
                authority=_AUTHORITY + self._credentials.tenant_id,
                # The authority is Microsoft's own: nobody needs to be asked whether it is.
                instance_discovery=False,
                http_client=self._http_client,
                timeout=_TIMEOUT_SECONDS if self._http_client is None else None,
            )
        application = cast("msal.ConfidentialClientApplication", self._application)
        return cast("object", application.acquire_token_for_client([_SCOPE]))


def tokens_for(credentials: TeamsCredentials) -> Tokens:
    """Choose by what the operator set."""
    return NoTokens() if credentials.loopback else ClientSecretTokens(credentials)
