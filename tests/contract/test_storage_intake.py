"""What people say is taken exactly once, however often and wherever it is delivered."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from runtime.audit import chain
from runtime.catalog.catalog import Catalog
from runtime.domain.budget import Budget
from runtime.domain.conversation import Message, Place, Received, Reception
from runtime.domain.errors import Refused
from runtime.domain.states import RunStatus
from runtime.door.hear import Hearing
from runtime.policy.parse import parse_policy
from runtime.storage import audits, conversations, runs, signals, tables
from runtime.storage.database import Database
from runtime.testing import RememberingBell, SteppedClock
from tests.worlds.engine import REQUESTER, EngineWorld, side_by_side

PLACE = Place(channel="slack", workspace="T1", key="C1/1.0", address={"channel": "C1"})
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
HELLO = Message(event_key="slack:Ev1", person=REQUESTER, place=PLACE, text="Do it", addressed=True)


@pytest.fixture
def hearing(database: Database) -> Hearing:
    return _hearing(database)


def _hearing(database: Database) -> Hearing:
    catalog = Catalog.of([])
    return Hearing(
        policy=lambda: parse_policy("version: 1", file="policy.yaml"),
        database=database, clock=SteppedClock(), bell=RememberingBell(), catalog=lambda: catalog,
        budget=Budget(),
    )  # fmt: skip


def count(database: Database, name: str) -> int:
    with database.read() as connection:
        table = tables.Row.metadata.tables[name]
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def all_at_once(hearing: Hearing, messages: list[Message]) -> list[Received]:
    results = side_by_side([lambda one=one: hearing.receive(one) for one in messages])
    assert [result for result in results if not isinstance(result, Received)] == []
    return [result for result in results if isinstance(result, Received)]


def test_what_one_person_says_in_two_places_waits_for_nobodys_commit(postgres_url: str) -> None:
    database = Database(postgres_url)
    hearing = _hearing(database)
    hearing.receive(HELLO)
    elsewhere = replace(PLACE, key="C2/1.0", address={"channel": "C2"})

    with database.write() as connection:
        # As while another of their messages is being taken.
        conversations.meet(connection, HELLO.person, now=NOW)
        (taken,) = side_by_side(
            [lambda: hearing.receive(replace(HELLO, event_key="slack:Ev2", place=elsewhere))]
        )

    assert isinstance(taken, Received)
    assert taken.reception == Reception.STARTED
    database.close()


def test_one_event_delivered_eight_times_at_once_is_one_run(hearing: Hearing) -> None:
    results = all_at_once(hearing, [HELLO] * 8)

    told = [result.reception for result in results]
    assert told.count(Reception.STARTED) == 1
    assert told.count(Reception.DUPLICATE) == 7
    assert len({result.run_id for result in results}) == 1
    assert (count(hearing.database, "run"), count(hearing.database, "delivery")) == (1, 1)


def test_one_message_under_two_event_ids_is_one_run(hearing: Hearing) -> None:
    mention = replace(HELLO, event_key="slack:Ev1", also_known_as="slack:C1/1.0")
    message = replace(HELLO, event_key="slack:Ev2", also_known_as="slack:C1/1.0")

    results = all_at_once(hearing, [mention, message] * 4)

    assert [result.reception for result in results].count(Reception.STARTED) == 1
    assert count(hearing.database, "run") == 1
    assert count(hearing.database, "signal") == 0


def test_messages_said_at_once_in_a_new_thread_are_one_run_and_its_replies(
    hearing: Hearing,
) -> None:
    results = all_at_once(
        hearing, [replace(HELLO, event_key=f"slack:Ev{number}") for number in range(6)]
    )

    told = [result.reception for result in results]
    assert (told.count(Reception.STARTED), told.count(Reception.REPLIED)) == (1, 5)
    assert count(hearing.database, "signal") == 5


def test_messages_said_at_once_in_an_old_thread_are_one_run_and_its_replies(
    hearing: Hearing,
) -> None:
    first = hearing.receive(HELLO)
    assert first.run_id is not None
    with hearing.database.write() as connection:
        runs.end(
            connection, first.run_id, status=RunStatus.SUCCEEDED, output={}, error=None,
            now=hearing.clock.now(),
        )  # fmt: skip

    results = all_at_once(
        hearing, [replace(HELLO, event_key=f"slack:Ev{number}") for number in range(2, 8)]
    )

    told = [result.reception for result in results]
    assert (told.count(Reception.STARTED), told.count(Reception.REPLIED)) == (1, 5)
    assert count(hearing.database, "run") == 2


def test_replies_said_at_once_are_all_kept_and_in_one_order(hearing: Hearing) -> None:
    run = hearing.receive(HELLO).run_id
    assert run is not None

    all_at_once(
        hearing,
        [replace(HELLO, event_key=f"slack:Ev{n}", text=f"reply {n}") for n in range(2, 12)],
    )
    with hearing.database.read() as connection:
        kept = signals.after(connection, run_id=run, name="reply", last="")
        rest = signals.after(connection, run_id=run, name="reply", last=str(kept[3]["id"]))

    assert sorted(str(one["text"]) for one in kept) == sorted(f"reply {n}" for n in range(2, 12))
    assert rest == kept[4:]


def test_what_is_not_addressed_to_the_bot_starts_nothing(hearing: Hearing) -> None:
    result = hearing.receive(replace(HELLO, addressed=False))

    assert result == Received(reception=Reception.IGNORED, run_id=None, number=None)
    assert count(hearing.database, "run") == 0


def test_a_click_is_seen_once_by_whoever_hears_it_first(hearing: Hearing) -> None:
    seen = side_by_side([lambda: hearing.seen("slack:click", REQUESTER)] * 8)

    assert sorted(map(str, seen)) == ["False", *["True"] * 7]


def test_a_refused_message_leaves_nothing_behind(hearing: Hearing) -> None:
    with pytest.raises(Refused):
        hearing.receive(replace(HELLO, text="   "))

    assert {count(hearing.database, name) for name in ("run", "inbox", "conversation")} == {0}
    assert hearing.receive(HELLO).reception == Reception.STARTED


def test_text_that_a_database_cannot_hold_as_it_is_is_taken_all_the_same(
    hearing: Hearing,
) -> None:
    odd = "zero \x00 byte, half \ud83d of a pair"

    result = hearing.receive(replace(HELLO, text=odd, person=replace(REQUESTER, name="A\x00da")))

    assert result.reception == Reception.STARTED


def test_facts_recorded_at_once_make_one_unbroken_chain(world: EngineWorld) -> None:
    run = world.accept()

    def record(number: int) -> None:
        with world.database.write() as connection:
            facts = {"number": number}
            chain.append(connection, run, "Noted", facts, now=world.clock.now())

    results = side_by_side([lambda number=number: record(number) for number in range(10)])
    record(3)
    with world.database.read() as connection:
        records = audits.of_run(connection, run)

    assert results == [None] * 10
    assert [record.sequence for record in records] == list(range(1, 11))
    assert chain.first_broken(records) is None


def test_a_changed_removed_or_reordered_record_shows(world: EngineWorld) -> None:
    run = world.accept()
    for number in range(4):
        with world.database.write() as connection:
            chain.append(connection, run, "Noted", {"number": number}, now=world.clock.now())
    with world.database.read() as connection:
        good = audits.of_run(connection, run)

    changed = [*good[:2], replace(good[2], facts={"number": 9}), good[3]]

    assert chain.first_broken(good) is None
    assert chain.first_broken(changed) == 3
    assert chain.first_broken([good[0], *good[2:]]) == 3
    assert chain.first_broken([good[1], good[0], *good[2:]]) == 2
