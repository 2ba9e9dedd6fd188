"""Events: CloudEvents that come in or are emitted, and the waking of those who listen.

An event is stored first and told afterwards. A crash in between leaves it untold, and the sweep
tells it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from runtime.domain.errors import Refused
from runtime.domain.json import Json, JsonObject
from runtime.domain.ports import Bell, Clock
from runtime.durable import outside
from runtime.storage import events, runs
from runtime.storage.database import Database, again_when_contended

_BATCH = 100
_LONGEST_ID = 255
_NEEDED = ("id", "source", "type")
KNOWN_BY: Final = frozenset({"specversion", *_NEEDED, "time", "datacontenttype"})
"""Attributes that say which event it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """Takes events of a workspace, each once, and wakes the steps that wait for them."""

    database: Database
    clock: Clock
    bell: Bell

    def publish(self, workspace: str, event: JsonObject) -> bool:
        """Take an event; False where its source sent this id before.

        Raises ``Refused`` where it is no CloudEvent.
        """
        event = checked(event)
        taken = self._store(workspace, event)
        # A crash before this leaves the event untold; the sweep tells it.
        self()
        return taken

    def __call__(self) -> int:
        """Wake everybody who waits for what came; give how many events were told."""
        with self.database.read() as connection:
            untold = events.untold(connection, limit=_BATCH)
        for workspace, number, type_ in untold:
            self._tell(workspace, number, type_)
        return len(untold)

    @again_when_contended
    def _store(self, workspace: str, event: JsonObject) -> bool:
        with self.database.write() as connection:
            number = events.add(
                connection, workspace=workspace, content=event, now=self.clock.now()
            )
        return number is not None

    def _tell(self, workspace: str, number: int, type_: str) -> None:
        with self.database.read() as connection:
            waiting = events.waiting_for(connection, workspace=workspace, type_=type_)
        for step_id in waiting:
            self._wake(step_id)
        with self.database.write() as connection:
            events.mark_told(connection, workspace=workspace, numbers=[number])

    @again_when_contended
    def _wake(self, step_id: str) -> None:
        with self.database.write() as connection:
            runs.lock(connection, step_id.split(":", 1)[0])
            rings = outside.wake(connection, step_id, now=self.clock.now())
        self.bell.ring(steps=rings)


def checked(event: JsonObject) -> JsonObject:
    """Give an event as it is kept. Raises ``Refused`` where it is no CloudEvent."""
    for name in _NEEDED:
        value: Json = event.get(name)
        if not isinstance(value, str) or not value:
            raise Refused(f"an event needs {name!r}, a text that is not empty; add it")
    if len(str(event["id"])) > _LONGEST_ID:
        raise Refused(f"an event's id has at most {_LONGEST_ID} characters; shorten it")
    return {"specversion": "1.0", **event}
