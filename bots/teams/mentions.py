"""Mentions, taken out exactly: by what the entities say, never by a name found in the text."""

from __future__ import annotations

import re

from bots.teams.payload import Payload

_BLANKS = " \t\r\n\xa0\u200b\ufeff"
_TAG = re.compile(r"</?at(?:\s[^<>]*)?>", re.IGNORECASE)
_TAGGED = re.compile(r"<at(?:\s[^<>]*)?>(.*?)</at>", re.IGNORECASE | re.DOTALL)
_ENTITIES = re.compile(r"&(amp|lt|gt|quot|nbsp);")
_CHARACTERS = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "nbsp": " "}


def mentions_bot(body: Payload) -> bool:
    """Say whether the activity's recipient, which is the bot, is mentioned."""
    return any(_is_of_bot(entity, body) for entity in body.items("entities"))


def spoken(body: Payload) -> str:
    """Give what the person typed: the bot's mentions gone, other people's as ``@Name``.

    Each entity takes its own text out once, where it first stands; a bot that is called "run"
    leaves "run the run" alone.
    """
    text = body.text("text")
    for entity in body.items("entities"):
        mention = entity.text("text")
        if _is_of_bot(entity, body) and mention:
            text = text.replace(mention, "", 1)
    text = _TAG.sub("", _TAGGED.sub(lambda found: "@" + found.group(1).lstrip("@"), text))
    text = _ENTITIES.sub(lambda found: _CHARACTERS[found.group(1)], text)
    return text.replace("\xa0", " ").replace("\r\n", "\n").strip(_BLANKS)


def _is_of_bot(entity: Payload, body: Payload) -> bool:
    bot = body.identifier("recipient", "id")
    return (
        entity.text("type").lower() == "mention"
        and bool(bot)
        and entity.text("mentioned", "id") == bot
    )
