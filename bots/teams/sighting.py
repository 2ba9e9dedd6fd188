"""What clients tell about Baton's own messages, which a bot cannot read.

Every card asks for its present state when a client shows it, and that question, like a press on any
of its buttons, names the message it stands in. So a post whose answer was lost is found as soon as
anybody looks at it: before it is posted again, it is taken for what it is; after, the copy is taken
back.
"""

from __future__ import annotations

from dataclasses import dataclass

from bots.bridge import Bridge
from bots.builders import shown_for
from bots.door import Door
from bots.teams.inbound import Click
from bots.teams.reference import Reference
from bots.views import Shown
from runtime.domain.delivery import Delivery, Sighting
from runtime.domain.json import Json, JsonObject

_ACTIONS = ("Action.Execute", "Action.Submit")
LOOK = "card.look"
DELIVERY, BEGINS = "delivery", "begins"


def marked(card: JsonObject, delivery: Delivery) -> JsonObject:
    """Give a card that tells which delivery it is, whenever it is shown and with every button."""
    whole = dict(card)
    whole.setdefault("refresh", {"action": {"type": "Action.Execute", "verb": LOOK, "data": {}}})
    there = Reference.of(delivery.place.address)
    which: JsonObject = {DELIVERY: delivery.id}
    if there is not None and there.begins:
        which = {**which, BEGINS: there.begins}
    return {name: _told(value, which) for name, value in whole.items()}


def _told(value: Json, which: JsonObject) -> Json:
    if isinstance(value, list):
        return [_told(one, which) for one in value]
    if not isinstance(value, dict):
        return value
    told = {name: _told(one, which) for name, one in value.items()}
    data = told.get("data")
    if told.get("type") in _ACTIONS and isinstance(data, dict):
        told["data"] = {**data, **which}
    return told


@dataclass(frozen=True, slots=True, kw_only=True)
class Sightings:
    """Takes what a look at a card tells."""

    runtime: Door
    bridge: Bridge

    async def take(self, click: Click) -> Sighting | None:
        """Note which message it was; None where that is not known.

        It is one read, and a write only while a post is in doubt.
        """
        delivery_id = click.data.identifier(DELIVERY)
        if not delivery_id or not click.card_id:
            return None
        there = click.reference
        sighting = await self.bridge(self.runtime.sighted, delivery_id, there.place, click.card_id)
        if sighting is None and there.thread == click.card_id:
            # The first message of a thread, shown before anybody knew that it had begun one.
            place = there.new_thread(click.data.identifier(BEGINS)).place
            return await self.bridge(self.runtime.sighted, delivery_id, place, click.card_id)
        return sighting

    async def shown(self, sighting: Sighting) -> Shown | None:
        """Give what the message shows now."""
        row = await self.bridge(self.runtime.show, sighting.delivery)
        return shown_for(sighting.delivery, row)
