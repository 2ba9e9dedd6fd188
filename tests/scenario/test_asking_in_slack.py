"""A workflow asks people, roles and groups: only they answer, in the type that is wanted."""

from __future__ import annotations

import json
from pathlib import Path

from bots.slack.address import new_thread
from bots.slack.identity import Installation
from runtime.domain.conversation import Message, Person
from runtime.domain.json import Json
from tests.scenario.test_home_in_slack import direct
from tests.worlds.crew import Crew
from tests.worlds.scene import Scene
from tests.worlds.slack.cast import ADA, APPROVERS, BEN, CYD, GENERAL, PRIVATE, TEAM
from tests.worlds.slack.values import Message as Posted

HEAD = "document: {dsl: '1.0.3', namespace: test, name: poll, version: '1.0.0', title: A poll}\n"


def begin(scene: Scene, agents: Crew, given: str, *, channel: str = GENERAL) -> None:
    """Have Ada start a workflow of one question in a thread of its own."""
    folder: Path = agents.folder / "workflows"
    folder.mkdir()
    task = f"do: [{{which: {{call: ask, with: {{question: 'How many?', {given}}}}}}}]\n"
    (folder / "poll.yaml").write_text(HEAD + task)
    scene.product.clock.pass_time(2)
    scene.product.runtime.receive(
        Message(
            event_key="poll",
            person=Person(channel="slack", workspace=TEAM, external_id=ADA, name="Ada"),
            place=new_thread(
                Installation(team_id=TEAM, enterprise_id=""), channel=channel, cause="poll"
            ),
            text="a poll",
            addressed=True,
            workflow="poll",
            input={},
        )
    )


def asked(scene: Scene, channel: str = GENERAL) -> Posted:
    """Wait for the card of the question in the channel."""

    def found() -> Posted | None:
        said = [one for one in scene.world.messages() if one.channel == channel]
        return next((one for one in said if one.text.startswith("Run 1 asks")), None)

    return scene.world.until(found)


def output(scene: Scene) -> Json:
    view = scene.product.until_ended("1")
    assert view.status == "succeeded", view.run.error
    answer: Json = json.loads(view.run.answer)
    return answer


def test_a_role_is_asked_and_nobody_else_can_answer(working: Scene, agents: Crew) -> None:
    begin(working, agents, "of: 'role:approver', choices: [12, 2.5, true, none]")
    card = asked(working)
    thread = card.thread_ts or card.ts
    assert "For the role 'approver'." in working.world.readable(card)

    working.world.click(CYD, card, "question.answer:0")
    working.told(CYD, "this question is for the role 'approver'")
    working.world.reply(ADA, GENERAL, thread, "12")
    working.world.reply(BEN, GENERAL, thread, "let me think")
    assert len(working.product.runtime.view("1", workspace=None).questions) == 1
    working.world.click(BEN, card, "question.answer:1")

    assert output(working) == {"answer": 2.5, "by": "ben"}
    working.world.click(BEN, card, "question.answer:0", stale=True)
    working.told(BEN, "closed")
    working.until_quiet()
    assert "2.5" in working.world.readable(working.world.message(GENERAL, card.ts))
    assert working.world.violations == []


def test_who_is_asked_answers_by_a_reply_of_the_right_type(working: Scene, agents: Crew) -> None:
    schema = (
        "{type: object, required: [pieces],"
        " properties: {pieces: {type: integer}, why: {type: string}}}"
    )
    begin(working, agents, f"of: ['slack:{TEAM}/{BEN}', requester], schema: {schema}")
    card = asked(working)
    thread = card.thread_ts or card.ts
    assert "pieces=NUMBER why=TEXT" in working.world.readable(card)

    working.world.reply(ADA, GENERAL, thread, "pieces=many")
    working.told(ADA, "no whole number")
    working.world.reply(BEN, GENERAL, thread, "pieces=12 why='there are twelve of us'")

    answer = {"pieces": 12, "why": "there are twelve of us"}
    assert output(working) == {"answer": answer, "by": "ben"}


def test_a_group_is_looked_up_for_a_command_and_a_button(working: Scene, agents: Crew) -> None:
    begin(working, agents, f"of: 'group:slack:{TEAM}/{APPROVERS}', schema: {{type: integer}}")
    card = asked(working)
    assert "/baton answer 1 TEXT: a whole number" in working.world.readable(card)

    refused = working.world.slash(CYD, GENERAL, "answer 1 12")
    assert "this question is for the group" in str(refused.body)
    unread = working.world.slash(BEN, GENERAL, "answer 1 twelve")
    assert "no whole number" in str(unread.body)
    working.world.slash(BEN, GENERAL, "answer 1 12")

    assert output(working) == {"answer": 12, "by": "ben"}


def test_who_is_not_in_the_channel_is_asked_in_their_own_chat(working: Scene, agents: Crew) -> None:
    begin(working, agents, f"of: ['slack:{TEAM}/{CYD}'], choices: ['yes', 'no']", channel=PRIVATE)
    asked(working, PRIVATE)

    card = working.world.until(lambda: next(iter(direct(working, CYD)), None))
    assert "/baton answer 1 TEXT" in working.world.readable(card)
    working.world.click(CYD, card, "question.answer:1")

    assert output(working) == {"answer": "no", "by": "cyd"}
    working.until_quiet()
    assert direct(working, BEN) == []
    for channel in (PRIVATE, card.channel):
        shown = [one for one in working.world.messages() if one.channel == channel]
        assert any("Answered" in working.world.readable(one) for one in shown), channel
    assert working.world.violations == []
