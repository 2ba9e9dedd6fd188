"""Triggers that let the audit only grow.

They keep mistakes out, and whoever may only write rows. Whoever may change the schema can drop
them; that such a person changed something shows in the log's proofs.
"""

from __future__ import annotations

_KEPT = ("run_id", "sequence", "at", "event", "digest")


def create(dialect: str) -> list[str]:
    """Give the statements for ``sqlite`` or ``postgresql``.

    A record may get its position once, and lose its facts when its time is over; a head may be
    marked as anchored; nothing else of them changes and nothing is removed.
    """
    differs = "IS NOT" if dialect == "sqlite" else "IS DISTINCT FROM"
    # PostgreSQL cannot compare two values of the type json.
    cast = "" if dialect == "sqlite" else "::text"
    changed = " OR ".join(f"OLD.{name} {differs} NEW.{name}" for name in _KEPT)
    record = (
        f"{changed}"
        f" OR (OLD.position IS NOT NULL AND OLD.position {differs} NEW.position)"
        f" OR (NEW.facts IS NOT NULL AND OLD.facts{cast} {differs} NEW.facts{cast})"
    )
    head = " OR ".join(
        f"OLD.{name} {differs} NEW.{name}" for name in ("size", "root", "at", "key", "signature")
    )
    return [
        *_refusing(dialect, "audit", "UPDATE", record),
        *_refusing(dialect, "audit", "DELETE", "TRUE"),
        *_refusing(dialect, "audit_head", "UPDATE", head),
        *_refusing(dialect, "audit_head", "DELETE", "TRUE"),
    ]


def _refusing(dialect: str, table: str, deed: str, condition: str) -> list[str]:
    name = f"{table}_keeps_{deed.lower()}"
    words = f"the audit only grows: no {deed.lower()} of {table}"
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {name} BEFORE {deed} ON {table} WHEN {condition}"
            f" BEGIN SELECT RAISE(ABORT, '{words}'); END"
        ]
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" RAISE EXCEPTION '{words}' USING ERRCODE = 'check_violation'; END $$",
        f"CREATE TRIGGER {name} BEFORE {deed} ON {table} FOR EACH ROW WHEN ({condition})"
        f" EXECUTE FUNCTION {name}()",
    ]
