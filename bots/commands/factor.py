"""The verb ``factor``: a device that makes codes, for what policy calls critical.

Every answer is for the person alone.
"""

from __future__ import annotations

import re

from bots.commands.asked import Asked
from bots.commands.grammar import Command
from bots.commands.reply import CommandReply
from bots.commands.usage import NotUnderstood
from bots.spelling import exact

_USAGE = "factor [new [CODE] | CODE | remove CODE | reset PERSON]"
_CODE = re.compile(r"\d{3} ?\d{3}")
_FIRST = re.compile(r"(\d{3} ?\d{3})(?:\s+|$)")
_LAST = re.compile(r"(?:^|\s+)(\d{6})$")


def factor(command: Command, asked: Asked) -> CommandReply:
    """Say whether there is one; make, confirm, remove or reset it."""
    word, _, rest = command.text.strip().partition(" ")
    governing = asked.runtime.governing
    if not word:
        return _told(_standing(asked), asked)
    if _CODE.fullmatch(command.text.strip()):
        governing.confirm_factor(asked.person, command.text)
        return _told("Done. Your device counts from now on; this code counts no more.", asked)
    if word == "new":
        address = governing.begin_factor(asked.person, rest)
        secret = re.search(r"secret=(\w+)", address)
        return _told(
            "Put this into your authenticator app, and show it to nobody:\n"
            f"  {secret.group(1) if secret else ''}\n  {address}\n"
            f"Then write: {asked.prefix}factor CODE",
            asked,
        )
    if word == "remove" and rest:
        governing.remove_factor(asked.person, rest)
        return _told("Done. You have no second factor any more.", asked)
    if word == "reset" and rest and asked.person.channel == "terminal":
        found = governing.reset_factor(rest.strip(), asked.person)
        return _told(f"{exact(rest)} {'has' if found else 'had'} no second factor.", asked)
    raise NotUnderstood(f"write: {_USAGE}; reset is for the terminal of the machine")


def take_code(text: str) -> tuple[str, str]:
    """Take a code off either end of a reason; give both."""
    for pattern in (_FIRST, _LAST):
        match = pattern.search(text) if pattern is _LAST else pattern.match(text)
        if match is not None:
            return match.group(1), (text[: match.start()] + text[match.end() :]).strip()
    return "", text


def _standing(asked: Asked) -> str:
    if asked.runtime.governing.has_factor(asked.person):
        return "You have a second factor. Use it as in: approve 12 CODE"
    return f"You have no second factor. Make one with: {asked.prefix}factor new"


def _told(text: str, asked: Asked) -> CommandReply:
    return CommandReply(
        text=text, data={"factor": asked.runtime.governing.has_factor(asked.person)}, private=True
    )
