"""Where in Slack a delivery goes."""

from __future__ import annotations

from dataclasses import dataclass

from bots.slack.payload import Payload
from runtime.domain.delivery import Delivery
from runtime.domain.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A thread, or a channel where ``thread_ts`` is empty."""

    channel: str
    thread_ts: str
    team: str


def address_of(delivery: Delivery) -> Address:
    """Read the address of a delivery's place. Raises ``Refused`` where it names no channel."""
    address = Payload(delivery.place.address)
    channel = address.identifier("channel")
    if not channel:
        raise Refused(f"delivery {delivery.id!r} names no Slack channel; it cannot be sent")
    return Address(
        channel=channel,
        thread_ts=address.timestamp("thread_ts"),
        team=address.identifier("team"),
    )
