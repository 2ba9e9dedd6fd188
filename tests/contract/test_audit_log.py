"""The log of all runs: how records get there, and what shows when somebody alters it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from runtime.audit import anchor, chain, personal, tree
from runtime.audit.log import Tree
from runtime.domain.errors import Misconfigured, NotFound
from runtime.storage import audits, heads
from runtime.storage.database import Database
from tests.worlds.engine import REQUESTER, side_by_side
from tests.worlds.ledger import Ledger, another_digit


@pytest.fixture
def ledger(database: Database, tmp_path: Path) -> Ledger:
    return Ledger(database=database, home=tmp_path / "home")


def roots(ledger: Ledger, sizes: list[int]) -> list[bool]:
    """Tell of each size whether the stored tree and all leaves at once give the same root."""
    with ledger.database.read() as connection:
        leaves = [bytes.fromhex(one) for _, one in audits.leaves(connection, 0, max(sizes))]
        stored = Tree(connection)
        return [stored.root(size) == tree.root_of(leaves[:size]) for size in sizes]


def test_every_record_gets_one_place_and_a_runs_records_keep_their_order(ledger: Ledger) -> None:
    runs = ledger.tell(runs=3)
    ledger.sweep()

    with ledger.database.read() as connection:
        records = [one for run in runs for one in audits.of_run(connection, run)]

    assert sorted(one.position or 0 for one in records) == list(range(15))
    for run in runs:
        own = [one.position or 0 for one in records if one.run_id == run]
        assert own == sorted(own)
    assert ledger.inspect().problems == ()


def test_sweeps_at_once_leave_no_gap_and_no_double(ledger: Ledger) -> None:
    for _ in range(3):
        ledger.tell(runs=2)
        side_by_side([ledger.sweep for _ in range(4)])

    found = ledger.inspect()

    assert (found.problems, found.size, found.runs) == ((), 30, 6)


def test_the_stored_tree_is_the_tree_over_all_records(ledger: Ledger) -> None:
    (run,) = ledger.tell()
    with ledger.database.write() as connection:
        facts = [(ledger.clock.now(), "Noted", {"number": number}) for number in range(1100)]
        chain.append_all(connection, run, facts, now=ledger.clock.now())
    ledger.sweep()

    assert roots(ledger, [1, 2, 255, 256, 257, 511, 512, 600, 768, 1000, 1024, 1105]) == [True] * 12
    with ledger.database.read() as connection:
        assert heads.tile_count(connection, level=1) == 4
        stored = Tree(connection)
        leaf = audits.leaves(connection, 700, 701)[0][1]
        path = stored.inclusion(700, 1105)
        root = stored.root(1105)
    assert root == tree.root_from_inclusion(bytes.fromhex(leaf), position=700, size=1105, path=path)
    assert ledger.inspect().problems == ()


def test_runs_that_append_do_not_wait_for_each_other(ledger: Ledger) -> None:
    first, second = ledger.tell(runs=2)
    if ledger.database.is_sqlite:
        # One writer, whatever is written: there is nothing to show here.
        return
    with ledger.database.write() as held:
        chain.append(held, first, "Noted", {"by": "slack:T1/U1"}, now=ledger.clock.now())
        with ledger.database.write() as connection:
            connection.execute(text("SET lock_timeout = '2s'"))
            chain.append(connection, second, "Noted", {"by": "b"}, now=ledger.clock.now())
        # What the other has not committed yet is placed later, and leaves no hole meanwhile.
        ledger.sweep()
    ledger.sweep()

    assert ledger.inspect().problems == ()


def test_the_database_itself_refuses_to_change_or_drop_a_record(ledger: Ledger) -> None:
    ledger.tell()
    ledger.sweep()
    for statement in (
        "DELETE FROM audit",
        "UPDATE audit SET event = 'Other'",
        "UPDATE audit SET position = position + 100",
        "UPDATE audit SET facts = '{}'",
        "DELETE FROM audit_head",
        "UPDATE audit_head SET root = 'x'",
    ):
        with pytest.raises(DatabaseError), ledger.database.write() as connection:
            connection.execute(text(statement))

    assert ledger.inspect().problems == ()


LAST = "(SELECT MAX(position) FROM audit)"
CHANGES = {
    "facts": "UPDATE audit SET facts = '{\"revision\": 2}' WHERE sequence = 2",
    "facts taken out": "UPDATE audit SET facts = NULL WHERE sequence = 2",
    "event": "UPDATE audit SET event = 'RunCancelled' WHERE sequence = 5",
    "digest": f"UPDATE audit SET digest = {another_digit('digest')} WHERE sequence = 3",
    "digest that is none": "UPDATE audit SET digest = 'zz' WHERE sequence = 3",
    "removed in the middle": "DELETE FROM audit WHERE sequence = 3",
    "removed at the end": "DELETE FROM audit WHERE sequence = 5",
    "the first removed": "DELETE FROM audit WHERE sequence = 1",
    "cut off": f"DELETE FROM audit WHERE position >= {LAST} - 2",
    "a run removed": "DELETE FROM audit WHERE run_id = (SELECT MIN(run_id) FROM audit)",
    "all removed": "DELETE FROM audit",
    "a head removed": "DELETE FROM audit_head",
    "a head changed": f"UPDATE audit_head SET root = {another_digit('root')}",
    "a signature changed": f"UPDATE audit_head SET signature = {another_digit('signature')}",
    "moved in time": "UPDATE audit SET at = '2020-01-01 00:00:00' WHERE sequence = 4",
    "one added": (
        "INSERT INTO audit (run_id, sequence, at, event, facts, digest, position) SELECT run_id, 6,"
        f" at, event, facts, digest, {LAST} + 1 FROM audit WHERE sequence = 5"
        " AND run_id = (SELECT MIN(run_id) FROM audit)"
    ),
    "given to another run": (
        "UPDATE audit SET run_id = 'run_other' WHERE run_id = (SELECT MIN(run_id) FROM audit)"
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_altered_behind_its_back_shows(ledger: Ledger, name: str) -> None:
    ledger.tell(runs=2)
    ledger.sweep()
    assert ledger.inspect().problems == ()

    ledger.alter(CHANGES[name])

    assert ledger.inspect().problems != ()


@pytest.mark.parametrize(("one", "other"), [(1, 2), (2, 4), (3, 5)])
def test_records_that_change_places_show(ledger: Ledger, one: int, other: int) -> None:
    ledger.tell(runs=2)
    ledger.sweep()

    ledger.alter(
        f"UPDATE audit SET sequence = 99 WHERE sequence = {one}",
        f"UPDATE audit SET sequence = {one} WHERE sequence = {other}",
        f"UPDATE audit SET sequence = {other} WHERE sequence = 99",
    )

    assert ledger.inspect().problems != ()


def test_a_log_cut_off_with_its_heads_shows_by_what_was_anchored(ledger: Ledger) -> None:
    ledger.tell()
    ledger.sweep()
    ledger.clock.step(100)
    (run,) = ledger.tell()
    ledger.sweep()

    ledger.alter(
        f"DELETE FROM audit WHERE run_id = '{run}'", "DELETE FROM audit_head WHERE size > 5"
    )

    assert len(anchor.read(ledger.evidence.anchors)) == 2
    assert any("the log was longer" in one for one in ledger.inspect().problems)


def test_a_log_written_anew_with_another_key_shows(ledger: Ledger) -> None:
    ledger.tell()
    ledger.sweep()
    ledger.alter("DELETE FROM audit", "DELETE FROM audit_head", "DELETE FROM audit_tile")
    forger = Ledger(database=ledger.database, home=ledger.home.parent / "forger")
    forger.tell()
    forger.sweep()

    assert forger.inspect().problems == ()
    assert any("not our key" in one for one in ledger.inspect().problems)


def test_heads_are_anchored_on_a_schedule_and_told_where_it_was_wished(ledger: Ledger) -> None:
    ledger.tell()
    with ledger.database.write() as connection:
        heads.tell_in(connection, "cnv_owners", by="slack:T1/U9", now=ledger.clock.now())
    ledger.sweep()
    ledger.tell()
    ledger.sweep()
    sizes = [head.size for head in anchor.read(ledger.evidence.anchors)]
    ledger.clock.step(61)
    ledger.sweep()

    assert sizes == [5]
    assert [head.size for head in anchor.read(ledger.evidence.anchors)] == [5, 10]
    with ledger.database.read() as connection:
        rows = connection.execute(
            text("SELECT subject_id, payload FROM delivery WHERE conversation_id = 'cnv_owners'")
        ).all()
    assert sorted(row.subject_id for row in rows) == ["audit/head/10", "audit/head/5"]
    assert all("root" in str(row.payload) for row in rows)


def test_the_key_is_made_once_and_kept_from_others(ledger: Ledger) -> None:
    keys = side_by_side([lambda: ledger.evidence.signer().key for _ in range(4)])
    file = ledger.evidence.key

    assert len(set(map(str, keys))) == 1
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o640)
    with pytest.raises(Misconfigured, match="chmod 600"):
        ledger.evidence.signer()
    file.chmod(0o600)
    file.write_text("no key")
    with pytest.raises(Misconfigured, match="64 hexadecimal digits"):
        ledger.evidence.signer()


def test_facts_whose_time_is_over_go_and_the_log_still_holds(ledger: Ledger) -> None:
    (old,) = ledger.tell()
    ledger.sweep()
    ledger.clock.step(101 * 24 * 3600)
    (new,) = ledger.tell()
    ledger.sweep()

    with ledger.database.read() as connection:
        assert all(one.facts is None for one in audits.of_run(connection, old))
        assert all(one.facts is not None for one in audits.of_run(connection, new))
    assert ledger.inspect().problems == ()


def test_people_words_are_sealed_and_a_destroyed_key_breaks_no_proof(ledger: Ledger) -> None:
    (run,) = ledger.tell()
    ledger.sweep()
    with ledger.database.read() as connection:
        stored = str([one.facts for one in audits.of_run(connection, run)])

    assert "laptops" not in stored
    assert "cheap enough" not in stored
    assert "slack:T1/U2" in stored


def test_a_person_can_be_erased_from_the_audit_and_it_says_so(ledger: Ledger) -> None:
    (run,) = ledger.tell()
    ledger.sweep()
    person = REQUESTER.principal
    with ledger.database.write() as connection:
        facts = {"by": person, "text": "my words"}
        chain.append(connection, run, "QuestionAnswered", facts, now=ledger.clock.now())

    ledger.end(run)
    erased = ledger.evidence.erase(person, by="terminal:root")

    with ledger.database.read() as connection:
        records = audits.of_run(connection, run)
        keys = personal.keys_for(connection, (one.facts for one in records))
        opened = [personal.opened(one.facts, run_id=run, keys=keys) for one in records]
    assert erased.runs == 1
    assert records[-1].event == "PersonErased"
    assert "my words" not in str(opened)
    assert personal.ERASED in str(opened)
    assert ledger.inspect().problems == ()
    with pytest.raises(NotFound, match="nothing is known of"):
        ledger.evidence.erase("slack:T1/UNOBODY", by="terminal:root")


def test_heads_are_told_where_a_run_was_asked_for(ledger: Ledger) -> None:
    (run,) = ledger.tell()
    ledger.evidence.tell(run, by="terminal:root")
    ledger.sweep()

    with ledger.database.read() as connection:
        told = connection.execute(text("SELECT conversation_id FROM delivery")).scalars().all()
    assert told == [f"cnv_{run}"]
    with pytest.raises(NotFound):
        ledger.evidence.tell("99", by="terminal:root")
