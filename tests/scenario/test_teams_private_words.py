"""What in Teams is for one person: their view of a card, slash commands, forms, codes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bots.builders import answer, run_card
from bots.teams.reference import Reference
from bots.teams.sighting import marked
from runtime.domain.run import Artifact
from tests.worlds.front_door import a_delivery, a_run, a_step, a_view
from tests.worlds.teams import activities
from tests.worlds.teams.cards import buttons, faults, inputs_of, readable
from tests.worlds.teams.cast import (
    ADA,
    BEN,
    BOT,
    CHANNEL,
    GROUP,
    GUEST,
    PERSONAL,
    TENANT,
    Chat,
)
from tests.worlds.teams.place import Place, teams_place

CHATS = pytest.mark.parametrize("chat", [PERSONAL, GROUP, CHANNEL], ids=lambda chat: chat.kind)


@pytest.fixture
def place() -> Iterator[Place]:
    with teams_place() as running:
        yield running


def test_buttons_are_shown_to_who_may_decide_and_the_reason_to_who_may_not(place: Place) -> None:
    card = place.approval()
    place.door.refusals[BEN.principal] = "it needs the role 'approver'"

    place.world.look(ADA, card, GROUP)
    place.world.look(BEN, card, GROUP)

    assert {one.verb for one in buttons(place.world.seen_by(ADA, card))} >= {
        "approval.approve",
        "approval.reject",
    }
    seen = place.world.seen_by(BEN, card)
    assert buttons(seen) == []
    assert "needs the role 'approver'" in readable(seen)
    assert place.world.connector.violations == []


def test_a_code_that_links_accounts_is_shown_to_nobody_else(place: Place) -> None:
    place.world.say(ADA, GROUP, "link")

    told = place.world.told_privately(ADA, "link AAAA-BBBB-CCCC")

    assert told.conversation != GROUP.id
    assert place.world.messages(GROUP) == []
    place.world.say(BEN, GROUP, "link AAAA-BBBB-CCCC")
    place.world.told_privately(BEN, "This code is of Ada (teams:")


@pytest.mark.parametrize("chat", [GROUP, CHANNEL], ids=lambda chat: chat.kind)
def test_a_slash_command_is_answered_to_its_author_alone(place: Place, chat: Chat) -> None:
    place.door.put(a_view(a_run(workspace=TENANT)))

    place.world.deliver(activities.slash(ADA, chat, "status 12", service_url=place.world.url))

    place.world.until(lambda: place.world.connector.messages)
    (reply,) = place.world.connector.messages
    assert reply.only_for == ADA.id
    assert "Run #12" in readable(reply.card)
    assert place.world.connector.violations == []


@pytest.mark.parametrize("status", [412, 429, 503])
def test_a_reply_that_teams_turned_away_is_said_again(place: Place, status: int) -> None:
    place.door.put(a_view(a_run(workspace=TENANT)))
    place.world.fault("POST", "/activities", status=status, retry_after="0.1")

    place.world.say(ADA, GROUP, "status 12")

    place.world.message(GROUP, "Run #12")


def test_where_nobody_can_be_told_alone_the_own_chat_is_told(place: Place) -> None:
    place.door.put(a_view(a_run(workspace=TENANT)))
    place.world.fault("POST", '"recipient"', status=400, code="BadArgument")

    place.world.deliver(activities.slash(ADA, GROUP, "status 12", service_url=place.world.url))

    place.world.told_privately(ADA, "Run #12")
    assert place.world.messages(GROUP) == []


def test_a_request_that_nobody_else_sees_begins_nothing(place: Place) -> None:
    body = activities.slash(ADA, GROUP, "compare the offers", service_url=place.world.url)

    place.world.deliver(body)

    place.world.until(lambda: place.world.connector.messages)
    (reply,) = place.world.connector.messages
    assert reply.only_for == ADA.id
    assert "mention me" in readable(reply.card)
    assert place.door.messages == []


def test_a_message_that_began_a_thread_is_known_as_soon_as_it_is_shown(place: Place) -> None:
    place.door.put(a_view(a_run(workspace=TENANT)))
    channel = Reference(
        service_url=place.world.url, conversation=CHANNEL.id, kind=CHANNEL.kind, tenant=TENANT,
        bot=BOT, team=CHANNEL.team,
    )  # fmt: skip
    owed = a_delivery(place=channel.new_thread("a-line").place)
    place.door.sent[owed.id] = owed
    refresh: Any = marked({}, owed)["refresh"]

    def look(thread: str, message_id: str) -> Any:
        return place.world.deliver(
            activities.execute(
                BEN, CHANNEL.thread(thread), service_url=place.world.url, message_id=message_id,
                automatic=True, **{name: refresh["action"][name] for name in ("verb", "data")},
            )
        ).body["statusCode"]  # fmt: skip

    assert look("17", "18") == 403
    assert place.door.sent[owed.id].external_id is None
    assert look("17", "17") == 200
    assert place.door.sent[owed.id].external_id == "17"


@CHATS
def test_a_message_is_handed_over_with_a_form(place: Place, chat: Chat) -> None:
    url = place.world.url

    opened = place.world.deliver(activities.handed(ADA, chat, service_url=url))

    assert opened.status == 200
    value = opened.body["task"]["value"]
    assert opened.body["task"]["type"] == "continue"
    assert "Please compare the offers & buy" in readable(value["card"]["content"])
    assert place.door.messages == []
    asked = "Do what Ben asks for"
    sent = place.world.deliver(activities.handed(ADA, chat, service_url=url, request=asked))

    assert "Run 12 has it" in sent.body["task"]["value"]
    (message,) = place.door.messages
    assert message.person.principal == ADA.principal
    assert message.text.startswith(f"{asked}\n\nBen wrote:\n> Please compare")
    expected = f"{chat.id};messageid=1600000000007" if chat.kind == "channel" else chat.id
    assert message.place.key == expected


def test_a_form_that_is_sent_twice_begins_one_run(place: Place) -> None:
    body = activities.handed(ADA, GROUP, service_url=place.world.url, request="Do it")

    place.world.deliver(body)
    again = place.world.deliver(body)

    assert "Run 12 has it" in again.body["task"]["value"]
    assert len(place.door.messages) == 1


@pytest.mark.parametrize("request_", ["", "   "])
def test_a_form_without_words_begins_nothing(place: Place, request_: str) -> None:
    body = activities.handed(ADA, GROUP, service_url=place.world.url, request=request_)

    assert "few words" in place.world.deliver(body).body["task"]["value"]
    assert place.door.messages == []


@pytest.mark.parametrize("sends", [None, "Do it"])
def test_who_may_not_ask_hands_nothing_over(place: Place, sends: str | None) -> None:
    body = activities.handed(GUEST, GROUP, service_url=place.world.url, request=sends)

    answer = place.world.deliver(body).body["task"]

    assert answer["type"] == "message"
    assert "guest" in answer["value"]
    assert place.door.messages == []


def test_a_conversation_without_baton_says_so_in_the_dialog(place: Place) -> None:
    place.world.fault("GET", "/members/", status=403, code="BotNotInConversationRoster")
    body = activities.handed(ADA, GROUP, service_url=place.world.url)

    answer = place.world.deliver(body).body["task"]

    assert answer["type"] == "message"
    assert "not know you" in answer["value"]


@pytest.mark.parametrize(
    ("command", "value"), [("other", None), ("hand", []), ("hand", {}), ("hand", "x")]
)
def test_an_action_of_no_shape_is_answered_in_words(
    place: Place, command: str, value: object
) -> None:
    body = activities.handed(ADA, GROUP, service_url=place.world.url, command=command)
    if value is not None:
        body["value"] = value

    answer = place.world.deliver(body)

    assert answer.status == 200
    assert "no such action" in answer.body["task"]["value"]


def test_a_form_sent_during_an_outage_is_answered_and_begins_nothing(place: Place) -> None:
    place.door.down = True
    body = activities.handed(ADA, GROUP, service_url=place.world.url, request="a secret plan")

    said = place.world.deliver(body).body["task"]["value"]

    assert "nothing was done" in said
    assert "secret" not in said


def test_why_a_run_waits_is_told_to_who_asks(place: Place) -> None:
    view = place.door.put(a_view(a_run(workspace=TENANT)))
    card = place.card(run_card(view))

    place.world.press(ADA, card, "run.why", GROUP)

    seen = readable(place.world.seen_by(ADA, card))
    assert "Why" in seen.split("\n")
    assert "Run #12 is running" in seen
    assert "Why" not in readable(card.card).split("\n")
    assert place.world.connector.violations == []


@pytest.mark.parametrize("verb", ["run.why", "run.workflow", "answer.good"])
def test_who_may_not_see_a_run_is_told_which_grant_they_lack(place: Place, verb: str) -> None:
    run = a_run(workspace=TENANT, answer="Nine offers.", revision=1)
    view = place.door.put(a_view(run, status="succeeded"))
    card = place.card(answer(view) if verb.startswith("answer") else run_card(view))
    place.door.blind[BEN.principal] = "it needs the grant 'see'"

    refused = place.world.press(BEN, card, verb, GROUP)

    told = f"{refused.body['value']}"
    assert "it needs the grant 'see'" in told
    assert "Nine offers" not in told
    assert place.world.connector.violations == []


def test_who_may_not_see_an_approval_keeps_the_card_as_it_was_posted(place: Place) -> None:
    card = place.approval()
    place.door.blind[BEN.principal] = "it needs the grant 'see'"

    looked = place.world.look(BEN, card, GROUP)

    assert (looked.body["statusCode"], looked.body["value"]["message"]) == (
        403,
        "it needs the grant 'see'",
    )


def test_a_step_is_chosen_and_left_out(place: Place) -> None:
    steps = (a_step(), a_step("/plan/1/order", title="Order from the **best**"))
    view = place.door.put(
        a_view(a_run(workspace=TENANT), steps=steps, skippable=frozenset({steps[1].id}))
    )
    card = place.card(run_card(view))
    (chosen, why) = inputs_of(card.card, "run.skip")
    assert chosen["choices"] == [{"title": "2. Order from the **best**", "value": "2"}]
    assert not why["isRequired"]

    for forged in ("1", "7", "/plan/1/compare"):
        refused = place.world.press(ADA, card, "run.skip", GROUP, inputs={"step": forged})
        assert "cannot be left out" in refused.body["value"]
    place.world.press(ADA, card, "run.skip", GROUP, inputs={"why": "done by hand"})

    assert ("skip", "run_1", "2 done by hand") in place.door.log
    assert faults(place.world.seen_by(ADA, card)) == []
    assert "run.skip" not in {one.verb for one in buttons(place.world.seen_by(ADA, card))}


def test_a_plan_that_worked_is_shown_as_a_workflow_to_who_asks(place: Place) -> None:
    run = a_run(workspace=TENANT, answer="Done.", revision=1)
    card = place.card(run_card(place.door.put(a_view(run, status="succeeded"))))

    place.world.press(ADA, card, "run.workflow", GROUP)

    seen = place.world.seen_by(ADA, card)
    assert readable(seen) != readable(card.card)
    assert [one.verb for one in buttons(seen)] == ["run.back"]
    place.world.press(ADA, card, "run.back", GROUP)
    assert readable(place.world.seen_by(ADA, card)) == readable(card.card)
    assert place.world.connector.violations == []


@pytest.mark.parametrize(
    ("media_type", "content", "shown"),
    [
        ("text/csv", b"vendor,total\r\nNordlicht IT,11280\r\n", "Nordlicht IT,11280"),
        ("application/json", b'{"total": 11280}', '{"total": 11280}'),
        ("text/plain", b"\xff\xfe\x00broken", "bytes: the console opens it"),
        ("image/png", b"\x89PNG", "bytes: the console opens it"),
        ("text/plain", b"[x](https://evil.example) **b** <at>Ada</at>\n" * 4_000, "more lines"),
    ],
)
def test_a_file_is_opened_in_the_view_of_who_reads_it(
    place: Place, media_type: str, content: bytes, shown: str
) -> None:
    file = Artifact(
        name="offers.csv", media_type=media_type, size_bytes=len(content), digest="d" * 64,
        step_id="run_1:/plan/1/compare",
    )  # fmt: skip
    view = place.door.put(
        a_view(
            a_run(workspace=TENANT, answer="See the file."), status="succeeded", artifacts=(file,)
        )
    )
    place.door.contents["run_1", "offers.csv"] = content
    card = place.card(answer(view))

    place.world.press(ADA, card, "file.show", GROUP)

    seen = place.world.seen_by(ADA, card)
    assert shown in readable(seen)
    assert faults(seen) == []
    assert "See the file." in readable(card.card)
    place.world.press(ADA, card, "answer.back", GROUP)
    assert "See the file." in readable(place.world.seen_by(ADA, card))


@pytest.mark.parametrize("file", [None, -1, 7, "0", True])
def test_a_file_that_is_not_there_is_not_opened(place: Place, file: object) -> None:
    card = place.card(answer(place.door.put(a_view(a_run(workspace=TENANT), status="succeeded"))))

    answered = place.world.deliver(
        activities.execute(
            ADA, GROUP, service_url=place.world.url, message_id=card.id,
            verb="file.show", data={"run": "run_1", "file": file},
        )
    )  # fmt: skip

    assert "older card" in answered.body["value"]


@pytest.mark.parametrize(("verb", "good"), [("answer.good", True), ("answer.bad", False)])
def test_what_an_answer_was_worth_is_kept(place: Place, verb: str, good: bool) -> None:
    view = place.door.put(a_view(a_run(workspace=TENANT, answer="Done."), status="succeeded"))
    card = place.card(answer(view))

    place.world.press(ADA, card, verb, GROUP)

    assert ("rate", "run_1", str(good)) in place.door.log
    seen = place.world.seen_by(ADA, card)
    assert "Noted" in readable(seen)
    assert verb not in {one.verb for one in buttons(seen)}
