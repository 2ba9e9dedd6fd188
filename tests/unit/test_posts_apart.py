"""What is said beside the threads of a channel."""

from __future__ import annotations

from bots.slack.address import address_of, thread_begun
from bots.teams.reference import Reference
from runtime.domain.conversation import Place
from tests.worlds.front_door import a_delivery


def test_in_slack_it_is_a_message_of_the_channel_and_moves_no_conversation() -> None:
    place = Place(
        channel="slack",
        workspace="T9",
        key="C042/posts",
        address={
            "channel": "C042",
            "thread_ts": "17.5",
            "team": "T9",
            "begins": True,
            "apart": "true",
        },
    )
    delivery = a_delivery(place=place)

    assert (address_of(delivery).channel, address_of(delivery).thread_ts) == ("C042", "")
    assert thread_begun(delivery, "18.0") is None


def test_in_teams_it_is_a_message_of_the_channel() -> None:
    found = Reference.of(
        {
            "service_url": "https://teams.example.com",
            "conversation": "19:abc@thread.tacv2;messageid=17",
            "kind": "channel",
            "tenant": "t",
            "bot": "b",
            "apart": "true",
        }
    )

    assert found is not None
    assert (found.conversation, found.thread) == ("19:abc@thread.tacv2", "")
