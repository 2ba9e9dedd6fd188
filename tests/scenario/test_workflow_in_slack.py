"""A workflow in a Slack thread: its tasks on the card, what they wait for, a fault, a retry."""

from __future__ import annotations

from pathlib import Path

from bots.slack.address import new_thread
from bots.slack.identity import Installation
from runtime.domain.conversation import Message, Person
from tests.scenario.test_doors_in_slack import root_card
from tests.worlds.carriers import over_both
from tests.worlds.crew import Crew, marks
from tests.worlds.scene import Scene
from tests.worlds.slack.cast import ADA, GENERAL, TEAM

WORKFLOW = """\
document: {dsl: '1.0.3', namespace: test, name: tea, version: '1.0.0', title: Order tea}
do:
  - look: {metadata: {title: Look it up}, call: tool, with: {tool: look, arguments: {what: tea}}}
  - agree:
      metadata: {title: Have it agreed}
      call: approval
      with: {title: Order tea, stages: [{eligible: [requester]}]}
  - read:
      metadata: {title: Read the note}
      call: tool
      with: {tool: read_file, arguments: {name: note.txt}}
      output: {as: .text}
"""


def start(scene: Scene) -> None:
    """Start the workflow in a thread of its own, as Ada."""
    scene.product.runtime.receive(
        Message(
            event_key="tea",
            person=Person(channel="slack", workspace=TEAM, external_id=ADA, name="Ada"),
            place=new_thread(
                Installation(team_id=TEAM, enterprise_id=""), channel=GENERAL, cause="tea"
            ),
            text="some tea",
            addressed=True,
            workflow="tea",
            input={},
        )
    )


@over_both
def test_a_workflow_is_followed_and_retried_on_its_card(working: Scene, agents: Crew) -> None:
    folder: Path = agents.folder / "workflows"
    folder.mkdir()
    (folder / "tea.yaml").write_text(WORKFLOW)
    working.product.clock.pass_time(2)
    data = working.product.settings.data
    start(working)

    card = root_card(working)
    approval = working.approval_card(card.ts)
    working.until_quiet()
    waits = working.world.readable(working.world.message(GENERAL, card.ts))
    assert "Look it up" in waits
    assert "waits for approval #1 by" in waits

    working.approve(approval)
    view, _ = working.answer(card.ts)
    assert view.status == "failed"
    working.until_quiet()
    failed = working.world.message(GENERAL, card.ts)
    shown = working.world.readable(failed)
    assert "there is no file 'note.txt'" in shown
    assert "(in /do/2/read)" in shown

    (data / "note.txt").write_text("green, please")
    working.world.click(ADA, failed, "run.retry")
    done = working.product.until_status("succeeded")

    assert done.run.answer == "green, please"
    assert [step.status.value for step in done.steps] == ["succeeded"] * 3
    assert marks(data) == ["looked tea"]
    working.until_quiet()
    assert working.world.violations == []
