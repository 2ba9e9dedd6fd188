"""An evidence pack: one run's records with the proof of each, fit to be checked anywhere.

A text of lines, each one canonical JSON: first a signed statement of what follows, then the
records in order, then the keys that open people's words. Nothing else is needed to check it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from runtime.audit import personal
from runtime.audit.head import Signer
from runtime.audit.log import Tree
from runtime.audit.record import START, as_json, spelled, when
from runtime.domain.errors import NotFound
from runtime.domain.head import TreeHead
from runtime.domain.json import Json, JsonObject
from runtime.domain.run import AuditRecord, Run
from runtime.storage import audits, heads
from runtime.storage.connection import Connection

VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a pack is made of."""

    run: Run
    records: Sequence[AuditRecord]
    proofs: Sequence[Sequence[bytes]]
    head: TreeHead
    keys: Mapping[str, bytes]


def gather(connection: Connection, run: Run) -> Evidence:
    """Read a run's records and prove each of them in the newest signed log.

    Raises:
        NotFound: nothing of the run is in the log yet; the next sweep brings it there.
    """
    head = heads.newest(connection)
    records = audits.of_run(connection, run.id)
    if head is None or not records or any(one.position is None for one in records):
        raise NotFound(f"run #{run.number} is not in the log yet; try again in a few seconds")
    log = Tree(connection)
    return Evidence(
        run=run,
        records=records,
        proofs=[log.inclusion(one.position or 0, head.size) for one in records],
        head=head,
        keys=personal.keys_for(connection, (one.facts for one in records)),
    )


def write(evidence: Evidence, signer: Signer) -> bytes:
    """Spell a pack and sign for it."""
    body = b"".join(_lines(evidence))
    head = evidence.head
    statement: dict[str, Json] = {
        "baton": "evidence pack",
        "version": VERSION,
        "run": evidence.run.id,
        "number": evidence.run.number,
        "records": len(evidence.records),
        "last": evidence.records[-1].digest,
        "content": hashlib.sha256(body).hexdigest(),
        "key": signer.key,
        "head": {
            "size": head.size,
            "root": head.root,
            "at": when(head.at),
            "key": head.key,
            "signature": head.signature,
        },
    }
    return _line({**statement, "signature": signer.sign(statement)}) + body


def _lines(evidence: Evidence) -> Iterable[bytes]:
    previous = START
    for record, proof in zip(evidence.records, evidence.proofs, strict=True):
        yield _line(
            {
                "record": as_json(record, previous=previous),
                "digest": record.digest,
                "position": record.position,
                "proof": [one.hex() for one in proof],
            }
        )
        previous = record.digest
    for key_id, key in sorted(evidence.keys.items()):
        yield _line({"opens": key_id, "key": base64.b64encode(key).decode()})


def _line(value: JsonObject) -> bytes:
    return spelled(value) + b"\n"
