"""``schedules``: which workflows start by themselves, in whose name, and when next."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from bots.as_json import moment
from bots.commands.asked import Asked
from bots.commands.grammar import Command
from bots.commands.reply import CommandReply
from bots.commands.starting import asking, values_in
from bots.commands.usage import NotUnderstood
from bots.spelling import one_line
from runtime.domain.form import InputNeeded
from runtime.domain.json import JsonObject
from runtime.domain.schedule import ScheduleLine, ScheduleState

_STATES = {
    ScheduleState.OFF: "off",
    ScheduleState.ACTIVE: "on",
    ScheduleState.PAUSED: "paused",
    ScheduleState.STOPPED: "stopped",
}


def schedules(command: Command, asked: Asked) -> CommandReply:
    """List the schedules, or set one going, pause or resume it."""
    verb, _, rest = command.text.partition(" ")
    name, _, typed = rest.strip().partition(" ")
    if not name and verb in ("", "list"):
        return _list(asked)
    if name and verb == "start":
        return _start(name, command.values or values_in(typed.strip(), name=name), asked)
    if name and not typed.strip() and verb in ("pause", "resume"):
        going = asked.runtime.starting.schedules
        change = going.pause if verb == "pause" else going.resume
        lines = change(name, asked.person, workspace=asked.workspace)
        return _told(lines, asked)
    if name and verb == "approvals" and typed.strip() in ("", "off"):
        place = None if typed.strip() else asked.place
        going = asked.runtime.starting.schedules
        lines = going.show_approvals(name, asked.person, place, workspace=asked.workspace)
        return _told(lines, asked)
    raise NotUnderstood(
        "write: schedules, schedules start NAME [NAME=VALUE …], schedules pause NAME,"
        " schedules resume NAME, or schedules approvals NAME [off]"
    )


def _list(asked: Asked) -> CommandReply:
    lines = asked.runtime.starting.schedules.listed(workspace=asked.workspace)
    return _told(lines, asked)


def _start(name: str, values: tuple[tuple[str, str], ...], asked: Asked) -> CommandReply:
    try:
        line = asked.runtime.starting.schedules.start(name, asked.person, asked.place, values)
    except InputNeeded as needed:
        return asking(needed, asked, before="schedules start", draw=False)
    said = "\n".join(_lines(line, asked))
    return CommandReply(
        text=f"{said}\n  You are its sponsor now: its runs are asked for in your name, and appear"
        " where you wrote this.",
        data={"schedules": [schedule_object(line)]},
    )


def _told(lines: list[ScheduleLine], asked: Asked) -> CommandReply:
    text = "\n".join(words for line in lines for words in _lines(line, asked))
    return CommandReply(
        text=text or "No workflow has a schedule.",
        data={"schedules": [schedule_object(line) for line in lines]},
    )


def _lines(line: ScheduleLine, asked: Asked) -> Iterator[str]:
    words = [f"{line.workflow}: {_STATES[line.state]}", line.when]
    if line.due_at is not None:
        words.append(f"next {_at(line.due_at)}")
    if line.last_number is not None and line.last_at is not None:
        words.append(f"last run #{line.last_number} {_at(line.last_at)}")
    if line.sponsor:
        words.append(f"sponsor {one_line(line.sponsor_name or line.sponsor, 60)}")
    if line.has_approvals_channel:
        words.append("approvals in a channel of their own as well")
    yield " · ".join(word for word in words if word)
    if line.note:
        yield f"  {one_line(line.note, 300)}"
    if line.state in (ScheduleState.OFF, ScheduleState.STOPPED) and not line.unanswered:
        verb = f"{asked.prefix}schedules start {line.workflow}"
        yield f"  set it going in your name, here, with: {verb}"


def _at(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def schedule_object(line: ScheduleLine) -> JsonObject:
    """Give a schedule as JSON."""
    return {
        "workflow": line.workflow,
        "title": line.title,
        "when": line.when,
        "state": line.state.value,
        "sponsor": line.sponsor or None,
        "sponsor_name": line.sponsor_name or None,
        "due_at": moment(line.due_at),
        "approvals_channel": line.has_approvals_channel,
        "last_run": line.last_number,
        "last_at": moment(line.last_at),
        "note": line.note or None,
    }
