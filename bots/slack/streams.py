"""An answer that grows while people read it.

Slack lets a stream live for about five minutes, on its own server and whatever is still sent; then
nothing but ``chat.update`` of the same message helps. So a stream is a short burst here: begun when
the whole answer is ready, and ended a few calls later. It is never kept open for a model, a run or
somebody's approval. https://docs.slack.dev/reference/methods/chat.startStream

``burst_of`` says where one fits:

* a thread is known, since a stream is a reply;
* it is known who reads it, which Slack wants to be told in channels: who asked, in this workspace,
  and only minutes ago. Nobody watches an answer grow that comes hours later;
* it is one message without files, long enough for growing to be of use, and short enough for one;
* there is no link in it: Slack cannot be told to leave the links of a stream alone, and would call
  addresses that a model wrote.

A stream takes no key when it begins, only when it ends. So a message of ours without key and files
is a stream that nobody has ended, and whoever must repeat the answer says it there.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass

from bots.slack.address import Address
from bots.slack.api import CallError
from bots.slack.blocks import Block
from bots.slack.drawn import Drawn
from bots.slack.line import Line
from bots.slack.rendering import metadata
from bots.views import Answer
from runtime.domain.errors import Upstream
from runtime.domain.json import JsonObject

log = logging.getLogger(__name__)

_SHORTEST = 400
"""Characters; less is read at a glance."""
_MOST_PARTS = 5
_SHORTEST_PART = 150
_SOON_SECONDS = 180.0
_BURST_SECONDS = 8.0
"""Well within the lease of a conversation, with room for what repairs a stream."""
_LINK = re.compile(r"://|www\.|mailto:|\]\(|[\w-]\.[A-Za-z]{2,}")
"""What Slack may take for a link, and then some: ``budget.xlsx`` costs a stream, no more."""


class NotBegunError(Exception):
    """There is no stream; the answer is posted like everything else."""


class BrokenOffError(Exception):
    """A stream has begun and did not end as it should; ``ts`` is its message."""

    def __init__(self, ts: str, code: str) -> None:
        super().__init__(code)
        self.ts = ts
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """An answer cut for streaming."""

    recipient: JsonObject
    parts: tuple[str, ...]
    """Escaped Markdown; joined they are the answer."""
    below: tuple[Block, ...]
    """What stands beneath it in the end."""


def burst_of(answer: Answer, drawn: Drawn, address: Address, *, workspace: str) -> Burst | None:
    """Cut an answer that is one message for streaming; None where it is to be posted instead."""
    told, *below = drawn.blocks
    text = told.get("text")
    recipient = _recipient(answer, address, workspace=workspace)
    if (
        recipient is None
        or not address.thread_ts
        or answer.elapsed_seconds > _SOON_SECONDS
        or told["type"] != "markdown"
        or not isinstance(text, str)
        or len(text) < _SHORTEST
        or _LINK.search(text)
        or not drawn.fits
    ):
        return None
    parts = tuple(_parts(text))
    return Burst(recipient=recipient, parts=parts, below=tuple(below)) if len(parts) > 1 else None


def _recipient(answer: Answer, address: Address, *, workspace: str) -> JsonObject | None:
    own_chat = address.channel.startswith("D")
    channel, _, rest = answer.requester.partition(":")
    home, _, user = rest.rpartition("/")
    # In an organisation nobody knows which of its workspaces somebody is of.
    if channel == "slack" and user and home == workspace == address.team:
        return {"recipient_user_id": user, "recipient_team_id": home}
    return {} if own_chat else None


def _parts(text: str) -> Iterator[str]:
    """Cut before white space, so that no entity and no word is torn."""
    length = max(_SHORTEST_PART, len(text) // _MOST_PARTS + 1)
    begins = 0
    for gap in re.finditer(r"\s+", text):
        if gap.start() - begins >= length:
            yield text[begins : gap.start()]
            begins = gap.start()
    yield text[begins:]


class Streams:
    """One process's streams. ``say`` leaves a whole message or says what it leaves."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def say(self, address: Address, burst: Burst, *, key: str) -> str:
        """Stream an answer and give its ``ts``.

        A process that dies in here leaves a message without a key.

        Raises:
            NotBegunError: nothing was said.
            BrokenOffError: its message must be ended and said anew in place.
            CallError: nobody knows whether it has begun.
        """
        ts = await self._begin(address, burst)
        there: JsonObject = {"channel": address.channel, "ts": ts}
        try:
            async with asyncio.timeout(_BURST_SECONDS):
                for part in burst.parts[1:]:
                    await self._line.paced(
                        "chat.appendStream", address, {**there, "markdown_text": part}
                    )
                # The key comes last: who finds a message by it finds all of it.
                await self._line.paced(
                    "chat.stopStream",
                    address,
                    {**there, "blocks": burst.below, "metadata": metadata(key)},
                )
        except (CallError, Upstream, TimeoutError) as fault:
            code = fault.code if isinstance(fault, CallError) else "too_slow"
            log.info("the stream of delivery %s broke off: %s", key, code)
            raise BrokenOffError(ts, code) from None
        return ts

    async def end(self, address: Address, ts: str) -> None:
        """See to it that nothing streams into a message, so that it can be updated.

        Quiet where Slack says that nothing does, and where it says nothing: the update shows.
        """
        try:
            await self._line.paced(
                "chat.stopStream", address, {"channel": address.channel, "ts": ts}
            )
        except (CallError, Upstream) as fault:
            log.info("a stream was not ended by itself: %s", fault)

    async def _begin(self, address: Address, burst: Burst) -> str:
        try:
            begun = await self._line.paced(
                "chat.startStream",
                address,
                {
                    "channel": address.channel,
                    "thread_ts": address.thread_ts,
                    "markdown_text": burst.parts[0],
                    **burst.recipient,
                },
                # Slack allows few of them, and a post need not wait.
                patience_seconds=0.0,
            )
        except Upstream:
            raise NotBegunError from None
        except CallError as fault:
            if fault.ambiguous:
                raise
            log.info("Slack begins no stream, the answer is posted: %s", fault.code)
            raise NotBegunError from None
        ts = begun.timestamp("ts")
        if not ts:
            raise CallError("no_timestamp_in_answer", ambiguous=True)
        return ts
