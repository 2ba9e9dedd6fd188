"""Make a used PostgreSQL database like new, and tell whether that can be done."""

from __future__ import annotations

import psycopg
from psycopg import sql

_LARGEST_BYTES = 40_000_000
_SCHEMA = """
SELECT md5(string_agg(line, E'\n' ORDER BY line)) FROM (
    SELECT format('%s %s %s %s', c.relname, a.attname, a.atttypid, a.attnotnull) AS line
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT format('%s %s %s', tgrelid::regclass, tgname, tgenabled)
    FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL
    SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL
    SELECT format('%s %s', conrelid::regclass, pg_get_constraintdef(oid))
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL
    SELECT array_to_string(setconfig, ',') FROM pg_db_role_setting JOIN pg_database d
    ON d.oid = setdatabase WHERE d.datname = current_database()
    UNION ALL
    SELECT version_num FROM alembic_version
) AS lines
"""
_KEPT = "alembic_version"


def schema_of(connection: psycopg.Connection) -> str:
    """Give a digest of everything a test could have changed but rows; "" where it grew too large to
    be worth keeping."""
    found = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    assert found is not None, "every database has a size"
    if found[0] > _LARGEST_BYTES:
        return ""
    digest = connection.execute(_SCHEMA).fetchone()
    assert digest is not None, "an aggregate is a row"
    return str(digest[0])


def wipe(connection: psycopg.Connection) -> None:
    """Remove every row, and let every number begin at one."""
    names = connection.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r'"
        " AND relnamespace = 'public'::regnamespace AND relname <> %s",
        [_KEPT],
    ).fetchall()
    # Without the triggers that keep the audit as it is.
    connection.execute("SET LOCAL session_replication_role = replica")
    for (name,) in names:
        connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
    connection.execute(
        "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false)"
        " FROM pg_sequences WHERE schemaname = 'public'"
    )
