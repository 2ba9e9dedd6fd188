"""Where in Slack a delivery goes."""

from __future__ import annotations

from dataclasses import dataclass

from bots.slack.identity import Installation
from bots.slack.payload import Payload
from runtime.domain.conversation import Place
from runtime.domain.delivery import Delivery
from runtime.domain.errors import Refused
from runtime.domain.json import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A thread, or a channel where ``thread_ts`` is empty."""

    channel: str
    thread_ts: str
    team: str
    begins: bool = False
    """The first message said here begins the thread of all that follow."""
    own: str = ""
    """Whose own chat with the bot this is, where it is a copy for them."""


def place(installation: Installation, *, channel: str, thread_ts: str) -> Place:
    """Name a thread, or a channel where ``thread_ts`` is empty."""
    key = f"{channel}/{thread_ts}" if thread_ts else channel
    return _named(installation, key, channel=channel, thread_ts=thread_ts)


def new_thread(installation: Installation, *, channel: str, cause: str) -> Place:
    """Name a thread that is still to be begun in a channel; ``cause`` tells it from others."""
    key = f"{channel}/begun-by/{cause}"
    return _named(installation, key, channel=channel, thread_ts="", begins=True)


def own_chat(installation: Installation, *, channel: str, user: str) -> Place:
    """Name somebody's chat with the bot as a place to tell them what concerns them."""
    return _named(installation, f"own/{channel}", channel=channel, thread_ts="", own=user)


def home(installation: Installation, *, user: str) -> Place:
    """Name somebody's Home tab, which is drawn anew when something on it changes."""
    return _named(installation, f"home/{user}", home=user)


def workflow_step(installation: Installation, *, execution: str) -> Place:
    """Name the step of a Workflow Builder workflow that waits for a run's end."""
    return _named(installation, f"function/{execution}", function=execution)


def _named(installation: Installation, key: str, **address: Json) -> Place:
    return Place(
        channel="slack",
        workspace=installation.workspace,
        key=key,
        address={**address, "team": installation.team_id},
    )


def home_of(delivery: Delivery) -> str:
    """Give whose Home tab a delivery redraws; empty where it is a conversation."""
    return Payload(delivery.place.address).identifier("home")


def installation_of(place: Place) -> Installation:
    """Give the installation that a place belongs to."""
    team = Payload(place.address).identifier("team")
    return Installation(
        team_id=team, enterprise_id=place.workspace if place.workspace != team else ""
    )


def address_of(delivery: Delivery) -> Address:
    """Read the address of a delivery's place. Raises ``Refused`` where it names no channel."""
    address = Payload(delivery.place.address)
    channel = address.identifier("channel")
    if not channel:
        raise Refused(f"delivery {delivery.id!r} names no Slack channel; it cannot be sent")
    return Address(
        channel=channel,
        thread_ts="" if address.flag("apart") else address.timestamp("thread_ts"),
        team=address.identifier("team"),
        begins=address.flag("begins") and not address.flag("apart"),
        own=address.identifier("own"),
    )


def thread_begun(delivery: Delivery, ts: str) -> Place | None:
    """Give the place of the thread that a message began; None where it began none."""
    address = Payload(delivery.place.address)
    if not address.flag("begins") or address.flag("apart"):
        return None
    there = installation_of(delivery.place)
    return place(there, channel=address.identifier("channel"), thread_ts=ts)
