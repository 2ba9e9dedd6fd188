"""Random histories of approvals: whatever people, time and crashes do, and in whatever order.

Where its processes are is for the ``Company`` to say: here, or each for itself.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from runtime.approvals.claim import Claims
from runtime.approvals.expire import Expiry
from runtime.approvals.grants import Grants
from runtime.approvals.hand_over import HandOvers
from runtime.domain.approval import Approval, Decide, OnExpiry, Question, Verdict
from runtime.domain.conversation import Person
from runtime.domain.errors import Refused
from runtime.domain.grant import Wanted
from runtime.domain.halt import HaltScope
from runtime.domain.ids import new_id
from runtime.domain.json import JsonObject
from runtime.domain.states import ApprovalStatus, RunStatus
from runtime.door.halting import Halting
from runtime.storage import approvals
from runtime.storage.database import Database
from tests.histories.company import PROCESSES, Company
from tests.histories.promises import Promises
from tests.worlds.engine import LEASE_SECONDS, REQUESTER, EngineWorld, root_of
from tests.worlds.payments import BIG, BIG_HOURS, FORBIDDEN, PEOPLE, POLICY, B, C, D, E, F, Till

_MOST_RUNS: Final = 5
_MOST_COMMITS: Final = 12
"""Within so many commits of one piece of work a process may be killed."""


@dataclass(frozen=True)
class Click:
    """What somebody says about one of those that wait."""

    which: int
    person: Person
    verdict: Verdict
    amount: int | None
    stale: bool
    at_once: bool


_CLICKS = st.builds(
    Click,
    which=st.integers(0, 3),
    person=st.sampled_from(PEOPLE),
    verdict=st.sampled_from([Verdict.APPROVE] * 4 + [Verdict.REJECT]),
    amount=st.sampled_from([None, None, 2, BIG + 5, FORBIDDEN + 5]),
    stale=st.sampled_from([False] * 5 + [True]),
    at_once=st.booleans(),
)
_AMOUNTS = st.sampled_from([1, 2, BIG, BIG + 1, FORBIDDEN + 1])
_EVENTS = (
    *("another", "again", "claim", "hand_over", "back", "grant", "revoke", "halt", "lift"),
    *("crash", "crash", "time", "time", "cancel", "lift", "late", "stopped", "changed"),
    *("stand_in", "older_card"),
)


class Histories(RuleBasedStateMachine):
    """People, three processes, one database."""

    database: Database
    home: Path
    company: Company
    tally: Counter[str]
    """What happened in all of them, for whoever watches."""

    def __init__(self) -> None:
        super().__init__()
        self.tally["histories"] += 1
        self.world = EngineWorld(self.database)
        self.till = Till(self.home / new_id("till"))
        self.promises = Promises(self.database, self.till)
        self.dies_after = 0
        self.runs: list[str] = []
        self.said: list[Decide] = []
        base, clock, bell = self.database, self.world.clock, self.world.bell
        self.claims = Claims(database=base, clock=clock, bell=bell, policy=lambda: POLICY)
        self.hand_overs = HandOvers(database=base, clock=clock, policy=lambda: POLICY)
        self.leave = Grants(database=base, clock=clock, policy=lambda: POLICY)
        self.switch = Halting(database=base, clock=clock, bell=bell, policy=lambda: POLICY)
        self.expiry = Expiry(base, clock, bell, policy=lambda: POLICY)
        self.company.begin(self.world, self.till)

    # how it is played

    def _asked(self) -> list[Approval]:
        with self.database.read() as connection:
            return [
                one
                for run_id in self.runs
                for one in approvals.of_run(connection, run_id)
                if one.status is ApprovalStatus.PENDING
            ]

    def _work(self, process: int, step_ids: list[str]) -> None:
        if not step_ids:
            return
        halted = self._is_halted()
        dies_after, self.dies_after = self.dies_after, 0
        if not self.company.work(process, step_ids, dies_after=dies_after):
            self.tally["killed"] += 1
            self.world.clock.step(LEASE_SECONDS + 1)
        self.promises.count(halted=halted)

    def _is_halted(self) -> bool:
        return bool(self.switch.standing(workspace="T1"))

    def _say(self, *said: Decide, process: int = 0) -> bool:
        """Say all of it at once; tell whether any of it was taken."""
        halted = self._is_halted()
        spread = [((process + at) % PROCESSES, one) for at, one in enumerate(said)]
        counted = 0
        for one, decided in zip(said, self.company.hear(spread), strict=True):
            won = decided is not None and decided.won
            counted += won
            self.tally["said"] += 1
            self.tally["counted"] += won
            assert not (won and one.nonce == "stale"), "a stale card was taken"
            assert not (won and halted), "it was decided while it was halted"
        return counted > 0

    def _let_time_run_out(self) -> None:
        """Let the sweep look for what is overdue; a halt holds that back."""
        self.promises.held_back = self.promises.held_back or self._is_halted()
        self.expiry()
        self.promises.nothing_outlives_its_time(self.runs, self.world.clock.now())

    # what happens

    @initialize(amounts=st.lists(_AMOUNTS, min_size=1, max_size=3))
    def begin_some(self, amounts: list[int]) -> None:
        for amount in amounts:
            self._begin(amount)

    def _begin(self, amount: int) -> None:
        if len(self.runs) < _MOST_RUNS:
            run_id = self.world.accept(kind="root", input={"amount": amount})
            self.runs.append(run_id)
            self._work(0, [root_of(run_id)])

    @rule(clicks=st.lists(_CLICKS, min_size=1, max_size=5), process=st.integers(0, PROCESSES - 1))
    def decide(self, clicks: list[Click], process: int) -> None:
        asked = self._asked()
        together: list[Decide] = []
        for click in clicks if asked else []:
            together.append(self._meant(click, asked[click.which % len(asked)]))
            if click.at_once:
                self._say(*together, process=process)
                together = []
                self._work(process, self.world.bell.take_steps())
                asked = self._asked()
                if not asked:
                    break
        self._say(*together, process=process)

    def _meant(self, click: Click, approval: Approval) -> Decide:
        changes = click.amount is not None and click.verdict is Verdict.APPROVE
        said = Decide(
            approval=approval.id,
            person=click.person,
            verdict=self._truly(click.verdict, approval),
            surface="slack",
            reason="so",
            nonce="stale" if click.stale else approval.nonce,
            arguments={"amount": click.amount}
            if changes and approval.question is Question.CALL
            else None,
        )
        self.said.append(said)
        return said

    def _truly(self, verdict: Verdict, approval: Approval) -> Verdict:
        """Let people tell the truth about what nobody knows whether it happened."""
        if approval.question is Question.CALL:
            return verdict
        if verdict is Verdict.REJECT:
            return Verdict.ABORT
        return Verdict.HAPPENED if approval.run_id in self.promises.paid else Verdict.REPEAT

    @rule(
        process=st.integers(0, PROCESSES - 1),
        newest_first=st.booleans(),
        lost=st.booleans(),
    )
    def work(self, process: int, newest_first: bool, lost: bool) -> None:
        rung = self.world.bell.take_steps()
        if lost and newest_first:
            # A lost ring is repaired by the sweep, once time has passed.
            return
        self._work(process, rung[::-1] if newest_first else rung)

    @rule(event=st.sampled_from(_EVENTS), which=st.integers(0, 9))
    def something_else(self, event: str, which: int) -> None:
        with contextlib.suppress(Refused):
            getattr(self, f"_{event}")(which)

    def _another(self, which: int) -> None:
        self._begin((1, BIG, BIG + 1, FORBIDDEN + 1)[which % 4])

    def _again(self, which: int) -> None:
        if self.said:
            again = self.said[-1 - which % len(self.said)]
            # Twice at once, in two processes: a double click.
            self._say(again, again, process=which)

    def _claim(self, which: int) -> None:
        asked = self._asked()
        if asked:
            person = PEOPLE[which % len(PEOPLE)]
            self.claims.claim(asked[which % len(asked)].id, person, "slack", workspace=None)

    def _hand_over(self, which: int) -> None:
        to = (REQUESTER, E, F)[which % 3]
        until = self.world.clock.now() + timedelta(hours=2) if which % 2 else None
        self.hand_overs.away(
            (B, C, D)[which // 3 % 3], until=until, to=to.principal, present=which % 2 == 0
        )

    def _back(self, which: int) -> None:
        self.hand_overs.back((B, C, D)[which % 3])

    def _grant(self, which: int) -> None:
        # For calls that come: the run is begun here, and worked on later.
        run_id = self.world.accept(kind="root", input={"amount": 1 + which})
        self.runs.append(run_id)
        self.world.bell.ring(steps=[root_of(run_id)])
        wanted = Wanted(run=run_id, tool="pay", uses=1)
        self.leave.give(wanted, (B, REQUESTER, F)[which % 3], workspace=None)

    def _revoke(self, which: int) -> None:
        for one in self.leave.listed(run=None, workspace=None)[which % 2 :]:
            self.leave.revoke(str(one.number), B, workspace=None)

    def _halt(self, which: int) -> None:
        if which < 7 and not self.switch.standing(workspace="T1"):
            self.switch.halt(HaltScope.TOOL, "pay", B, reason="stop", drill=False)

    def _lift(self, which: int) -> None:
        for one in self.switch.standing(workspace="T1"):
            for person in (B, C)[: 1 + which % 2]:
                with contextlib.suppress(Refused):
                    self.switch.lift(str(one.number), person, workspace=None)

    def _crash(self, which: int) -> None:
        """Have whoever works next die in the middle of it."""
        self.dies_after = 1 + which % _MOST_COMMITS
        self._work(which % PROCESSES, self.world.bell.take_steps())

    def _time(self, which: int) -> None:
        self.world.clock.step((1, 31, 130, 400)[which % 4] * 60)
        if which not in (3, 7):
            # Else people are faster than the sweep.
            self._let_time_run_out()
        self.world.sweep()

    def _late(self, which: int) -> None:
        """Let people agree right after the time, before any sweep has looked."""
        self._begin(BIG + 1)
        timed = [one for one in self._asked() if one.on_expiry is OnExpiry.DENY]
        for asked in timed[which % 2 : which % 2 + 1]:
            assert asked.expires_at is not None
            left = (asked.expires_at - self.world.clock.now()).total_seconds()
            self.world.clock.step(max(left, 0) + 1)
            for person in (B, D):
                self._agree(asked, person)

    def _stopped(self, which: int) -> None:
        """Throw the switch before people decide about what waits, or right after they have."""
        self._begin(1)
        self._work(0, self.world.bell.take_steps())
        if which % 2:
            self._halt(0)
        for asked in self._asked()[-1 - which % 3 :][:1]:
            for person in (C, D):
                self._agree(asked, person)
        self._halt(0)
        self._work(0, self.world.bell.take_steps())

    def _changed(self, which: int) -> None:
        """Have somebody change the call that waits, and others agree to what it is then."""
        self._begin(BIG)
        self._work(0, self.world.bell.take_steps())
        amount = (2, BIG + 5, FORBIDDEN + 5)[which % 3]
        for asked in self._asked()[-1:]:
            is_first = len(self._all_of(asked.run_id)) == 1
            self._agree(asked, C, arguments={"amount": amount})
            [now] = [one for one in self._all_of(asked.run_id) if one.id == asked.id]
            if now.verdict is Verdict.EDIT:
                assert amount <= FORBIDDEN, "what policy forbids was taken as a change"
                anew = self._asked_anew(asked)
                assert anew or not is_first, f"nobody is asked about what became of {asked.id}"
                for one in anew:
                    self._agree(one, B)
                    self._agree(one, D)
        self._work(0, self.world.bell.take_steps())

    def _asked_anew(self, changed: Approval) -> list[Approval]:
        """Wait for the question in the place of one, also where a process had died at it."""
        for _ in range(3):
            self._work(0, self.world.bell.take_steps())
            found = [one for one in self._all_of(changed.run_id) if one.replaces == changed.id]
            if found:
                return found
            self.world.clock.step(LEASE_SECONDS + 1)
            self.world.sweep()
        return []

    def _stand_in(self, which: int) -> None:
        """Have decisions handed on to who is kept out, and have them decide."""
        self._begin(1)
        self._work(0, self.world.bell.take_steps())
        self.hand_overs.away((B, C, D)[which % 3], until=None, to=REQUESTER.principal, present=True)
        for asked in self._asked()[-1:]:
            self._agree(asked, REQUESTER)

    def _older_card(self, which: int) -> None:
        """Have somebody who may decide press a button of a card that was drawn before."""
        for asked in self._asked()[which % 3 :][:1]:
            self._agree(asked, (B, C, D)[which % 3], nonce="stale")

    def _agree(
        self,
        asked: Approval,
        person: Person,
        *,
        arguments: JsonObject | None = None,
        nonce: str | None = None,
    ) -> None:
        self._say(
            Decide(
                approval=asked.id,
                person=person,
                verdict=Verdict.APPROVE,
                surface="slack",
                reason="so",
                nonce=nonce,
                arguments=arguments,
            )
        )

    def _all_of(self, run_id: str) -> list[Approval]:
        with self.database.read() as connection:
            return approvals.of_run(connection, run_id)

    def _cancel(self, which: int) -> None:
        if which == 9 and self.runs:
            self.world.steering().cancel(self.runs[0], REQUESTER, workspace=None)

    # what must be so

    @invariant()
    def all_promises_hold(self) -> None:
        self.promises.hold(self.runs)

    def teardown(self) -> None:
        """Let everything come to its end: by time what policy ends, by people what is left."""
        try:
            self._end()
        finally:
            self.tally["runs"] += len(self.runs)
            self.tally["paid"] += len(self.promises.paid)
            self.world.close()

    def _end(self) -> None:
        self.dies_after = 0
        for halt in self.switch.standing(workspace=None):
            for person in (B, C, D):
                with contextlib.suppress(Refused):
                    self.switch.lift(str(halt.number), person, workspace=None)
        for person in PEOPLE:
            self.hand_overs.back(person)
        self.world.clock.step(timedelta(hours=BIG_HOURS + 1).total_seconds())
        for _ in range(40):
            self.world.clock.step(LEASE_SECONDS + 1)
            self._let_time_run_out()
            self.world.sweep()
            self._work(0, self.world.bell.take_steps())
            asked = self._asked()
            for approval in asked:
                for person in (B, C, D, E):
                    if self._say(self._meant(_no_from(person), approval)):
                        break
            if not asked and not self._at_work():
                break
        assert not self._at_work(), [self.world.states(one) for one in self._at_work()]
        assert self._asked() == [], "a run has ended and is still asked about"
        self.promises.hold_to_the_end(self.runs)

    def _at_work(self) -> list[str]:
        return [one for one in self.runs if self.world.run(one).status is RunStatus.ACTIVE]


def _no_from(person: Person) -> Click:
    return Click(
        which=0, person=person, verdict=Verdict.REJECT, amount=None, stale=False, at_once=False
    )
