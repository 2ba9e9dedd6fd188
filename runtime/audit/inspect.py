"""Check the whole log in the database: every record, its place, every head, and what is outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from runtime.audit import chain, tree
from runtime.audit.head import head_holds
from runtime.domain.head import TreeHead
from runtime.storage import audits, heads
from runtime.storage.connection import Connection

_BATCH: Final = 500
_MOST_PROBLEMS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """What there is, and what is wrong with it."""

    problems: tuple[str, ...]
    runs: int
    records: int
    size: int
    """How many records are in the log; the others are placed by the next sweep."""
    head: TreeHead | None
    keys: tuple[str, ...]
    """Public keys that heads are signed with."""


def inspect(
    connection: Connection,
    *,
    anchors: Sequence[TreeHead],
    kept_since: datetime,
    trusted: str | None,
) -> Inspected:
    """Check everything. ``anchors`` are heads that were put on record outside of the database.

    Facts of records younger than ``kept_since`` must be there. ``trusted`` is the public key that
    this installation signs with, where it is known.
    """
    runs, records, problems = _chains(connection, kept_since)
    digests, gaps = _leaves(connection)
    signed = heads.all_of(connection)
    problems += gaps + _head_problems(signed, anchors, digests, trusted)
    return Inspected(
        problems=tuple(problems[:_MOST_PROBLEMS]),
        runs=runs,
        records=records,
        size=len(digests),
        head=signed[-1] if signed else None,
        keys=tuple(sorted({one.key for one in signed})),
    )


def _chains(connection: Connection, kept_since: datetime) -> tuple[int, int, list[str]]:
    problems: list[str] = []
    runs, count, after = 0, 0, ""
    while found := audits.runs_on_record(connection, after=after, limit=_BATCH):
        for run_id in found:
            records = audits.of_run(connection, run_id)
            broken = chain.first_broken(records)
            if broken is not None:
                event = next((one.event for one in records if one.sequence == broken), "?")
                problems.append(
                    f"{run_id}: record {broken} ({event}) was changed, or one before it is missing"
                )
            problems += [
                f"{run_id}: record {one.sequence} ({one.event}) has lost its facts before its time"
                for one in records
                if one.facts is chain.EXPIRED and one.at >= kept_since
            ]
            problems += _out_of_order(run_id, [one.position for one in records])
            runs, count = runs + 1, count + len(records)
        after = found[-1]
    return runs, count, problems


def _out_of_order(run_id: str, positions: Sequence[int | None]) -> list[str]:
    placed = [one for one in positions if one is not None]
    if placed != sorted(placed) or None in positions[: len(placed)]:
        return [f"{run_id}: its records stand in another order in the log"]
    return []


def _leaves(connection: Connection) -> tuple[list[bytes], list[str]]:
    """Give the hashes of the log as far as it has no gap, and where it has one."""
    digests: list[bytes] = []
    size = audits.log_size(connection)
    for first in range(0, size, _BATCH):
        for position, digest in audits.leaves(connection, first, first + _BATCH):
            if position != len(digests):
                return digests, [f"the log has no record at position {len(digests)}"]
            digests.append(_bytes(digest))
    return digests, []


def _bytes(digest: str) -> bytes:
    try:
        return tree.from_hex(digest)
    except ValueError:
        # No hash at all; its record is told of, and the roots will not fit either.
        return b""


def _head_problems(
    signed: Sequence[TreeHead],
    anchors: Sequence[TreeHead],
    digests: Sequence[bytes],
    trusted: str | None,
) -> list[str]:
    problems: list[str] = []
    wanted: Mapping[str, Sequence[TreeHead]] = {"signed": signed, "anchored": anchors}
    roots = _roots(digests, {one.size for heads_ in wanted.values() for one in heads_})
    for kind, several in wanted.items():
        for one in several:
            name = f"the {kind} head of {one.size} records ({one.at:%Y-%m-%d %H:%M:%S})"
            if not head_holds(one):
                problems.append(f"{name} does not bear its signature")
            elif trusted is not None and one.key != trusted:
                problems.append(f"{name} is signed with {one.key[:16]}…, which is not our key")
            elif one.size > len(digests):
                problems.append(f"{name} shows that the log was longer: {len(digests)} are left")
            elif roots[one.size] != one.root:
                problems.append(f"{name} does not fit what the log holds now")
    known = {one.size for one in signed}
    problems += [
        f"the anchored head of {one.size} records was taken out of the database"
        for one in anchors
        if one.size not in known
    ]
    if len(digests) > max(known, default=0):
        problems.append(f"no head was signed for the last of {len(digests)} records")
    return problems


def _roots(digests: Sequence[bytes], sizes: set[int]) -> dict[int, str]:
    """Give the root of the log at each of these sizes, in one walk over it.

    A tree of n leaves is held as the roots of its perfect subtrees, the largest first.
    """
    found: dict[int, str] = {}
    stack: list[tuple[int, bytes]] = []
    for size, digest in enumerate(digests, start=1):
        stack.append((1, digest))
        while len(stack) > 1 and stack[-1][0] == stack[-2][0]:
            width, right = stack.pop()
            stack[-1] = (width * 2, tree.node_hash(stack[-1][1], right))
        if size in sizes:
            root = stack[-1][1]
            for _, left in reversed(stack[:-1]):
                root = tree.node_hash(left, root)
            found[size] = root.hex()
    return found
