"""Buttons of runs and answers: steer it, ask why, read a file, say what the answer was worth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bots.bridge import Bridge
from bots.builders import answer, run_card
from bots.commands import Asked, Command, execute
from bots.door import Door
from bots.downloads import Downloads
from bots.teams.answer_card import draw_answer, draw_reply
from bots.teams.drawn import Drawn
from bots.teams.elements import button
from bots.teams.file_card import draw_file
from bots.teams.filing import Filing
from bots.teams.inbound import Click
from bots.teams.run_card import LONGEST_WHY, STEP, WHY, draw_run
from runtime.domain.conversation import Person
from runtime.domain.errors import Refused
from runtime.domain.run import Artifact, RunView

_THANKS = {
    "answer.good": "Noted: a good answer. Thank you.",
    "answer.bad": "Noted: not a good answer. Thank you. Write here what was wrong with it.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """A file that somebody may see, and where it stands among its run's."""

    view: RunView
    at: int
    file: Artifact
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """Each press is one call into the runtime; its card is for the person who pressed."""

    runtime: Door
    bridge: Bridge
    filing: Filing
    downloads: Downloads | None = None
    """None where nobody could fetch a file by a link."""

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
            case "run.skip":
                return await self._skip(run, click, person)
            case "run.workflow":
                return await self._workflow(run, click, person)
            case "run.back":
                return draw_run(run_card(await self._view(run, person)))
            case "file.show":
                return await self._file(run, click, person)
            case "file.keep":
                return await self._keep(run, click, person)
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
        told = await self._told(Command(verb="why", target=run), click, person)
        return draw_run(run_card(await self._view(run, person)), why=told)

    async def _skip(self, run: str, click: Click, person: Person) -> Drawn:
        step, why = click.data.text(STEP).strip(), click.data.text(WHY).strip()[:LONGEST_WHY]
        if not step:
            raise Refused("choose which step to go on without")
        view = await self.bridge(self.runtime.skip, run, step, person, reason=why)
        return draw_run(run_card(view))

    async def _workflow(self, run: str, click: Click, person: Person) -> Drawn:
        command = Command(verb="workflows", text=f"from-run {run}")
        back = button("Back to the run", verb="run.back", data={"run": run})
        return draw_reply(await self._told(command, click, person), actions=[back])

    async def _told(self, command: Command, click: Click, person: Person) -> str:
        asked = Asked(
            runtime=self.runtime, person=person, place=click.reference.place, surface="teams"
        )
        return (await self.bridge(execute, command, asked)).text

    async def _file(self, run: str, click: Click, person: Person) -> Drawn | None:
        opened = await self._opened(run, click, person)
        return self._shown(opened, click, person) if opened else None

    async def _keep(self, run: str, click: Click, person: Person) -> Drawn | None:
        opened = await self._opened(run, click, person)
        if opened is None:
            return None
        self.filing.offer(click.reference, opened.view.run.id, opened.at, opened.file)
        return self._shown(opened, click, person, asked=True)

    async def _opened(self, run: str, click: Click, person: Person) -> _Opened | None:
        view = await self._view(run, person)
        at = click.data.whole("file")
        if at is None or not 0 <= at < len(view.artifacts):
            return None
        # The button says which; the name is looked up, never taken from it.
        file, content = await self.bridge(self._content, run, view.artifacts[at], person)
        return _Opened(view=view, at=at, file=file, content=content)

    def _shown(
        self, opened: _Opened, click: Click, person: Person, *, asked: bool = False
    ) -> Drawn:
        run, file, own = opened.view.run, opened.file, click.reference.personal
        url = ""
        if self.downloads is not None:
            url = self.downloads.link(run.id, file, workspace=person.workspace)
        at = opened.at if own else None
        return draw_file(opened.view, file, opened.content, url=url, at=at, asked=asked)

    def _content(self, run: str, file: Artifact, person: Person) -> tuple[Artifact, bytes]:
        return self.runtime.sight.artifact(run, file.name, person)

    async def _rate(self, run: str, click: Click, person: Person) -> Drawn:
        good = click.verb == "answer.good"
        await self.bridge(self.runtime.rate, run, person, good=good, surface="teams")
        shown = answer(await self._view(run, person))
        return draw_answer(shown, note=_THANKS[click.verb])

    async def _view(self, run: str, person: Person) -> RunView:
        return await self.bridge(self.runtime.sight.view, run, person)
