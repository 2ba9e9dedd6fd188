"""What the courier's side of Slack asks of the runtime, across the bridge."""

from __future__ import annotations

from dataclasses import dataclass

from bots.bridge import Bridge
from bots.door import Door
from bots.slack.address import home
from bots.slack.identity import Installation
from runtime.domain.approval import Approval
from runtime.domain.conversation import Person, Place
from runtime.domain.delivery import Delivery, DeliveryKind
from runtime.domain.errors import NotFound
from runtime.domain.mine import Mine
from runtime.domain.run import OpenQuestion


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

    async def asked(self, delivery: Delivery) -> Approval | OpenQuestion:
        """Give what a delivery asks, with the people who may say. Raises ``NotFound``."""
        row = await self.bridge(self.runtime.show, delivery)
        if isinstance(row, Approval | OpenQuestion):
            return row
        raise NotFound("what was asked is not there any more")

    async def waiting(self, workspace: str) -> list[Approval]:
        """Give what waits to be decided in a workspace."""
        return await self.bridge(self.runtime.approvals, workspace=workspace)

    async def place_of(self, run: str) -> Place:
        """Give the conversation of a run."""
        return (await self.bridge(self.runtime.view, run, workspace=None)).place

    async def wants_nudges(self, principal: str) -> bool:
        """Tell whether somebody wants to be written to directly."""
        return await self.bridge(self.runtime.wants_nudges, principal)

    async def show_at_home(self, run: str, installation: Installation) -> None:
        """Have a run that has just begun on its requester's Home tab, if they look at it."""
        requester = (await self.bridge(self.runtime.view, run, workspace=None)).run.requester
        user = requester.removeprefix(f"slack:{installation.workspace}/")
        if user == requester or not await self.has_home_open(requester):
            return
        await self.bridge(
            self.runtime.copy,
            home(installation, user=user),
            kind=DeliveryKind.RUN_CARD,
            subject_id=run,
            run_id=run,
        )

    async def open_homes(self, installation: Installation) -> list[str]:
        """Name the accounts whose people may look at their Home tab at this moment."""
        return await self.bridge(self.runtime.open_homes, "slack", installation.workspace)

    async def has_home_open(self, principal: str) -> bool:
        """Tell whether somebody may look at their Home tab at this moment."""
        return await self.bridge(self.runtime.has_home_open, principal)

    async def may_decide(self, approval: Approval, person: Person) -> bool:
        """Tell whether somebody may decide an approval now."""
        return await self.bridge(self.runtime.refusal, approval.id, person) is None

    async def approval_at_home(
        self, approval: Approval, user: str, installation: Installation
    ) -> None:
        """Have an approval on somebody's Home tab."""
        await self.bridge(
            self.runtime.copy,
            home(installation, user=user),
            kind=DeliveryKind.APPROVAL_CARD,
            subject_id=approval.id,
            run_id=approval.run_id,
        )

    async def show_to(self, person: Person, place: Place, delivery: Delivery) -> None:
        """Know somebody's own chat, and show there as well what a delivery asks."""
        await self.bridge(self.runtime.keep_surface, person, place, own=True)
        await self.bridge(
            self.runtime.copy,
            place,
            kind=delivery.kind,
            subject_id=delivery.subject_id,
            run_id=delivery.run_id,
        )
