"""Live threads: one poll per open conversation, however many pages look at it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field

from bots.bridge import Bridge
from bots.console.place import OPERATOR
from bots.console.shapes import delivered, revision, settled, spoken
from bots.door import Door
from runtime.domain.conversation import Place
from runtime.domain.errors import BatonError, Refused
from runtime.domain.json import JsonObject

log = logging.getLogger(__name__)

POLL_SECONDS = 0.3
_LATEST_ENTRIES = 60
_CACHED_ENTRIES = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A thread as it was at one moment."""

    rev: str
    entries: tuple[JsonObject, ...]
    problem: str = ""
    """Why it could not be read; then ``entries`` are those of before."""


@dataclass(slots=True)
class _Watched:
    listeners: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    latest: Snapshot | None = None
    poller: asyncio.Task[None] | None = None


class Watch:
    """Reads threads for the page, and notices their changes while somebody listens."""

    def __init__(
        self, runtime: Door, bridge: Bridge, *, poll_seconds: float = POLL_SECONDS
    ) -> None:
        self._runtime = runtime
        self._bridge = bridge
        self._poll_seconds = poll_seconds
        self._watched: dict[str, _Watched] = {}
        self._settled: dict[tuple[str, int], JsonObject] = {}
        self._closing = asyncio.Event()

    async def read(self, place: Place) -> Snapshot:
        """Read a thread now."""
        entries = await self._bridge(self._entries, place)
        return Snapshot(rev=revision(entries), entries=tuple(entries))

    async def next(
        self, place: Place, *, known: str | None, wait_seconds: float
    ) -> Snapshot | None:
        """Wait until the thread is in another state than ``known``.

        Gives None after ``wait_seconds`` without a change, and at once while closing.
        """
        watched = self._watched.setdefault(place.key, _Watched())
        watched.listeners += 1
        if watched.poller is None:
            watched.poller = asyncio.create_task(
                self._poll(place, watched), name=f"console thread {place.key}"
            )
        try:
            async with watched.changed:
                with suppress(TimeoutError):
                    await asyncio.wait_for(
                        watched.changed.wait_for(
                            lambda: self._closing.is_set() or _differs(watched.latest, known)
                        ),
                        wait_seconds,
                    )
            news = watched.latest
            return news if not self._closing.is_set() and _differs(news, known) else None
        finally:
            watched.listeners -= 1

    @property
    def closing(self) -> bool:
        """Say whether listeners should go."""
        return self._closing.is_set()

    async def close(self) -> None:
        """Send every listener away and stop polling."""
        self._closing.set()
        for watched in list(self._watched.values()):
            async with watched.changed:
                watched.changed.notify_all()
            if watched.poller is not None:
                watched.poller.cancel()

    async def _poll(self, place: Place, watched: _Watched) -> None:
        idle_rounds = 0
        try:
            # A listener comes back between two events; a few idle rounds bridge that gap.
            while watched.listeners or idle_rounds < 4:
                idle_rounds = 0 if watched.listeners else idle_rounds + 1
                snapshot = await self._snapshot(place, watched.latest)
                if _differs(snapshot, watched.latest.rev if watched.latest else None):
                    async with watched.changed:
                        watched.latest = snapshot
                        watched.changed.notify_all()
                await asyncio.sleep(self._poll_seconds)
        finally:
            watched.poller = None
            if not watched.listeners:
                self._watched.pop(place.key, None)

    async def _snapshot(self, place: Place, before: Snapshot | None) -> Snapshot:
        try:
            return await self.read(place)
        except BatonError as error:
            problem = error.public
        except Exception:
            # The database is away or a row is broken: the page says so and the poll goes on,
            # so that it heals by itself; no run is touched.
            log.exception("the thread of a console page could not be read")
            problem = "Baton cannot read its database at this moment; this page tries on."
        return Snapshot(
            rev=f"problem: {problem}", entries=before.entries if before else (), problem=problem
        )

    def _entries(self, place: Place) -> list[JsonObject]:
        lacking = self._runtime.sight.refusal(OPERATOR)
        if lacking is not None:
            raise Refused(lacking)
        thread = self._runtime.thread(place)
        if len(self._settled) > _CACHED_ENTRIES:
            self._settled.clear()
        entries: list[JsonObject] = []
        for entry in thread[-_LATEST_ENTRIES:]:
            if entry.delivery is None:
                entries.append(spoken(entry))
                continue
            key = (entry.delivery.id, entry.delivery.wanted_rev)
            given = self._settled.get(key) or delivered(entry, self._runtime.show(entry.delivery))
            if given is None:
                continue
            if settled(given):
                self._settled[key] = given
            entries.append(given)
        return entries


def _differs(snapshot: Snapshot | None, known: str | None) -> bool:
    return snapshot is not None and snapshot.rev != known
