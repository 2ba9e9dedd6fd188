"""Answer what concerns one person, and take what they want of Baton."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from runtime.domain.conversation import Person
from runtime.domain.errors import NotFound
from runtime.domain.mine import Mine
from runtime.domain.ports import Clock
from runtime.domain.run import Run, RunLine
from runtime.door.look import Looking
from runtime.storage import mine, wishes
from runtime.storage.database import Database, again_when_contended

_WEEK = timedelta(days=7)
_MOST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """Queries about a person and their one wish."""

    database: Database
    clock: Clock
    looking: Looking

    def look(self, person: Person) -> Mine:
        """Give where somebody stands; decisions are theirs by the policy of this moment."""
        since = self.clock.now() - _WEEK
        with self.database.read() as connection:
            active = mine.runs_of(connection, person.principal, active=True, limit=_MOST)
            ended = mine.runs_of(connection, person.principal, active=False, limit=_MOST)
            decided = mine.decided_by(connection, person.principal, limit=_MOST)
            spent = mine.spent_since(connection, person.principal, since)
            nudges = wishes.wants_nudges(connection, person.principal)
        waiting = [
            one for one in self.looking.approvals_for(person) if self._is_theirs(one.id, person)
        ]
        return Mine(
            waiting=tuple(waiting[:_MOST]),
            decided=tuple(decided),
            running=tuple(
                _line(run, self.looking.view(run.id, workspace=None).status) for run in active
            ),
            finished=tuple(_line(run, run.status) for run in ended),
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

    def _is_theirs(self, approval_id: str, person: Person) -> bool:
        try:
            return self.looking.refusal(approval_id, person) is None
        except NotFound:
            # Decided or out of sight since it was listed.
            return False


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
