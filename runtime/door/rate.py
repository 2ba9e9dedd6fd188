"""Take what people think of an answer: it tells which agents and prompts to look at."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.audit import chain
from runtime.domain.conversation import Person, PersonKind
from runtime.domain.errors import NotFound, Refused
from runtime.domain.ports import Clock
from runtime.domain.states import RunStatus
from runtime.storage import ratings, runs
from runtime.storage.database import Database, again_when_contended


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """One transaction a word; the newest word of a person counts."""

    database: Database
    clock: Clock

    @again_when_contended
    def rate(
        self, ref: str, person: Person, *, good: bool, surface: str, workspace: str | None
    ) -> tuple[int, int]:
        """Store it, and count who found the answer good and who bad.

        Raises:
            NotFound: no such run here.
            Refused: a stranger, or a run that has not answered yet.
        """
        if person.kind != PersonKind.MEMBER:
            raise Refused("only members of the workspace say what an answer was worth")
        now = self.clock.now()
        with self.database.write() as connection:
            run = runs.find(connection, ref, workspace=workspace)
            if run is None:
                raise NotFound(f"there is no run {ref!r}; `runs` lists the latest")
            if run.status == RunStatus.ACTIVE:
                raise Refused(f"run #{run.number} is at work again; rate the answer it will give")
            ratings.put(connection, run.id, person, good=good, surface=surface, now=now)
            facts = {"by": person.principal, "good": good, "at": now.isoformat()}
            chain.append(connection, run.id, "AnswerRated", facts, now=now)
            return ratings.of_run(connection, run.id)
