"""Put the log's head on record outside of the database, on a schedule."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, cast

from runtime.audit.bucket import Bucket
from runtime.audit.record import when
from runtime.domain.delivery import DeliveryKind
from runtime.domain.errors import Misconfigured
from runtime.domain.head import TreeHead
from runtime.domain.ports import Bell, Clock
from runtime.storage import deliveries, heads
from runtime.storage.database import Database, again_when_contended

_NAME: Final = re.compile(r"head-\d{16}\.json")
_AT_ONCE: Final = 8


class Anchoring:
    """A chore of the sweep: an object in a bucket, a line in a file, a message where it is wanted.

    The file should lie where whoever rules the database does not: another disk, a bucket with
    retention, mounted. What is anchored can be lost or changed by nobody unnoticed.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        bell: Bell,
        *,
        file: Path,
        every: timedelta,
        bucket: Bucket | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._bell = bell
        self._file = file
        self._every = every
        self._bucket = bucket

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
        if self._bucket is not None:
            store(self._bucket, head)
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
        self._bell.ring(conversations=told)
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
            opened.write(_spelled(head) + "\n")
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
        found.append(_head_of(line, where=f"{str(file)!r}, line {number}"))
    return found


def store(bucket: Bucket, head: TreeHead) -> bool:
    """Put a head into a bucket; False where one of a log that long is there, which stays.

    Whether that one says the same is for ``stored`` and whoever compares.
    """
    return bucket.add(f"head-{head.size:016}.json", _spelled(head).encode())


def stored(bucket: Bucket) -> Sequence[TreeHead]:
    """Give the heads in a bucket, the shortest log first.

    Raises:
        Misconfigured: it will not be read, or an object in it is no head.
    """
    names = sorted(one for one in bucket.names() if _NAME.fullmatch(one))
    # There is one for each time it was anchored, and a store gives one at a time.
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="anchors") as pool:
        contents = list(pool.map(bucket.read, names))
    return [
        _head_of(content.decode("utf-8", "replace"), where=f"the bucket's {name}")
        for name, content in zip(names, contents, strict=True)
    ]


def _spelled(head: TreeHead) -> str:
    return json.dumps({**asdict(head), "at": when(head.at)})


def _head_of(line: str, *, where: str) -> TreeHead:
    try:
        told = cast("dict[str, Any]", json.loads(line))
        told["at"] = datetime.fromisoformat(told["at"])
        return TreeHead(**told)
    except (ValueError, KeyError, TypeError) as error:
        raise Misconfigured(f"{where} is no head of the log; restore it") from error
