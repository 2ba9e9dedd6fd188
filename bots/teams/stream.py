"""A short answer in a personal chat as the end of a stream, because Teams takes such an end once.

Not for show: the answer is whole, checked and on record before it is carried, so to reveal it
piece by piece would only delay it, and add ways to lose half of it (two minutes, one stream a
chat, a button that stops it). But of all that a bot can post, a stream alone has a name that Teams
compares: a second end of the same stream is refused as completed. So where the answer to a post is
lost, the same end is sent again, and either it arrives now or Teams says that it had.
https://learn.microsoft.com/microsoftteams/platform/bots/streaming-ux (read November 2026)

What begins the stream is no message: it is a line of progress that goes away by itself. Whoever
dies after it leaves nothing that could be taken for an answer, and the next one posts plainly.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bots.teams.connector import CallError, Connector
from bots.teams.reference import Reference
from bots.views import Answer, Shown
from runtime.domain.delivery import Delivery
from runtime.domain.json import Json, JsonObject

_LONGEST = 4_000
_COMPLETED = "already completed"


def ends_a_stream(delivery: Delivery, shown: Shown, there: Reference) -> bool:
    """Say whether this is a short answer that has not been tried yet, where one person reads."""
    fresh = delivery.external_id is None and delivery.attempt <= 1
    return fresh and there.personal and isinstance(shown, Answer) and len(shown.text) <= _LONGEST


async def say_once(
    connector: Connector,
    there: Reference,
    activity: JsonObject,
    *,
    take_place: Callable[[], Awaitable[None]],
) -> str | None:
    """Post a message as the end of a stream; give its id, or None where it certainly is not there.

    Raises ``CallError`` where Teams wants to be asked later, or nobody knows whether it is there.
    """
    await take_place()
    try:
        stream = await connector.post(there, _beginning())
    except CallError as fault:
        if fault.retry_after_seconds is not None:
            raise
        return None
    end: JsonObject = {"text": "", **activity, "entities": [_info("final", streamId=stream)]}
    await take_place()
    try:
        await connector.follow(there, end)
    except CallError as fault:
        if fault.ambiguous:
            return await _settled(connector, there, end, stream=stream, lost=fault)
        if fault.retry_after_seconds is not None:
            raise
        # Stopped by its reader, or not taken here: a plain message is.
        return None
    return stream


async def _settled(
    connector: Connector, there: Reference, end: JsonObject, *, stream: str, lost: CallError
) -> str:
    try:
        await connector.follow(there, end)
    except CallError as fault:
        if _COMPLETED in fault.words.lower():
            return stream
        raise lost from None
    return stream


def _beginning() -> JsonObject:
    said: JsonObject = {"type": "typing", "text": "Here is the answer…"}
    return {**said, "entities": [_info("informative", streamSequence=1)]}


def _info(kind: str, **more: Json) -> Json:
    return {"type": "streaminfo", "streamType": kind, **more}
