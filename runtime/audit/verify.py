"""Check an evidence pack on its own: no database, no network, nothing but the file."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, cast

from rfc8785 import CanonicalizationError

from runtime.audit import tree
from runtime.audit.head import head_statement, is_signed
from runtime.audit.pack import VERSION
from runtime.audit.record import START, digest, spelled
from runtime.domain.json import Json, JsonObject, object_of

_MOST_PROBLEMS: Final = 20
_RECORD: Final = {"record", "digest", "position", "proof"}
_OPENS: Final = {"opens", "key"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a check found. It holds where there are no problems."""

    problems: tuple[str, ...]
    """Each says where and what, the first that was met first."""
    records: tuple[JsonObject, ...] = ()
    statement: JsonObject = field(default_factory=dict[str, Json])
    keys: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    expired: int = 0
    """Records whose facts were removed when their time was over; their places are proved."""

    @property
    def holds(self) -> bool:
        """Tell whether nothing was changed."""
        return not self.problems


def check_pack(content: bytes, *, key: str | None = None) -> Checked:
    """Check every line of a pack. ``key`` is the signer's public key, where the reader knows it."""
    lines = content.split(b"\n")
    problems = [] if lines and lines[-1] == b"" else ["the last line is cut off"]
    values: list[JsonObject] = []
    for number, line in enumerate(lines[:-1] if not problems else lines, start=1):
        value = _read(line)
        if value is None:
            problems.append(f"line {number} is not as it was written")
        values.append(value or {})
    if not values:
        return Checked(problems=("the file is empty",))
    statement, body = values[0], values[1:]
    record_lines = [one for one in body if set(one) == _RECORD]
    strays = [number for number, one in enumerate(body, start=2) if not _belongs(one)]
    problems += [f"line {number} does not belong into a pack" for number in strays if body]
    problems += _record_problems(statement, record_lines)
    problems += _statement_problems(statement, record_lines, content, key)
    return Checked(
        problems=tuple(dict.fromkeys(problems))[:_MOST_PROBLEMS],
        records=tuple(object_of(one["record"]) for one in record_lines),
        statement=statement,
        keys=_keys(body),
        expired=sum(object_of(one["record"]).get("facts") is None for one in record_lines),
    )


def _read(line: bytes) -> JsonObject | None:
    """Give a line's object; None where it is none, or not spelled as it was written."""
    try:
        value = cast("Json", json.loads(line))
        written = isinstance(value, dict) and spelled(value) == line
    except (ValueError, RecursionError, CanonicalizationError):
        return None
    return object_of(value) if written else None


def _belongs(value: JsonObject) -> bool:
    return set(value) in (_RECORD, _OPENS) or not value


def _record_problems(statement: JsonObject, lines: Sequence[JsonObject]) -> list[str]:
    problems: list[str] = []
    head = object_of(statement.get("head"))
    root, size = str(head.get("root")), head.get("size")
    previous, expected = START, 1
    for line in lines:
        record = object_of(line["record"])
        name = f"record {record.get('sequence')} ({record.get('event')})"
        if record.get("sequence") != expected:
            problems.append(f"{name} stands where record {expected} should be")
        if record.get("run") != statement.get("run"):
            problems.append(f"{name} is another run's")
        if record.get("previous") != previous:
            problems.append(f"{name} does not follow the record before it")
        if record.get("facts") is not None and digest(record) != line["digest"]:
            problems.append(f"{name} was changed")
        if not _is_included(line, root=root, size=size):
            problems.append(f"{name} is not in the signed log")
        previous, expected = str(line["digest"]), expected + 1
    return problems


def _is_included(line: JsonObject, *, root: str, size: Json) -> bool:
    proof, position = line["proof"], line["position"]
    if not isinstance(proof, list) or not isinstance(position, int) or not isinstance(size, int):
        return False
    try:
        found = tree.root_from_inclusion(
            tree.from_hex(str(line["digest"])),
            position=position,
            size=size,
            path=[tree.from_hex(str(one)) for one in proof],
        )
    except ValueError:
        return False
    return found is not None and found.hex() == root


def _statement_problems(
    statement: JsonObject, lines: Sequence[JsonObject], content: bytes, key: str | None
) -> list[str]:
    problems: list[str] = []
    if statement.get("baton") != "evidence pack" or statement.get("version") != VERSION:
        problems.append("line 1 is no statement of a pack that this version knows")
    if statement.get("records") != len(lines):
        problems.append(
            f"{len(lines)} records are here and the signed statement says"
            f" {statement.get('records')}"
        )
    elif lines and statement.get("last") != lines[-1]["digest"]:
        problems.append(f"record {len(lines)} is not the last one of the signed statement")
    body = content.partition(b"\n")[2]
    if statement.get("content") != hashlib.sha256(body).hexdigest():
        problems.append("something after line 1 is not what the signed statement covers")
    signed = {name: value for name, value in statement.items() if name != "signature"}
    signer = str(statement.get("key"))
    if not is_signed(signed, key=signer, signature=str(statement.get("signature"))):
        problems.append("line 1: the signature does not fit the statement")
    if not _head_holds(object_of(statement.get("head"))):
        problems.append("line 1: the signature does not fit the head of the log")
    if key is not None and {signer, str(object_of(statement.get("head")).get("key"))} != {key}:
        problems.append(f"it is signed with {signer[:16]}… and not with the key you named")
    return problems


def _head_holds(head: JsonObject) -> bool:
    size = head.get("size")
    try:
        at = datetime.fromisoformat(str(head.get("at")))
    except ValueError:
        return False
    if not isinstance(size, int):
        return False
    statement = head_statement(size=size, root=str(head.get("root")), at=at)
    return (
        is_signed(statement, key=str(head.get("key")), signature=str(head.get("signature")))
        and head.get("at") == statement["at"]
    )


def _keys(body: Sequence[JsonObject]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for one in body:
        if set(one) == _OPENS:
            try:
                found[str(one["opens"])] = base64.b64decode(str(one["key"]), validate=True)
            except ValueError:
                # Told already: the statement covers this line.
                continue
    return found
