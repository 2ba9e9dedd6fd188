"""Text as every database can keep it."""

from __future__ import annotations

import pytest

from runtime.domain.words import storable


@pytest.mark.parametrize("text", ["", "plain", "zwölf Boxkämpfer", "笑", "😀 whole pair"])
def test_ordinary_text_is_kept_letter_by_letter(text: str) -> None:
    assert storable(text) == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a\x00b", "a�b"),
        ("ä\x00b", "ä�b"),
        ("half \ud83d of a pair", "half � of a pair"),
        ("\udc00", "�"),
        ("\ud83d\ude00", "😀"),
    ],
)
def test_what_cannot_be_kept_is_marked(text: str, kept: str) -> None:
    assert storable(text) == kept
    assert storable(text).encode()
