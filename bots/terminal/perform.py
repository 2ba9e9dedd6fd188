"""What a command line does, and the exit status it ends with."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from dataclasses import replace
from typing import cast

from bots.as_json import run_object
from bots.commands import Asked, Command, CommandReply, execute, parse
from bots.commands.dispatch import refusal
from bots.commands.starting import values_of
from bots.commands.usage import NotUnderstood
from bots.door import Door
from bots.terminal.arguments import WITH_OPTIONS
from bots.terminal.doctor import examine
from bots.terminal.evidence import about_evidence, is_about_evidence
from bots.terminal.follow import (
    DONE,
    FAILED,
    USAGE,
    WAITS,
    conclusion,
    exit_status,
    follow,
    hidden_from,
)
from bots.terminal.live import Live
from bots.terminal.retention import outlook
from bots.terminal.teams_package import build_teams_package
from bots.terminal.wiring import Wiring
from bots.terminal.workflow_files import check_files
from runtime.domain.conversation import Person, Place
from runtime.domain.errors import BatonError
from runtime.domain.ids import new_id
from runtime.domain.json import JsonObject
from runtime.domain.run import RunView

_SERVERS = frozenset({"up", "front", "worker", "courier", "migrate"})
_VERDICTS = frozenset({"approve", "reject", "resolve"})
_SETS_GOING = _VERDICTS | {"answer", "retry", "resume", "skip"}
_TOLD_AS_THEY_ARE = frozenset({"unhealthy", "unsound"})
"""Findings, not refusals: they are what was asked for."""


def perform(arguments: argparse.Namespace, wiring: Wiring) -> int:
    """Do what was typed; a refusal is told on standard error, or as JSON where that was asked."""
    command = cast(str, arguments.command)
    if command in _SERVERS:
        wiring.serve(command)
        return DONE
    as_json = cast(bool, arguments.json)
    if command == "doctor":
        return _report(examine(wiring), as_json=as_json)
    if command == "teams":
        return _report(build_teams_package(arguments, wiring), as_json=as_json)
    try:
        if command == "slack":
            return _manifest(arguments, wiring)
        if command == "retention":
            return _report(outlook(wiring), as_json=as_json)
        if command == "run":
            return _run(arguments, wiring)
        words = cast(list[str], arguments.words)
        if command == "audit" and is_about_evidence(words, everything=arguments.all):
            return _report(about_evidence(arguments, wiring, by=_person()), as_json=as_json)
        if command == "workflows" and words[:1] == ["check"]:
            found = check_files(words[1:], agents_path=wiring.agents_path())
            return _report(found, as_json=as_json)
        if command in WITH_OPTIONS and "--json" in words:
            words, as_json = [word for word in words if word != "--json"], True
        understood = _with_changes(parse(" ".join([command, *words])), arguments)
        # Help needs no database, and must answer where there is none.
        if understood.verb == "help":
            from bots.commands.grammar import help_text

            return _report(CommandReply(text=help_text(understood.text)), as_json=as_json)
        return _speak(understood, wiring, as_json=as_json)
    except BatonError as error:
        return _report(refusal(error), as_json=as_json)


def _with_changes(command: Command, arguments: argparse.Namespace) -> Command:
    """Take what the shell has split already as it is."""
    if command.verb != "approve":
        return command
    typed = cast("list[str] | None", arguments.set) or []
    return replace(
        command,
        changes=(*command.changes, *(_named(one) for one in typed)),
        arguments=cast("JsonObject | None", arguments.arguments) or command.arguments,
    )


def _named(typed: str) -> tuple[str, str]:
    name, sign, value = typed.partition("=")
    if not sign or not name:
        raise NotUnderstood(f"{typed!r} sets nothing; write --set NAME=VALUE")
    return name, value


def _speak(command: Command, wiring: Wiring, *, as_json: bool) -> int:
    if command.verb == "audit" and not wiring.works_elsewhere():
        # Where no server sweeps, nobody else puts the last calls on record.
        wiring.evidence().take_up()
    reply = execute(command, _asked(wiring.open()))
    if not reply.ok or reply.run_id is None:
        return _report(reply, as_json=as_json)
    if command.verb in _SETS_GOING and not wiring.works_elsewhere():
        return _carry_on(command, reply, wiring, as_json=as_json)
    if command.verb == "status" and reply.data.get("status") == "running":
        reply = _with_whether_worked_on(reply, worked_on=wiring.works_elsewhere())
    return _report(reply, as_json=as_json)


def _carry_on(command: Command, reply: CommandReply, wiring: Wiring, *, as_json: bool) -> int:
    """Work on the run here, because no server would: what was decided must have its effect."""
    assert reply.run_id is not None
    if not as_json:
        _say(reply.text)
    hidden = hidden_from(wiring.open(), reply.run_id, _person())
    live = None if as_json or hidden else Live(sys.stdout, coloured=_wants_colours())
    view = follow(reply.run_id, wiring, elsewhere=False, through_waits=False, live=live)
    if hidden:
        return _accepted(reply, hidden, as_json=as_json)
    if as_json and command.verb in _VERDICTS:
        _say(_spelled({**reply.data, "outcome": run_object(view)}))
    else:
        _conclude(view, as_json=as_json)
    # A run that ends without success because its call was refused ended as was wished.
    return DONE if command.verb == "reject" else exit_status(view)


def _run(arguments: argparse.Namespace, wiring: Wiring) -> int:
    command = _to_run(arguments)
    runtime = wiring.open()
    as_json, wait = cast(bool, arguments.json), cast(bool, arguments.wait)
    reply = execute(command, _asked(runtime))
    if not reply.ok or reply.run_id is None:
        return _report(reply, as_json=as_json)
    if not as_json:
        _say(reply.text)
    hidden = hidden_from(runtime, reply.run_id, _person())
    elsewhere = wiring.works_elsewhere()
    if hidden:
        if not elsewhere:
            follow(reply.run_id, wiring, elsewhere=False, through_waits=False, live=None)
        return _accepted(reply, hidden, as_json=as_json)
    if elsewhere and not wait:
        view = runtime.sight.view(reply.run_id, _person())
        if as_json:
            _say(_spelled(run_object(view)))
        return exit_status(view)
    live = None if as_json else Live(sys.stdout, coloured=_wants_colours())
    view = follow(reply.run_id, wiring, elsewhere=elsewhere, through_waits=wait, live=live)
    _conclude(view, as_json=as_json)
    return exit_status(view)


def _to_run(arguments: argparse.Namespace) -> Command:
    """Give the run that is meant. What the shell has split already is taken as it is."""
    words = cast(list[str], arguments.words)
    workflow = cast(str | None, arguments.workflow)
    if not words and workflow is None:
        raise NotUnderstood("the text is missing; write: baton run TEXT, or --workflow NAME")
    named = values_of(words) if workflow is not None else None
    return Command(
        verb="run",
        # With a workflow's name, words that only set its inputs are no text.
        text="" if named is not None else " ".join(words),
        values=(values_of(words[1:]) or ()) if named is None else named,
        agent=cast(str | None, arguments.agent),
        workflow=workflow,
        input=cast(JsonObject | None, arguments.input),
    )


def _accepted(reply: CommandReply, hidden: str, *, as_json: bool) -> int:
    """Say of a run no more than that it was taken, to somebody who may not see it."""
    if as_json:
        known = {key: reply.data[key] for key in ("run", "number") if key in reply.data}
        _say(_spelled({**known, "hidden": hidden}))
    else:
        sys.stderr.write(f"baton: what becomes of it is not shown: {hidden}\n")
    return WAITS


def _manifest(arguments: argparse.Namespace, wiring: Wiring) -> int:
    url, socket = cast(str | None, arguments.url), cast(bool, arguments.socket)
    _say(_spelled(wiring.slack_manifest(url=url, socket=socket)))
    return DONE


def _conclude(view: RunView, *, as_json: bool) -> None:
    _say(_spelled(run_object(view)) if as_json else conclusion(view))


def _with_whether_worked_on(reply: CommandReply, *, worked_on: bool) -> CommandReply:
    number = reply.data.get("number")
    hint = (
        ""
        if worked_on
        else "\n\nNobody works on it at this moment, because no server is up. Start one with: "
        f"baton up   or carry it on right here: baton resume {number}"
    )
    return CommandReply(
        text=reply.text + hint,
        data={**reply.data, "worked_on": worked_on},
        run_id=reply.run_id,
    )


def _report(reply: CommandReply, *, as_json: bool) -> int:
    if as_json:
        _say(_spelled(reply.data))
    elif reply.ok or reply.code in _TOLD_AS_THEY_ARE:
        _say(reply.text)
    else:
        sys.stderr.write(f"baton: {reply.text}\n")
    if reply.ok:
        return DONE
    return USAGE if reply.code == "usage" else FAILED


def _asked(runtime: Door) -> Asked:
    return Asked(
        runtime=runtime,
        person=_person(),
        # Every command line is a conversation of its own: nothing typed here is a reply.
        place=Place(channel="terminal", workspace="local", key=new_id("cli"), address={}),
        surface="terminal",
    )


def _person() -> Person:
    return Person(channel="terminal", workspace="local", external_id=_user(), name=_user())


def _wants_colours() -> bool:
    from runtime.settings import environment

    # https://no-color.org: any value means no.
    return not environment().get("NO_COLOR")


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        # No name for this user id, as in many containers.
        return "operator"


def _spelled(value: JsonObject) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
