"""What the bot itself has said in a thread already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bots.slack.address import Address
from bots.slack.api import CallError
from bots.slack.line import Line
from bots.slack.payload import Payload
from bots.slack.rendering import METADATA_TYPE
from bots.slack.uploads import Attachment


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Own messages by their keys, and the names of the files of those that carry any."""

    keyed: dict[str, str] = field(default_factory=dict[str, str])
    files: tuple[tuple[str, frozenset[str]], ...] = ()
    unmarked: tuple[str, ...] = ()
    """Those with neither: streams that nobody has ended."""

    def has_files(self, attachments: Sequence[Attachment], *, after: str) -> bool:
        """Tell whether one message after ``after`` carries exactly these files.

        A shared file takes no metadata, so what is known of it is when it came and what it holds.
        """
        wanted = frozenset(one.name for one in attachments)
        return any(names == wanted and float(ts) > float(after) for ts, names in self.files)


async def read_thread(line: Line, address: Address) -> Said:
    """Read what the bot has said where a delivery goes. Raises ``CallError``, ``Upstream``."""
    keyed: dict[str, str] = {}
    files: list[tuple[str, frozenset[str]]] = []
    unmarked: list[str] = []
    try:
        async for message in line.own_messages(address):
            ts = message.timestamp("ts")
            if key := _key(message):
                keyed[key] = ts
            if names := frozenset(file.text("name") for file in message.items("files")):
                files.append((ts, names))
            if not key and not names and ts != address.thread_ts:
                unmarked.append(ts)
    except CallError as fault:
        # Who deleted the thread deleted what was in it.
        if fault.code != "thread_not_found":
            raise
    return Said(keyed=keyed, files=tuple(files), unmarked=tuple(unmarked))


def _key(message: Payload) -> str:
    if message.text("metadata", "event_type") != METADATA_TYPE:
        return ""
    return message.text("metadata", "event_payload", "k")
