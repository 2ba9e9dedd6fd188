"""Handing things to the app: signed HTTP or Socket Mode, with Slack's retries and with tricks."""

from __future__ import annotations

import asyncio
import io
import random
import time
from dataclasses import dataclass
from urllib.parse import urlencode

import aiohttp

from tests.worlds.slack.behaviour import Behaviour
from tests.worlds.slack.errors import UnknownThingError
from tests.worlds.slack.payload import Payload, encode, text
from tests.worlds.slack.signing import signed_headers
from tests.worlds.slack.socket_mode import SocketMode
from tests.worlds.slack.values import Attempt, Delivery, Message

TRICKS = frozenset(
    {
        "",
        "unsigned",  # no signature headers at all
        "badly_signed",  # signed with another secret
        "stale",  # properly signed an hour ago
        "ahead",  # properly signed an hour in the future
        "replayed",  # the very same request twice
        "duplicated",  # the same content twice at once, each signed anew
        "oversized",  # properly signed, padded to two megabytes
    }
)
"""How a delivery may be other than it should be."""

_OUTSIDE_WINDOW_SECONDS = 3_600
_PADDING = "x" * 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """Something for the app, before it is signed."""

    kind: str
    payload: Payload
    message: Message | None = None

    def body(self, *, padding: str = "") -> bytes:
        """Give the bytes as this kind of delivery carries them."""
        if self.kind == "events_api":
            return encode(self.payload | {"padding": padding} if padding else self.payload).encode()
        padded = {"padding": padding} if padding else {}
        if self.kind == "interactive":
            return urlencode({"payload": encode(self.payload), **padded}).encode()
        return urlencode({name: text(v) for name, v in self.payload.items()} | padded).encode()

    @property
    def content_type(self) -> str:
        is_event = self.kind == "events_api"
        return "application/json" if is_event else "application/x-www-form-urlencoded"


class Outbound:
    """Delivers parcels, now or when they are released."""

    def __init__(self, *, behaviour: Behaviour, sockets: SocketMode) -> None:
        self._behaviour = behaviour
        self._sockets = sockets
        self._session: aiohttp.ClientSession | None = None
        self._held: list[tuple[Parcel, str]] | None = None
        self._posted = 0

    async def close(self) -> None:
        if self._session:
            await self._session.close()

    async def deliver(self, parcel: Parcel, *, trick: str = "") -> Delivery:
        """Hand a parcel to the app and wait for its answer."""
        if trick not in TRICKS:
            raise ValueError(f"unknown trick {trick!r}: one of {sorted(TRICKS)}")
        if self._held is not None:
            self._held.append((parcel, trick))
            return _delivered(parcel, "held", [])
        if self._sockets.connections:
            return await self._over_socket(parcel, trick)
        if not self._behaviour.target_url and self._sockets.is_used:
            return await self._over_socket(parcel, trick)
        if not self._behaviour.target_url:
            raise UnknownThingError("the world has no target URL and no Socket Mode connection")
        return _delivered(parcel, "http", await self._over_http(parcel, trick))

    async def post(self, body: bytes, headers: dict[str, str]) -> Attempt:
        """Send raw bytes with exactly these headers."""
        return await self._post(body, headers, retry_number=0)

    def hold(self) -> None:
        """Keep parcels back until ``release``."""
        self._held = self._held or []

    async def release(self, *, order: str, seed: int) -> list[Delivery]:
        """Deliver what was held: ``first`` in first, ``last`` in first, or ``shuffled``."""
        held, self._held = self._held or [], None
        if order == "last":
            held.reverse()
        elif order == "shuffled":
            random.Random(seed).shuffle(held)
        return [await self.deliver(parcel, trick=trick) for parcel, trick in held]

    async def _over_socket(self, parcel: Parcel, trick: str) -> Delivery:
        is_event = parcel.kind == "events_api"
        if trick not in {"", "duplicated"}:
            raise ValueError(f"Socket Mode cannot deliver {trick!r}")
        sends = [
            self._sockets.deliver(parcel.kind, parcel.payload, event=is_event)
            for _ in range(2 if trick else 1)
        ]
        done = await asyncio.gather(*sends)
        attempts = [attempt for delivery in done for attempt in delivery.attempts]
        return _delivered(parcel, "socket", attempts)

    async def _over_http(self, parcel: Parcel, trick: str) -> list[Attempt]:
        if trick == "duplicated":
            twins = [self._once(parcel, trick="", retry_number=0) for _ in range(2)]
            return await asyncio.gather(*twins)
        if trick == "replayed":
            body, headers = self._signed(parcel, trick="")
            return [await self._post(body, headers, retry_number=0) for _ in range(2)]
        attempts = [await self._once(parcel, trick=trick, retry_number=0)]
        if parcel.kind != "events_api" or not self._behaviour.retries:
            return attempts
        for retry_number, delay in enumerate(self._behaviour.retry_delays_seconds, start=1):
            if not _is_to_be_retried(attempts[-1]):
                break
            await asyncio.sleep(delay)
            reason = attempts[-1].error.split(" ")[0] or "http_error"
            attempts.append(
                await self._once(parcel, trick=trick, retry_number=retry_number, reason=reason)
            )
        return attempts

    async def _once(
        self, parcel: Parcel, *, trick: str, retry_number: int, reason: str = ""
    ) -> Attempt:
        body, headers = self._signed(parcel, trick=trick)
        if retry_number:
            headers |= {"X-Slack-Retry-Num": str(retry_number), "X-Slack-Retry-Reason": reason}
        return await self._post(body, headers, retry_number=retry_number)

    def _signed(self, parcel: Parcel, *, trick: str) -> tuple[bytes, dict[str, str]]:
        body = parcel.body(padding=_PADDING if trick == "oversized" else "")
        shift = {"stale": -_OUTSIDE_WINDOW_SECONDS, "ahead": _OUTSIDE_WINDOW_SECONDS}.get(trick, 0)
        secret = self._behaviour.signing_secret + ("-forged" if trick == "badly_signed" else "")
        headers = {"Content-Type": parcel.content_type, "User-Agent": "Slackbot 1.0"}
        if trick != "unsigned":
            headers |= signed_headers(secret, timestamp=int(time.time()) + shift, body=body)
        return body, headers

    async def _post(self, body: bytes, headers: dict[str, str], *, retry_number: int) -> Attempt:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        started = time.perf_counter()
        status, answer, error = 0, "", ""
        targets = self._behaviour.target_url.split()
        self._posted += 1
        timeout = aiohttp.ClientTimeout(total=self._behaviour.answer_within_seconds)
        try:
            async with self._session.post(
                targets[self._posted % len(targets)],
                data=io.BytesIO(body),
                headers=headers,
                timeout=timeout,
            ) as response:
                status, answer = response.status, await response.text()
                if status >= 300 and response.headers.get("X-Slack-No-Retry") == "1":
                    error = "http_error no_retry"
        except TimeoutError:
            error = "http_timeout"
        except aiohttp.ClientError:
            error = "connection_failed"
        return Attempt(
            status=status,
            body=answer,
            milliseconds=(time.perf_counter() - started) * 1000,
            error=error,
            retry_number=retry_number,
        )


def _is_to_be_retried(attempt: Attempt) -> bool:
    return not 200 <= attempt.status < 300 and not attempt.error.endswith("no_retry")


def _delivered(parcel: Parcel, carrier: str, attempts: list[Attempt]) -> Delivery:
    return Delivery(
        kind=parcel.kind,
        carrier=carrier,
        attempts=tuple(attempts),
        payload=parcel.payload,
        message=parcel.message,
    )
