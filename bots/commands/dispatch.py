"""From a typed line to its answer. Errors become words where the person is."""

from __future__ import annotations

from collections.abc import Callable

from bots.commands import (
    accounts,
    act,
    budget,
    factor,
    govern,
    hand_over,
    look,
    policy,
    schedules,
    workflows,
)
from bots.commands.asked import Asked
from bots.commands.grammar import Command, parse
from bots.commands.reply import CommandReply
from bots.door import Door
from runtime.domain.conversation import Person, Place
from runtime.domain.errors import BatonError

_VERBS: dict[str, Callable[[Command, Asked], CommandReply]] = {
    "help": look.show_help,
    "run": act.start,
    "runs": look.list_runs,
    "status": look.status,
    "trace": look.trace,
    "why": look.why,
    "cancel": act.cancel,
    "pause": act.pause,
    "resume": act.resume,
    "retry": act.retry,
    "skip": act.skip,
    "approvals": look.approvals,
    "approve": act.approve,
    "reject": act.reject,
    "claim": act.claim,
    "ask": act.ask,
    "reassign": hand_over.reassign,
    "delegate": hand_over.delegate,
    "away": hand_over.away,
    "back": hand_over.back,
    "grant": govern.grant,
    "grants": govern.grants,
    "revoke": govern.revoke,
    "halt": govern.halt,
    "lift": govern.lift,
    "halts": govern.halts,
    "policy": policy.policy,
    "resolve": act.resolve,
    "answer": act.answer,
    "agents": look.agents,
    "workflows": workflows.workflows,
    "schedules": schedules.schedules,
    "cost": look.cost,
    "audit": look.audit,
    "evidence": look.evidence,
    "budget": budget.budget,
    "factor": factor.factor,
    "link": accounts.link,
    "unlink": accounts.unlink,
}


def run_command(
    text: str,
    *,
    runtime: Door,
    person: Person,
    place: Place,
    surface: str,
    event_key: str | None = None,
) -> CommandReply:
    """Do what one typed line says and give the answer; blocks, so call it over the bridge.

    ``event_key`` is the vendor's unique id of the line where there is one; with it, the same line
    delivered twice starts one run.
    """
    asked = Asked(runtime=runtime, person=person, place=place, surface=surface, event_key=event_key)
    try:
        command = parse(text)
    except BatonError as error:
        return refusal(error)
    return execute(command, asked)


def execute(command: Command, asked: Asked) -> CommandReply:
    """Do a command that is understood already; a refusal is a reply, not an exception."""
    try:
        return _VERBS[command.verb](command, asked)
    except BatonError as error:
        return refusal(error)


def refusal(error: BatonError) -> CommandReply:
    """Give an error as a reply: its public words, and its code for scripts."""
    return CommandReply(
        text=error.public,
        ok=False,
        code=error.code,
        data={"error": error.public, "error_code": error.code},
    )
