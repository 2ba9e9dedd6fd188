"""Approvals and questions in people's own chats: for those who are not in the conversation."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from fnmatch import fnmatchcase

from bots.slack.address import Address, installation_of, own_chat
from bots.slack.api import CallError
from bots.slack.backing import Backing
from bots.slack.groups import Groups
from bots.slack.line import Line
from bots.slack.payload import Payload
from runtime.domain.approval import Approval
from runtime.domain.conversation import Person
from runtime.domain.delivery import Delivery
from runtime.domain.errors import BatonError
from runtime.domain.run import OpenQuestion
from runtime.domain.states import ApprovalStatus

log = logging.getLogger(__name__)

UNTOLD = "not-shown"
"""Stands for the message of a copy that its reader does not need or want."""

_MEMBERS_SECONDS = 60.0
_MOST_PAGES = 5
_PAGE = 1_000
_MOST_CHANNELS = 1_000
_MOST_PEOPLE = 25


class Nudges:
    """Decides who is written to, and finds the chats to do it in."""

    def __init__(
        self,
        line: Line,
        backing: Backing,
        groups: Groups,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._line = line
        self._backing = backing
        self._groups = groups
        self._now = now
        self._members: OrderedDict[str, tuple[float, frozenset[str]]] = OrderedDict()

    async def spread(self, delivery: Delivery, address: Address) -> None:
        """Show what is asked also to those who may say and are not in its conversation.

        Called before the card itself is posted, so a crash in between repeats it, harmlessly.
        Whatever fails here costs nobody the card.
        """
        try:
            asked = await self._backing.asked(delivery)
            if not _is_open(asked):
                return
            here = await self._members_of(address)
            for user in await self._people(asked, delivery.place.workspace):
                if user not in here or is_handed_to(asked, delivery, user):
                    await self._show(delivery, user)
        except (BatonError, CallError) as error:
            log.warning("not everybody who is asked was written to: %s", error)

    async def is_wanted(self, delivery: Delivery, address: Address) -> bool:
        """Tell whether somebody needs a copy in their own chat, and wants one."""
        try:
            if not await self._backing.wants_nudges(
                f"slack:{delivery.place.workspace}/{address.own}"
            ):
                return False
            waiting = await self._backing.asked(delivery)
            if is_handed_to(waiting, delivery, address.own):
                return True
            if _is_of_a_pattern(waiting, delivery, address.own):
                # What waits for anybody is theirs to look up, and nobody's mail.
                return False
            place = await self._backing.place_of(delivery.run_id)
            channel = Payload(place.address).identifier("channel")
            if not channel or place.channel != "slack":
                return True
            asked = Address(channel=channel, thread_ts="", team=address.team)
            return address.own not in await self._members_of(asked)
        except (BatonError, CallError) as error:
            log.info("somebody is written to, needed or not: %s", error)
            return True

    async def _show(self, delivery: Delivery, user: str) -> None:
        workspace = delivery.place.workspace
        person = Person(channel="slack", workspace=workspace, external_id=user)
        if not await self._backing.wants_nudges(person.principal):
            return
        opened = await self._line.api.call("conversations.open", users=user)
        channel = opened.identifier("channel", "id")
        if channel:
            place = own_chat(installation_of(delivery.place), channel=channel, user=user)
            await self._backing.show_to(person, place, delivery)

    async def _people(self, asked: Approval | OpenQuestion, workspace: str) -> list[str]:
        """Name this workspace's accounts that may say; patterns name nobody in particular."""
        prefix = f"slack:{workspace}/"
        people = {
            name.removeprefix(prefix): None
            for name in (*asked.may_decide, *asked.eligible_people)
            if name.startswith(prefix) and not set(name) & set("*?[")
        }
        for name in asked.eligible_groups:
            if name.startswith(prefix):
                members = await self._groups.members(name.removeprefix(prefix))
                people |= dict.fromkeys(sorted(members))
        return list(people) if len(people) <= _MOST_PEOPLE else []

    async def _members_of(self, address: Address) -> frozenset[str]:
        known = self._members.get(address.channel)
        if known is not None and self._now() - known[0] <= _MEMBERS_SECONDS:
            return known[1]
        members: set[str] = set()
        cursor = ""
        for _ in range(_MOST_PAGES):
            page = await self._line.api.call(
                "conversations.members",
                channel=address.channel,
                limit=_PAGE,
                cursor=cursor or None,
            )
            members.update(one.value for one in page.items("members") if isinstance(one.value, str))
            cursor = page.text("response_metadata", "next_cursor")
            if not cursor:
                break
        self._members[address.channel] = (self._now(), frozenset(members))
        self._members.move_to_end(address.channel)
        if len(self._members) > _MOST_CHANNELS:
            self._members.popitem(last=False)
        return frozenset(members)


def is_handed_to(asked: Approval | OpenQuestion, delivery: Delivery, user: str) -> bool:
    """Tell whether somebody in particular was handed it: their card in the channel is an old one,
    and changing it tells nobody anything."""
    principal = f"slack:{delivery.place.workspace}/{user}"
    handed = asked.handed if isinstance(asked, Approval) else ()
    return any(one.successor == principal for one in handed)


def _is_of_a_pattern(asked: Approval | OpenQuestion, delivery: Delivery, user: str) -> bool:
    principal = f"slack:{delivery.place.workspace}/{user}"
    return principal not in (*asked.may_decide, *asked.eligible_people) and any(
        set(name) & set("*?[") and fnmatchcase(principal, name) for name in asked.may_decide
    )


def _is_open(asked: Approval | OpenQuestion) -> bool:
    if isinstance(asked, OpenQuestion):
        return asked.is_open
    return asked.status is ApprovalStatus.PENDING
