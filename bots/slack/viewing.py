"""Which channel somebody looks at: offered as the place for a run they begin from elsewhere.

https://docs.slack.dev/reference/events/app_context_changed (2026-11-27)
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping

from slack_bolt.async_app import AsyncAck, AsyncApp

from bots.slack.identity import Installation, identity_in_event
from bots.slack.payload import Payload
from bots.slack.switchboard import Switchboard

_CHANNEL = "slack#/types/channel_id"
_MESSAGE = "slack#/types/message_context"
_FRESH_SECONDS = 3_600.0
_MOST_PEOPLE = 5_000


class Viewing:
    """Remembers it for the person alone: nowhere stored, logged or told to a model.

    Another front, or one that was started since, offers nothing; the person chooses then.
    """

    def __init__(
        self, switchboard: Switchboard, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._board = switchboard
        self._now = now
        self._seen: OrderedDict[tuple[str, str], tuple[float, str]] = OrderedDict()

    def register(self, app: AsyncApp) -> None:
        """Hear of what people look at while the app is open beside it."""
        app.event("app_context_changed")(self.changed)

    async def changed(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Remember the channel somebody has turned to, or that they look at none."""
        payload = Payload(body)
        event = payload.at("event")
        identity = identity_in_event(payload, self._board.whoami())
        user = event.identifier("user")
        if identity is not None and user:
            self._note(identity.installation, user, _channel_in(event))
        await ack()

    def channel_of(self, user: str, installation: Installation) -> str:
        """Give the channel somebody looks at, or an empty string."""
        at, channel = self._seen.get((installation.workspace, user), (0.0, ""))
        return channel if channel and self._now() - at <= _FRESH_SECONDS else ""

    def _note(self, installation: Installation, user: str, channel: str) -> None:
        key = (installation.workspace, user)
        self._seen.pop(key, None)
        if channel:
            self._seen[key] = (self._now(), channel)
        if len(self._seen) > _MOST_PEOPLE:
            self._seen.popitem(last=False)


def _channel_in(event: Payload) -> str:
    """Give the first channel of what is looked at; direct messages are nobody else's business."""
    for entity in event.items("context", "entities"):
        kind = entity.text("type")
        path = {_CHANNEL: ("value",), _MESSAGE: ("value", "channel_id")}.get(kind)
        channel = entity.identifier(*path) if path else ""
        if channel.startswith(("C", "G")):
            return channel
    return ""
