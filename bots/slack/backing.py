"""What the courier's side of Slack asks of the runtime, across the bridge."""

from __future__ import annotations

from dataclasses import dataclass

from bots.bridge import Bridge
from bots.door import Door
from runtime.domain.approval import Approval
from runtime.domain.conversation import Person, Place
from runtime.domain.delivery import DeliveryKind
from runtime.domain.mine import Mine


@dataclass(frozen=True, slots=True, kw_only=True)
class Backing:
    """Each call is one of the runtime's."""

    runtime: Door
    bridge: Bridge

    async def contents(self, run: str, name: str) -> bytes:
        """Give the bytes of a run's file."""
        return (await self.bridge(self.runtime.artifact, run, name, workspace=None))[1]

    async def mine(self, person: Person) -> Mine:
        """Give where somebody stands."""
        return await self.bridge(self.runtime.mine, person)

    async def approval(self, approval_id: str) -> Approval:
        """Give an approval with the people who may decide it."""
        return await self.bridge(self.runtime.approval, approval_id, workspace=None)

    async def place_of(self, run: str) -> Place:
        """Give the conversation of a run."""
        return (await self.bridge(self.runtime.view, run, workspace=None)).place

    async def wants_nudges(self, principal: str) -> bool:
        """Tell whether somebody wants to be written to directly."""
        return await self.bridge(self.runtime.wants_nudges, principal)

    async def show_to(self, person: Person, place: Place, approval: Approval) -> None:
        """Know somebody's own chat, and show an approval there as well."""
        await self.bridge(self.runtime.keep_surface, person, place, own=True)
        await self.bridge(
            self.runtime.copy,
            place,
            kind=DeliveryKind.APPROVAL_CARD,
            subject_id=approval.id,
            run_id=approval.run_id,
        )
