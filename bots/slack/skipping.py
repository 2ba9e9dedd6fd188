"""Go on without a step of a plan: a dialog that asks which and why, and what is done with it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from slack_bolt.async_app import AsyncAck, AsyncApp

from bots.builders import run_card
from bots.slack import dialogs
from bots.slack.blocks import plain_text
from bots.slack.form_fields import VALUE, input_block, option, text_area
from bots.slack.hand import STALE, Hand
from bots.slack.inbound import Click
from bots.slack.payload import Payload
from bots.views import RunCard
from runtime.domain.conversation import Person
from runtime.domain.errors import Refused
from runtime.domain.json import Json, JsonObject

SKIP = "run.skip_submit"
STEP = "step"
_MOST_OPTIONS = 100
_LONGEST_REASON = 1_000


class Skipping:
    """A press opens the dialog for whoever may steer; sending it is one call into the runtime."""

    def __init__(self, hand: Hand) -> None:
        self._hand = hand

    def register(self, app: AsyncApp) -> None:
        """Take the button and its dialog."""
        app.action("run.skip")(self.asking)
        app.view(SKIP)(self.skipped)

    async def asking(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Open the dialog; it lists what can be left out at this moment."""
        click = self._hand.read(body)
        run = next(iter(Payload(body).items("actions")), Payload(None)).identifier("value")

        async def ask(person: Person) -> str:
            if not run:
                return STALE
            board = self._hand.board
            view = await board.bridge(board.runtime.sight.view, run, person)
            card = run_card(view)
            if not any(step.skip for step in card.steps):
                raise Refused(f"run #{card.number} has no step that can be skipped now")
            await self._hand.open(click, skip_dialog(card, click))
            return ""

        await self._hand.do(click, ask)
        await ack()

    async def skipped(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Leave the step out; a refusal is shown beside the choice."""
        payload = Payload(body)
        click = self._hand.read_submitted(payload, "run.skip")
        run = click.value.identifier("run")
        values = payload.at("view", "state", "values")
        step = values.at(STEP, VALUE).text("selected_option", "value")
        reason = values.at(dialogs.WORDS, VALUE).text("value")[:_LONGEST_REASON]

        async def skip(person: Person) -> str:
            if not run or not step:
                return STALE
            board = self._hand.board
            await board.bridge(board.runtime.skip, run, step, person, reason=reason)
            return ""

        problem = await self._hand.attempt(click, skip)
        if problem:
            await ack(response_action="errors", errors={STEP: problem[:500]})
        else:
            await ack()


def skip_dialog(card: RunCard, click: Click) -> JsonObject:
    """Ask which step of a run to leave out, and why."""
    options = [option(step.skip, f"{step.skip}. {step.title}") for step in card.steps if step.skip]
    choice: JsonObject = {
        "type": "static_select",
        "options": options[:_MOST_OPTIONS],
        **({"initial_option": options[0]} if len(options) == 1 else {}),
    }
    ids: Json = {"run": card.run_id, "channel": click.channel, "thread_ts": click.thread_ts}
    why = "Why? Whoever checks the answer reads this."
    return {
        "type": "modal",
        "callback_id": SKIP,
        "private_metadata": json.dumps(ids, separators=(",", ":")),
        "title": plain_text("Go on without a step", limit=24),
        "submit": plain_text("Skip it", limit=24),
        "close": plain_text("Leave it", limit=24),
        "blocks": [
            input_block(STEP, "Which? What needs it gets nothing from it.", choice),
            input_block(dialogs.WORDS, why, text_area(longest=_LONGEST_REASON), optional=True),
        ],
    }
