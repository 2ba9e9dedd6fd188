"""The invariants. Reads the tables and the outside world's log, and asks the product nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Table, select

from runtime.audit.chain import first_broken
from runtime.domain.run import AuditRecord
from runtime.storage import audit_tables, tables
from runtime.storage.database import Database
from tests.faults import starts
from tests.faults.outside import Execution, Outside, Post, spelled

_ENDED = frozenset({"succeeded", "failed", "cancelled", "skipped"})
_TOOLS = {"look_outside": "read", "leave_mark": "write", "pay": "irreversible"} | {
    "sign": "irreversible",
    "balk": "write",
}
_ASKS_ONLY = "approval"
"""The tool that a workflow's own approvals are asked under: nothing is called after a yes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What the checker saw in one installation after everything came to rest."""

    violations: tuple[str, ...]
    repeats: int
    """How often something was really done again: reads, and writes under the same key."""
    doubts: int
    """How often a person was asked whether something happened."""
    runs: int
    late_posts: int
    """Posts that a process which slept inside the far side sent after another had taken over."""
    answers: tuple[str, ...]
    tasks: tuple[str, ...]
    """The paths of all steps, sorted, but for what a branch did that lost its race."""


def check(
    database: Database, outside: Outside, *, approves: bool = True, frozen: bool = False
) -> Findings:
    """Check every invariant. ``frozen``: a process slept past its lease and woke again.

    A read, or a write under the same key, that such a process was in the middle of leaves late; it
    is refused here and taken once at the far side, and is not a completed step run anew.
    A post it was about to make leaves late; those are counted apart, and have to be few.
    """
    found = _Checker(database, outside, approves=approves, frozen=frozen)
    return Findings(
        violations=(*found.violations(), *starts.violations(database, outside)),
        repeats=found.repeats(),
        doubts=sum(1 for one in found.approvals if one["question"] == "outcome"),
        runs=len(found.runs),
        late_posts=found.late_posts(),
        answers=tuple(str(run["answer"]) for run in found.runs),
        tasks=found.tasks(),
    )


class _Checker:
    def __init__(
        self, database: Database, outside: Outside, *, approves: bool, frozen: bool
    ) -> None:
        self.runs = _rows(database, tables.run)
        self.steps = {row["id"]: row for row in _rows(database, tables.step)}
        self.approvals = _rows(database, tables.approval)
        self.deliveries = _rows(database, tables.delivery)
        self.audit = _rows(database, audit_tables.audit)
        self.executions: Sequence[Execution] = outside.executions()
        self.posts: Sequence[Post] = outside.posts()
        self.approves = approves
        self.frozen = frozen

    def violations(self) -> Iterator[str]:
        yield from self._every_run_ended()
        yield from self._the_journal_is_closed()
        yield from self._effects_happened_as_they_may()
        yield from self._nothing_completed_ran_again()
        yield from self._approvals_were_kept()
        yield from self._every_effect_was_decided()
        yield from self._no_stale_attempt_wrote()
        yield from self._the_audit_holds()
        yield from self._everything_was_said_once()

    def repeats(self) -> int:
        counted = Counter((one.tool, one.key, spelled(one.arguments)) for one in self.executions)
        return sum(times - 1 for times in counted.values())

    def tasks(self) -> tuple[str, ...]:
        cut = {id for id, step in self.steps.items() if step["status"] == "cancelled"}
        kept = (step for step in self.steps.values() if step["parent_id"] not in cut)
        return tuple(sorted(str(step["path"]) for step in kept))

    def late_posts(self) -> int:
        if not self.frozen:
            return 0
        posted = Counter(one.delivery for one in self.posts)
        return sum(times - 1 for times in posted.values())

    def _every_run_ended(self) -> Iterator[str]:
        if not self.runs:
            yield "an accepted request is lost: there is no run"
        for run in self.runs:
            if run["status"] != "succeeded":
                yield f"run {run['number']} is {run['status']}: {run['error']}"

    def _the_journal_is_closed(self) -> Iterator[str]:
        for step in self.steps.values():
            if step["status"] not in _ENDED:
                yield f"{step['id']} is left {step['status']}"
            if step["status"] == "failed" and self.approves and step["title"] != "balk":
                yield f"{step['id']} failed: {step['error']}"
            parent = step["parent_id"]
            if parent is not None and parent not in self.steps:
                yield f"{step['id']} has no parent"
            if step["parent_id"] is None and step["pending"] != 0 and step["status"] in _ENDED:
                yield f"{step['id']} ended with {step['pending']} children to come"
        for run in self.runs:
            root = self.steps.get(f"{run['id']}:/")
            if root is None or root["status"] != run["status"]:
                yield f"run {run['number']} and its root do not agree"

    def _effects_happened_as_they_may(self) -> Iterator[str]:
        times = Counter((one.tool, one.key) for one in self.executions if one.tool in _TOOLS)
        for (tool, key), count in times.items():
            if _TOOLS[tool] == "irreversible" and count > 1:
                yield f"{tool} happened {count} times under {key}"
            leaf = self.steps.get(key)
            if leaf is None:
                if _TOOLS[tool] != "read":
                    yield f"{tool} happened under {key}, of which the journal knows nothing"
            elif leaf["status"] != "succeeded":
                yield f"{tool} happened under {key}, which is {leaf['status']}"
        for leaf in self._leaves("tool"):
            if leaf["status"] == "succeeded" and not times[leaf["title"], leaf["id"]]:
                yield f"{leaf['id']} says it happened, and it did not"

    def _nothing_completed_ran_again(self) -> Iterator[str]:
        for one in self.executions:
            leaf = self._leaf_of(one)
            if leaf is None or leaf["finished_at"] is None or not one.at > leaf["finished_at"]:
                continue
            if self.frozen and leaf["effect"] != "irreversible":
                # The sleeper was inside the call; what leaves late is a read, or carries its key.
                continue
            yield f"{one.tool} ran again after {leaf['id']} had its result"

    def _leaf_of(self, one: Execution) -> RowMapping | None:
        if one.tool != "model":
            return self.steps.get(one.key)
        for leaf in self._leaves("model"):
            given: Any = leaf["input"]
            same = given["turns"] == one.arguments["turns"]
            if leaf["parent_id"] == one.key and leaf["title"] == one.arguments["purpose"] and same:
                return leaf
        return None

    def _approvals_were_kept(self) -> Iterator[str]:
        for approval in self.approvals:
            if approval["status"] == "pending":
                yield f"approval {approval['number']} is still pending"
            if approval["question"] != "call" or approval["tool"] == _ASKS_ONLY:
                continue
            key = str(approval["step_id"]).rsplit("/approval/", 1)[0]
            made = [one for one in self.executions if one.key == key]
            if approval["status"] != "approved" and made:
                yield f"{key} was {approval['status']} and happened"
            # A write that was agreed to may be done again after a crash, under the same key.
            once = _TOOLS.get(approval["tool"]) == "irreversible"
            if approval["status"] == "approved" and (not made or (once and len(made) > 1)):
                yield f"{key} was approved once and happened {len(made)} times"
            for one in made:
                if spelled(one.arguments) != spelled(approval["arguments"]):
                    yield f"{key} happened with {one.arguments}, not {approval['arguments']}"
                if one.at < _moment(approval["decided_at"]):
                    yield f"{key} happened before it was decided"
        asked = Counter(one["step_id"] for one in self.approvals if one["question"] == "call")
        for step_id, times in asked.items():
            if times > 1:
                yield f"{step_id} was asked {times} times"

    def _every_effect_was_decided(self) -> Iterator[str]:
        for leaf in self._leaves("tool"):
            decision: Any = leaf["decision"]
            if not decision or decision["outcome"] not in ("allow", "ask"):
                yield f"{leaf['id']} stands on no decision"
            elif leaf["effect"] == "irreversible" and not decision["approval"]:
                yield f"{leaf['id']} stands on no approval"

    def _no_stale_attempt_wrote(self) -> Iterator[str]:
        for step in self.steps.values():
            parent = self.steps.get(step["parent_id"])
            if step["leaf"] and parent is not None and step["attempt"] > parent["attempt"]:
                yield f"{step['id']} was written by attempt {step['attempt']}, which never was"
            if str(step["waits_for"]).startswith("a person"):
                yield f"{step['id']} was set aside: {step['waits_for']}"

    def _the_audit_holds(self) -> Iterator[str]:
        for run in self.runs:
            records = [AuditRecord(**row) for row in self.audit if row["run_id"] == run["id"]]
            records.sort(key=lambda record: record.sequence)
            broken = first_broken(records)
            if broken is not None:
                yield f"the audit of run {run['number']} breaks at {broken}"
            events = Counter(record.event for record in records)
            planned = {"PlanAccepted"} if run["agent"] is None else set[str]()
            for event in ("RunAccepted", *planned, "RunEnded"):
                if events[event] != 1:
                    yield f"run {run['number']} has {events[event]} × {event} on record"
            decided = sum(1 for one in self.approvals if one["run_id"] == run["id"])
            if events["ApprovalRequested"] != decided or events["ApprovalDecided"] != decided:
                yield f"run {run['number']} has other approvals on record than it had"

    def _everything_was_said_once(self) -> Iterator[str]:
        for delivery in self.deliveries:
            behind = delivery["sent_rev"] < delivery["wanted_rev"]
            if self.frozen and behind and delivery["due_at"] is not None:
                # A late sleeper put an old card over the new one; it is due to be drawn again.
                continue
            if delivery["status"] != "sent" or behind:
                yield f"{delivery['kind']} {delivery['id']} is {delivery['status']}"
        kinds = Counter((one["run_id"], one["kind"]) for one in self.deliveries)
        for run in self.runs:
            for kind in ("run_card", "answer"):
                if kinds[run["id"], kind] != 1:
                    yield f"run {run['number']} owes {kinds[run['id'], kind]} × {kind}"
        if not self.posts:
            return
        posted = Counter(one.delivery for one in self.posts)
        for delivery in self.deliveries:
            times = posted[delivery["id"]]
            if times != 1 and not (self.frozen and times == 2):
                yield f"{delivery['kind']} {delivery['id']} was posted {times} times"

    def _leaves(self, kind: str) -> Iterator[RowMapping]:
        for step in self.steps.values():
            if step["leaf"] and step["kind"] == kind:
                yield step


def _rows(database: Database, table: Table) -> list[RowMapping]:
    with database.read() as connection:
        return list(connection.execute(select(*table.c)).mappings())


def _moment(value: Any) -> datetime:
    assert isinstance(value, datetime)
    return value
