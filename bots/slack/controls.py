"""The buttons of a run: stop it, let it go on, why it waits, what its answer was worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from slack_bolt.async_app import AsyncAck, AsyncApp

from bots.commands.asked import Asked
from bots.commands.dispatch import execute
from bots.commands.grammar import Command
from bots.slack import dialogs
from bots.slack.address import place
from bots.slack.hand import STALE, Hand
from bots.slack.inbound import Click
from bots.slack.payload import Payload
from runtime.domain.conversation import Person
from runtime.domain.json import JsonObject
from runtime.domain.run import Deed

_DEEDS: Mapping[str, Deed] = {
    "run.cancel": "cancel",
    "run.pause": "pause",
    "run.resume": "resume",
    "run.retry": "retry",
}
_THANKS = {
    True: "Noted: a good answer. Thank you.",
    False: "Noted: not a good answer. Thank you. Reply in this thread to say what was wrong.",
}


class Controls:
    """Each takes one click, makes one call into the runtime, and answers 200."""

    def __init__(self, hand: Hand) -> None:
        self._hand = hand

    def register(self, app: AsyncApp) -> None:
        """Take the clicks on run cards and answers."""
        for action in _DEEDS:
            app.action(action)(self.steered)
        app.action("run.why")(self.explained)
        app.action("run.workflow")(self.distilled)
        app.action("run.feedback")(self.rated)

    async def steered(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Stop, pause, resume or retry a run."""
        click = self._hand.read(body)
        run = _run(body)

        async def steer(person: Person) -> str:
            if not run:
                return STALE
            board = self._hand.board
            await board.bridge(board.runtime.steer, _DEEDS[click.action], run, person)
            return ""

        await self._hand.do(click, steer)
        await ack()

    async def explained(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Show why a run stands where it does, to whoever asks and to nobody else."""
        told = partial(dialogs.told, "Why")
        await self._shown(body, ack, lambda run: Command(verb="why", target=run), told)

    async def distilled(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Show the workflow that a run would be, to whoever asks and to nobody else."""
        written = partial(dialogs.document, "Workflow")
        await self._shown(
            body, ack, lambda run: Command(verb="workflows", text=f"from-run {run}"), written
        )

    async def _shown(
        self,
        body: Mapping[str, object],
        ack: AsyncAck,
        command: Callable[[str], Command],
        drawn: Callable[[str], JsonObject],
    ) -> None:
        """Answer a press with what a command says, in a dialog."""
        click = self._hand.read(body)
        run = _run(body)

        async def show(person: Person) -> str:
            if not run:
                return STALE
            reply = await self._hand.board.bridge(execute, command(run), self._asked(click, person))
            await self._hand.open(click, drawn(reply.text))
            return ""

        await self._hand.do(click, show)
        await ack()

    async def rated(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Store what somebody thinks of an answer."""
        click = self._hand.read(body)
        run, good = click.value.identifier("run"), click.value.at("good").value

        async def rate(person: Person) -> str:
            if not run or not isinstance(good, bool):
                return STALE
            runtime = self._hand.board.runtime
            await self._hand.board.bridge(runtime.rate, run, person, good=good, surface="slack")
            return _THANKS[good]

        await self._hand.do(click, rate)
        await ack()

    def _asked(self, click: Click, person: Person) -> Asked:
        return Asked(
            runtime=self._hand.board.runtime,
            person=person,
            place=place(click.installation, channel=click.channel, thread_ts=click.thread_ts),
            surface="slack",
        )


def _run(body: Mapping[str, object]) -> str:
    return next(iter(Payload(body).items("actions")), Payload(None)).identifier("value")
