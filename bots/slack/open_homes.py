"""What has come up, on the Home tabs of those who look at them: their runs, what waits for them.

Nobody depends on it: what is missed here is there when the tab is next opened.
"""

from __future__ import annotations

import logging

from bots.slack.address import Address, installation_of
from bots.slack.api import CallError
from bots.slack.backing import Backing
from bots.slack.groups import Groups
from bots.slack.trouble import spell_trouble
from runtime.domain.approval import Approval
from runtime.domain.conversation import Person
from runtime.domain.delivery import Delivery
from runtime.domain.errors import BatonError
from runtime.domain.states import ApprovalStatus

log = logging.getLogger(__name__)


class OpenHomes:
    """Whatever fails here costs nobody the message that is being sent."""

    def __init__(self, backing: Backing, groups: Groups) -> None:
        self._backing = backing
        self._groups = groups

    async def show_run(self, delivery: Delivery) -> None:
        """Have a run that has just begun on its requester's Home."""
        try:
            await self._backing.show_at_home(delivery.run_id, installation_of(delivery.place))
        except Exception as error:
            # The card is there and stays what it is.
            log.warning("a new run is not on Home yet: %s", spell_trouble(error))

    async def show_approval(self, delivery: Delivery, address: Address) -> None:
        """Have an approval that waits on the Homes of those who may decide it now."""
        if address.own and delivery.external_id is not None:
            return
        try:
            approval = await self._backing.approval(delivery.subject_id)
            if approval.status is ApprovalStatus.PENDING:
                for user in await self._lookers(delivery, address):
                    await self._show(delivery, approval, user)
        except Exception as error:
            # The card itself is sent all the same.
            log.warning("an approval is not on every Home yet: %s", spell_trouble(error))

    async def _lookers(self, delivery: Delivery, address: Address) -> list[str]:
        if not address.own:
            return await self._backing.open_homes(installation_of(delivery.place))
        principal = f"slack:{delivery.place.workspace}/{address.own}"
        return [address.own] if await self._backing.has_home_open(principal) else []

    async def _show(self, delivery: Delivery, approval: Approval, user: str) -> None:
        person = Person(channel="slack", workspace=delivery.place.workspace, external_id=user)
        try:
            person = await self._groups.with_groups(person, [approval])
        except (BatonError, CallError) as error:
            log.info("groups are not asked for a Home: %s", spell_trouble(error))
        if await self._backing.may_decide(approval, person):
            await self._backing.approval_at_home(approval, user, installation_of(delivery.place))
