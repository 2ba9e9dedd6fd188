"""What people do in Teams and what it leads to, against a running front.

Teams is the simulated one, signatures included; the runtime is a stand-in that keeps the promises
of its front door in memory, so that only the channel is on trial.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from bots.builders import question_card, run_card
from runtime.domain.approval import Verdict
from runtime.domain.run import OpenQuestion
from runtime.domain.states import ApprovalStatus
from tests.worlds.front_door import NOON, a_run, a_view
from tests.worlds.teams import activities
from tests.worlds.teams.cards import buttons, readable
from tests.worlds.teams.cast import (
    ADA,
    BEN,
    CHANNEL,
    GROUP,
    GUEST,
    NAMELESS,
    PERSONAL,
    STRANGER,
    TENANT,
    Chat,
    Member,
)
from tests.worlds.teams.place import Place, teams_place
from tests.worlds.teams.world import Answer

CHATS = pytest.mark.parametrize("chat", [PERSONAL, GROUP, CHANNEL], ids=lambda chat: chat.kind)


@pytest.fixture
def place() -> Iterator[Place]:
    with teams_place() as running:
        yield running


@CHATS
def test_a_request_reaches_the_runtime_without_the_mention(place: Place, chat: Chat) -> None:
    answer = place.world.say(ADA, chat, "compare the offers")

    assert answer.status == 200
    (message,) = place.door.messages
    assert message.text == "compare the offers"
    assert message.addressed
    assert message.person.principal == ADA.principal
    assert message.person.name == "Ada"
    assert message.place.workspace == TENANT
    assert message.place.key == answer.activity["conversation"]["id"]
    assert message.place.address["service_url"] == place.world.url
    assert place.world.connector.violations == []


def test_a_reply_in_a_thread_belongs_to_the_thread(place: Place) -> None:
    asked = place.world.say(ADA, CHANNEL, "compare the offers")
    thread = CHANNEL.thread(asked.activity["id"])

    place.world.say(BEN, thread, "only the large ones")

    first, second = place.door.messages
    assert first.place.key == second.place.key == thread.id


@pytest.mark.parametrize("chat", [GROUP, CHANNEL], ids=lambda chat: chat.kind)
def test_talk_among_people_is_not_heard(place: Place, chat: Chat) -> None:
    assert place.world.say(ADA, chat, "lunch?", mention=False).status == 200

    assert place.door.messages == []
    assert place.world.connector.calls == []


def test_an_activity_delivered_twice_is_one_request(place: Place) -> None:
    first = place.world.say(ADA, PERSONAL, "compare the offers")

    again = place.world.deliver(first.activity)

    assert again.status == 200
    assert len(place.door.messages) == 1


def test_a_second_delivery_with_a_new_id_is_known_by_its_moment(place: Place) -> None:
    first = place.world.say(ADA, PERSONAL, "compare the offers")

    place.world.deliver({**first.activity, "id": activities.new_id()})

    one, other = place.door.messages
    assert one.event_key != other.event_key
    assert one.also_known_as == other.also_known_as


@pytest.mark.parametrize("person", [GUEST, NAMELESS], ids=lambda one: one.name)
@CHATS
def test_guests_and_people_without_an_account_are_refused_privately(
    place: Place, person: Member, chat: Chat
) -> None:
    assert place.world.say(person, chat, "compare the offers").status == 200

    if chat.kind == "personal":
        place.world.message(chat, "sk a member")
    else:
        place.world.told_privately(person, "sk a member")
        assert place.world.messages(chat) == []
    assert place.door.messages == []


def test_strangers_do_not_get_in_at_all(place: Place) -> None:
    assert place.world.say(STRANGER, GROUP, "compare the offers").status == 403
    assert place.door.messages == []


def test_somebody_of_another_tenant_in_a_shared_channel_is_refused(place: Place) -> None:
    body = activities.message(
        ADA, CHANNEL, "compare the offers", service_url=place.world.url, mention=True
    )
    body["from"]["tenantId"] = STRANGER.tenant

    place.world.deliver(body)

    place.world.told_privately(ADA, "members of the organisation")
    assert place.door.messages == []


def test_what_the_roster_does_not_know_may_not_speak(place: Place) -> None:
    del place.world.connector.members[BEN.id]

    place.world.say(BEN, GROUP, "compare the offers")

    place.world.told_privately(BEN, "does not know you")
    assert place.door.messages == []


def test_a_message_that_cannot_be_kept_comes_again(place: Place) -> None:
    place.door.down = True
    first = place.world.say(ADA, PERSONAL, "compare the offers")
    place.door.down = False

    again = place.world.deliver(first.activity)

    assert (first.status, first.body) == (500, {"error": "unavailable"})
    assert again.status == 200
    assert len(place.door.messages) == 1


def test_while_the_roster_is_away_nobody_is_taken_for_a_member(place: Place) -> None:
    place.world.fault("GET", "/members/", status=503)

    first = place.world.say(ADA, PERSONAL, "compare the offers")

    assert first.status == 500
    assert place.door.messages == []
    assert place.world.deliver(first.activity).status == 200
    assert len(place.door.messages) == 1


def test_a_command_is_answered_where_it_was_written(place: Place) -> None:
    place.door.put(a_view(a_run(workspace=TENANT)))
    asked = place.world.say(ADA, CHANNEL, "status 12")

    reply = place.world.message(asked.activity["conversation"]["id"], "Run #12")

    assert "Compare the offers" in readable(reply.card)
    assert place.door.messages == []
    place.world.deliver(asked.activity)
    place.world.say(ADA, PERSONAL, "help")
    place.world.message(PERSONAL, "What you can ask")
    assert len(place.world.messages(asked.activity["conversation"]["id"])) == 1


def test_empty_words_get_a_hint_and_an_installation_a_welcome(place: Place) -> None:
    place.world.say(ADA, GROUP, "")
    place.world.message(GROUP, "Say what you want done")

    place.world.deliver(activities.installed(ADA, PERSONAL, service_url=place.world.url))

    place.world.message(PERSONAL, "Baton is here")
    assert place.door.messages == []


@pytest.mark.parametrize(
    "kind",
    ["conversationUpdate", "messageReaction", "messageUpdate", "typing", "event", "newKind"],
)
def test_what_means_nothing_is_taken_quietly(place: Place, kind: str) -> None:
    body = activities.envelope(kind, ADA, GROUP, service_url=place.world.url)
    body |= {"membersAdded": [{"id": BEN.id}], "channelData": {**body["channelData"]}}

    answer = place.world.deliver(body)

    assert answer.status == 200
    assert place.world.connector.calls == []


def test_an_invoke_nobody_asked_for_is_not_implemented(place: Place) -> None:
    body = activities.envelope("invoke", ADA, GROUP, service_url=place.world.url)

    assert place.world.deliver({**body, "name": "task/fetch", "value": {}}).status == 501


@pytest.mark.parametrize(
    "value", [None, "x", [], {}, {"action": "x"}, {"action": {"verb": 3, "data": []}}]
)
def test_a_card_action_of_no_shape_is_answered_in_words(place: Place, value: Any) -> None:
    body = activities.envelope("invoke", ADA, GROUP, service_url=place.world.url)

    answer = place.world.deliver({**body, "name": "adaptiveCard/action", "value": value})

    assert answer.status == 200
    assert "older card" in answer.body["value"]


@CHATS
def test_an_approval_is_decided_by_its_button(place: Place, chat: Chat) -> None:
    card = place.approval(chat)

    answer = place.world.press(ADA, card, "approval.approve", chat)

    (decided,) = place.door.decisions
    assert decided.verdict is Verdict.APPROVE
    assert decided.person.principal == ADA.principal
    assert (decided.surface, decided.nonce) == ("teams", "n0nce")
    assert answer.body["statusCode"] == 200
    shown = place.world.seen_by(ADA, card)
    assert "Approved by Ada" in readable(shown)
    assert buttons(shown) == []
    place.world.until(lambda: "Approved by Ada" in readable(card.card))
    assert place.world.connector.violations == []


def test_pressing_again_and_coming_second_show_what_was_decided(place: Place) -> None:
    card = place.approval()
    button = place.world.button(ADA, card, "approval.approve")
    body = activities.execute(
        ADA,
        GROUP,
        service_url=place.world.url,
        message_id=card.id,
        verb=button.verb,
        data=button.data,
    )

    place.world.deliver(body)
    again = place.world.deliver(body)
    second = place.world.deliver(
        {**body, "from": {"id": BEN.id, "name": "Ben", "aadObjectId": BEN.object_id}}
    )

    assert len(place.door.decisions) == 1
    for answer in (again, second):
        assert "was decided already: Approved by Ada" in readable(answer.body["value"])
        assert buttons(answer.body["value"]) == []


def test_neither_words_nor_a_bot_nor_a_look_at_the_address_decide_anything(place: Place) -> None:
    card = place.approval()
    button = place.world.button(ADA, card, "approval.approve")
    pressed = activities.execute(
        ADA, GROUP, service_url=place.world.url, message_id=card.id, verb=button.verb,
        data=button.data,
    )  # fmt: skip

    for words in ("yes", "Approved, go ahead!", "ok, approve it", "+1"):
        place.world.say(ADA, GROUP, words)
    bot = {**pressed["from"], "role": "bot"}
    assert "people only" in place.world.deliver({**pressed, "from": bot}).body["value"]
    with pytest.raises(HTTPError, match="405"):
        urlopen(place.world.endpoint, timeout=10)

    assert place.door.decisions == []


def test_one_card_decides_its_own_call_and_no_other(place: Place) -> None:
    first, second = place.approval(number=3), place.approval(number=4)

    place.world.press(ADA, second, "approval.approve", GROUP)

    assert [one.approval for one in place.door.decisions] == ["apr_4"]
    assert buttons(place.world.seen_by(ADA, second)) == []
    place.world.press(BEN, first, "approval.reject", GROUP, inputs={"reason": "too dear"})
    decided = [(one.approval, one.verdict) for one in place.door.decisions]
    assert decided == [("apr_4", Verdict.APPROVE), ("apr_3", Verdict.REJECT)]


def test_a_rejection_needs_a_reason_whatever_the_client_lets_through(place: Place) -> None:
    card = place.approval()
    button = place.world.button(ADA, card, "approval.reject")

    def press(reason: Any) -> Answer:
        return place.world.deliver(
            activities.execute(
                ADA,
                GROUP,
                service_url=place.world.url,
                message_id=card.id,
                verb=button.verb,
                data={**button.data, "reason": reason},
            )
        )

    for reason in (None, "", "  ", "no", 7):
        assert "few words" in readable(press(reason).body["value"])
    assert place.door.decisions == []
    press("too dear")

    (decided,) = place.door.decisions
    assert (decided.verdict, decided.reason) == (Verdict.REJECT, "too dear")


def test_somebody_of_another_tenant_in_a_shared_channel_decides_nothing(place: Place) -> None:
    card = place.approval(CHANNEL)
    button = place.world.button(ADA, card, "approval.approve")
    pressed = activities.execute(
        ADA, CHANNEL, service_url=place.world.url, message_id=card.id, verb=button.verb,
        data=button.data,
    )  # fmt: skip

    # By what the envelope says; and, where it says nothing, by what the roster says.
    theirs = {**pressed["from"], "tenantId": STRANGER.tenant}
    first = place.world.deliver({**pressed, "from": theirs})
    place.world.connector.members[ADA.id] = replace(ADA, tenant=STRANGER.tenant)
    second = place.world.deliver(pressed)

    for refused in (first, second):
        assert "members of the organisation" in refused.body["value"]
    assert place.door.decisions == []


@pytest.mark.parametrize("person", [GUEST, NAMELESS], ids=lambda one: one.name)
def test_guests_and_people_without_an_account_decide_nothing(place: Place, person: Member) -> None:
    card = place.approval()

    answer = place.world.press(person, card, "approval.approve", GROUP)

    assert answer.body["type"] == "application/vnd.microsoft.activity.message"
    assert "sk a member" in answer.body["value"]
    assert place.door.decisions == []


def test_nobody_decides_while_the_roster_is_away(place: Place) -> None:
    card = place.approval()
    place.world.fault("GET", "/members/", status=500)

    answer = place.world.press(ADA, card, "approval.approve", GROUP)

    assert "tried again" in answer.body["value"]
    assert place.door.decisions == []


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"id": "apr_3"},
        {"id": "apr_3", "nonce": "old"},
        {"id": "apr_99", "nonce": "n0nce"},
        {"id": ["apr_3"], "nonce": {"a": 1}},
        {"approval": "apr_3", "verdict": "approve", "person": "teams:x/y"},
    ],
)
def test_forged_and_stale_card_data_decide_nothing(place: Place, data: dict[str, Any]) -> None:
    card = place.approval()

    answer = place.world.deliver(
        activities.execute(
            ADA,
            GROUP,
            service_url=place.world.url,
            message_id=card.id,
            verb="approval.approve",
            data=data,
        )
    )

    assert answer.status == 200
    assert answer.body["type"] == "application/vnd.microsoft.activity.message"
    assert place.door.decisions == []


def test_looking_at_a_card_decides_nothing_and_shows_the_present_one(place: Place) -> None:
    card = place.approval()
    asked = place.door.asked["apr_3"]
    place.door.asked["apr_3"] = replace(
        asked, status=ApprovalStatus.EXPIRED, decided_at=NOON, decided_on="console"
    )

    answer = place.world.look(BEN, card, GROUP)

    assert "Expired" in readable(answer.body["value"])
    assert place.door.decisions == []
    place.world.until(lambda: "Expired" in readable(card.card))
    button = activities.execute(
        BEN,
        GROUP,
        service_url=place.world.url,
        message_id=card.id,
        verb="approval.approve",
        data={"id": "apr_3", "nonce": "n0nce"},
        automatic=True,
    )
    assert place.world.deliver(button).body["statusCode"] == 403
    assert place.door.decisions == []


def test_a_click_during_an_outage_is_answered_and_quotes_nobody(place: Place) -> None:
    card = place.approval()
    place.door.down = True

    answer = place.world.press(ADA, card, "approval.approve", GROUP)

    assert "nothing was done" in answer.body["value"]
    assert "apr_3" not in answer.body["value"]


def test_an_old_client_decides_by_submitting(place: Place) -> None:
    card = place.approval()

    assert place.world.press_old(ADA, card, "approval.approve", GROUP).status == 200

    assert [one.verdict for one in place.door.decisions] == [Verdict.APPROVE]
    place.world.until(lambda: "Approved by Ada" in readable(card.card))
    place.world.deliver(
        activities.submit(
            BEN,
            GROUP,
            service_url=place.world.url,
            message_id=card.id,
            data={"verb": "approval.approve", "id": "apr_3", "nonce": "n0nce"},
        )
    )
    place.world.told_privately(BEN, "was decided already")
    assert len(place.door.decisions) == 1


@pytest.mark.parametrize(
    ("status", "verb"),
    [
        ("running", "pause"),
        ("running", "cancel"),
        ("paused", "resume"),
        ("failed", "retry"),
    ],
)
def test_a_run_is_steered_by_its_card(place: Place, status: str, verb: str) -> None:
    view = place.door.put(a_view(a_run(workspace=TENANT), status=status))
    card = place.card(run_card(view))

    answer = place.world.press(ADA, card, f"run.{verb}", GROUP)

    assert place.door.log == [(verb, "run_1")]
    assert "Run 12" in readable(answer.body["value"])


def test_a_question_is_answered_by_its_button_once(place: Place) -> None:
    question = OpenQuestion(
        step_id="run_1:/ask", text="Which one?", choices=("Small", "Large"), asked_at=NOON
    )
    place.door.put(a_view(a_run(workspace=TENANT), questions=(question,)))
    card = place.card(question_card(question, run_id="run_1", run_number=12))
    second = next(one for one in buttons(card.card) if one.title == "Large")
    body = activities.execute(
        ADA,
        GROUP,
        service_url=place.world.url,
        message_id=card.id,
        verb=second.verb,
        data=second.data,
    )

    answer = place.world.deliver(body)

    assert place.door.answers == [("run_1:/ask", "Large")]
    assert "Answered: Large, by Ada" in readable(answer.body["value"])
    place.door.put(
        a_view(a_run(workspace=TENANT), questions=(replace(question, answered="Large"),))
    )
    assert "closed" in place.world.deliver(body).body["value"]
    assert len(place.door.answers) == 1


def test_the_sdk_is_not_loaded_by_a_front_that_starts() -> None:
    program = (
        "import sys\n"
        "import bots.process, bots.teams.app, bots.teams.channel\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "print(sorted({'botbuilder', 'msal', 'msrest'} & loaded))"
    )

    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )

    assert ended.stdout.strip() == "[]"
