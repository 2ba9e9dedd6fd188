"""What must be so in every history of approvals, judged from outside.

Judged by the policy's words, by what people said and by what was paid: never by what the engine
makes of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from runtime.domain.approval import Approval, Question, Said, Verdict
from runtime.domain.grant import Grant
from runtime.domain.states import ApprovalStatus, RunStatus
from runtime.storage import approvals, grants
from runtime.storage import runs as runs_table
from runtime.storage.database import Database
from tests.worlds.engine import REQUESTER
from tests.worlds.payments import BIG, BIG_HOURS, FORBIDDEN, MAY_BIG, MAY_SMALL, B, Till

_OPEN = ApprovalStatus.PENDING
_MAY_FOLLOW = {(ApprovalStatus.APPROVED, ApprovalStatus.SUPERSEDED)}
"""What becomes of an end: a yes is void where the call is another by now."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything on record of the runs of one history."""

    at_work: set[str]
    asked: dict[str, Approval]
    said: dict[str, list[Said]]
    leave: dict[str, list[Grant]]


@dataclass(slots=True)
class Promises:
    """One history's judge."""

    database: Database
    till: Till
    paid: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    held_back: bool = False
    """A halt was in force when time ran out somewhere: then there is more time than policy says."""
    _judged: set[str] = field(default_factory=set[str])
    _ends: dict[str, tuple[ApprovalStatus, str | None]] = field(
        default_factory=dict[str, tuple[ApprovalStatus, str | None]]
    )

    def count(self, *, halted: bool) -> None:
        """Take up what was paid since the last time, none of which may be while it was halted."""
        for run_id, amount in self.till.news():
            self.paid.setdefault(run_id, []).append(amount)
            assert not halted, f"{run_id} was paid while it was halted"

    def hold(self, runs: list[str]) -> None:
        """Judge all that is on record of what was at work when it was last judged."""
        looked_at = [one for one in runs if one not in self._judged]
        scene = self._scene(looked_at)
        self._judge(scene)
        self._judged.update(set(looked_at) - scene.at_work)

    def hold_to_the_end(self, runs: list[str]) -> None:
        """Judge all that is on record once more."""
        self._judge(self._scene(runs))

    def _judge(self, scene: Scene) -> None:
        for run_id in scene.leave:
            self._is_paid_by_leave(scene, run_id, self.paid[run_id])
        for approval in scene.asked.values():
            is_left_open = approval.status is _OPEN and approval.run_id not in scene.at_work
            assert not is_left_open, f"{approval.run_id} has ended, and {approval.id} stays open"
            self._is_final(approval)
            self._is_what_was_changed(scene, approval)

    def nothing_outlives_its_time(self, runs: list[str], now: datetime) -> None:
        """Judge what a sweep has left, right after it: nothing that policy ends by now."""
        if self.held_back:
            return
        at_work = [one for one in runs if one not in self._judged]
        for one in self._scene(at_work).asked.values():
            late = _amount(one) > BIG and one.created_at + timedelta(hours=BIG_HOURS) <= now
            asked = one.status is _OPEN and one.question is Question.CALL
            assert not (asked and late), f"{one.id} ran out and stays open"

    def _scene(self, runs: list[str]) -> Scene:
        with self.database.read() as connection:
            asked = {one.id: one for run_id in runs for one in approvals.of_run(connection, run_id)}
            # Looked at last: what has ended by now had to close what it was asked before.
            found = [runs_table.read(connection, run_id) for run_id in runs]
            return Scene(
                {one.id for one in found if one and one.status is RunStatus.ACTIVE},
                asked,
                approvals.history(connection, list(asked)) if asked else {},
                {
                    run_id: [
                        one
                        for one in grants.listed(connection, workspace=None, run_id=run_id)
                        if one.used
                    ]
                    for run_id in runs
                    if run_id in self.paid
                },
            )

    def _is_paid_by_leave(self, scene: Scene, run_id: str, paid: list[float]) -> None:
        assert len(paid) == 1, f"{run_id} paid {paid}"
        assert paid[0] <= FORBIDDEN, f"{run_id} paid what policy forbids: {paid[0]}"
        stands_on = [
            one
            for one in scene.asked.values()
            if one.run_id == run_id
            and one.question is Question.CALL
            and one.status is ApprovalStatus.APPROVED
            and one.arguments == {"amount": int(paid[0])}
        ]
        used = scene.leave[run_id]
        assert stands_on or (used and paid[0] <= BIG), f"nobody agreed to {run_id}"
        for one in used:
            assert one.given_by == B.principal, f"{one.given_by} gave leave and could not"
            assert one.used <= one.uses, f"leave of {one.uses} uses was used {one.used} times"
        for one in stands_on:
            self._is_valid(scene, one)

    def _is_final(self, approval: Approval) -> None:
        """Hold an end against what it was when it was first seen."""
        if approval.status is _OPEN:
            assert approval.id not in self._ends, f"{approval.id} was decided, and is open again"
            return
        now = (approval.status, approval.decided_by)
        before = self._ends.setdefault(approval.id, now)
        if before != now:
            assert (before[0], now[0]) in _MAY_FOLLOW, f"{approval.id} was {before} and is {now}"
            self._ends[approval.id] = now

    def _is_what_was_changed(self, scene: Scene, approval: Approval) -> None:
        for edit in scene.said.get(approval.replaces or "", []):
            if edit.verdict is Verdict.EDIT:
                assert approval.arguments == edit.arguments, "asked about another call"

    def _is_valid(self, scene: Scene, approval: Approval) -> None:
        amount, name = _amount(approval), approval.id
        rounds = list(MAY_BIG) if amount > BIG else [MAY_SMALL]
        yes = [one for one in scene.said.get(name, []) if one.verdict is Verdict.APPROVE]
        voters = [one.on_behalf_of or one.principal for one in yes]
        assert len(yes) == len(rounds), f"{name} has {len(yes)} of {len(rounds)} voices"
        assert all(voter in rounds[one.stage] for one, voter in zip(yes, voters, strict=True)), (
            f"{voters} decided {name}"
        )
        editors = self._editors(scene, approval)
        assert not {one.principal for one in yes} & editors, f"an editor agreed to {name}"
        if amount <= BIG:
            assert REQUESTER.principal not in {one.principal for one in yes}, "the requester did"
        elif not self.held_back:
            until = approval.created_at + timedelta(hours=BIG_HOURS)
            assert all(one.at < until for one in yes), f"{name} was decided after its time"

    def _editors(self, scene: Scene, approval: Approval) -> set[str]:
        """Name who has changed the call on its way to this question."""
        editors: set[str] = set()
        before = approval.replaces
        while before is not None:
            said = scene.said.get(before, [])
            editors |= {one.principal for one in said if one.verdict is Verdict.EDIT}
            before = scene.asked[before].replaces
        return editors


def _amount(approval: Approval) -> float:
    amount = approval.arguments["amount"]
    assert isinstance(amount, int | float)
    return amount
