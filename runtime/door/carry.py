"""What the courier needs: hand out what a conversation is owed, and record what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from runtime.audit import chain
from runtime.domain.conversation import Place
from runtime.domain.delivery import Delivery, DeliveryKind, Sighting
from runtime.domain.json import JsonObject
from runtime.domain.ports import Bell, Clock
from runtime.storage import conversations, deliveries
from runtime.storage.database import Database, again_when_contended

_LEASE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrying:
    """The outbox, for one courier. ``courier`` names the process."""

    database: Database
    clock: Clock
    bell: Bell
    courier: str
    lease: timedelta = _LEASE
    """How long a courier may take over one conversation before another looks after it."""

    @again_when_contended
    def claim_deliveries(self, conversation_id: str) -> list[Delivery]:
        """Take what is due, in order; empty where another courier has the conversation."""
        with self.database.write() as connection:
            return deliveries.claim(
                connection,
                conversation_id,
                courier=self.courier,
                now=self.clock.now(),
                lease=self.lease,
            )

    @again_when_contended
    def mark_sent(self, delivery: Delivery, external_id: str, *, shown: str = "") -> str:
        """Record that the channel has it, and the hash of what a card about a decision showed.

        Gives the id of the message on record: of another one where a client has shown, meanwhile,
        that an attempt in doubt had succeeded. This one is a copy then.

        A crash before this makes the delivery doubtful.
        """
        with self.database.write() as connection:
            if shown and delivery.kind == DeliveryKind.APPROVAL_CARD:
                facts: JsonObject = {
                    "approval": delivery.subject_id,
                    "channel": delivery.place.channel,
                    "place": delivery.place.key,
                    "message": external_id,
                    "shown": shown,
                }
                chain.append(connection, delivery.run_id, "CardShown", facts, now=self.clock.now())
            return deliveries.mark_sent(
                connection, delivery, external_id=external_id, now=self.clock.now()
            )

    @again_when_contended
    def postpone(self, delivery: Delivery, *, seconds: float, reason: str, doubtful: bool) -> None:
        """Try again later."""
        with self.database.write() as connection:
            deliveries.postpone(
                connection,
                delivery,
                until=self.clock.now() + timedelta(seconds=seconds),
                reason=reason,
                doubtful=doubtful,
            )

    @again_when_contended
    def sighted(self, delivery_id: str, place: Place, external_id: str) -> Sighting | None:
        """Take the word of a client that shows a message of this delivery in this place.

        So a message whose posting was in doubt is found although its channel cannot be searched.
        None where no such delivery is owed here, or where the message is another one's: what a
        client says about a message must not turn one card into another.
        """
        with self.database.read() as connection:
            delivery = deliveries.read(connection, delivery_id)
            if delivery is None or _elsewhere(delivery.place, place):
                return None
            if delivery.external_id == external_id:
                return Sighting(delivery=delivery, is_copy=False)
            of = deliveries.of_message(connection, place, external_id)
        if of not in (None, delivery_id):
            return None
        if delivery.external_id is None:
            with self.database.write() as connection:
                now = self.clock.now()
                deliveries.adopt(connection, delivery_id, external_id=external_id, now=now)
                delivery = deliveries.read(connection, delivery_id) or delivery
        known = delivery.external_id
        return Sighting(delivery=delivery, is_copy=known is not None and known != external_id)

    @again_when_contended
    def move(self, conversation_id: str, place: Place) -> None:
        """Record where a conversation has come to be: the thread that its first message began."""
        with self.database.write() as connection:
            conversations.move(connection, conversation_id, place)

    @again_when_contended
    def copy(self, place: Place, *, kind: DeliveryKind, subject_id: str, run_id: str) -> None:
        """Owe another place a message about a subject as well; it follows every change of it.

        Doing so again changes nothing but asks for the newest state.
        """
        now = self.clock.now()
        with self.database.write() as connection:
            there = conversations.ensure(connection, place, now=now)
            deliveries.owe(
                connection,
                conversation_id=there.id,
                run_id=run_id,
                kind=kind,
                subject_id=subject_id,
                now=now,
            )
        # A crash before this ring leaves a row that is due; the sweep rings it.
        self.bell.ring(conversations=[there.id])

    @again_when_contended
    def release(self, conversation_id: str) -> None:
        """Let go of a conversation; ring again where more became due meanwhile."""
        with self.database.write() as connection:
            deliveries.release(connection, conversation_id, courier=self.courier)
            more = deliveries.has_due(connection, conversation_id, now=self.clock.now())
        if more:
            self.bell.ring(conversations=[conversation_id])

    def due_conversations(self) -> list[str]:
        """Name conversations with something due and no courier at work."""
        with self.database.read() as connection:
            return deliveries.due_conversations(connection, now=self.clock.now(), limit=200)

    def ring_due(self) -> int:
        """Ring for every conversation with something due: a chore of the sweep."""
        due = self.due_conversations()
        self.bell.ring(conversations=due)
        return len(due)


def _elsewhere(one: Place, other: Place) -> bool:
    # By the room: clients tell where they are, not which of the conversations held there it is.
    return (one.channel, one.workspace, one.room) != (other.channel, other.workspace, other.room)
