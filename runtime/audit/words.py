"""What each record says, as a sentence for a person."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from runtime.domain.json import Json, JsonObject, object_of


def sentence(event: str, facts: JsonObject) -> str:
    """Say what happened; an event that is not known here is told by its name."""
    told = _SENTENCES.get(event)
    return told(facts) if told is not None else re.sub(r"(?<=[a-z])(?=[A-Z])", " ", event)


def _plan(facts: JsonObject) -> str:
    steps = object_of(facts.get("plan")).get("steps")
    count = len(steps) if isinstance(steps, list) else 0
    return f"Plan {facts.get('revision')} was accepted, with {count} steps"


def _model(facts: JsonObject) -> str:
    model = facts.get("model") or f"the tier {facts.get('tier')!r}"
    return f"{_actor(facts)} asked {model} ({facts.get('purpose')}){_ending(facts)}"


def _tool(facts: JsonObject) -> str:
    decision = object_of(facts.get("decision"))
    why = {"allow": "as policy allows", "deny": "which policy denies", "ask": "as was approved"}
    standing = why.get(str(decision.get("outcome")))
    told = f", {standing}" if standing else ""
    return f"{_actor(facts)} called {facts.get('tool')}{told}{_ending(facts)}"


def _decided(facts: JsonObject) -> str:
    reason = f": {facts['reason']}" if facts.get("reason") else ""
    said = _VERDICTS.get(str(facts.get("verdict")), f"said {facts.get('verdict')!r} about")
    return f"{facts.get('by')} {said} {facts.get('tool')} on {facts.get('surface')}{reason}"


def _ended(facts: JsonObject) -> str:
    usd = facts.get("usd")
    money = f"${usd:.4f}" if isinstance(usd, int | float) else "an unknown amount"
    return f"The run {facts.get('status')}, having spent {money} and {facts.get('tokens')} tokens"


def _names(told: Json) -> str:
    return " and ".join(map(str, told)) if isinstance(told, list) else "nobody"


def _halted(facts: JsonObject) -> str:
    what = f"{facts.get('scope')} {facts.get('name') or ''}".strip()
    return what + (" as a drill" if facts.get("drill") else "")


def _actor(facts: JsonObject) -> str:
    return str(facts.get("actor") or "Baton").partition("@")[0]


def _ending(facts: JsonObject) -> str:
    status = str(facts.get("status"))
    return "" if status == "succeeded" else f", which {status}"


_VERDICTS: Final[Mapping[str, str]] = {
    "approve": "approved",
    "reject": "rejected",
    "edit": "changed the arguments of",
    "happened": "confirmed that it happened:",
    "repeat": "let be made once more:",
    "abort": "gave up",
}
_SENTENCES: Final[Mapping[str, Callable[[JsonObject], str]]] = {
    "RunAccepted": lambda facts: f"{facts.get('requester')} asked for this run",
    "PlanAccepted": _plan,
    "ModelAsked": _model,
    "ToolCalled": _tool,
    "ApprovalRequested": lambda facts: (
        f"People were asked whether {facts.get('tool')} may be called"
        if facts.get("question") != "outcome"
        else f"People were asked whether {facts.get('tool')} happened"
    ),
    "CardShown": lambda facts: f"A card about it was shown in {facts.get('channel')}",
    "ApprovalDecided": _decided,
    "ApprovalExpired": lambda facts: (
        f"Nobody decided in time about {facts.get('tool') or 'a call'}, and it was not made"
    ),
    "DecisionRefused": lambda facts: (
        f"{facts.get('by')} was not allowed to decide: {facts.get('because')}"
    ),
    "ApprovalClaimed": lambda facts: f"{facts.get('by')} said that they look at it",
    "ApprovalReminded": lambda facts: (
        f"Those who may decide were reminded, {facts.get('reminders')} times by now"
    ),
    "ApprovalOverdue": lambda _: "Nobody decided in time, and the question stays open",
    "ApprovalEscalated": lambda facts: (
        f"Nobody decided in time: {_names(facts.get('added'))} may decide as well"
    ),
    "ApprovalCannotBeDecided": lambda facts: f"Nobody could decide: {facts.get('problem')}",
    "ApprovalUndelivered": lambda facts: (
        f"Its card could not be shown in {facts.get('channel')}: {facts.get('because')}"
    ),
    "ApprovalNoLongerNeeded": lambda facts: (
        f"A question was withdrawn with its step {facts.get('step')}"
    ),
    "GrantGiven": lambda facts: (
        f"{facts.get('by')} gave leave for {facts.get('uses')} calls of {facts.get('tool')}"
    ),
    "GrantRevoked": lambda facts: f"{facts.get('by')} took a grant back",
    "RunHalted": lambda facts: f"{facts.get('by')} halted {_halted(facts)}",
    "RunGoesOn": lambda facts: (
        f"{_names(facts.get('lifted_by'))} lifted the halt of {_halted(facts)}"
    ),
    "QuestionAsked": lambda facts: f"An agent asked: {facts.get('text')}",
    "QuestionAnswered": lambda facts: f"{facts.get('by')} answered: {facts.get('text')}",
    "RunEnded": _ended,
    "RunCancelled": lambda facts: f"{facts.get('by')} cancelled the run",
    "RunPaused": lambda facts: f"{facts.get('by')} paused the run",
    "RunResumed": lambda facts: f"{facts.get('by')} let the run go on",
    "StepSkipped": lambda facts: (
        f"{facts.get('by')} had the run go on without {facts.get('title') or facts.get('step')!r}"
        + (f": {facts['reason']}" if facts.get("reason") else "")
    ),
    "RunRetried": lambda facts: f"{facts.get('by')} had what failed tried again",
    "StepParked": lambda facts: f"A step stopped its worker {facts.get('crashes')} times",
    "PersonErased": lambda facts: f"{facts.get('person')} was erased",
    "BudgetBegunAnew": lambda facts: f"The budget {facts.get('budget')!r} began anew with the day",
    "DataRemoved": lambda facts: f"The run's {facts.get('part')} was removed",
    "EvidenceAsked": lambda facts: f"{facts.get('by')} asked for the evidence of the run",
}


def label(name: str) -> str:
    """Spell a fact's name for people."""
    return name.replace("_", " ")


def value(told: Json) -> str:
    """Spell a fact's value where it is not shown as JSON."""
    if told is None:
        return "—"
    if isinstance(told, bool):
        return "yes" if told else "no"
    return str(told)
