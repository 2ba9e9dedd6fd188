from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import pytest

from bots.bridge import Bridge
from bots.courier import Courier
from bots.views import Answer, RunCard, Shown
from runtime.domain.delivery import Delivery, DeliveryKind
from runtime.domain.errors import BatonError, Refused, Upstream
from tests.worlds.front_door import FrontDoor, a_delivery, a_view, an_approval


@dataclass
class Board:
    """A channel that keeps what was pinned to it, and fails as told."""

    name: str = "console"
    pinned: list[tuple[str, str | None, Shown]] = field(
        default_factory=list[tuple[str, str | None, Shown]]
    )
    failures: dict[str, Exception] = field(default_factory=dict[str, Exception])
    there: dict[str, str] = field(default_factory=dict[str, str])
    searches: list[str] = field(default_factory=list[str])
    find_failure: BatonError | None = None

    async def send(self, delivery: Delivery, shown: Shown) -> str:
        if delivery.id in self.failures:
            raise self.failures[delivery.id]
        self.pinned.append((delivery.id, delivery.external_id, shown))
        return delivery.external_id or f"ts-{delivery.id}"

    async def find(self, delivery: Delivery) -> str | None:
        self.searches.append(delivery.id)
        if self.find_failure is not None:
            raise self.find_failure
        return self.there.get(delivery.id)


class Pages(Board):
    """A channel with one page, on which everything stands."""

    def page(self, delivery: Delivery) -> str:
        return "the page"


CARD = a_delivery()
ASK = a_delivery(DeliveryKind.APPROVAL_CARD, "apr_3")
ANSWER = a_delivery(DeliveryKind.ANSWER)


@pytest.fixture
async def bridge() -> AsyncIterator[Bridge]:
    bridge = Bridge(threads=2)
    yield bridge
    bridge.close()


@pytest.fixture
def door() -> FrontDoor:
    door = FrontDoor()
    door.put(a_view(approvals=(an_approval(),)))
    return door


async def test_due_messages_are_sent_in_order_and_marked(door: FrontDoor, bridge: Bridge) -> None:
    door.outbox = [CARD, ANSWER]
    board = Board()

    await Courier(door, bridge, {"console": board}).deliver("con_1")

    assert [type(shown) for _, _, shown in board.pinned] == [RunCard, Answer]
    assert door.log == [
        ("sent", CARD.id, f"ts-{CARD.id}"),
        ("sent", ANSWER.id, f"ts-{ANSWER.id}"),
        ("released", "con_1"),
    ]
    assert board.searches == []


async def test_a_conversation_that_somebody_else_has_is_left_alone(
    door: FrontDoor, bridge: Bridge
) -> None:
    await Courier(door, bridge, {"console": Board()}).deliver("con_1")

    assert door.log == []


async def test_a_doubtful_card_is_looked_for_and_updated_in_place(
    door: FrontDoor, bridge: Bridge
) -> None:
    door.outbox = [replace(CARD, doubtful=True)]
    board = Board(there={CARD.id: "ts-old"})

    await Courier(door, bridge, {"console": board}).deliver("con_1")

    assert [(sent, external) for sent, external, _ in board.pinned] == [(CARD.id, "ts-old")]
    assert ("sent", CARD.id, "ts-old") in door.log


async def test_a_doubtful_answer_that_is_there_is_not_said_again(
    door: FrontDoor, bridge: Bridge
) -> None:
    door.outbox = [replace(ANSWER, doubtful=True)]
    board = Board(there={ANSWER.id: "ts-old"})

    await Courier(door, bridge, {"console": board}).deliver("con_1")

    assert board.pinned == []
    assert ("sent", ANSWER.id, "ts-old") in door.log


async def test_a_doubtful_message_that_is_not_there_is_sent(
    door: FrontDoor, bridge: Bridge
) -> None:
    door.outbox = [replace(ANSWER, doubtful=True)]
    board = Board()

    await Courier(door, bridge, {"console": board}).deliver("con_1")

    assert board.searches == [ANSWER.id]
    assert len(board.pinned) == 1


async def test_nothing_is_sent_while_nobody_can_tell_whether_it_is_there(
    door: FrontDoor, bridge: Bridge
) -> None:
    door.outbox = [replace(ANSWER, doubtful=True, attempt=3)]
    board = Board(find_failure=Upstream("the chat is away", ambiguous=False))

    await Courier(door, bridge, {"console": board}).deliver("con_1")

    assert board.pinned == []
    assert door.log[0] == ("postponed", ANSWER.id, "4", "doubtful", "the chat is away")


@pytest.mark.parametrize(("ambiguous", "certainty"), [(True, "doubtful"), (False, "certain")])
async def test_a_failed_first_post_is_doubtful_only_where_it_may_have_arrived(
    door: FrontDoor, bridge: Bridge, ambiguous: bool, certainty: str
) -> None:
    door.outbox = [CARD]
    board = Board(failures={CARD.id: Upstream("no answer", ambiguous=ambiguous)})

    await Courier(door, bridge, {"console": board}).deliver("con_1")

    assert door.log[0] == ("postponed", CARD.id, "1", certainty, "no answer")


async def test_a_later_first_post_waits_for_an_earlier_one_but_updates_go(
    door: FrontDoor, bridge: Bridge
) -> None:
    update = replace(ASK, external_id="ts-ask")
    door.outbox = [CARD, update, ANSWER]
    board = Board(failures={CARD.id: Upstream("no answer", ambiguous=False)})

    await Courier(door, bridge, {"console": board}).deliver("con_1")

    assert [sent for sent, _, _ in board.pinned] == [ASK.id]
    assert door.log == [
        ("postponed", CARD.id, "1", "certain", "no answer"),
        ("postponed", ANSWER.id, "1", "certain", "waits for an earlier message"),
        ("sent", ASK.id, "ts-ask"),
        ("released", "con_1"),
    ]


async def test_a_failed_update_does_not_hold_back_first_posts(
    door: FrontDoor, bridge: Bridge
) -> None:
    update = replace(CARD, external_id="ts-card")
    door.outbox = [update, ANSWER]
    board = Board(failures={CARD.id: Upstream("no answer")})

    await Courier(door, bridge, {"console": board}).deliver("con_1")

    assert ("postponed", CARD.id, "1", "certain", "no answer") in door.log
    assert [sent for sent, _, _ in board.pinned] == [ANSWER.id]


async def test_new_messages_do_not_wait_for_cards_to_be_redrawn(
    door: FrontDoor, bridge: Bridge
) -> None:
    door.outbox = [replace(CARD, external_id="ts-card"), ASK, ANSWER]
    board = Board()

    await Courier(door, bridge, {"console": board}).deliver("con_1")

    assert [sent for sent, _, _ in board.pinned] == [ASK.id, ANSWER.id, CARD.id]


async def test_a_rate_limit_is_kept_for_the_whole_conversation(
    door: FrontDoor, bridge: Bridge
) -> None:
    door.outbox = [CARD, replace(ASK, external_id="ts-ask"), ANSWER]
    slow = Upstream("too fast", retry_after_seconds=17, ambiguous=False)
    board = Board(failures={CARD.id: slow})

    await Courier(door, bridge, {"console": board}).deliver("con_1")

    assert board.pinned == []
    assert [entry[2] for entry in door.log[:3]] == ["17", "17", "17"]


async def test_a_refusal_gives_up_that_message_and_goes_on(door: FrontDoor, bridge: Bridge) -> None:
    door.outbox = [CARD, ANSWER]
    board = Board(failures={CARD.id: Refused("the channel is archived")})

    await Courier(door, bridge, {"console": board}).deliver("con_1")

    assert door.log[0] == ("given up", CARD.id, "the channel is archived")
    assert [sent for sent, _, _ in board.pinned] == [ANSWER.id]


async def test_a_broken_card_is_kept_and_does_not_stop_the_others(
    door: FrontDoor, bridge: Bridge
) -> None:
    door.outbox = [CARD, replace(ASK, external_id="ts-ask")]
    board = Board(failures={CARD.id: ZeroDivisionError()})

    await Courier(door, bridge, {"console": board}).deliver("con_1")

    assert door.log[0][:4] == ("postponed", CARD.id, "1", "doubtful")
    assert [sent for sent, _, _ in board.pinned] == [ASK.id]


async def test_a_message_for_a_channel_that_is_elsewhere_stays_owed(
    door: FrontDoor, bridge: Bridge
) -> None:
    door.outbox = [CARD]

    await Courier(door, bridge, {}).deliver("con_1")

    assert door.log[0][:2] == ("postponed", CARD.id)


async def test_waiting_grows_with_every_attempt_up_to_five_minutes(
    door: FrontDoor, bridge: Bridge
) -> None:
    board = Board(failures={CARD.id: Upstream("no answer")})
    courier = Courier(door, bridge, {"console": board})

    for attempt in (1, 2, 5, 40):
        door.outbox = [replace(CARD, attempt=attempt)]
        await courier.deliver("con_1")

    waits = [entry[2] for entry in door.log if entry[0] == "postponed"]
    assert waits == ["1", "2", "16", "300"]


async def test_a_page_is_drawn_once_for_all_that_was_claimed_together(
    door: FrontDoor, bridge: Bridge
) -> None:
    door.outbox = [CARD, ASK, replace(ASK, id="dlv_other", external_id="ts-ask")]
    board = Pages()

    await Courier(door, bridge, {"console": board}).deliver("con_1")

    assert [sent for sent, _, _ in board.pinned] == [CARD.id]
    assert [entry for entry in door.log if entry[0] == "sent"] == [
        ("sent", one.id, f"ts-{CARD.id}") for one in (CARD, ASK, replace(ASK, id="dlv_other"))
    ]


async def test_a_page_that_could_not_be_drawn_is_owed_as_a_whole(
    door: FrontDoor, bridge: Bridge
) -> None:
    door.outbox = [CARD, ASK]
    slow = Upstream("too fast", retry_after_seconds=3, ambiguous=False)
    board = Pages(failures={CARD.id: slow})

    await Courier(door, bridge, {"console": board}).deliver("con_1")

    assert board.pinned == []
    assert [entry[:3] for entry in door.log[:2]] == [
        ("postponed", CARD.id, "3"),
        ("postponed", ASK.id, "3"),
    ]


async def test_a_drain_reaches_every_conversation(door: FrontDoor, bridge: Bridge) -> None:
    door.outbox = [
        replace(CARD, id=f"dlv_{number}", conversation_id=f"con_{number}") for number in range(20)
    ]
    board = Board()

    assert await Courier(door, bridge, {"console": board}).drain() == 20

    assert len(board.pinned) == 20
    assert door.outbox == []


async def test_a_courier_that_overslept_sends_nothing_more(door: FrontDoor, bridge: Bridge) -> None:
    """Its lease may have run out: another may be sending the same message at this moment."""
    door.outbox = [CARD, ANSWER]
    board = Board()
    passing = iter([0.0, 1.0, 1.0, 31.0])

    courier = Courier(
        door, bridge, {"console": board}, round_seconds=15.0, monotonic=lambda: next(passing)
    )
    await courier.deliver("con_1")

    assert [sent for sent, _, _ in board.pinned] == [CARD.id]
    assert door.log == [("sent", CARD.id, f"ts-{CARD.id}")]


async def test_what_a_round_has_no_time_for_comes_in_the_next(
    door: FrontDoor, bridge: Bridge
) -> None:
    door.outbox = [CARD, ANSWER]
    board = Board()
    passing = iter([0.0, 1.0, 1.0, 16.0])

    courier = Courier(
        door, bridge, {"console": board}, round_seconds=15.0, monotonic=lambda: next(passing)
    )
    await courier.deliver("con_1")

    assert [sent for sent, _, _ in board.pinned] == [CARD.id]
    assert ("released", "con_1") in door.log
    assert [entry[:2] for entry in door.log if entry[0] == "postponed"] == [
        ("postponed", ANSWER.id)
    ]


async def test_a_courier_that_falls_asleep_right_before_sending_does_not_send(
    door: FrontDoor, bridge: Bridge
) -> None:
    door.outbox = [CARD]
    board = Board()
    passing = iter([0.0, 1.0, 31.0])

    courier = Courier(
        door, bridge, {"console": board}, round_seconds=15.0, monotonic=lambda: next(passing)
    )
    await courier.deliver("con_1")

    assert board.pinned == []
