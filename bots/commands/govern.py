"""The verbs for grants and halts."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import cast

from bots.as_json import moment
from bots.commands.asked import Asked
from bots.commands.grammar import Command
from bots.commands.moments import take_moment
from bots.commands.plain_text import columns
from bots.commands.reply import CommandReply
from bots.commands.usage import NotUnderstood
from bots.spelling import exact, one_line
from runtime.domain.grant import Bound, Grant, Wanted
from runtime.domain.halt import PEOPLE_TO_LIFT, Halt, HaltScope
from runtime.domain.json import Json, JsonObject

_DASHES = r"(?:--|[—–])"
_USES = re.compile(rf"{_DASHES}uses[\s=]+(\d+)", re.IGNORECASE)
_WHERE = re.compile(rf"{_DASHES}where\s+([\w.-]+)(<=|>=|=)(?:\"([^\"]*)\"|(\S+))", re.IGNORECASE)
_UP_TO = re.compile(rf"{_DASHES}up-to\s+([\w.-]+)=(\d+(?:\.\d+)?)", re.IGNORECASE)
_DRILL = re.compile(rf"{_DASHES}drill\b", re.IGNORECASE)
_TESTS = {"=": "equals", "<=": "at_most", ">=": "at_least"}
_GRANT_USAGE = "grant RUN TOOL --uses N [--where NAME=VALUE] [--up-to NAME=SUM] [for 2h]"


def grant(command: Command, asked: Asked) -> CommandReply:
    """Give leave in advance for a bounded set of calls."""
    until, rest = take_moment(command.text, now=datetime.now(UTC))
    uses, up_to = _USES.search(rest), _UP_TO.search(rest)
    if uses is None:
        raise NotUnderstood(f"say how often, as in --uses 5; {_GRANT_USAGE}")
    where = tuple(
        Bound(path=path, test=_TESTS[sign], value=_value(quoted, bare))
        for path, sign, quoted, bare in _WHERE.findall(rest)
    )
    tool = rest
    for pattern in (_USES, _UP_TO, _WHERE):
        tool = pattern.sub("", tool)
    if not re.fullmatch(r"[\w.-]+", tool.strip()):
        raise NotUnderstood(f"{tool.strip()!r} is no tool's name; write: {_GRANT_USAGE}")
    given = asked.runtime.governing.grant(
        Wanted(
            run=command.target or "",
            tool=tool.strip(),
            uses=int(uses.group(1)),
            where=where,
            sum_path=up_to.group(1) if up_to else "",
            sum_limit=float(up_to.group(2)) if up_to else 0.0,
            until=until,
        ),
        asked.person,
        workspace=asked.workspace,
    )
    return CommandReply(
        text=f"{_words(given)} Take it back with: {asked.prefix}revoke {given.number}",
        data=_grant_object(given),
        run_id=given.run_id,
    )


def grants(command: Command, asked: Asked) -> CommandReply:
    """List what is granted."""
    asked.runtime.sight.check(command.target, asked.person)
    found = asked.runtime.governing.grants(run=command.target, workspace=asked.workspace)
    return CommandReply(
        text="\n".join(_words(one) for one in found) or "Nothing is granted.",
        data={"grants": [_grant_object(one) for one in found]},
    )


def revoke(command: Command, asked: Asked) -> CommandReply:
    """Take a grant back."""
    found = asked.runtime.governing.revoke(
        command.target or "", asked.person, workspace=asked.workspace
    )
    return CommandReply(
        text=f"Grant {found.number} is revoked; such calls are asked about again.",
        data=_grant_object(found),
    )


def halt(command: Command, asked: Asked) -> CommandReply:
    """Stop something at once."""
    text = _DRILL.sub("", command.text).strip()
    word, _, rest = text.partition(" ")
    scopes = {scope.value: scope for scope in HaltScope}
    if word.lower() not in scopes:
        raise NotUnderstood(f"{word!r} cannot be halted; name one of: {', '.join(scopes)}")
    scope, name = scopes[word.lower()], ""
    if scope in (HaltScope.TOOL, HaltScope.AGENT):
        name, _, rest = rest.strip().partition(" ")
    halted = asked.runtime.governing.halt(
        scope,
        name,
        asked.person,
        reason=rest.strip(),
        drill=_DRILL.search(command.text) is not None,
    )
    drill = " This is a drill: nothing stops." if halted.drill else ""
    return CommandReply(
        text=f"Halt {halted.number}: {one_line(halted.words, 300)}.{drill} It ends when"
        f" {PEOPLE_TO_LIFT} people say: {asked.prefix}lift {halted.number}",
        data=_halt_object(halted),
    )


def lift(command: Command, asked: Asked) -> CommandReply:
    """Agree to end a halt."""
    halted = asked.runtime.governing.lift(
        command.target or "", asked.person, workspace=asked.workspace
    )
    missing = PEOPLE_TO_LIFT - len(halted.lifted_by)
    text = f"Halt {halted.number} is lifted; work goes on."
    if halted.lifted_at is None:
        text = f"Halt {halted.number}: you agree; {missing} more must."
    return CommandReply(text=text, data=_halt_object(halted))


def halts(command: Command, asked: Asked) -> CommandReply:
    """List what is halted."""
    del command
    found = asked.runtime.governing.halts(workspace=asked.workspace)
    rows = [
        (
            f"#{one.number}",
            "drill" if one.drill else "halt",
            f"since {one.at:%Y-%m-%d %H:%M} UTC",
            one_line(one.words, 200) + _agreed(one),
        )
        for one in found
    ]
    return CommandReply(
        text="\n".join(columns(rows)) or "Nothing is halted.",
        data={"halts": [_halt_object(one) for one in found]},
    )


def _agreed(one: Halt) -> str:
    if not one.lifted_by:
        return ""
    who = one_line(", ".join(one.lifted_by), 100)
    return f"; to lift it agrees {who}, {PEOPLE_TO_LIFT - len(one.lifted_by)} more must"


def _value(quoted: str, bare: str) -> Json:
    if quoted:
        return quoted
    try:
        return cast("Json", json.loads(bare))
    except ValueError:
        return bare


def _words(one: Grant) -> str:
    signs = {test: sign for sign, test in _TESTS.items()}
    bounds = [f"{bound.path}{signs[bound.test]}{bound.value}" for bound in one.where]
    where = f" where {', '.join(map(exact, bounds))}" if bounds else ""
    times = "once" if one.uses == 1 else f"{one.uses} times"
    used = [f"{one.used} of {one.uses} used"]
    if one.sum_path:
        name = exact(one.sum_path)
        times += f", {name} up to {one.sum_limit:g} in all"
        used.append(f"{name} {one.sum_used:g} so far")
    ended = f", revoked by {exact(one.revoked_by_name)}" if one.revoked_at else ""
    return (
        f"Grant {one.number}: run #{one.run_number} may call {exact(one.tool)}{where} {times},"
        f" until {one.expires_at:%Y-%m-%d %H:%M} UTC ({', '.join(used)}), given by"
        f" {exact(one.given_by_name)}{ended}."
    )


def _grant_object(one: Grant) -> JsonObject:
    return {
        "grant": one.number,
        "run": one.run_id,
        "tool": one.tool,
        "where": [{"name": each.path, each.test: each.value} for each in one.where],
        "uses": one.uses,
        "used": one.used,
        "sum_of": one.sum_path or None,
        "sum_limit": one.sum_limit if one.sum_path else None,
        "sum_used": one.sum_used if one.sum_path else None,
        "given_by": one.given_by,
        "expires_at": moment(one.expires_at),
        "revoked_at": moment(one.revoked_at),
    }


def _halt_object(one: Halt) -> JsonObject:
    return {
        "halt": one.number,
        "scope": one.scope.value,
        "name": one.name or None,
        "workspace": one.workspace or None,
        "by": one.by,
        "reason": one.reason or None,
        "drill": one.drill,
        "at": moment(one.at),
        "lifted_by": list(one.lifted_by),
        "lifted_at": moment(one.lifted_at),
    }
