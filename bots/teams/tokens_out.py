"""The tokens Baton speaks to the connector and to Graph with."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bots.teams.credentials import TeamsCredentials
from bots.teams.identity import Identity, identity_of
from bots.teams.payload import Payload
from runtime.domain.errors import Upstream

CONNECTOR = "https://api.botframework.com"
GRAPH = "https://graph.microsoft.com"
_EARLY_SECONDS = 300.0
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


class EntraTokens:
    """Tokens for one resource, from Entra.

    Asking blocks, so it is done on a thread; one identity for the whole process keeps its cache,
    and a token is asked for five minutes before the old one ends, which serves until it does.
    """

    def __init__(
        self,
        identity: Identity,
        *,
        resource: str = CONNECTOR,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._identity = identity
        self._resource = resource
        self._now = now
        self._asking = asyncio.Lock()
        self._held: _Held | None = None

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
        """Drop the token, and the identity's cache of it."""
        self._held = None
        self._identity.forget()

    async def _renewed(self, held: _Held | None) -> _Held:
        try:
            answer = Payload(await asyncio.to_thread(self._identity.acquire, self._resource))
        except Exception as error:
            # MSAL and the HTTP library below it raise what they like; their words may quote the
            # request, so only the kind is kept. What was to be done is tried again.
            answer = Payload({"error": type(error).__name__})
        token = answer.text("access_token")
        if token:
            self._held = _Held(token, self._now() + (answer.whole("expires_in") or 0))
            return self._held
        if held is not None and self._now() < held.until:
            return held
        code = answer.text("error") or "no_answer"
        hint = (
            ": check MICROSOFT_APP_ID, MICROSOFT_APP_TENANT_ID, and MICROSOFT_APP_PASSWORD or the"
            " certificate"
            if code in _OPERATOR_MUST_ACT
            else ""
        )
        raise Upstream(f"Microsoft gave Baton no token ({code!r}){hint}", ambiguous=False)


def tokens_for(credentials: TeamsCredentials, *, resource: str = CONNECTOR) -> Tokens:
    """Choose by what the operator set."""
    if credentials.loopback:
        return NoTokens()
    return EntraTokens(identity_of(credentials), resource=resource)
