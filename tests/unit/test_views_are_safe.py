from __future__ import annotations

import sys
import unicodedata

import pytest

from bots.approval_builder import approval_card, arguments
from bots.spelling import duration, exact, prose, spell
from tests.worlds.front_door import an_approval


@pytest.mark.parametrize(
    ("hidden", "seen"),
    [
        ("pay\u202elap", "pay\\u202elap"),
        ("a\u200bb", "a\\u200bb"),
        ("a\u00a0b", "a\\u00a0b"),
        ("a\x1b[2Jb", "a\\u001b[2Jb"),
        ("a\u3164b", "a\\u3164b"),
        ("a\U000e0041b", "a\\U000e0041b"),
        ("a\rb", "a\\u000db"),
    ],
)
def test_hidden_characters_of_an_argument_become_visible(hidden: str, seen: str) -> None:
    assert exact(hidden) == seen
    assert spell(hidden) == seen


def test_prose_keeps_emoji_and_lines_but_shows_direction_marks() -> None:
    assert prose("fine 👩\u200d💻\nnext\u202e") == "fine 👩\u200d💻\nnext\\u202e"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5", 5),
        ("true", True),
        ("null", None),
        ('{"a": 1}', {"a": 1}),
        ("", None),
        (" x", "x"),
        ("a\\u202eb", "a\u202eb"),
        ('"x"', "x"),
    ],
)
def test_different_values_are_never_spelled_alike(one: str, other: object) -> None:
    assert spell(one) != spell(other)  # pyright: ignore[reportArgumentType]  # any JSON value


def test_arguments_stand_in_one_order_and_keep_their_lines() -> None:
    approval = an_approval(arguments={"b": "two\nlines", "a": {"y": 1, "x": [True, None]}})

    spelled = arguments(approval, limit=None)

    assert [(one.name, one.value) for one in spelled] == [
        ("a", '{"x": [true, null], "y": 1}'),
        ("b", "two\nlines"),
    ]


def test_a_long_argument_is_cut_and_says_so() -> None:
    card = approval_card(an_approval(arguments={"text": "x" * 1_501, "short": "y" * 1_500}))

    short, text = card.arguments
    assert (short.complete, len(short.value)) == (True, 1_500)
    assert (text.complete, len(text.value)) == (False, 1_501)
    assert text.value.endswith("…")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.4, "<1 s"),
        (75, "1 min 15 s"),
        (3_600, "1 h"),
        (200_000, "2 d 7 h"),
        (-3, "0 s"),
    ],
)
def test_time_spans_are_spelled_in_two_units(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_no_character_is_hidden_from_whoever_looks_only_for_what_is_printable() -> None:
    hidden = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}

    passed = [
        point
        for point in range(sys.maxunicode + 1)
        if chr(point).isprintable() and unicodedata.category(chr(point)) in hidden
    ]

    assert passed == []
    assert prose("a\u2028b\u200eä") == "a\\u2028b\\u200eä"
    assert exact("a\u00a0b") == "a\\u00a0b"
