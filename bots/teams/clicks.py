"""Buttons: decisions, controls of a run, answers to an agent's question.

Whoever clicks sees at once what became of it: the present card, in their own view, or a private
sentence where they may not. The courier redraws the card for everybody. Pressing again changes
nothing. No text ever decides anything here.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bots.bridge import Bridge
from bots.builders import question_card
from bots.door import Door
from bots.spelling import cut
from bots.teams.approval_card import LOOK, viewed_by
from bots.teams.controls import Controls
from bots.teams.decisions import STALE, Decisions, Outcome
from bots.teams.directory import Directory
from bots.teams.drawn import CARD_TYPE
from bots.teams.inbound import Click, read_click
from bots.teams.listeners import DOWN
from bots.teams.payload import Payload
from bots.teams.rendering import draw
from bots.teams.sighting import LOOK as LOOK_AT_ANY
from bots.teams.sighting import Sightings, marked
from bots.teams.start_form import ALONE, seen_by
from bots.teams.starts import Starts
from bots.teams.trouble import spell_trouble
from bots.teams.whisper import Whisper
from runtime.domain.conversation import Person
from runtime.domain.delivery import Sighting
from runtime.domain.errors import BatonError, Refused
from runtime.domain.json import Json

log = logging.getLogger(__name__)

_MESSAGE_TYPE = "application/vnd.microsoft.activity.message"
_ERROR_TYPE = "application/vnd.microsoft.error"
_CLOSED = "This question is closed: it was answered already, or the run has moved on."

InvokeBody = Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clicks:
    """Each takes one activity, makes one call into the runtime, and answers."""

    runtime: Door
    bridge: Bridge
    directory: Directory
    whisper: Whisper
    sightings: Sightings
    controls: Controls
    decisions: Decisions
    starts: Starts

    async def executed(self, body: Payload) -> InvokeBody:
        """Answer ``Action.Execute``: with the present card, or in words."""
        click = read_click(body)
        if click is None:
            return _words(STALE)
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

    async def _act(self, click: Click) -> Outcome:
        try:
            person = await self.directory.decider(click.claim, click.reference)
            sighting = await self.sightings.take(click)
            outcome = await self._act_as(click, person, sighting)
        except BatonError as error:
            return Outcome(problem=error.public)
        except Exception as error:
            # Teams does not repeat clicks. A decision is one transaction, so it did not happen,
            # and the person, told so, presses again.
            log.error("%s failed: %s", click.verb[:40], spell_trouble(error))
            return Outcome(problem=DOWN)
        card = outcome.card
        if card is None:
            return outcome
        # Theirs alone, and asked for again whenever they look: also where Teams asks for nobody.
        card = replace(card, card=viewed_by(card.card, [click.claim.user_id]))
        if sighting is not None:
            # Their own view goes on telling which message it stands in.
            card = replace(card, card=marked(card.card, sighting.delivery))
        if sighting is not None and sighting.is_copy:
            self.whisper.withdraw(click.reference, click.card_id)
        elif outcome.settled and click.card_id and ALONE in seen_by(click.data):
            self.whisper.put_aside(click.reference, click.card_id, card.activity)
        elif outcome.settled and click.card_id:
            # A message whose id was lost when it was posted: the courier cannot redraw it.
            self.whisper.put(click.reference, click.card_id, card.activity)
        return replace(outcome, card=card)

    async def _act_as(self, click: Click, person: Person, sighting: Sighting | None) -> Outcome:
        family = click.verb.partition(".")[0]
        if click.verb == LOOK:
            return await self.decisions.look(click, person)
        if click.verb == LOOK_AT_ANY:
            shown = await self.sightings.shown(sighting) if sighting is not None else None
            return Outcome(problem=STALE) if shown is None else Outcome(card=draw(shown))
        if click.automatic:
            return Outcome(problem=STALE)
        if family == "approval":
            return await self.decisions.press(click, person)
        if family in ("run", "file", "answer"):
            card = await self.controls.press(click, person)
            return Outcome(problem=STALE) if card is None else Outcome(card=card)
        if family == "start":
            return await self.starts.press(click, person)
        if click.verb == "question.answer":
            return await self._answer(click, person)
        return Outcome(problem=STALE)

    async def _answer(self, click: Click, person: Person) -> Outcome:
        """Take the choice as it is stored: the button says which, never what."""
        run, step = click.data.identifier("run"), click.data.text("step")
        choice = click.data.whole("choice")
        if not run or not step or choice is None:
            raise Refused(STALE)
        asked = await self.bridge(self.runtime.sight.question, step, person)
        if not asked.is_open or not 0 <= choice < len(asked.choices):
            raise Refused(_CLOSED)
        person = await self.decisions.with_groups(asked, person)
        received = await self.bridge(self.runtime.answer, step, person, asked.choices[choice])
        said = f"{asked.choices[choice]}, by {person.name or person.principal}"
        number = received.number or 0
        shown = question_card(asked, run_id=run, run_number=number, answered=said)
        return Outcome(card=draw(shown), settled=True)


def _words(text: str) -> InvokeBody:
    return {"statusCode": 200, "type": _MESSAGE_TYPE, "value": cut(text, 1_000)}
