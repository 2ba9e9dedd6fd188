"""Buttons: decisions, controls of a run, answers to an agent's question.

Whoever clicks sees at once what became of it: the present card, in their own view, or a private
sentence where they may not. The courier redraws the card for everybody. Pressing again changes
nothing. No text ever decides anything here.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bots.approval_builder import approval_card, outcome_line
from bots.bridge import Bridge
from bots.builders import question_card
from bots.door import Door
from bots.spelling import cut
from bots.teams.approval_card import LONGEST_REASON, LOOK, REASON, draw_approval
from bots.teams.controls import Controls
from bots.teams.directory import Directory
from bots.teams.drawn import CARD_TYPE, Drawn
from bots.teams.inbound import VERDICT_VERBS, Click, read_click
from bots.teams.listeners import DOWN
from bots.teams.payload import Payload
from bots.teams.rendering import draw
from bots.teams.sighting import LOOK as LOOK_AT_ANY
from bots.teams.sighting import Sightings, marked
from bots.teams.trouble import spell_trouble
from bots.teams.whisper import Whisper
from runtime.domain.approval import Approval, Verdict
from runtime.domain.conversation import Person
from runtime.domain.delivery import Sighting
from runtime.domain.errors import BatonError, Refused
from runtime.domain.json import Json
from runtime.domain.states import ApprovalStatus

log = logging.getLogger(__name__)

_MESSAGE_TYPE = "application/vnd.microsoft.activity.message"
_ERROR_TYPE = "application/vnd.microsoft.error"
_SHORTEST_REASON = 3
_STALE = "This button belongs to an older card; use the newest one, or write: approvals"
_CLOSED = "This question is closed: it was answered already, or the run has moved on."
_NO_REASON = "Write a few words before you reject, so that the agent can look for another way."
_NOTED = "Your word is noted; more people must agree."

InvokeBody = Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """What became of a click; ``problem`` is for the person who clicked."""

    card: Drawn | None = None
    problem: str = ""
    settled: bool = False
    """Nothing more will change on this card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clicks:
    """Each takes one activity, makes one call into the runtime, and answers."""

    runtime: Door
    bridge: Bridge
    directory: Directory
    whisper: Whisper
    sightings: Sightings
    controls: Controls

    async def executed(self, body: Payload) -> InvokeBody:
        """Answer ``Action.Execute``: with the present card, or in words."""
        click = read_click(body)
        if click is None:
            return _words(_STALE)
        outcome = await self._act(click)
        if outcome.card is not None:
            return {"statusCode": 200, "type": CARD_TYPE, "value": outcome.card.card}
        if click.automatic:
            # Nobody pressed anything: a message would pop up for merely looking.
            error: Json = {"code": "Unavailable", "message": cut(outcome.problem, 500)}
            return {"statusCode": 403, "type": _ERROR_TYPE, "value": error}
        return _words(outcome.problem)

    async def submitted(self, body: Payload) -> None:
        """Take ``Action.Submit``, which older clients send; problems are told in the own chat."""
        click = read_click(body)
        if click is None:
            return
        outcome = await self._act(click)
        if outcome.problem:
            self.whisper.tell(click.claim.user_id, click.reference, outcome.problem)

    async def _act(self, click: Click) -> _Outcome:
        try:
            person = await self.directory.decider(click.claim, click.reference)
            sighting = await self.sightings.take(click)
            outcome = await self._act_as(click, person, sighting)
        except BatonError as error:
            return _Outcome(problem=error.public)
        except Exception as error:
            # Teams does not repeat clicks. A decision is one transaction, so it did not happen,
            # and the person, told so, presses again.
            log.error("%s failed: %s", click.verb[:40], spell_trouble(error))
            return _Outcome(problem=DOWN)
        card = outcome.card
        if card is None:
            return outcome
        if sighting is not None:
            # Their own view goes on telling which message it stands in.
            card = replace(card, card=marked(card.card, sighting.delivery))
        if sighting is not None and sighting.is_copy:
            self.whisper.withdraw(click.reference, click.card_id)
        elif outcome.settled and click.card_id:
            # A message whose id was lost when it was posted: the courier cannot redraw it.
            self.whisper.put(click.reference, click.card_id, card.activity)
        return replace(outcome, card=card)

    async def _act_as(self, click: Click, person: Person, sighting: Sighting | None) -> _Outcome:
        family = click.verb.partition(".")[0]
        if click.verb == LOOK:
            return await self._personal(click, person)
        if click.verb == LOOK_AT_ANY:
            shown = await self.sightings.shown(sighting) if sighting is not None else None
            return _Outcome(problem=_STALE) if shown is None else _Outcome(card=draw(shown))
        if click.automatic:
            return _Outcome(problem=_STALE)
        if click.verb in VERDICT_VERBS:
            return await self._decide(click, person)
        if family in ("run", "file", "answer"):
            card = await self.controls.press(click, person)
            return _Outcome(problem=_STALE) if card is None else _Outcome(card=card)
        if click.verb == "question.answer":
            return await self.bridge(_answer, self.runtime, click, person)
        return _Outcome(problem=_STALE)

    async def _personal(self, click: Click, person: Person) -> _Outcome:
        """Show an approval as this person may see it: buttons are for who may decide."""
        approval = await self.bridge(_approval, self.runtime, click, person)
        refusal = None
        if approval.status is ApprovalStatus.PENDING:
            refusal = await self.bridge(self.runtime.refusal, approval.id, person)
        return _shown(approval, kept_out=refusal or "")

    async def _decide(self, click: Click, person: Person) -> _Outcome:
        rejects = VERDICT_VERBS[click.verb] is Verdict.REJECT
        reason = click.data.text(REASON).strip()[:LONGEST_REASON] if rejects else ""
        if rejects and len(reason) < _SHORTEST_REASON:
            return _Outcome(problem=_NO_REASON)
        verdict = click.verdict(person, reason=reason)
        if verdict is None:
            return _Outcome(problem=_STALE)
        decided = await self.bridge(self.runtime.decide, verdict)
        if not decided.won:
            words = _lost(decided.approval)
            return replace(_shown(decided.approval, note=words), problem=words)
        return _shown(decided.approval, note="" if decided.final else _NOTED)


def _words(text: str) -> InvokeBody:
    return {"statusCode": 200, "type": _MESSAGE_TYPE, "value": cut(text, 1_000)}


def _shown(approval: Approval, *, note: str = "", kept_out: str = "") -> _Outcome:
    return _Outcome(
        card=draw_approval(approval_card(approval), note=note, kept_out=kept_out),
        settled=approval.status is not ApprovalStatus.PENDING,
    )


def _approval(runtime: Door, click: Click, person: Person) -> Approval:
    ref = click.data.identifier("id")
    if not ref:
        raise Refused(_STALE)
    approval = runtime.approval_for(ref, person)
    if approval.nonce != click.data.text("nonce"):
        raise Refused(_STALE)
    return approval


def _answer(runtime: Door, click: Click, person: Person) -> _Outcome:
    """Look the choice up where it is stored: the button says which, never what."""
    run, step = click.data.identifier("run"), click.data.text("step")
    choice = click.data.whole("choice")
    if not run or not step or choice is None:
        raise Refused(_STALE)
    view = runtime.view(run, workspace=person.workspace)
    asked = next((one for one in view.questions if one.step_id == step), None)
    if asked is None or asked.answered or not 0 <= choice < len(asked.choices):
        raise Refused(_CLOSED)
    runtime.answer(step, person, asked.choices[choice])
    said = f"{asked.choices[choice]}, by {person.name or person.principal}"
    shown = question_card(asked, run_id=run, run_number=view.run.number, answered=said)
    return _Outcome(card=draw(shown), settled=True)


def _lost(approval: Approval) -> str:
    outcome = outcome_line(approval)
    if not outcome:
        return f"Approval {approval.number} is still open and was not changed; look at its card."
    return f"Approval {approval.number} was decided already: {outcome}"
