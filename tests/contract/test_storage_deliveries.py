"""The outbox: in order, once, looked for after a doubt, and never by two couriers at once."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from runtime.domain.conversation import Place
from runtime.domain.delivery import Delivery, DeliveryKind
from runtime.door.carry import Carrying
from runtime.door.reach import Reaching
from runtime.policy.parse import parse_policy
from runtime.storage import conversations, deliveries
from runtime.storage.database import Database
from runtime.testing import RememberingBell, SteppedClock
from tests.worlds.engine import side_by_side

LEASE = 31


@dataclass(kw_only=True)
class Outbox:
    """One conversation and what it is owed."""

    database: Database
    clock: SteppedClock
    bell: RememberingBell
    conversation: str

    def courier(self, name: str = "one") -> Carrying:
        return Carrying(database=self.database, clock=self.clock, bell=self.bell, courier=name)

    def reaching(self) -> Reaching:
        policy = parse_policy("version: 1", file="policy.yaml")
        return Reaching(
            database=self.database, clock=self.clock, bell=self.bell, policy=lambda: policy
        )

    def owe(self, subject: str, kind: DeliveryKind = DeliveryKind.RUN_CARD) -> None:
        self.clock.step(0.001)
        with self.database.write() as connection:
            deliveries.owe(
                connection,
                conversation_id=self.conversation,
                run_id="run_1",
                kind=kind,
                subject_id=subject,
                now=self.clock.now(),
                payload={"for": subject},
            )

    def touch(self, subject: str) -> list[str]:
        with self.database.write() as connection:
            return deliveries.touch(connection, subject, now=self.clock.now())


@pytest.fixture
def outbox(database: Database) -> Outbox:
    clock = SteppedClock()
    place = Place(channel="slack", workspace="T1", key="C1/1", address={"channel": "C1"})
    with database.write() as connection:
        conversation = conversations.ensure(connection, place, now=clock.now())
    return Outbox(
        database=database, clock=clock, bell=RememberingBell(), conversation=conversation.id
    )


def subjects(claimed: list[Delivery]) -> list[str]:
    return [one.subject_id for one in claimed]


def test_what_is_owed_comes_in_the_order_it_came_to_be_owed(outbox: Outbox) -> None:
    for subject in ("card", "question", "answer"):
        outbox.owe(subject)

    assert subjects(outbox.courier().claim_deliveries(outbox.conversation)) == [
        "card", "question", "answer",
    ]  # fmt: skip


def test_of_couriers_at_once_one_gets_the_conversation(outbox: Outbox) -> None:
    outbox.owe("card")
    couriers = [outbox.courier(str(number)) for number in range(6)]

    claims = side_by_side(
        [lambda one=one: one.claim_deliveries(outbox.conversation) for one in couriers]
    )

    assert claims.count([]) == 5
    assert not [claim for claim in claims if isinstance(claim, Exception)]


def test_what_was_sent_is_not_claimed_again(outbox: Outbox) -> None:
    outbox.owe("card")
    courier = outbox.courier()
    for one in courier.claim_deliveries(outbox.conversation):
        courier.mark_sent(one, "ts-1")
    courier.release(outbox.conversation)

    assert courier.claim_deliveries(outbox.conversation) == []
    assert courier.due_conversations() == []


def test_a_courier_that_died_leaves_a_doubt_for_the_next_after_its_lease(outbox: Outbox) -> None:
    outbox.owe("card")
    outbox.courier("dead").claim_deliveries(outbox.conversation)

    outbox.clock.step(LEASE - 5)
    early = outbox.courier("next").claim_deliveries(outbox.conversation)
    outbox.clock.step(5)
    late = outbox.courier("next").claim_deliveries(outbox.conversation)

    assert early == []
    assert [(one.subject_id, one.doubtful, one.attempt) for one in late] == [("card", True, 2)]


def test_a_first_claim_is_not_doubtful(outbox: Outbox) -> None:
    outbox.owe("card")

    claimed = outbox.courier().claim_deliveries(outbox.conversation)

    assert [(one.doubtful, one.attempt, one.external_id) for one in claimed] == [(False, 1, None)]


def test_a_newer_version_wanted_while_sending_is_due_right_after(outbox: Outbox) -> None:
    outbox.owe("card")
    courier = outbox.courier()
    (sending,) = courier.claim_deliveries(outbox.conversation)

    outbox.touch("card")
    courier.mark_sent(sending, "ts-1")
    outbox.bell.take_conversations()
    courier.release(outbox.conversation)

    assert outbox.bell.take_conversations() == [outbox.conversation]
    (again,) = courier.claim_deliveries(outbox.conversation)
    assert (again.external_id, again.wanted_rev, again.sent_rev) == ("ts-1", 2, 1)
    assert not again.doubtful


def test_many_changes_of_one_subject_are_one_message(outbox: Outbox) -> None:
    outbox.owe("card")
    for _ in range(5):
        outbox.touch("card")
    outbox.owe("card")

    (card,) = outbox.courier().claim_deliveries(outbox.conversation)

    assert card.wanted_rev == 7


def test_a_first_post_that_must_wait_holds_back_the_posts_after_it(outbox: Outbox) -> None:
    for subject in ("first", "second"):
        outbox.owe(subject)
    courier = outbox.courier()
    first, second = courier.claim_deliveries(outbox.conversation)
    courier.postpone(first, seconds=60, reason="rate limited", doubtful=False)
    courier.postpone(second, seconds=0, reason="after the first", doubtful=False)
    courier.release(outbox.conversation)

    assert courier.claim_deliveries(outbox.conversation) == []
    outbox.clock.step(61)
    assert subjects(courier.claim_deliveries(outbox.conversation)) == ["first", "second"]


def test_an_update_does_not_wait_for_a_post_that_is_held_back(outbox: Outbox) -> None:
    outbox.owe("card")
    courier = outbox.courier()
    (card,) = courier.claim_deliveries(outbox.conversation)
    courier.mark_sent(card, "ts-1")
    courier.release(outbox.conversation)
    outbox.owe("answer")
    (answer,) = courier.claim_deliveries(outbox.conversation)
    courier.postpone(answer, seconds=60, reason="rate limited", doubtful=False)
    courier.release(outbox.conversation)

    outbox.touch("card")

    assert subjects(courier.claim_deliveries(outbox.conversation)) == ["card"]


def test_a_doubtful_postponement_is_looked_for_at_the_next_try(outbox: Outbox) -> None:
    outbox.owe("card")
    courier = outbox.courier()
    (card,) = courier.claim_deliveries(outbox.conversation)
    courier.postpone(card, seconds=5, reason="no answer", doubtful=True)
    courier.release(outbox.conversation)
    outbox.clock.step(6)

    (again,) = courier.claim_deliveries(outbox.conversation)

    assert again.doubtful


def test_what_a_channel_will_never_take_is_given_up_and_holds_nothing_back(
    outbox: Outbox,
) -> None:
    for subject in ("bad", "good"):
        outbox.owe(subject)
    courier = outbox.courier()
    bad, good = courier.claim_deliveries(outbox.conversation)
    outbox.reaching().give_up(bad, reason="channel is archived", place_is_dead=False)
    courier.postpone(good, seconds=0, reason="later", doubtful=False)
    courier.release(outbox.conversation)
    outbox.touch("bad")

    assert subjects(courier.claim_deliveries(outbox.conversation)) == ["good"]


def test_a_release_rings_only_where_something_is_due(outbox: Outbox) -> None:
    outbox.owe("card")
    courier = outbox.courier()
    (card,) = courier.claim_deliveries(outbox.conversation)
    courier.mark_sent(card, "ts-1")
    outbox.bell.take_conversations()

    courier.release(outbox.conversation)

    assert outbox.bell.take_conversations() == []


def test_the_sweep_rings_what_is_due_and_nobody_carries(outbox: Outbox) -> None:
    outbox.owe("card")
    courier = outbox.courier()

    assert courier.ring_due() == 1
    courier.claim_deliveries(outbox.conversation)
    assert courier.ring_due() == 0
    outbox.clock.step(LEASE)
    assert courier.ring_due() == 1


def test_a_release_by_one_courier_does_not_free_what_another_has(outbox: Outbox) -> None:
    outbox.owe("card")
    outbox.courier("slow").claim_deliveries(outbox.conversation)
    outbox.clock.step(LEASE)
    outbox.courier("next").claim_deliveries(outbox.conversation)

    outbox.courier("slow").release(outbox.conversation)

    outbox.owe("more")
    assert outbox.courier("third").claim_deliveries(outbox.conversation) == []


def test_a_message_is_known_by_the_room_it_is_shown_in_and_is_no_other_messages(
    outbox: Outbox,
) -> None:
    """Conversations held apart in one room are told from each other by what was sent in them."""
    room = Place(channel="slack", workspace="T1", key="C1/1", address={"channel": "C1"})
    place, courier = room.apart("report/monday"), outbox.courier()
    with outbox.database.write() as connection:
        conversation = conversations.ensure(connection, place, now=outbox.clock.now())
    outbox.owe("chat")
    (of_chat,) = courier.claim_deliveries(outbox.conversation)
    courier.mark_sent(of_chat, "ts-1")
    outbox = replace(outbox, conversation=conversation.id)
    outbox.owe("report")
    (owed,) = courier.claim_deliveries(outbox.conversation)

    assert courier.sighted(owed.id, room, "ts-1") is None
    assert courier.sighted(owed.id, replace(room, key="C1/10"), "ts-2") is None
    assert courier.sighted(owed.id, replace(room, workspace="T2"), "ts-2") is None
    first = courier.sighted(owed.id, room, "ts-2")
    second = courier.sighted(owed.id, room, "ts-3")

    assert first is not None
    assert (first.delivery.external_id, first.is_copy) == ("ts-2", False)
    assert second is not None
    assert (second.delivery.external_id, second.is_copy) == ("ts-2", True)


def test_what_is_found_while_it_is_sent_again_stays_and_is_brought_up_to_date(
    outbox: Outbox,
) -> None:
    room = Place(channel="slack", workspace="T1", key="C1/1", address={"channel": "C1"})
    outbox.owe("card")
    outbox.courier("lost its answer").claim_deliveries(outbox.conversation)
    outbox.clock.step(LEASE)
    courier = outbox.courier()
    (again,) = courier.claim_deliveries(outbox.conversation)

    courier.sighted(again.id, room, "first")
    kept = courier.mark_sent(again, "second")
    courier.release(outbox.conversation)

    assert (again.doubtful, kept) == (True, "first")
    copy = courier.sighted(again.id, room, "second")
    assert copy is not None
    assert (copy.delivery.external_id, copy.is_copy) == ("first", True)
    (update,) = courier.claim_deliveries(outbox.conversation)
    assert (update.external_id, update.doubtful) == ("first", False)
    assert courier.mark_sent(update, "first") == "first"
    courier.release(outbox.conversation)
    assert courier.claim_deliveries(outbox.conversation) == []


def test_what_was_deleted_and_posted_anew_is_the_new_message(outbox: Outbox) -> None:
    outbox.owe("card")
    courier = outbox.courier()
    (first,) = courier.claim_deliveries(outbox.conversation)
    courier.mark_sent(first, "first")
    outbox.touch("card")
    courier.release(outbox.conversation)
    (update,) = courier.claim_deliveries(outbox.conversation)

    assert courier.mark_sent(update, "second") == "second"
    outbox.touch("card")
    courier.release(outbox.conversation)

    assert [one.external_id for one in courier.claim_deliveries(outbox.conversation)] == ["second"]
