"""The keys Microsoft signs activities with, fetched when they are needed and kept for a day."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import aiohttp
import jwt

from bots.teams.payload import Payload

log = logging.getLogger(__name__)

_TIMEOUT = aiohttp.ClientTimeout(total=10, sock_connect=3)
_FRESH_SECONDS = 24 * 3600.0
_BETWEEN_LOOKS_SECONDS = 60.0
_BETWEEN_FAILURES_SECONDS = 5.0
_MOST_KEYS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """One public key, and the channels whose activities it may sign."""

    key: jwt.PyJWK
    endorsements: frozenset[str]


class KeyRing:
    """Looks keys up by their id. One fetch at a time, and strangers cannot cause more than one a
    minute: a key id that nobody knows may be a new key, or a forger's invention.
    """

    def __init__(
        self,
        openid_url: str,
        session: Callable[[], aiohttp.ClientSession],
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._openid_url = openid_url
        self._session = session
        self._now = now
        self._keys: dict[str, SigningKey] = {}
        self._fetched_at: float | None = None
        self._look_again_at = float("-inf")
        self._fetching = asyncio.Lock()

    async def find(self, key_id: str) -> SigningKey | None:
        """Give the key, fetching the list anew where it is unknown or a day old."""
        if (key_id not in self._keys or self._stale()) and self._may_look():
            async with self._fetching:
                # Whoever waited here finds that somebody else has looked.
                if self._may_look():
                    await self._fetch()
        return self._keys.get(key_id)

    @property
    def is_empty(self) -> bool:
        """Say whether no key has ever been fetched."""
        return not self._keys

    def _stale(self) -> bool:
        return self._fetched_at is None or self._now() - self._fetched_at > _FRESH_SECONDS

    def _may_look(self) -> bool:
        return self._now() >= self._look_again_at

    async def _fetch(self) -> None:
        try:
            configuration = await self._get(self._openid_url)
            keys = await self._get(configuration.text("jwks_uri"))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            # The old keys stay good: Microsoft publishes new ones long before it signs with them.
            log.error("Microsoft's signing keys could not be fetched: %s", type(error).__name__)
            self._look_again_at = self._now() + _BETWEEN_FAILURES_SECONDS
            return
        found = dict(one for one in map(_read, keys.items("keys")[:_MOST_KEYS]) if one)
        if self._keys or not found:
            # The first look is nobody's doing: a key rolled just after it is found at once.
            self._look_again_at = self._now() + _BETWEEN_LOOKS_SECONDS
        if found:
            self._keys = found
            self._fetched_at = self._now()

    async def _get(self, url: str) -> Payload:
        async with self._session().get(url, timeout=_TIMEOUT, allow_redirects=False) as answer:
            answer.raise_for_status()
            if answer.status != 200:
                raise ValueError(f"HTTP {answer.status}")
            return Payload(cast("object", await answer.json(content_type=None)))


def _read(entry: Payload) -> tuple[str, SigningKey] | None:
    key_id = entry.text("kid")
    if not key_id or entry.text("kty") != "RSA" or not isinstance(entry.value, dict):
        return None
    try:
        key = jwt.PyJWK(cast("dict[str, str]", entry.value), algorithm="RS256")
    except jwt.PyJWTError:
        return None
    endorsements = frozenset(
        one.value for one in entry.items("endorsements") if isinstance(one.value, str)
    )
    return key_id, SigningKey(key=key, endorsements=endorsements)
