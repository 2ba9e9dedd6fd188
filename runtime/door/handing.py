"""Handing one approval to somebody else, for whoever may see it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from runtime.approvals.reassign import Reassigning
from runtime.domain.approval import Approval, Reassign
from runtime.domain.ports import Bell
from runtime.door.look import Looking
from runtime.door.people import People
from runtime.observability.personal_data import Clean


@dataclass(frozen=True, slots=True, kw_only=True)
class Handing:
    """What people hand on, with all their accounts."""

    people: People
    looking: Looking
    reassigning: Reassigning

    def reassign(self, wanted: Reassign) -> Approval:
        """Hand it over; give it as it is then."""
        person = self.people.whole(wanted.person)
        workspace = self.looking.workspace_of_approval(wanted.approval, person)
        ref = self.reassigning.reassign(replace(wanted, person=person), workspace=workspace)
        return self.looking.approval(ref, workspace=None)


def open_handing(looking: Looking, people: People, *, bell: Bell, clean: Clean) -> Handing:
    """Put it together on what all look at."""
    reassigning = Reassigning(
        database=looking.database,
        clock=looking.clock,
        bell=bell,
        policy=looking.policy,
        clean=clean,
    )
    return Handing(people=people, looking=looking, reassigning=reassigning)
