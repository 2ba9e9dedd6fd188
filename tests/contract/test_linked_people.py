"""One person with an account in Slack and one in Teams: linked with proof, and counted once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runtime.domain.conversation import Person, PersonKind
from runtime.domain.errors import Refused
from runtime.door.people import People
from runtime.door.vouched import Vouching
from runtime.storage.database import Database
from tests.worlds.product import MovableClock

IN_SLACK = Person(channel="slack", workspace="T024", external_id="U061", name="Ada")
IN_TEAMS = Person(channel="teams", workspace="7e0f", external_id="aaaa", name="Ada L.")
AT_THE_CONSOLE = Person(channel="console", workspace="local", external_id="operator")


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def people(database: Database, clock: MovableClock) -> People:
    return People(database=database, clock=clock)


def test_a_code_said_and_confirmed_makes_two_accounts_one_person(people: People) -> None:
    code = people.offer(IN_SLACK)

    asked = people.link(IN_TEAMS, code.lower(), confirmed=False)
    assert (asked.done, asked.principal, asked.name) == (False, "slack:T024/U061", "Ada")
    assert people.whole(IN_TEAMS).also == ()
    linked = people.link(IN_TEAMS, code.replace("-", " "), confirmed=True)

    assert linked.done
    assert people.whole(IN_TEAMS).also == (IN_SLACK.principal,)
    assert people.whole(IN_SLACK).principals == (IN_SLACK.principal, IN_TEAMS.principal)


def test_a_code_works_once(people: People) -> None:
    code = people.offer(IN_SLACK)
    people.link(IN_TEAMS, code, confirmed=True)

    with pytest.raises(Refused, match="not known"):
        people.link(replace(IN_TEAMS, external_id="bbbb"), code, confirmed=True)


def test_a_code_is_forgotten_after_ten_minutes_and_when_there_is_a_newer_one(
    people: People, clock: MovableClock
) -> None:
    first = people.offer(IN_SLACK)
    second = people.offer(IN_SLACK)
    with pytest.raises(Refused, match="not known"):
        people.link(IN_TEAMS, first, confirmed=True)

    clock.pass_time(601)

    with pytest.raises(Refused, match="not known"):
        people.link(IN_TEAMS, second, confirmed=True)


def test_nobody_is_linked_with_themselves_or_by_a_guess(people: People) -> None:
    code = people.offer(IN_SLACK)

    with pytest.raises(Refused, match="other account"):
        people.link(IN_SLACK, code, confirmed=True)
    for guess in ("", "AAAA-AAAA-AAAA", code[:-1], "%' OR 1=1"):
        with pytest.raises(Refused, match="not known"):
            people.link(IN_TEAMS, guess, confirmed=True)


def test_a_third_account_joins_the_person_and_two_persons_become_one(people: People) -> None:
    others = [replace(IN_SLACK, workspace=f"T{number}") for number in range(3)]
    people.link(others[0], people.offer(others[1]), confirmed=True)
    people.link(IN_TEAMS, people.offer(others[2]), confirmed=True)

    people.link(IN_TEAMS, people.offer(others[0]), confirmed=True)

    assert set(people.whole(IN_TEAMS).also) == {one.principal for one in others}
    assert len(people.whole(others[1]).also) == 3


def test_an_account_can_leave(people: People) -> None:
    people.link(IN_TEAMS, people.offer(IN_SLACK), confirmed=True)

    assert people.unlink(IN_TEAMS)

    assert people.whole(IN_TEAMS).also == ()
    assert people.whole(IN_SLACK).also == ()
    assert not people.unlink(IN_TEAMS)


@pytest.mark.parametrize(
    "person",
    [
        replace(IN_TEAMS, kind=PersonKind.GUEST),
        replace(IN_TEAMS, kind=PersonKind.EXTERNAL),
        AT_THE_CONSOLE,
    ],
    ids=lambda one: f"{one.channel} {one.kind}",
)
def test_who_proves_nothing_is_not_linked(people: People, person: Person) -> None:
    code = people.offer(IN_SLACK)

    with pytest.raises(Refused):
        people.offer(person)
    with pytest.raises(Refused):
        people.link(person, code, confirmed=True)


@pytest.fixture
def vouching(database: Database, clock: MovableClock) -> Vouching:
    return Vouching(database=database, clock=clock, domains=frozenset({"example.com"}))


def test_an_address_that_both_chats_vouch_for_makes_one_person(
    vouching: Vouching, people: People
) -> None:
    vouching.vouch(IN_SLACK, "Ada@Example.com")
    assert people.whole(IN_SLACK).also == ()
    vouching.vouch(IN_TEAMS, " ada@example.com ")

    assert people.whole(IN_TEAMS).also == (IN_SLACK.principal,)
    assert people.whole(IN_SLACK).also == (IN_TEAMS.principal,)


@pytest.mark.parametrize(
    "spoofed",
    [
        "",
        "ada@evil.example",
        "ada@example.com.evil.example",
        "ada@sub.example.com",
        "ada@example.com@evil.example",
        "ada@evil.example,ada@example.com",
        "ada @example.com",
        "\u0430da@example.com",
        "ada+x@example.com",
        "ada@ex\u0430mple.com",
    ],
)
def test_no_other_spelling_is_taken_for_somebodys_address(
    vouching: Vouching, people: People, spoofed: str
) -> None:
    vouching.vouch(IN_SLACK, "ada@example.com")

    vouching.vouch(IN_TEAMS, spoofed)

    assert people.whole(IN_TEAMS).also == ()


@pytest.mark.parametrize("kind", [PersonKind.GUEST, PersonKind.EXTERNAL, PersonKind.BOT])
def test_nobody_but_members_is_linked_by_an_address(
    vouching: Vouching, people: People, kind: PersonKind
) -> None:
    vouching.vouch(IN_SLACK, "ada@example.com")
    vouching.vouch(replace(IN_TEAMS, kind=kind), "ada@example.com")
    vouching.vouch(AT_THE_CONSOLE, "ada@example.com")

    assert people.whole(IN_SLACK).also == ()


def test_an_address_of_two_accounts_of_one_chat_is_nobodys_proof(
    vouching: Vouching, people: People
) -> None:
    another = replace(IN_SLACK, external_id="U062")
    vouching.vouch(IN_SLACK, "office@example.com")
    vouching.vouch(another, "office@example.com")
    vouching.vouch(IN_TEAMS, "office@example.com")

    assert people.whole(IN_TEAMS).also == ()
    vouching.vouch(IN_TEAMS, "ada@example.com")
    vouching.vouch(IN_SLACK, "ada@example.com")
    vouching.vouch(another, "ada@example.com")
    assert people.whole(IN_TEAMS).also == (IN_SLACK.principal,)
    assert people.whole(another).also == ()


def test_an_address_that_went_to_somebody_else_takes_nothing_along(
    vouching: Vouching, people: People, clock: MovableClock
) -> None:
    vouching.vouch(IN_SLACK, "ada@example.com")
    clock.pass_time(8 * 24 * 3600)

    vouching.vouch(IN_TEAMS, "ada@example.com")
    assert people.whole(IN_TEAMS).also == ()
    vouching.vouch(IN_SLACK, "ada@example.com")
    assert people.whole(IN_TEAMS).also == (IN_SLACK.principal,)
    vouching.vouch(IN_SLACK, "ada.new@example.com")

    assert people.whole(IN_TEAMS).also == ()
    assert people.whole(IN_SLACK).also == ()


def test_who_stands_alone_by_choice_stays_alone(
    vouching: Vouching, people: People, clock: MovableClock
) -> None:
    vouching.vouch(IN_SLACK, "ada@example.com")
    vouching.vouch(IN_TEAMS, "ada@example.com")

    people.unlink(IN_SLACK)
    for _ in range(3):
        clock.pass_time(2 * 24 * 3600)
        vouching.vouch(IN_TEAMS, "ada@example.com")
        vouching.vouch(IN_SLACK, "ada@example.com")

    assert people.whole(IN_TEAMS).also == ()


def test_a_link_by_code_outlives_an_address(vouching: Vouching, people: People) -> None:
    people.link(IN_TEAMS, people.offer(IN_SLACK), confirmed=True)
    vouching.vouch(IN_SLACK, "ada@example.com")

    vouching.vouch(IN_SLACK, "")

    assert people.whole(IN_TEAMS).also == (IN_SLACK.principal,)


def test_without_domains_of_ones_own_addresses_link_nobody(
    database: Database, people: People, clock: MovableClock
) -> None:
    nowhere = Vouching(database=database, clock=clock, domains=frozenset())

    nowhere.vouch(IN_SLACK, "ada@example.com")
    nowhere.vouch(IN_TEAMS, "ada@example.com")

    assert people.whole(IN_TEAMS).also == ()
