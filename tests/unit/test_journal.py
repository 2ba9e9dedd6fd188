"""The journal: answers from what was done, and notices a handler that changed."""

from __future__ import annotations

import pytest

from runtime.domain.errors import HandlerChanged
from runtime.domain.step import Step
from runtime.durable.journal import Journal
from runtime.storage.steps import from_row, new_row
from runtime.testing import START


def entry(path: str, kind: str = "value") -> Step:
    return from_row(
        new_row(
            id=f"run_1:{path}", run_id="run_1", path=path, kind=kind, status="succeeded",
            created_at=START,
        )
    )  # fmt: skip


def test_entries_are_given_by_name_and_then_the_handler_is_on_its_own() -> None:
    journal = Journal([entry("/a"), entry("/b")])

    assert journal.replaying
    assert journal.ask("/a", kind="value") == entry("/a")
    assert journal.ask("/b", kind="value") == entry("/b")
    assert not journal.replaying
    assert journal.ask("/c", kind="value") is None


def test_something_new_before_all_that_was_done_is_a_changed_handler() -> None:
    journal = Journal([entry("/a")])

    with pytest.raises(HandlerChanged, match=r"'/new'.*'/a'"):
        journal.ask("/new", kind="value")


def test_another_kind_under_an_old_name_is_a_changed_handler() -> None:
    with pytest.raises(HandlerChanged, match=r"model /a"):
        Journal([entry("/a", "model")]).ask("/a", kind="tool")


def test_an_end_before_all_that_was_done_is_a_changed_handler() -> None:
    journal = Journal([entry("/a"), entry("/b")])
    journal.ask("/a", kind="value")

    with pytest.raises(HandlerChanged, match=r"ends where .*'/b'"):
        journal.finish()


def test_a_group_may_be_asked_for_in_any_order_or_in_part() -> None:
    journal = Journal([entry("/a"), entry("/b"), entry("/c")])

    journal.expect(["/a", "/b", "/never"])

    assert journal.ask("/b", kind="value") is not None
    assert journal.ask("/c", kind="value") is not None
    journal.finish()


def test_what_was_written_since_is_known_and_asked_for_no_more() -> None:
    journal = Journal([])

    journal.put(entry("/a"))

    assert journal.get("/a") == entry("/a")
    assert not journal.replaying
    journal.finish()
