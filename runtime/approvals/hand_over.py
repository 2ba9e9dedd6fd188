"""Go on vacation: be away, and let somebody else decide meanwhile."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from runtime.domain.absence import Absence
from runtime.domain.conversation import Person, PersonKind
from runtime.domain.errors import NotFound, Refused
from runtime.domain.ids import new_id
from runtime.domain.ports import Clock
from runtime.policy.access import Right
from runtime.policy.policy import Policy
from runtime.storage import absences, conversations
from runtime.storage.connection import Connection
from runtime.storage.database import Database, again_when_contended


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOvers:
    """What people say about their own decisions; nobody says it for another."""

    database: Database
    clock: Clock
    policy: Callable[[], Policy]

    @again_when_contended
    def away(
        self, person: Person, *, until: datetime | None, to: str | None, present: bool
    ) -> Absence:
        """Be away until then, or (``present``) only let ``to`` decide as well.

        ``to`` is a principal, or a name that one person of the same workspace is known by. A
        later word of the same person replaces the earlier one.
        """
        lacking = self.policy().lacks(person, Right.DELEGATE)
        if lacking is not None:
            raise Refused(lacking)
        now = self.clock.now()
        if until is not None and until <= now:
            raise Refused(f"{until:%Y-%m-%d %H:%M} UTC is over already; name a later time")
        with self.database.write() as connection:
            conversations.meet(connection, person, now=now)
            delegate = person_meant(connection, person, to).principal if to else None
            absences.revoke(connection, person.principal, now=now)
            absence = Absence(
                id=new_id("abs"),
                principal=person.principal,
                name=person.name or person.principal,
                delegate=delegate,
                away=not present,
                begins_at=now,
                until_at=until,
            )
            absences.add(connection, absence, workspace=person.workspace)
        return absence

    @again_when_contended
    def back(self, person: Person) -> int:
        """End all of it; give how much there was."""
        with self.database.write() as connection:
            return absences.revoke(connection, person.principal, now=self.clock.now())

    def of(self, person: Person) -> list[Absence]:
        """Give what this person has said and still holds."""
        with self.database.read() as connection:
            return absences.of_person(connection, person.principal, now=self.clock.now())


def person_meant(connection: Connection, person: Person, to: str) -> Person:
    """Give whom somebody means to hand their decisions to: another member of their workspace.

    Raises ``NotFound`` and ``Refused``, with what to write instead.
    """
    known = conversations.person(connection, to) or _named(to)
    found = [known] if known else conversations.people_called(connection, person.workspace, to)
    if not found:
        raise NotFound(
            f"nobody called {to!r} has spoken to Baton here; they must once, or write their"
            " principal, such as 'slack:T024/U061'"
        )
    if len(found) > 1:
        listed = ", ".join(one.principal for one in found)
        raise Refused(f"{to!r} could be any of {listed}; write which")
    (delegate,) = found
    if delegate.principal == person.principal:
        raise Refused("you decide for yourself already; name somebody else")
    if delegate.kind != PersonKind.MEMBER:
        raise Refused(f"{to!r} is no member of a workspace and may not decide")
    if delegate.workspace != person.workspace and person.channel == delegate.channel:
        raise Refused(f"{to!r} is of another workspace; name somebody of yours")
    return delegate


def _named(principal: str) -> Person | None:
    """Read a principal of somebody nobody has met; who they are is seen when they decide."""
    match = re.fullmatch(r"(\w+):([^\s/]+)/(\S+)", principal)
    if match is None:
        return None
    channel, workspace, external_id = match.groups()
    return Person(channel=channel, workspace=workspace, external_id=external_id)
