"""Answer what concerns one person, and take what they want of Baton."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from runtime.domain.conversation import Person
from runtime.domain.mine import Mine
from runtime.domain.ports import Clock
from runtime.domain.run import Run, RunLine
from runtime.door.look import Looking
from runtime.door.sight import Sight
from runtime.storage import mine, wishes
from runtime.storage.database import Database, again_when_contended

_WEEK = timedelta(days=7)
_OPEN = timedelta(hours=1)
_MOST = 10
_MOST_HOMES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """Queries about a person and their one wish."""

    database: Database
    clock: Clock
    looking: Looking
    sight: Sight

    def look(self, person: Person) -> Mine:
        """Give where somebody stands; decisions are theirs by the policy of this moment."""
        since = self.clock.now() - _WEEK
        hidden = self.sight.refusal(person) or ""
        with self.database.read() as connection:
            most = 0 if hidden else _MOST
            active = mine.runs_of(connection, person.principal, active=True, limit=most)
            ended = mine.runs_of(connection, person.principal, active=False, limit=most)
            decided = mine.decided_by(connection, person.principal, limit=_MOST)
            spent = mine.spent_since(connection, person.principal, since)
            nudges = wishes.wants_nudges(connection, person.principal)
        return Mine(
            waiting=tuple(self.looking.waiting_for(person, limit=_MOST)),
            decided=tuple(decided),
            running=tuple(
                _line(run, self.looking.view(run.id, workspace=None).status) for run in active
            ),
            finished=tuple(_line(run, run.status) for run in ended),
            hidden=hidden,
            spent_this_week=spent,
            nudges=nudges,
        )

    def wants_nudges(self, principal: str) -> bool:
        """Tell whether somebody wants to be written to directly."""
        with self.database.read() as connection:
            return wishes.wants_nudges(connection, principal)

    @again_when_contended
    def wish(self, person: Person, *, nudges: bool) -> None:
        """Store whether somebody wants to be written to directly."""
        with self.database.write() as connection:
            wishes.put(connection, person.principal, nudges=nudges, now=self.clock.now())

    @again_when_contended
    def opened_home(self, person: Person) -> None:
        """Store that somebody turned to their page."""
        with self.database.write() as connection:
            wishes.opened_home(connection, person.principal, now=self.clock.now())

    def has_home_open(self, principal: str) -> bool:
        """Tell whether somebody may still look at their page: no chat says when it is left."""
        with self.database.read() as connection:
            return wishes.home_opened_since(connection, principal, self.clock.now() - _OPEN)

    def open_homes(self, channel: str, workspace: str) -> list[str]:
        """Name the accounts of a workspace that may still look at their page, a few at most."""
        start = f"{channel}:{workspace}/"
        since = self.clock.now() - _OPEN
        with self.database.read() as connection:
            found = wishes.homes_opened_since(connection, start, since, limit=_MOST_HOMES)
        return [principal.removeprefix(start) for principal in found]


def _line(run: Run, status: str) -> RunLine:
    return RunLine(
        id=run.id,
        number=run.number,
        status=status,
        request=run.request,
        requester_name=run.requester_name,
        created_at=run.created_at,
        finished_at=run.finished_at,
        spent=run.spent,
    )
