"""SQL that reads, and SQL that would do anything else."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from runtime.domain.errors import ToolFailed, Upstream
from runtime.domain.json import Json, JsonObject
from runtime.tools.builtin.database import query_database
from runtime.tools.builtin.read_only import ReadOnly
from runtime.tools.builtin.table import query_table
from tests.worlds.calls import call_with


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "ledger.sqlite"
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE entries (id INTEGER PRIMARY KEY, vendor TEXT, cents INT)")
        connection.executemany(
            "INSERT INTO entries (vendor, cents) VALUES (?, ?)",
            [(f"v{n % 3}", n * 100) for n in range(500)],
        )
        connection.commit()
    return path


def ask(ledger: Path, sql: str, limit: int = 200) -> JsonObject:
    return query_database("ledger.sqlite", sql, call_with(data=ledger.parent), limit)


def list_of(value: Json) -> list[Json]:
    assert isinstance(value, list)
    return value


def test_a_select_gives_rows_as_objects(ledger: Path) -> None:
    sql = "SELECT vendor, sum(cents) AS total FROM entries GROUP BY vendor ORDER BY vendor"

    assert ask(ledger, sql) == {
        "columns": ["vendor", "total"],
        "rows": [
            {"vendor": "v0", "total": 4158300},
            {"vendor": "v1", "total": 4175000},
            {"vendor": "v2", "total": 4141700},
        ],
        "truncated": False,
    }


def test_rows_beyond_the_limit_are_left_out_and_told(ledger: Path) -> None:
    answer = ask(ledger, "SELECT * FROM entries", limit=10)

    assert len(list_of(answer["rows"])) == 10
    assert answer["truncated"] is True


def test_columns_of_one_name_are_told_apart(ledger: Path) -> None:
    answer = ask(ledger, "SELECT a.id, b.id FROM entries a JOIN entries b ON a.id=b.id LIMIT 1")

    assert answer["rows"] == [{"id": 1, "id_2": 1}]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT name, sql FROM sqlite_master",
        "SELECT * FROM pragma_table_info('entries')",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<10) SELECT i FROM n",
        "SELECT upper(vendor) || json_object('a', cents) FROM entries",
        "SELECT value FROM json_each('[1, 2]')",
        "EXPLAIN QUERY PLAN SELECT * FROM entries",
        "VALUES (1), (2)",
    ],
)
def test_every_way_of_reading_works(ledger: Path, sql: str) -> None:
    answer = ask(ledger, sql)

    assert answer["rows"]


WRITES = [
    "INSERT INTO entries (vendor) VALUES ('x')",
    "UPDATE entries SET cents = 0",
    "DELETE FROM entries",
    "REPLACE INTO entries (id) VALUES (1)",
    "UPDATE sqlite_master SET sql = 'x'",
    "DELETE FROM sqlite_master",
    "DROP TABLE entries",
    "CREATE TABLE other (a)",
    "CREATE TEMP TABLE other (a)",
    "CREATE INDEX i ON entries (vendor)",
    "CREATE TRIGGER t AFTER INSERT ON entries BEGIN SELECT 1; END",
    "CREATE VIEW v AS SELECT 1",
    "ALTER TABLE entries ADD COLUMN x",
    "ATTACH DATABASE '{other}' AS other",
    "ATTACH DATABASE ':memory:' AS other",
    "DETACH DATABASE main",
    "VACUUM",
    "VACUUM INTO '{other}'",
    "REINDEX",
    "ANALYZE",
    "PRAGMA journal_mode = DELETE",
    "PRAGMA writable_schema = ON",
    "PRAGMA user_version = 5",
    "PRAGMA query_only = OFF",
    "PRAGMA wal_checkpoint",
    "PRAGMA database_list",
    "BEGIN IMMEDIATE",
    "COMMIT",
    "SAVEPOINT a",
    "SELECT load_extension('/tmp/x.so')",
    "SELECT writefile('{other}', 'x')",
    "SELECT readfile('/etc/passwd')",
    "SELECT * FROM entries; DELETE FROM entries",
    "WITH x AS (SELECT 1) DELETE FROM entries",
    "INSERT INTO entries (vendor) VALUES ('x') RETURNING id",
    "CREATE VIRTUAL TABLE f USING fts5(a)",
    "SELECT fts3_tokenizer('simple')",
]


@pytest.mark.parametrize("sql", WRITES)
def test_nothing_is_ever_written(ledger: Path, tmp_path: Path, sql: str) -> None:
    other = tmp_path / "data" / "other.sqlite"
    before = _contents(ledger)

    with pytest.raises(ToolFailed):
        ask(ledger, sql.replace("{other}", str(other)))

    assert _contents(ledger) == before
    assert not other.exists()


def _contents(ledger: Path) -> list[str]:
    with closing(sqlite3.connect(ledger)) as connection:
        return list(connection.iterdump())


@pytest.mark.parametrize("sql", ["", "   ", "-- nothing", "SELEC 1", "SELECT nothing FROM entries"])
def test_sql_that_is_none_is_told_to_the_model(ledger: Path, sql: str) -> None:
    with pytest.raises(ToolFailed):
        ask(ledger, sql)


@pytest.mark.parametrize(
    "sql",
    [
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT count(*) FROM n",
        "SELECT count(*) FROM entries a, entries b, entries c, entries d",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT max(i) FROM n",
    ],
)
def test_a_runaway_query_is_stopped(sql: str, ledger: Path) -> None:
    begun = time.monotonic()
    with (
        closing(sqlite3.connect(ledger)) as connection,
        pytest.raises(ToolFailed, match=r"longer than 0\.2 seconds"),
    ):
        ReadOnly(connection=connection, seconds=0.2).query(sql, limit=10)

    assert time.monotonic() - begun < 3


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT zeroblob(1000000000)",
        "SELECT hex(randomblob(900000))",
        "SELECT group_concat(vendor || replace(hex(zeroblob(3000)), '0', 'xxxx')) FROM entries",
    ],
)
def test_a_value_that_would_fill_memory_is_refused(ledger: Path, sql: str) -> None:
    with pytest.raises(ToolFailed):
        ask(ledger, sql)


def test_a_database_in_use_is_a_passing_trouble(ledger: Path) -> None:
    with closing(sqlite3.connect(ledger, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode=DELETE")
        writer.execute("BEGIN EXCLUSIVE")
        with (
            closing(sqlite3.connect(ledger, timeout=0)) as reader,
            pytest.raises(Upstream, match="in use") as caught,
        ):
            ReadOnly(connection=reader).query("SELECT * FROM entries", limit=1)

    assert not caught.value.ambiguous


@pytest.mark.parametrize(
    "name",
    ["../secret.sqlite", "/etc/passwd", "nothing.sqlite", "link.sqlite", "", ".", "a\x00b", "~/x"],
)
def test_only_files_of_the_data_folder_are_opened(ledger: Path, tmp_path: Path, name: str) -> None:
    outside = tmp_path / "secret.sqlite"
    sqlite3.connect(outside).close()
    outside.write_bytes(b"secret")
    (ledger.parent / "link.sqlite").symlink_to(outside)

    with pytest.raises(ToolFailed, match="there is no database"):
        query_database(name, "SELECT 1", call_with(data=ledger.parent))


def test_a_file_that_is_no_database_is_told_to_the_model(ledger: Path) -> None:
    (ledger.parent / "notes.sqlite").write_text("just notes, and enough of them to be read")

    with pytest.raises(ToolFailed, match="not a database"):
        query_database("notes.sqlite", "SELECT * FROM a", call_with(data=ledger.parent))


def test_files_are_joined_as_tables() -> None:
    files = {
        "vendor-offers.csv": b"vendor,price\nAcme,10.5\nBeta,9\n",
        "ratings.csv": b"vendor;stars\nAcme;5\nBeta;2\n",
    }
    sql = (
        "SELECT o.vendor, o.price, r.stars FROM vendor_offers o JOIN ratings r "
        "USING (vendor) WHERE r.stars > 3"
    )

    answer = query_table(list(files), sql, call_with(files=files))

    assert answer["rows"] == [{"vendor": "Acme", "price": 10.5, "stars": 5}]


@pytest.mark.parametrize("sql", [sql.replace("entries", "a") for sql in WRITES])
def test_a_table_made_of_a_file_cannot_be_changed(sql: str, tmp_path: Path) -> None:
    other = tmp_path / "other"

    with pytest.raises(ToolFailed):
        query_table(
            ["a.csv"], sql.replace("{other}", str(other)), call_with(files={"a.csv": b"x\n1\n"})
        )

    assert not other.exists()


def test_a_text_longer_than_a_value_may_be_is_nothing(ledger: Path) -> None:
    assert ask(ledger, "SELECT printf('%1000000000d', 1) AS p")["rows"] == [{"p": None}]


def test_names_from_files_break_out_of_nothing() -> None:
    files = {'x"; DROP TABLE y; --.csv': b'a"b,"c); DROP TABLE x; --",a"b\n1,2,3\n'}

    answer = query_table(list(files), "SELECT * FROM x___DROP_TABLE_y____", call_with(files=files))

    assert answer["rows"] == [{'a"b': 1, "c); DROP TABLE x; --": 2, 'a"b_2': 3}]


def test_two_files_that_would_be_one_table_are_refused() -> None:
    files = {"a.csv": b"x\n1\n", "A.csv": b"x\n2\n"}

    with pytest.raises(ToolFailed, match="would be one table"):
        query_table(list(files), "SELECT 1", call_with(files=files))
