"""Put the log's head on record outside of the database, on a schedule."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from runtime.audit.record import when
from runtime.domain.delivery import DeliveryKind
from runtime.domain.errors import Misconfigured
from runtime.domain.head import TreeHead
from runtime.domain.ports import Bell, Clock
from runtime.storage import deliveries, heads
from runtime.storage.database import Database, again_when_contended


class Anchoring:
    """A chore of the sweep: a line in a file, and a message to every conversation that wants it.

    The file should lie where whoever rules the database does not: another disk, a bucket with
    retention, mounted. What is anchored can be lost or changed by nobody unnoticed.
    """

    def __init__(
        self, database: Database, clock: Clock, bell: Bell, *, file: Path, every: timedelta
    ) -> None:
        self._database = database
        self._clock = clock
        self._bell = bell
        self._file = file
        self._every = every

    @again_when_contended
    def __call__(self) -> int:
        """Anchor the newest head if it is time; give how many were."""
        now = self._clock.now()
        with self._database.read() as connection:
            before = heads.last_anchored_at(connection)
            head = heads.unanchored(connection)
            told = heads.told(connection)
        if head is None or (before is not None and now - before < self._every):
            return 0
        # A crash after this line writes it once more, which says the same.
        append(self._file, head)
        with self._database.write() as connection:
            heads.mark_anchored(connection, head.size, now=now)
            for conversation_id in told:
                deliveries.owe(
                    connection,
                    conversation_id=conversation_id,
                    run_id="",
                    kind=DeliveryKind.NOTICE,
                    subject_id=f"audit/head/{head.size}",
                    now=now,
                    payload={"text": words(head)},
                )
        for conversation_id in told:
            self._bell.ring_conversation(conversation_id)
        return 1


def words(head: TreeHead) -> str:
    """Spell a head for people, whole, so that it can be compared later."""
    return (
        f"Audit log on {when(head.at)}: {head.size} records, root {head.root},"
        f" key {head.key}, signature {head.signature}"
    )


def append(file: Path, head: TreeHead) -> None:
    """Add a head to the file."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as opened:
            opened.write(json.dumps({**asdict(head), "at": when(head.at)}) + "\n")
    except OSError as error:
        raise Misconfigured(
            f"the audit's head cannot be written to {str(file)!r} ({error.strerror});"
            " set BATON_AUDIT_ANCHORS to a file that can be"
        ) from error


def read(file: Path) -> Sequence[TreeHead]:
    """Give the heads of a file; none where there is none yet.

    Raises:
        Misconfigured: a line is no head.
    """
    if not file.exists():
        return []
    found: list[TreeHead] = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            told = cast("dict[str, Any]", json.loads(line))
            told["at"] = datetime.fromisoformat(told["at"])
            found.append(TreeHead(**told))
        except (ValueError, KeyError, TypeError) as error:
            raise Misconfigured(
                f"{str(file)!r}, line {number} is no head of the log; restore the file"
            ) from error
    return found
