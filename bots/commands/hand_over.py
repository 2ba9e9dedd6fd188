"""The verbs that let somebody else decide: ``reassign``, ``delegate``, ``away``, ``back``."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from bots.as_json import approval_object, moment
from bots.commands.asked import Asked
from bots.commands.grammar import Command
from bots.commands.moments import take_moment
from bots.commands.reply import CommandReply
from bots.commands.usage import NotUnderstood
from bots.spelling import exact
from runtime.domain.absence import Absence
from runtime.domain.approval import Reassign
from runtime.domain.conversation import Person
from runtime.domain.json import JsonObject

_MENTION = re.compile(r"<@([A-Z0-9]+)(?:\|[^>]*)?>")
_BECAUSE = re.compile(r"\s+because\s+", re.IGNORECASE)
_TO = re.compile(r"\bto\s+(.+)$", re.IGNORECASE)


def reassign(command: Command, asked: Asked) -> CommandReply:
    """Hand one approval to somebody else."""
    seen = asked.runtime.approval_for(command.target or "", asked.person)
    typed, _, reason = _BECAUSE.sub("\n", command.text, count=1).partition("\n")
    approval = asked.runtime.governing.reassign(
        Reassign(
            approval=seen.id,
            person=asked.person,
            to=_person(typed, asked.person),
            surface=asked.surface,
            reason=reason,
        )
    )
    handed = next(one for one in approval.handed if one.principal == asked.person.principal)
    return CommandReply(
        text=f"#{approval.number} {exact(approval.tool)}: {exact(handed.successor_name)} may decide"
        " it in your place, and is told so. Until they have, you may as well.",
        data=approval_object(approval),
        run_id=approval.run_id,
    )


def delegate(command: Command, asked: Asked) -> CommandReply:
    """Let somebody decide in one's place, too; without a name, say what holds."""
    until, rest = take_moment(command.text, now=datetime.now(UTC))
    if not rest:
        return _listed(asked)
    absence = asked.runtime.governing.away(
        asked.person, until=until, to=_person(rest, asked.person), present=True
    )
    return _told(absence, asked)


def away(command: Command, asked: Asked) -> CommandReply:
    """Be away, with or without somebody who decides meanwhile."""
    until, rest = take_moment(command.text, now=datetime.now(UTC))
    match = _TO.search(rest)
    if rest and match is None:
        raise NotUnderstood(f"{rest!r} is not clear; write: away until 2026-12-24 to NAME")
    to = _person(match.group(1), asked.person) if match else None
    absence = asked.runtime.governing.away(asked.person, until=until, to=to, present=False)
    return _told(absence, asked)


def back(command: Command, asked: Asked) -> CommandReply:
    """Decide for oneself again."""
    del command
    ended = asked.runtime.governing.back(asked.person)
    text = "You are back; nobody decides for you any more." if ended else "You were not away."
    return CommandReply(text=text, data={"ended": ended})


def _listed(asked: Asked) -> CommandReply:
    held = asked.runtime.governing.absences(asked.person)
    text = "\n".join(_words(one) for one in held) or "You decide for yourself; nobody else does."
    return CommandReply(text=text, data={"absences": [_object(one) for one in held]})


def _told(absence: Absence, asked: Asked) -> CommandReply:
    hint = f" It ends at once with: {asked.prefix}back"
    return CommandReply(text=_words(absence) + hint, data=_object(absence))


def _words(absence: Absence) -> str:
    until = f"until {absence.until_at:%Y-%m-%d %H:%M} UTC" if absence.until_at else "from now on"
    who = f"{exact(absence.delegate)} decides in your place" if absence.delegate else ""
    if not absence.away:
        return f"{who} {until}, where you may decide; you still may as well."
    also = f"; {who}, where you may decide" if who else "; nobody decides in your place"
    return f"You are away {until}{also}. You are not asked meanwhile."


def _object(absence: Absence) -> JsonObject:
    return {
        "principal": absence.principal,
        "delegate": absence.delegate,
        "away": absence.away,
        "from": moment(absence.begins_at),
        "until": moment(absence.until_at),
    }


def _person(typed: str, asking: Person) -> str:
    """Give a principal for a mention, and a name as it was typed."""
    typed = typed.strip().removeprefix("to ").strip()
    mention = _MENTION.fullmatch(typed)
    if mention:
        return f"{asking.channel}:{asking.workspace}/{mention.group(1)}"
    return typed.removeprefix("@")
