"""Every row of a log, altered in every way: none goes unnoticed. The page says how many were."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from runtime.audit import anchor
from runtime.audit.inspect import inspect
from runtime.storage.connection import Connection
from runtime.storage.database import Database
from tests.worlds.ledger import Ledger, another_digit
from tests.worlds.source import ROOT

_RECORD = "run_id = :run AND sequence = :sequence"
RECORDS: Mapping[str, str] = {
    "a fact changed": f"UPDATE audit SET facts = '{{\"other\": 1}}' WHERE {_RECORD}",
    "facts taken out": f"UPDATE audit SET facts = NULL WHERE {_RECORD}",
    "the event changed": f"UPDATE audit SET event = 'Other' WHERE {_RECORD}",
    "the time changed": f"UPDATE audit SET at = '2020-01-01 00:00:00' WHERE {_RECORD}",
    "the hash changed": f"UPDATE audit SET digest = {another_digit('digest')} WHERE {_RECORD}",
    "removed": f"DELETE FROM audit WHERE {_RECORD}",
    "cut off from here on": "DELETE FROM audit WHERE position >= :position",
    "doubled at the end of its run": (
        "INSERT INTO audit (run_id, sequence, at, event, facts, digest)"
        " SELECT run_id, 90, at, event, facts, digest FROM audit WHERE " + _RECORD
    ),
    "given to another run": f"UPDATE audit SET run_id = 'run_other' WHERE {_RECORD}",
    "taken out of its place": f"UPDATE audit SET position = NULL WHERE {_RECORD}",
    "put behind the others": f"UPDATE audit SET position = 900 WHERE {_RECORD}",
}
SWAPS: Mapping[str, Sequence[str]] = {
    "changed places with the next of its run": (
        f"UPDATE audit SET sequence = 99 WHERE {_RECORD}",
        "UPDATE audit SET sequence = :sequence WHERE run_id = :run AND sequence = :sequence + 1",
        "UPDATE audit SET sequence = :sequence + 1 WHERE run_id = :run AND sequence = 99",
    ),
    "changed places with the next in the log": (
        "UPDATE audit SET position = 900 WHERE position = :position",
        "UPDATE audit SET position = :position WHERE position = :position + 1",
        "UPDATE audit SET position = :position + 1 WHERE position = 900",
    ),
}
HEADS: Mapping[str, str] = {
    "a head removed": "DELETE FROM audit_head WHERE size = :size",
    "a head's root changed": (
        f"UPDATE audit_head SET root = {another_digit('root')} WHERE size = :size"
    ),
    "a head's signature changed": (
        f"UPDATE audit_head SET signature = {another_digit('signature')} WHERE size = :size"
    ),
    "a head's time changed": (
        "UPDATE audit_head SET at = '2020-01-01 00:00:00' WHERE size = :size"
    ),
    "a head's size changed": "UPDATE audit_head SET size = size + 1 WHERE size = :size",
}
TAILS: Mapping[str, Sequence[str]] = {
    "the log cut off, and its heads with it": (
        "DELETE FROM audit WHERE position >= :size - 5",
        "DELETE FROM audit_head WHERE size >= :size",
    ),
}
"""What only heads outside of the database can show."""
PAGE = ROOT / "docs" / "reference" / "audit.md"


class _UndoneError(Exception):
    """Leaves the transaction, so that nothing of it happens."""


@dataclass(frozen=True)
class Tried:
    """What was altered in one way."""

    tried: int
    unnoticed: int


class Campaign:
    """A log of three runs with a head after each, altered row by row."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        for _ in range(3):
            ledger.tell()
            ledger.sweep()
            ledger.clock.step(61)
        self.anchors = anchor.read(ledger.evidence.anchors)
        self.trusted = ledger.evidence.signer().key
        with ledger.database.read() as connection:
            self.rows = connection.execute(
                text("SELECT run_id, sequence, position FROM audit ORDER BY position")
            ).all()
            self.sizes = connection.execute(
                text("SELECT size FROM audit_head ORDER BY size")
            ).scalars().all()  # fmt: skip

    def records(self, statements: Sequence[str], *, without_last: bool = False) -> Tried:
        """Alter every record so, one at a time."""
        last = {row.run_id: row.sequence for row in self.rows}
        chosen = [
            row
            for row in self.rows
            if not without_last
            or (row.sequence < last[row.run_id] and row.position < len(self.rows) - 1)
        ]
        cases = [
            {"run": row.run_id, "sequence": row.sequence, "position": row.position}
            for row in chosen
        ]
        return self._tried(statements, cases)

    def heads(self, statements: Sequence[str]) -> Tried:
        """Alter every head so, one at a time."""
        return self._tried(statements, [{"size": size} for size in self.sizes])

    def _tried(self, statements: Sequence[str], cases: Sequence[Mapping[str, object]]) -> Tried:
        unnoticed = sum(not self._problems(statements, case) for case in cases)
        return Tried(len(cases), unnoticed)

    def _problems(self, statements: Sequence[str], case: Mapping[str, object]) -> Sequence[str]:
        problems: Sequence[str] = ()
        try:
            with self.ledger.database.write() as connection:
                self._unguard(connection)
                for statement in statements:
                    named = {one for one in case if f":{one}" in statement}
                    connection.execute(text(statement), {name: case[name] for name in named})
                problems = inspect(
                    connection,
                    anchors=self.anchors,
                    kept_since=self.ledger.clock.now() - timedelta(days=100),
                    trusted=self.trusted,
                ).problems
                raise _UndoneError
        except _UndoneError:
            return problems

    def _unguard(self, connection: Connection) -> None:
        for table in ("audit", "audit_head"):
            for deed in ("update", "delete"):
                where = "" if self.ledger.database.is_sqlite else f" ON {table}"
                connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_keeps_{deed}{where}"))


@pytest.fixture
def campaign(database: Database, tmp_path: Path) -> Campaign:
    return Campaign(Ledger(database=database, home=tmp_path / "home"))


def test_nothing_that_is_altered_goes_unnoticed(campaign: Campaign) -> None:
    found = {name: campaign.records([statement]) for name, statement in RECORDS.items()}
    found |= {name: campaign.records(steps, without_last=True) for name, steps in SWAPS.items()}
    found |= {name: campaign.heads([statement]) for name, statement in HEADS.items()}
    found |= {name: campaign.heads(statements) for name, statements in TAILS.items()}

    assert {name: one.unnoticed for name, one in found.items() if one.unnoticed} == {}
    assert campaign.ledger.inspect().problems == (), "every alteration was undone"
    # What the page says is what was tried.
    told = re.findall(r"^\| (.+) \| (\d+) \| (\d+) \|$", PAGE.read_text(), flags=re.MULTILINE)
    assert told == [(name, str(one.tried), str(one.tried)) for name, one in found.items()]
