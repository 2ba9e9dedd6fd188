"""Triggers that refuse an illegal change of state, written from the tables in ``domain.states``."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from runtime.domain.states import LEGAL_APPROVAL, LEGAL_RUN, LEGAL_STEP

_GUARDED = {
    "run": LEGAL_RUN,
    "step": LEGAL_STEP,
    "approval": LEGAL_APPROVAL,
}


def create(dialect: str) -> list[str]:
    """Give the statements that guard every table with states, for ``sqlite`` or ``postgresql``."""
    statements: list[str] = []
    for table, legal in _GUARDED.items():
        allowed = " OR ".join(
            f"(OLD.status = '{before.value}' AND NEW.status IN ({_list(after)}))"
            for before, after in legal.items()
            if after
        )
        words = f"illegal change of {table} state"
        if dialect == "sqlite":
            statements.append(
                f"CREATE TRIGGER {table}_states BEFORE UPDATE OF status ON {table}"
                f" WHEN OLD.status <> NEW.status AND NOT ({allowed})"
                f" BEGIN SELECT RAISE(ABORT, '{words}'); END"
            )
            continue
        statements.append(
            f"CREATE FUNCTION {table}_states() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" RAISE EXCEPTION '{words}: % to % (%)', OLD.status, NEW.status, OLD.id"
            " USING ERRCODE = 'check_violation'; END $$"
        )
        statements.append(
            f"CREATE TRIGGER {table}_states BEFORE UPDATE OF status ON {table} FOR EACH ROW"
            f" WHEN (OLD.status <> NEW.status AND NOT ({allowed}))"
            f" EXECUTE FUNCTION {table}_states()"
        )
    return statements


def _list(states: Iterable[StrEnum]) -> str:
    return ", ".join(f"'{state.value}'" for state in sorted(states))
