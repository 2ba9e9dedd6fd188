"""What a command line does, and the exit status it ends with."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
import time
from collections.abc import Callable
from typing import cast

from bots.as_json import run_object
from bots.builders import answer, approval_card, question_card
from bots.commands import Asked, Command, CommandReply, execute, parse
from bots.commands.dispatch import refusal
from bots.commands.plain_text import answer_lines, approval_lines, decision_hint, question_lines
from bots.door import Door
from bots.terminal.doctor import examine
from bots.terminal.live import Live
from bots.terminal.wiring import Wiring
from runtime.domain.conversation import Person, Place
from runtime.domain.errors import BatonError
from runtime.domain.ids import new_id
from runtime.domain.json import JsonObject
from runtime.domain.run import RunView

DONE, FAILED, USAGE, WAITS = 0, 1, 2, 3
_SERVERS = frozenset({"up", "front", "worker", "courier", "migrate"})
_ENDED = frozenset({"succeeded", "failed", "cancelled"})
_LOOK_EVERY_SECONDS = 0.2


def perform(arguments: argparse.Namespace, wiring: Wiring) -> int:
    """Do what was typed; a refusal is told on standard error, or as JSON where that was asked."""
    command = cast(str, arguments.command)
    if command in _SERVERS:
        wiring.serve(command)
        return DONE
    as_json = cast(bool, arguments.json)
    if command == "doctor":
        return _report(examine(wiring), as_json=as_json)
    try:
        if command == "run":
            return _run(arguments, wiring)
        words = cast(list[str], arguments.words)
        understood = parse(" ".join([command, *words]))
        # Help needs no database, and must answer where there is none.
        if understood.verb == "help":
            from bots.commands.grammar import help_text

            return _report(CommandReply(text=help_text(understood.text)), as_json=as_json)
        return _report(execute(understood, _asked(wiring.open())), as_json=as_json)
    except BatonError as error:
        return _report(refusal(error), as_json=as_json)


def _run(arguments: argparse.Namespace, wiring: Wiring) -> int:
    runtime = wiring.open()
    as_json, wait = cast(bool, arguments.json), cast(bool, arguments.wait)
    reply = execute(
        Command(
            verb="run",
            text=" ".join(cast(list[str], arguments.text)),
            agent=cast(str | None, arguments.agent),
            workflow=cast(str | None, arguments.workflow),
            input=cast(JsonObject | None, arguments.input),
        ),
        _asked(runtime),
    )
    if not reply.ok or reply.run_id is None:
        return _report(reply, as_json=as_json)
    if not as_json:
        _say(reply.text)
    elsewhere = wiring.works_elsewhere()
    if elsewhere and not wait:
        if as_json:
            _say(_spelled(run_object(runtime.view(reply.run_id, workspace=None))))
        return DONE
    live = None if as_json else Live(sys.stdout)
    until = _until(live, wait=wait)
    if elsewhere:
        view = _look_until(runtime, reply.run_id, until)
    else:
        view = wiring.work_until(reply.run_id, until)
    return _conclude(view, as_json=as_json)


def _until(live: Live | None, *, wait: bool) -> Callable[[RunView], bool]:
    hinted: set[str] = set()

    def until(view: RunView) -> bool:
        if live is not None:
            live.draw(view)
        if view.status in _ENDED:
            return True
        if not wait:
            return _waits_for_a_person(view)
        for approval in view.approvals:
            card = approval_card(approval)
            if live is not None and card.verdicts and approval.id not in hinted:
                hinted.add(approval.id)
                sys.stderr.write(f"  {decision_hint(card, prefix='baton ')}\n")
                live.below()
        return False

    return until


def _waits_for_a_person(view: RunView) -> bool:
    asked = any(approval_card(one).verdicts for one in view.approvals) or bool(view.questions)
    return view.status == "paused" or (view.status == "waiting" and asked)


def _look_until(runtime: Door, run_id: str, until: Callable[[RunView], bool]) -> RunView:
    while True:
        view = runtime.view(run_id, workspace=None)
        if until(view):
            return view
        time.sleep(_LOOK_EVERY_SECONDS)


def _conclude(view: RunView, *, as_json: bool) -> int:
    if as_json:
        _say(_spelled(run_object(view)))
    elif view.status in _ENDED:
        _say("\n" + "\n".join(answer_lines(answer(view))))
    else:
        _say(_waiting_text(view))
    if view.status in _ENDED:
        return DONE if view.status == "succeeded" else FAILED
    return WAITS


def _waiting_text(view: RunView) -> str:
    lines: list[str] = []
    for approval in view.approvals:
        card = approval_card(approval)
        if card.verdicts:
            lines += ["", *approval_lines(card)]
            lines += ["", f"  {decision_hint(card, prefix='baton ')}"]
    for question in view.questions:
        card = question_card(question, run_id=view.run.id, run_number=view.run.number)
        lines += ["", *question_lines(card)]
        lines.append("  Answer it in the console: baton up")
    lines += ["", f"Go on watching with: baton status {view.run.number}"]
    return "\n".join(lines)


def _report(reply: CommandReply, *, as_json: bool) -> int:
    if as_json:
        _say(_spelled(reply.data))
    elif reply.ok:
        _say(reply.text)
    else:
        sys.stderr.write(f"baton: {reply.text}\n")
    if reply.ok:
        return DONE
    return USAGE if reply.code == "usage" else FAILED


def _asked(runtime: Door) -> Asked:
    return Asked(
        runtime=runtime,
        person=Person(channel="terminal", workspace="local", external_id=_user(), name=_user()),
        # Every command line is a conversation of its own: nothing typed here is a reply.
        place=Place(channel="terminal", workspace="local", key=new_id("cli"), address={}),
        surface="terminal",
    )


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
