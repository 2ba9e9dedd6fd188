"""A tool's own file: all of a block or nothing, and told in words where it cannot be."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from runtime.tools import ToolFailed, small_database


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "notes.sqlite"
    connection = sqlite3.connect(made)
    connection.executescript("CREATE TABLE note (text TEXT); INSERT INTO note VALUES ('first');")
    connection.close()
    return made


def notes(file: Path) -> list[str]:
    with small_database(file, called="the notes") as connection:
        return [str(row["text"]) for row in connection.execute("SELECT text FROM note")]


def test_what_a_block_wrote_stays_only_where_it_ends_well(file: Path) -> None:
    with small_database(file, called="the notes", write=True) as connection:
        connection.execute("INSERT INTO note VALUES ('second')")
    with pytest.raises(ToolFailed), small_database(file, called="x", write=True) as connection:
        connection.execute("INSERT INTO note VALUES ('third')")
        raise ToolFailed("no")

    assert notes(file) == ["first", "second"]


def test_who_only_reads_can_change_nothing(file: Path) -> None:
    with (
        pytest.raises(sqlite3.OperationalError, match="readonly"),
        small_database(file, called="the notes") as connection,
    ):
        connection.execute("DELETE FROM note")

    assert notes(file) == ["first"]


def test_a_file_that_is_not_there_is_told_and_not_made(tmp_path: Path) -> None:
    missing = tmp_path / "none.sqlite"

    with (
        pytest.raises(ToolFailed, match=r"there is no 'none\.sqlite'"),
        small_database(missing, called="the notes", write=True),
    ):
        raise AssertionError("it was opened")

    assert not missing.exists()
