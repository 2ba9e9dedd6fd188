"""Know where people can be reached unasked, and what to do where they cannot be any more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from runtime.approvals.asked_people import whom_to_ask
from runtime.domain.conversation import Person, PersonKind, Place
from runtime.domain.delivery import Delivery, DeliveryKind
from runtime.domain.ports import Bell, Clock
from runtime.outbox import surfaces as spreading
from runtime.policy.policy import Policy
from runtime.storage import approvals, deliveries, surfaces
from runtime.storage.connection import Connection
from runtime.storage.database import Database, again_when_contended


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaching:
    """Each call is one transaction; rings follow it."""

    database: Database
    clock: Clock
    bell: Bell
    policy: Callable[[], Policy]

    @again_when_contended
    def keep(self, person: Person, place: Place, *, own: bool) -> None:
        """Know a place, alive. ``own``: nobody but this person reads there.

        A read where nothing is new, so a channel may say it with every message.
        """
        principal = person.principal if own and person.kind is PersonKind.MEMBER else None
        with self.database.read() as connection:
            if surfaces.is_known(connection, place, principal=principal):
                return
        with self.database.write() as connection:
            surfaces.keep(connection, place, principal=principal, now=self.clock.now())

    @again_when_contended
    def lose(self, place: Place, *, reason: str) -> None:
        """Speak there no more, and show elsewhere what still waits to be decided there."""
        with self.database.write() as connection:
            surfaces.lose(connection, place, reason=reason, now=self.clock.now())
            rings = self._move_all(connection, place, reason)
        self._ring(rings)

    @again_when_contended
    def give_up(self, delivery: Delivery, *, reason: str, place_is_dead: bool) -> None:
        """Record that a delivery will never be taken; an approval goes to the next surface.

        One transaction: a crash leaves either the delivery owed or the approval shown elsewhere.
        """
        rings: list[str] = []
        with self.database.write() as connection:
            deliveries.give_up(connection, delivery, reason=reason)
            now = self.clock.now()
            lost = place_is_dead and surfaces.lose(
                connection, delivery.place, reason=reason, now=now
            )
            if lost:
                rings = self._move_all(connection, delivery.place, reason)
            elif delivery.kind is DeliveryKind.APPROVAL_CARD:
                rings = self._move(connection, delivery.subject_id, delivery.place, reason)
        self._ring(rings)

    def _move_all(self, connection: Connection, place: Place, reason: str) -> list[str]:
        shown = surfaces.subjects_shown(connection, place, kind=DeliveryKind.APPROVAL_CARD)
        return [
            ring
            for approval_id in shown
            for ring in self._move(connection, approval_id, place, reason)
        ]

    def _move(
        self, connection: Connection, approval_id: str, place: Place, reason: str
    ) -> list[str]:
        approval = approvals.find(connection, approval_id, workspace=None)
        if approval is None or not approval.stages:
            return []
        now = self.clock.now()
        names = whom_to_ask(connection, self.policy(), approval, now)
        return spreading.move(connection, approval_id, place, names, reason=reason, now=now)

    def _ring(self, conversation_ids: list[str]) -> None:
        # A crash before these rings leaves due deliveries to the sweep.
        self.bell.ring(conversations=conversation_ids)
