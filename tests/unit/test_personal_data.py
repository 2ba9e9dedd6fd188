"""Personal data is told by its form and its check digits, and nothing else is taken for it."""

from __future__ import annotations

import pytest

from runtime.domain.personal import Personal
from runtime.observability.personal_data import PersonalData, cleaned
from runtime.tools.scrubbing import MARK, Scrubber

EVERYTHING = PersonalData(Personal)


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("card 4111 1111 1111 1111, please", "card [card], please"),
        ("5500-0000-0000-0004", "[card]"),
        ("378282246310005", "[card]"),
        ("pay to DE89 3704 0044 0532 0130 00 today", "pay to [iban] today"),
        ("GB29NWBK60161331926819.", "[iban]."),
        ("write to ada.lovelace+x@mail.example.com!", "write to [email]!"),
        ("call +49 (30) 1234-5678 or 030/1234567", "call [phone] or [phone]"),
    ],
)
def test_it_is_hidden_where_it_stands(text: str, hidden: str) -> None:
    assert EVERYTHING(text) == hidden
    assert EVERYTHING(hidden) == hidden


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112",
        "order 12345678901234567890123",
        "at 1772442000123 ms, 2026-03-02T09:00:00Z",
        "0.4111111111111111",
        "DE00 3704 0044 0532 0130 00",
        "the run @ 5, a@b, user@localhost",
        "PO-1005 of 12 pieces for 10,000.00 EUR",
        "10.0.0.1:8080 and 192.168.100.200",
    ],
)
def test_what_only_resembles_it_stays(text: str) -> None:
    assert EVERYTHING(text) == text


def test_nothing_is_hidden_that_was_not_named() -> None:
    text = "ada@example.com 4111111111111111"

    assert PersonalData()(text) == text
    assert PersonalData([Personal.CARD])(text) == "ada@example.com [card]"


def test_values_and_keys_and_numbers_are_looked_at() -> None:
    value = {"4111111111111111": [4111111111111111, 12, True, None, {"a": "x@y.example"}]}

    assert cleaned(value, EVERYTHING) == {"[card]": ["[card]", 12, True, None, {"a": "[email]"}]}


@pytest.mark.timeout(10)
@pytest.mark.parametrize("piece", ["4111 ", "a@", "+49 1", "DE89 3704 ", "a.b.c@d.", "0-1 "])
def test_a_long_text_takes_no_long_time(piece: str) -> None:
    assert EVERYTHING(piece * (200_000 // len(piece)))


def test_a_secret_broken_up_is_still_one() -> None:
    scrubber = Scrubber(["canary-4711-ABCDEFGH"])

    assert scrubber.text("x c a n a r y-4711\n-ABCD​EFGH y") == f"x {MARK} y"
    assert scrubber.json({"a": ["canary-47", "11-ABCDEFGH"], "b": 1}) == MARK
    assert scrubber.json({"a": ["canary", "4711"]}) == {"a": ["canary", "4711"]}
