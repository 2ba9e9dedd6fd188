"""Who is in a group, and where somebody can be written to: asked once, and never guessed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from bots.bridge import Bridge
from bots.slack.api import SlackApi
from bots.slack.credentials import SlackCredentials
from bots.slack.groups import Groups
from bots.slack.identity import Installation
from bots.slack.reachable import Reachable
from runtime.domain.conversation import Person, PersonKind
from runtime.domain.errors import Refused, Upstream
from tests.worlds.front_door import FrontDoor, an_approval
from tests.worlds.slack.cast import ADA, APPROVERS, CYD, TEAM
from tests.worlds.slack.world import SlackWorld

GROUP = f"slack:{TEAM}/{APPROVERS}"
ASKED = replace(an_approval(), eligible_groups=(GROUP, "teams:tenant/group"))
HOME = Installation(team_id=TEAM)


def member(user: str) -> Person:
    return Person(channel="slack", workspace=TEAM, external_id=user)


@dataclass
class Office:
    """A Slack, those who ask it, and time that a test moves."""

    world: SlackWorld
    groups: Groups
    reachable: Reachable
    door: FrontDoor
    seconds: list[float]

    async def asked(self, method: str) -> int:
        return len(await self.world.calls_of.soon(method))


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    bridge, door, seconds = Bridge(threads=1), FrontDoor(), [0.0]
    with SlackWorld.start() as world:
        api = SlackApi(
            SlackCredentials(signing_secret="", bot_token=world.bot_token, api_url=world.api_url)
        )
        try:
            yield Office(
                world=world,
                groups=Groups(api, now=lambda: seconds[0]),
                reachable=Reachable(api, door, bridge),
                door=door,
                seconds=seconds,
            )
        finally:
            await api.close()
            bridge.close()


async def test_a_crowd_makes_one_question_and_each_gets_their_own_groups(office: Office) -> None:
    people = [member(user) for user in (ADA, CYD) * 10]

    found = await asyncio.gather(*(office.groups.with_groups(one, [ASKED]) for one in people))

    assert [one.groups for one in found] == [(GROUP,), ()] * 10
    assert await office.asked("usergroups.users.list") == 1
    office.seconds[0] = 61.0
    await office.groups.with_groups(member(ADA), [ASKED])
    assert await office.asked("usergroups.users.list") == 2


async def test_who_may_decide_by_name_needs_no_answer_of_slack(office: Office) -> None:
    await office.world.fault.soon("usergroups.users.list", "server_error", times=None)
    by_name = replace(ASKED, eligible_people=(member(ADA).principal,))

    assert await office.groups.with_groups(member(ADA), [by_name]) == member(ADA)
    assert await office.asked("usergroups.users.list") == 0


@pytest.mark.parametrize(
    ("kind", "error", "raised"),
    [("server_error", "", Upstream), ("error", "plan_upgrade_required", Refused)],
)
async def test_while_slack_does_not_say_nobody_is_in_a_group(
    office: Office, kind: str, error: str, raised: type[Exception]
) -> None:
    await office.world.fault.soon("usergroups.users.list", kind, error=error, times=None)

    with pytest.raises(raised):
        await office.groups.with_groups(member(ADA), [ASKED])


async def test_a_group_that_is_gone_has_nobody_in_it(office: Office) -> None:
    await office.world.fault.soon("usergroups.users.list", "error", error="no_such_subteam")

    assert await office.groups.members(APPROVERS) == frozenset()


async def test_whoever_does_something_can_be_written_to_from_then_on(office: Office) -> None:
    for _ in range(3):
        office.reachable.note(member(ADA), HOME)
    office.reachable.note(replace(member(CYD), kind=PersonKind.GUEST), HOME)
    await office.reachable.close()

    ((key, principal),) = office.door.surfaces.items()
    assert principal == member(ADA).principal
    assert key.startswith("own/D")
    assert await office.asked("conversations.open") == 1


async def test_a_chat_that_could_not_be_opened_is_opened_the_next_time(office: Office) -> None:
    await office.world.fault.soon("conversations.open", "server_error")
    office.reachable.note(member(ADA), HOME)
    await office.reachable.close()
    assert office.door.surfaces == {}

    office.reachable.note(member(ADA), HOME)
    await office.reachable.close()

    assert len(office.door.surfaces) == 1
