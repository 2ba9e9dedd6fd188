"""What in Teams is for one person: their view of a card, slash commands, forms, codes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bots.builders import answer, run_card
from runtime.domain.run import Artifact
from tests.worlds.front_door import a_run, a_view
from tests.worlds.teams import activities
from tests.worlds.teams.cards import buttons, faults, readable
from tests.worlds.teams.cast import (
    ADA,
    BEN,
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


def test_a_request_that_nobody_else_sees_begins_nothing(place: Place) -> None:
    body = activities.slash(ADA, GROUP, "compare the offers", service_url=place.world.url)

    place.world.deliver(body)

    place.world.until(lambda: place.world.connector.messages)
    (reply,) = place.world.connector.messages
    assert reply.only_for == ADA.id
    assert "mention me" in readable(reply.card)
    assert place.door.messages == []


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
