"""The library notices changes, and keeps the last sound catalog while the files are broken."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runtime.catalog.catalog import Catalog
from runtime.catalog.watch import Library
from runtime.domain.errors import Misconfigured


class Hands:
    """A clock that moves when told to."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def move(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


def write_agent(root: Path, prompt: str, *, role: str = "worker") -> None:
    folder = root / "counter"
    folder.mkdir(exist_ok=True)
    text = f"---\nrole: {role}\ndescription: Counts.\n---\n{prompt}\n"
    (folder / "agent.md").write_text(text)


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
def library(tmp_path: Path, clock: Hands) -> Library:
    write_agent(tmp_path, "One.")
    return Library(tmp_path, clock=clock)


def test_a_change_is_seen_after_a_second_and_not_before(
    library: Library, tmp_path: Path, clock: Hands
) -> None:
    first = library.current()
    write_agent(tmp_path, "Two beans.")

    clock.move(0.9)
    early = library.current()
    clock.move(0.1)
    late = library.current()

    assert early is first
    assert late.agents["counter"].prompt == "Two beans."
    assert late.digest != first.digest


def test_who_asks_while_another_reads_a_change_goes_on_with_what_was_before(
    tmp_path: Path, clock: Hands
) -> None:
    reading, finish = threading.Event(), threading.Event()

    def check(catalog: Catalog) -> None:
        if catalog.agents["counter"].prompt != "One.":
            reading.set()
            assert finish.wait(10)

    write_agent(tmp_path, "One.")
    library = Library(tmp_path, clock=clock, check=check)
    write_agent(tmp_path, "Two beans.")
    clock.move(1)
    with ThreadPoolExecutor(1) as others:
        noticed = others.submit(library.current)
        assert reading.wait(10)
        clock.move(1)
        meanwhile = library.current()
        finish.set()

    assert meanwhile.agents["counter"].prompt == "One."
    assert noticed.result().agents["counter"].prompt == "Two beans."


def test_unchanged_files_are_not_read_again(library: Library, clock: Hands) -> None:
    first = library.current()

    clock.move(60)

    assert library.current() is first


def test_a_broken_folder_leaves_the_last_sound_catalog_and_says_why(
    library: Library, tmp_path: Path, clock: Hands
) -> None:
    first = library.current()
    write_agent(tmp_path, "Two.", role="wroker")

    clock.move(1)

    assert library.current() is first
    assert library.problem is not None
    assert "counter/agent.md:2: role is 'wroker'; write 'worker'" in library.problem


def test_a_mended_folder_is_taken_and_the_problem_gone(
    library: Library, tmp_path: Path, clock: Hands
) -> None:
    write_agent(tmp_path, "Two.", role="wroker")
    clock.move(1)
    assert library.problem is not None

    write_agent(tmp_path, "Three.")
    clock.move(1)

    assert library.current().agents["counter"].prompt == "Three."
    assert library.problem is None


def test_a_new_and_a_removed_agent_are_seen(library: Library, tmp_path: Path, clock: Hands) -> None:
    (tmp_path / "helper").mkdir()
    (tmp_path / "helper" / "agent.md").write_text("---\nrole: worker\ndescription: Helps.\n---\nH.")
    clock.move(1)
    grown = library.current()

    (tmp_path / "helper" / "agent.md").unlink()
    clock.move(1)
    shrunk = library.current()

    assert list(grown.agents) == ["counter", "helper"]
    assert list(shrunk.agents) == ["counter"]


def test_a_folder_that_was_never_sound_stops_the_start(tmp_path: Path, clock: Hands) -> None:
    write_agent(tmp_path, "One.", role="wroker")

    with pytest.raises(Misconfigured):
        Library(tmp_path, clock=clock)


def test_a_catalog_that_fails_the_check_is_not_taken(tmp_path: Path, clock: Hands) -> None:
    def check(catalog: Catalog) -> None:
        if "forbidden" in catalog.agents["counter"].prompt:
            raise Misconfigured("counter/agent.md:1: say it otherwise")

    write_agent(tmp_path, "One.")
    library = Library(tmp_path, clock=clock, check=check)
    first = library.current()

    write_agent(tmp_path, "Something forbidden.")
    clock.move(1)

    assert library.current() is first
    assert library.problem == "counter/agent.md:1: say it otherwise"
