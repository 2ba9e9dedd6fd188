"""What is owed to a thread of the simulated Slack, and a channel to say it with."""

from __future__ import annotations

from bots.slack.address import place
from bots.slack.channel import SlackChannel
from bots.slack.credentials import SlackCredentials
from bots.slack.identity import Installation
from bots.slack.rate import RateGate
from runtime.domain.delivery import Delivery, DeliveryKind
from tests.worlds.front_door import a_delivery
from tests.worlds.slack.cast import GENERAL, TEAM
from tests.worlds.slack.world import SlackWorld


def owed_in(
    thread_ts: str,
    *,
    key: str = "dlv_1",
    kind: DeliveryKind = DeliveryKind.NOTICE,
    channel: str = GENERAL,
) -> Delivery:
    """Owe a thread its first message about run 1."""
    there = place(Installation(team_id=TEAM), channel=channel, thread_ts=thread_ts)
    return a_delivery(kind, id=key, place=there)


def speaking_in(world: SlackWorld, *, streams: bool = False) -> SlackChannel:
    """Give a courier's channel, for which time flies, so that pace is no matter."""
    return SlackChannel(
        SlackCredentials(signing_secret="", bot_token=world.bot_token, api_url=world.api_url),
        gate=RateGate(now=iter(range(0, 1_000_000, 100)).__next__),
        streams=streams,
    )
