"""Profiles are asked for once, grow old, and are never guessed for a decision."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from bots.slack.api import SlackApi
from bots.slack.credentials import SlackCredentials
from bots.slack.directory import TO_DECIDE_SECONDS, TO_SPEAK_SECONDS, Directory
from bots.slack.payload import Payload
from bots.slack.people import read_profile
from runtime.domain.errors import Refused, Upstream
from tests.worlds.slack.cast import ADA, GONE, GUEST, OTHER_BOT, STRANGER
from tests.worlds.slack.world import SlackWorld


@dataclass
class Office:
    """A directory, its Slack, and time that a test moves."""

    world: SlackWorld
    directory: Directory
    seconds: list[float]

    async def asked(self) -> int:
        return len(await self.world.calls_of.soon("users.info"))


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    with SlackWorld.start() as world:
        api = SlackApi(
            SlackCredentials(signing_secret="", bot_token=world.bot_token, api_url=world.api_url)
        )
        seconds = [0.0]
        try:
            yield Office(
                world=world,
                directory=Directory(api, now=lambda: seconds[0]),
                seconds=seconds,
            )
        finally:
            await api.close()


async def test_a_person_is_asked_about_once_a_period(office: Office) -> None:
    for _ in range(3):
        await office.directory.profile(ADA, max_age_seconds=TO_SPEAK_SECONDS)
    assert await office.asked() == 1

    office.seconds[0] = TO_DECIDE_SECONDS + 1
    await office.directory.profile(ADA, max_age_seconds=TO_SPEAK_SECONDS)
    assert await office.asked() == 1

    await office.directory.profile(ADA, max_age_seconds=TO_DECIDE_SECONDS)
    assert await office.asked() == 2


async def test_what_an_account_is_comes_from_slack(office: Office) -> None:
    async def about(user: str) -> tuple[bool, bool, bool, bool]:
        found = await office.directory.profile(user, max_age_seconds=0.0)
        return found.is_guest, found.is_bot, found.is_stranger, found.is_deleted

    assert await about(ADA) == (False, False, False, False)
    assert await about(GUEST) == (True, False, False, False)
    assert await about(OTHER_BOT) == (False, True, False, False)
    assert await about(STRANGER) == (False, False, True, False)
    assert await about(GONE) == (False, False, False, True)


async def test_an_account_slack_does_not_know_is_a_stranger(office: Office) -> None:
    found = await office.directory.profile("U0NOBODY", max_age_seconds=0.0)

    assert found.is_stranger


async def test_while_slack_is_away_an_old_profile_decides_nothing(office: Office) -> None:
    await office.directory.profile(ADA, max_age_seconds=TO_DECIDE_SECONDS)
    await office.world.fault.soon("users.info", "server_error", times=None)
    office.seconds[0] = TO_DECIDE_SECONDS + 1

    with pytest.raises(Upstream):
        await office.directory.profile(ADA, max_age_seconds=TO_DECIDE_SECONDS)

    remembered = office.directory.remembered(ADA)
    assert remembered is not None
    assert not remembered.is_guest


async def test_a_missing_scope_is_explained_and_not_guessed_around(office: Office) -> None:
    await office.world.fault.soon("users.info", "error", error="missing_scope", times=None)

    with pytest.raises(Refused, match="users:read"):
        await office.directory.profile(ADA, max_age_seconds=TO_DECIDE_SECONDS)

    assert office.directory.remembered(ADA) is None


async def test_an_address_is_told_once_for_each_time_that_slack_is_asked(office: Office) -> None:
    known = await office.directory.profile(ADA, max_age_seconds=TO_DECIDE_SECONDS)
    assert known.email == "ada@example.com"
    assert office.directory.untold(ADA) is known
    office.directory.told(ADA)
    assert office.directory.untold(ADA) is None

    office.seconds[0] = TO_DECIDE_SECONDS + 1
    again = await office.directory.profile(ADA, max_age_seconds=TO_DECIDE_SECONDS)
    assert office.directory.untold(ADA) is again


def test_an_address_nobody_has_confirmed_is_none() -> None:
    user = {"id": ADA, "profile": {"email": "ada@example.com"}, "is_email_confirmed": False}

    assert read_profile(Payload({"user": user})).email == ""
    assert read_profile(Payload({"user": {**user, "is_email_confirmed": True}})).email != ""
