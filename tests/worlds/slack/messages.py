"""Messages, threads and ephemeral messages."""

from __future__ import annotations

import copy
import uuid
from dataclasses import dataclass, field

from tests.worlds.slack.clock import WorldClock
from tests.worlds.slack.payload import Json, Payload, table, text
from tests.worlds.slack.values import Message


@dataclass(slots=True, kw_only=True)
class Stored:
    """A message and every earlier form of it."""

    channel: str
    raw: Payload
    earlier: list[Payload] = field(default_factory=list[Payload])
    streaming_since: float | None = None
    """When its stream began, by the expiry clock; None while nothing streams into it."""

    @property
    def ts(self) -> str:
        return text(self.raw.get("ts"))

    @property
    def root(self) -> str:
        """Give the ts of the thread it belongs to; its own where it started one."""
        return text(self.raw.get("thread_ts")) or self.ts

    def seen(self) -> Message:
        """Give a copy for reading, with the number of edits."""
        return Message(
            channel=self.channel,
            raw=copy.deepcopy(self.raw) | {"revision": len(self.earlier)},
        )


class Messages:
    """Every message of the world, by channel and ts."""

    def __init__(self, clock: WorldClock) -> None:
        self._clock = clock
        self._stored: dict[tuple[str, str], Stored] = {}
        self.ephemeral: list[Stored] = []

    def post(self, channel: str, content: Payload) -> Stored:
        """Store a new message under a new ts, and count it in its thread."""
        stored = self._new(channel, content)
        self._stored[channel, stored.ts] = stored
        if stored.root != stored.ts:
            self._count_replies(channel, stored.root)
        return stored

    def post_ephemeral(self, channel: str, user: str, content: Payload) -> Stored:
        """Keep what one person alone is shown."""
        stored = self._new(channel, content | {"ephemeral_for": user, "is_ephemeral": True})
        self.ephemeral.append(stored)
        return stored

    def find(self, channel: str, ts: str) -> Stored | None:
        return self._stored.get((channel, ts))

    def find_shown(self, channel: str, ts: str) -> Stored | None:
        """Find a message, ephemeral ones included."""
        return self.find(channel, ts) or next(
            (item for item in self.ephemeral if (item.channel, item.ts) == (channel, ts)), None
        )

    def edit(self, stored: Stored, changes: Payload, *, by: str) -> None:
        """Replace what the changes name, and remember the form before."""
        stored.earlier.append(copy.deepcopy(stored.raw))
        stored.raw |= _named(changes, ts=stored.ts, revision=len(stored.earlier))
        stored.raw["edited"] = {"user": by, "ts": self._clock.next_ts()}

    def delete(self, stored: Stored) -> None:
        """Remove a message; a thread's first message leaves its replies behind."""
        if stored in self.ephemeral:
            self.ephemeral.remove(stored)
            return
        del self._stored[stored.channel, stored.ts]
        if stored.root != stored.ts:
            self._count_replies(stored.channel, stored.root)

    def of_channel(self, channel: str) -> list[Stored]:
        """Give every message of a channel, replies included, oldest first."""
        found = [item for (place, _), item in self._stored.items() if place == channel]
        return sorted(found, key=lambda item: item.ts)

    def of_thread(self, channel: str, root: str) -> list[Stored]:
        """Give a thread's first message and its replies, oldest first."""
        return [item for item in self.of_channel(channel) if item.root == root]

    def all(self) -> list[Stored]:
        return sorted(self._stored.values(), key=lambda item: item.ts)

    def _new(self, channel: str, content: Payload) -> Stored:
        ts = self._clock.next_ts()
        raw: Payload = {"type": "message", **_named(content, ts=ts, revision=0), "ts": ts}
        return Stored(channel=channel, raw=raw)

    def _count_replies(self, channel: str, root: str) -> None:
        first = self.find(channel, root)
        if first is None:
            return
        replies = [item for item in self.of_thread(channel, root) if item.ts != root]
        if not replies:
            for name in ("thread_ts", "reply_count", "reply_users", "latest_reply"):
                first.raw.pop(name, None)
            return
        people: list[Json] = [*dict.fromkeys(text(item.raw.get("user")) for item in replies)]
        first.raw |= {
            "thread_ts": root,
            "reply_count": len(replies),
            "reply_users": people,
            "reply_users_count": len(people),
            "latest_reply": replies[-1].ts,
        }


def rich_text(written: str) -> Payload:
    """Give the block that Slack makes of what a person types."""
    leaf: Payload = {"type": "text", "text": written}
    return {
        "type": "rich_text",
        "block_id": uuid.uuid4().hex[:5],
        "elements": [{"type": "rich_text_section", "elements": [leaf]}],
    }


def _named(content: Payload, *, ts: str, revision: int) -> Payload:
    """Fill in the block and action ids that the app left to Slack."""
    blocks = content.get("blocks")
    if not isinstance(blocks, list):
        return dict(content)
    named: list[Json] = []
    for place, block in enumerate(blocks):
        block = copy.deepcopy(table(block))
        block.setdefault("block_id", f"b{ts[-4:]}.{revision}.{place}")
        _name_actions(block)
        named.append(block)
    return {**content, "blocks": named}


def _name_actions(node: Json) -> None:
    if isinstance(node, dict):
        if node.get("type") in _PRESSED:
            node.setdefault("action_id", uuid.uuid4().hex[:5])
        for child in node.values():
            _name_actions(child)
    elif isinstance(node, list):
        for child in node:
            _name_actions(child)


_PRESSED = frozenset(
    {
        "button",
        "overflow",
        "static_select",
        "users_select",
        "conversations_select",
        "channels_select",
        "datepicker",
        "timepicker",
        "checkboxes",
        "radio_buttons",
        "plain_text_input",
    }
)
