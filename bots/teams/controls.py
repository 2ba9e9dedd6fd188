"""Buttons of runs and answers: steer it, ask why, read a file, say what the answer was worth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bots.bridge import Bridge
from bots.builders import answer, run_card
from bots.commands import Asked, Command, execute
from bots.door import Door
from bots.teams.answer_card import draw_answer
from bots.teams.drawn import Drawn
from bots.teams.file_card import draw_file
from bots.teams.inbound import Click
from bots.teams.run_card import draw_run
from runtime.domain.conversation import Person
from runtime.domain.run import Artifact, RunView

_THANKS = {
    "answer.good": "Noted: a good answer. Thank you.",
    "answer.bad": "Noted: not a good answer. Thank you. Write here what was wrong with it.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """Each press is one call into the runtime; its card is for the person who pressed."""

    runtime: Door
    bridge: Bridge

    async def press(self, click: Click, person: Person) -> Drawn | None:
        """Do it and give what to show; None where the button is of an older card."""
        run = click.data.identifier("run")
        if not run:
            return None
        steer = self._steering().get(click.verb)
        if steer is not None:
            return draw_run(run_card(await self.bridge(steer, run, person)))
        match click.verb:
            case "run.why":
                return await self._why(run, click, person)
            case "file.show":
                return await self._file(run, click, person)
            case "answer.back":
                return draw_answer(answer(await self._view(run, person)))
            case "answer.good" | "answer.bad":
                return await self._rate(run, click, person)
            case _:
                return None

    def _steering(self) -> dict[str, Callable[[str, Person], RunView]]:
        return {
            "run.cancel": self.runtime.cancel,
            "run.pause": self.runtime.pause,
            "run.resume": self.runtime.resume,
            "run.retry": self.runtime.retry,
        }

    async def _why(self, run: str, click: Click, person: Person) -> Drawn:
        asked = Asked(
            runtime=self.runtime, person=person, place=click.reference.place, surface="teams"
        )
        reply = await self.bridge(execute, Command(verb="why", target=run), asked)
        return draw_run(run_card(await self._view(run, person)), why=reply.text)

    async def _file(self, run: str, click: Click, person: Person) -> Drawn | None:
        view = await self._view(run, person)
        at = click.data.whole("file")
        if at is None or not 0 <= at < len(view.artifacts):
            return None
        # The button says which; the name is looked up, never taken from it.
        found, content = await self.bridge(self._content, run, view.artifacts[at], person)
        return draw_file(view, found, content)

    def _content(self, run: str, file: Artifact, person: Person) -> tuple[Artifact, bytes]:
        return self.runtime.artifact(run, file.name, workspace=person.workspace)

    async def _rate(self, run: str, click: Click, person: Person) -> Drawn:
        good = click.verb == "answer.good"
        await self.bridge(self.runtime.rate, run, person, good=good, surface="teams")
        shown = answer(await self._view(run, person))
        return draw_answer(shown, note=_THANKS[click.verb])

    async def _view(self, run: str, person: Person) -> RunView:
        return await self.bridge(self.runtime.view, run, workspace=person.workspace)
