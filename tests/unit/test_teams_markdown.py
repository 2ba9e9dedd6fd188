"""A model's Markdown as Teams shows it."""

from __future__ import annotations

from bots.teams.elements import card
from bots.teams.markdown import drawn_markdown
from tests.worlds.teams.cards import faults, readable, walk


def _read(text: str) -> list[str]:
    drawn = card(drawn_markdown(text))
    assert faults(drawn) == []
    return readable(drawn).split("\n")


def test_the_cells_of_a_table_stand_below_each_other() -> None:
    table = (
        "Offers:\n\n| vendor | total |\n|:---|---:|\n| Nordlicht IT | 11,286 |\n| B | 9 |\n\nDone"
    )

    assert _read(table) == [
        "Offers:",
        "| vendor       | total ",
        "| Nordlicht IT | 11,286",
        "| B            | 9     ",
        "Done",
    ]


def test_rows_of_different_lengths_and_long_cells_lose_nothing() -> None:
    long = "x" * 60

    assert _read(f"| a |\n| {long} | b | c |") == [
        f"| {'a':<40} |   |  ",
        f"| {long} | b | c",
    ]


def test_code_stays_as_it_was_written() -> None:
    assert _read("```\n| a | b |\n|---|---|\n```\nafter") == ["| a | b |", "|---|---|", "after"]


def test_words_in_stars_are_leaning_and_stars_between_words_are_stars() -> None:
    drawn = card(drawn_markdown("by *Nordlicht IT*, **not** *x*; 2 * 3 * 4, a*b*c, * x*"))

    leaning = [one["text"] for one in walk(drawn) if one.get("italic")]

    assert leaning == ["Nordlicht IT", "x"]
    assert readable(drawn) == "by Nordlicht IT, not x; 2 * 3 * 4, a*b*c, * x*"
    assert faults(drawn) == []
