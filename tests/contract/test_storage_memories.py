"""Facts that outlive runs: one per name, whoever writes it when."""

from __future__ import annotations

from runtime.storage import memories
from runtime.storage.database import Database
from runtime.testing import START
from tests.worlds.engine import side_by_side


def remember(database: Database, value: str, *, workspace: str = "T1") -> None:
    with database.write() as connection:
        memories.put(
            connection, workspace=workspace, name="vendor", value=value, by="slack:T1/U1", now=START
        )


def facts(database: Database, workspace: str = "T1") -> list[tuple[str, str]]:
    with database.read() as connection:
        return memories.all_of(connection, workspace)


def test_the_newest_value_of_a_name_replaces_the_one_before(database: Database) -> None:
    remember(database, "old")
    remember(database, "new")

    assert facts(database) == [("vendor", "new")]


def test_a_fact_remembered_by_many_at_once_is_kept_once_and_fails_nobody(
    database: Database,
) -> None:
    results = side_by_side([lambda n=n: remember(database, f"value {n}") for n in range(8)])

    assert results == [None] * 8
    assert len(facts(database)) == 1


def test_workspaces_do_not_share_what_they_remember(database: Database) -> None:
    remember(database, "ours")
    remember(database, "theirs", workspace="T2")

    assert facts(database) == [("vendor", "ours")]
    with database.write() as connection:
        assert memories.forget(connection, workspace="T1", name="vendor")
    assert (facts(database), facts(database, "T2")) == ([], [("vendor", "theirs")])
