"""What begins to wait in another chat shows in Slack to those it waits for, while they look."""

from __future__ import annotations

import pytest

from runtime.domain.conversation import Message, Person, Place
from tests.scenario.test_home_in_slack import POLICY, home, waits, words
from tests.worlds.crew import Crew
from tests.worlds.scene import Scene
from tests.worlds.slack.cast import BEN, CYD, TEAM

NAMED, PATTERN = "role:approver", f"slack:{TEAM}/*"


@pytest.mark.parametrize("eligible", [NAMED, PATTERN])
def test_an_approval_of_a_run_elsewhere_shows_on_open_homes(
    working: Scene, agents: Crew, eligible: str
) -> None:
    waits(working, agents)
    policy = POLICY.format(team=TEAM, ben=BEN, cyd=BEN).replace("role:approver", eligible)
    (agents.folder / "policy.yaml").write_text(policy)
    working.product.clock.pass_time(5)
    for person in (BEN, CYD):
        working.world.open_home(person)
    operator = Person(channel="console", workspace="local", external_id="operator", name="Op")
    there = Place(channel="console", workspace="local", key="console/1", address={})

    working.product.runtime.receive(
        Message(event_key="c1", person=operator, place=there, text="write to her", addressed=True)
    )

    working.world.until(lambda: "May send be called" in words(home(working, BEN)))
    working.until_quiet()
    may = eligible == PATTERN
    assert ("May send be called" in words(home(working, CYD))) is may
    told = [one for one in working.world.messages() if one.text.startswith("Approval 1 is needed")]
    assert bool(told) is not may, "a pattern names nobody to write to"
    assert working.world.violations == []
