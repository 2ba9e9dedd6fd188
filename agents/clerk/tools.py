"""The registers of the office: entries by name, each with some fields, kept in one small file."""

from __future__ import annotations

import json
import sqlite3

from runtime.tools import Call, Effect, ToolFailed, small_database, tool

REGISTERS = "registers.sqlite"
MOST_FOUND = 500


@tool(effect=Effect.WRITE, timeout_seconds=20)
def keep_record(
    register: str, name: str, fields: dict[str, object], call: Call
) -> dict[str, object]:
    """Enter something in a register, or change what is there. Fields that are not named stay.

    The same call again leaves the register as it is.

    Args:
        register: Which register, such as incidents.
        name: What the entry is called there, such as INC-7.
        fields: What to note, by name; null takes a field out.
    """
    if not register.strip() or not name.strip():
        raise ToolFailed("register and name are needed; name the entry")
    with small_database(call.data / REGISTERS, called="the register", write=True) as connection:
        before = entry(connection, register, name)
        after = {**(before or {}), **fields}
        kept = {field: value for field, value in after.items() if value is not None}
        connection.execute(
            "INSERT INTO records (register, name, fields, noted_by) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (register, name) DO UPDATE SET fields = excluded.fields,"
            " noted_by = excluded.noted_by, noted_at = excluded.noted_at"
            " WHERE fields <> excluded.fields",
            (register, name, json.dumps(kept, sort_keys=True), call.principal),
        )
        return {"register": register, "name": name, "fields": kept, "new": before is None}


@tool(effect=Effect.READ, timeout_seconds=10)
def find_records(register: str, call: Call, where: dict[str, object] | None = None) -> list[object]:
    """Give the entries of a register, in the order of their names.

    Args:
        register: Which register, such as incidents.
        where: Fields that an entry must have; all entries when left out.
    """
    wanted = where or {}
    with small_database(call.data / REGISTERS, called="the register") as connection:
        found = connection.execute(
            "SELECT name, fields, noted_at FROM records WHERE register = ? ORDER BY name",
            (register,),
        ).fetchall()
    entries = [
        {"name": name, "fields": json.loads(fields), "noted_at": noted_at}
        for name, fields, noted_at in found
    ]
    fitting = [one for one in entries if all(one["fields"].get(k) == v for k, v in wanted.items())]
    if len(fitting) > MOST_FOUND:
        raise ToolFailed(f"{len(fitting)} entries fit; name more fields in 'where'")
    return list(fitting)


def entry(connection: sqlite3.Connection, register: str, name: str) -> dict[str, object] | None:
    found = connection.execute(
        "SELECT fields FROM records WHERE register = ? AND name = ?", (register, name)
    ).fetchone()
    return None if found is None else dict(json.loads(found[0]))
