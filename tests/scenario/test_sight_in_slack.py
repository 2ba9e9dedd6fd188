"""Who may not see a run is shown nothing of it in Slack but what is said in their channels."""

from __future__ import annotations

from tests.scenario.test_doors_in_slack import waits
from tests.worlds.carriers import over_both
from tests.worlds.crew import Crew
from tests.worlds.scene import Scene
from tests.worlds.slack.cast import ADA, BEN, CYD, TEAM

POLICY = """version: 1
access:
  - {{who: ["slack:{team}/{ada}"], may: [ask, see-own]}}
  - {{who: ["slack:{team}/{cyd}"], may: [ask]}}
rules:
  - {{id: letters, tools: [send], outcome: ask, eligible: ["slack:{team}/{ben}"]}}
"""
MISSING = "it needs the grant 'see"


@over_both
def test_buttons_links_and_home_keep_from_people_what_they_may_not_see(
    working: Scene, agents: Crew
) -> None:
    (agents.folder / "policy.yaml").write_text(POLICY.format(team=TEAM, ada=ADA, ben=BEN, cyd=CYD))
    working.product.clock.pass_time(5)
    waits(agents)
    asked = working.ask("write to her about the secret")
    approval = working.approval_card(asked.ts)
    working.until_quiet()
    run = working.card(asked.ts, "Run 1, waiting")

    working.world.click(CYD, run, "run.why")
    (told,) = working.world.until(lambda: working.world.views(CYD))
    assert MISSING in str(told)

    link = "https://baton.example.com/#/runs/1"
    working.share_links(CYD, link)
    working.share_links(ADA, link)
    assert len(working.world.unfurls()) == 1

    working.world.open_home(CYD)
    working.world.open_home(ADA)
    assert MISSING in str(working.world.home(CYD))
    assert "secret" in str(working.world.home(ADA))

    working.approve(approval, person=BEN)
    working.answer(asked.ts)
    assert working.world.violations == []
