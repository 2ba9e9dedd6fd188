"""Random histories of approvals: whatever people, time and crashes do, and in whatever order.

Never an effect without a valid decision, never two, never a decision by somebody who may not, and
every history ends. ``BATON_APPROVAL_HISTORIES=2000`` plays so many on each database.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from runtime.agent import gate, judge
from runtime.agent.judge import Proposed
from runtime.agent.kit import Kit, Kits, Services, Shared
from runtime.approvals.claim import Claims
from runtime.approvals.decide import Decisions
from runtime.approvals.expire import Expiry
from runtime.approvals.grants import Grants
from runtime.approvals.hand_over import HandOvers
from runtime.approvals.pinned import Policies
from runtime.catalog.catalog import Catalog
from runtime.domain.approval import Approval, Decide, Verdict
from runtime.domain.conversation import Person
from runtime.domain.effects import Effect
from runtime.domain.errors import Refused
from runtime.domain.grant import Wanted
from runtime.domain.halt import HaltScope
from runtime.domain.json import Json, JsonObject
from runtime.domain.states import ApprovalStatus, RunStatus
from runtime.door.halting import Halting
from runtime.durable.context import Context, Pending
from runtime.models.completion import Completion, Prompt
from runtime.outbox.announce import Announcements
from runtime.policy.parse import parse_policy
from runtime.storage import approvals, grants
from runtime.storage.database import Database
from runtime.tools.registry import Registry
from runtime.tools.runner import Runner
from runtime.tools.tool import Call, Tool
from tests.worlds.engine import LEASE_SECONDS, REQUESTER, Crash, EngineWorld, root_of

HISTORIES = int(os.environ.get("BATON_APPROVAL_HISTORIES", "12"))
STEPS = 30
BIG, FORBIDDEN = 10, 100
POLICY = parse_policy(
    f"""version: 1
roles:
  approver: ["slack:T1/UB", "slack:T1/UC", "slack:T1/UD", "slack:T1/U1"]
rules:
  - {{id: small, tools: [pay], outcome: ask, eligible: ["role:approver", "!requester"],
     expires_after: 2h, on_expiry: escalate, escalate_to: ["slack:T1/UE"], remind_every: 30m}}
  - id: big
    tools: [pay]
    where: {{amount: {{over: {BIG}}}}}
    outcome: ask
    stages:
      - {{eligible: ["slack:T1/UB", "slack:T1/UC"]}}
      - {{eligible: ["slack:T1/UD", "slack:T1/UB"], veto: ["slack:T1/UE"]}}
    expires_after: 5h
    on_expiry: deny
  - {{id: forbidden, tools: [pay], where: {{amount: {{over: {FORBIDDEN}}}}}, outcome: deny}}
""",
    file="policy.yaml",
)
B, C, D, E, F = (
    Person(channel="slack", workspace="T1", external_id=f"U{letter}", name=letter)
    for letter in "BCDEF"
)
PEOPLE = (REQUESTER, B, C, D, E, F)
MAY_SMALL = {one.principal for one in (B, C, D, E)}
MAY_BIG = ({B.principal, C.principal}, {D.principal, B.principal})


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
    *("crash", "time", "time", "cancel"),
)


class NoModels:
    def complete(self, prompt: Prompt) -> Completion:
        raise AssertionError("nobody asks a model here")


@dataclass
class Outside:
    """What was paid, by run: the only witness that counts."""

    paid: dict[str, list[float]] = field(default_factory=dict[str, list[float]])

    def pay(self, arguments: JsonObject, call: Call) -> Json:
        amount = arguments["amount"]
        assert isinstance(amount, int | float)
        self.paid.setdefault(call.run_id, []).append(float(amount))
        return {"paid": amount}


class Histories(RuleBasedStateMachine):
    """People, three processes, one database."""

    database: Database
    home: Path

    def __init__(self) -> None:
        super().__init__()
        self.world = EngineWorld(self.database)
        self.outside = Outside()
        self.crash_next = False
        self.runs: list[str] = []
        self.said: list[Decide] = []
        world = self.world
        tool = Tool(
            name="pay",
            description="Pay.",
            parameters={
                "type": "object",
                "properties": {"amount": {"type": "number"}},
                "required": ["amount"],
                "additionalProperties": False,
            },
            effect=Effect.IRREVERSIBLE,
            run=self.outside.pay,
        )
        catalog = Catalog.of([])
        self.kit = Kit(catalog=catalog, policy=POLICY, registry=Registry([tool]))
        self.tool = tool
        self.services = Services(
            database=self.database,
            clock=world.clock,
            kits=Kits(self.database, lambda _: Shared(tools=(), missing={})),
            models=NoModels(),
            runner=Runner(secrets={}),
            data=self.home,
            current_policy=lambda: POLICY,
        )
        announcements = Announcements(world.clock)
        self.processes = [world.process(announcements, root=self._pay) for _ in range(3)]
        base, clock = self.database, world.clock
        self.decisions = Decisions(
            database=base, clock=clock, bell=world.bell, policies=Policies(lambda: POLICY)
        )
        self.claims = Claims(database=base, clock=clock, bell=world.bell, policy=lambda: POLICY)
        self.hand_overs = HandOvers(database=base, clock=clock, policy=lambda: POLICY)
        self.leave = Grants(database=base, clock=clock, policy=lambda: POLICY)
        self.switch = Halting(database=base, clock=clock, bell=world.bell, policy=lambda: POLICY)
        self.expiry = Expiry(self.database, world.clock, world.bell, policy=lambda: POLICY)

    def _pay(self, ctx: Context) -> Json:
        """The handler of every run: one call through the real gate."""
        self._maybe_crash()
        given = ctx.input
        assert isinstance(given, dict)
        proposed = Proposed(name="call", tool=self.tool, arguments=given, actor="payer@1")
        gated = judge.gated(ctx, self.services, self.kit, proposed)
        ctx.expect(gate.names_of("call"))
        made = gate.pass_through(ctx, self.services, gated)
        if isinstance(made, Pending):
            ctx.suspend("people")
        self._maybe_crash()
        return {"answer": str(made.result), "sources": [], "demonstration": False}

    def _maybe_crash(self) -> None:
        if self.crash_next:
            self.crash_next = False
            raise Crash

    def _asked(self) -> list[Approval]:
        with self.database.read() as connection:
            return [
                one
                for run_id in self.runs
                for one in approvals.pending(connection, workspace=None, run_id=run_id)
            ]

    def _work(self, process: int, step_ids: list[str]) -> None:
        for step_id in step_ids:
            try:
                self.processes[process].execute(step_id)
            except Crash:
                self.world.clock.step(LEASE_SECONDS + 1)

    # what happens

    @initialize(amounts=st.lists(_AMOUNTS, min_size=1, max_size=3))
    def begin_some(self, amounts: list[int]) -> None:
        for amount in amounts:
            self._begin(amount)

    def _begin(self, amount: int) -> None:
        if len(self.runs) < 5:
            run_id = self.world.accept(kind="root", input={"amount": amount})
            self.runs.append(run_id)
            self._work(0, [root_of(run_id)])

    @rule(clicks=st.lists(_CLICKS, min_size=1, max_size=5), process=st.integers(0, 2))
    def decide(self, clicks: list[Click], process: int) -> None:
        for click in clicks:
            asked = self._asked()
            if not asked:
                return
            approval = asked[click.which % len(asked)]
            changed = click.amount is not None and click.verdict is Verdict.APPROVE
            said = Decide(
                approval=approval.id,
                person=click.person,
                verdict=click.verdict,
                surface="slack",
                reason="so",
                nonce="stale" if click.stale else approval.nonce,
                arguments={"amount": click.amount} if changed else None,
            )
            self.said.append(said)
            self._say(said)
            if click.at_once:
                self._work(process, self.world.bell.take_steps())

    def _say(self, said: Decide) -> None:
        with contextlib.suppress(Refused):
            self.decisions.decide(said, workspace=None)

    @rule(process=st.integers(0, 2), newest_first=st.booleans(), lost=st.booleans())
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
            self._say(self.said[-1 - which % len(self.said)])

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
        self.world.bell.ring_step(root_of(run_id))
        wanted = Wanted(run=run_id, tool="pay", uses=1)
        self.leave.give(wanted, (B, REQUESTER, F)[which % 3], workspace=None)

    def _revoke(self, which: int) -> None:
        for one in self.leave.listed(run=None, workspace=None)[which % 2 :]:
            self.leave.revoke(str(one.number), B, workspace=None)

    def _halt(self, which: int) -> None:
        if which < 3 and not self.switch.standing(workspace="T1"):
            self.switch.halt(HaltScope.TOOL, "pay", B, reason="stop", drill=False)

    def _lift(self, which: int) -> None:
        for one in self.switch.standing(workspace="T1"):
            for person in (B, C)[: 1 + which % 2]:
                with contextlib.suppress(Refused):
                    self.switch.lift(str(one.number), person, workspace=None)

    def _crash(self, which: int) -> None:
        self.crash_next = which < 5

    def _time(self, which: int) -> None:
        self.world.clock.step((1, 31, 130, 400)[which % 4] * 60)
        self.expiry()
        self.world.sweep()

    def _cancel(self, which: int) -> None:
        if which == 9 and self.runs:
            self.world.steering().cancel(self.runs[0], REQUESTER, workspace=None)

    # what must be so

    @invariant()
    def nothing_is_paid_but_once_and_by_leave(self) -> None:
        with self.database.read() as connection:
            for run_id, paid in self.outside.paid.items():
                assert len(paid) == 1, f"{run_id} paid {paid}"
                assert paid[0] <= FORBIDDEN
                stands_on = [
                    one
                    for one in approvals.of_run(connection, run_id)
                    if one.status is ApprovalStatus.APPROVED
                    and one.arguments == {"amount": int(paid[0])}
                ]
                used = [
                    one
                    for one in grants.listed(connection, workspace=None, run_id=run_id)
                    if one.used
                ]
                assert stands_on or (used and paid[0] <= BIG), f"nobody agreed to {run_id}"
                for one in used:
                    assert one.given_by == B.principal
                    assert one.used <= one.uses
                assert all(self._is_valid(one) for one in stands_on)

    def _is_valid(self, approval: Approval) -> bool:
        """Judge the votes by what the policy says, and by nothing the engine has written."""
        with self.database.read() as connection:
            votes = approvals.history(connection, [approval.id]).get(approval.id, [])
        amount = approval.arguments["amount"]
        assert isinstance(amount, int | float)
        rounds = list(MAY_BIG) if amount > BIG else [MAY_SMALL]
        yes = [one for one in votes if one.verdict is Verdict.APPROVE]
        voters = [one.on_behalf_of or one.principal for one in yes]
        return (
            len(yes) == len(rounds)
            and all(voter in rounds[one.stage] for one, voter in zip(yes, voters, strict=True))
            and not {one.principal for one in yes} & self._editors(approval)
            and (amount > BIG or REQUESTER.principal not in {one.principal for one in yes})
        )

    def _editors(self, approval: Approval) -> set[str]:
        """Name who has changed the call on its way to this question."""
        editors: set[str] = set()
        before = approval.replaces
        with self.database.read() as connection:
            while before is not None:
                votes = approvals.history(connection, [before]).get(before, [])
                editors |= {one.principal for one in votes if one.verdict is Verdict.EDIT}
                found = approvals.find(connection, before, workspace=None)
                before = found.replaces if found else None
        return editors

    def teardown(self) -> None:
        """Let everything come to its end: lift what is halted, refuse what is asked."""
        try:
            self._end()
        finally:
            self.world.close()

    def _end(self) -> None:
        self.crash_next = False
        for halt in self.switch.standing(workspace=None):
            for person in (B, C, D):
                with contextlib.suppress(Refused):
                    self.switch.lift(str(halt.number), person, workspace=None)
        for person in PEOPLE:
            self.hand_overs.back(person)
        for _ in range(40):
            self.world.clock.step(LEASE_SECONDS + 1)
            self.world.sweep()
            self._work(0, self.world.bell.take_steps())
            for approval in self._asked():
                for person in (B, C, D, E):
                    no = Decide(
                        approval=approval.id, person=person, verdict=Verdict.REJECT,
                        surface="slack", reason="enough",
                    )  # fmt: skip
                    self._say(no)
            if all(self.world.run(one).status != RunStatus.ACTIVE for one in self.runs):
                break
        assert all(self.world.run(one).status != RunStatus.ACTIVE for one in self.runs), [
            self.world.states(one) for one in self.runs
        ]
        self.nothing_is_paid_but_once_and_by_leave()
        assert self._asked() == []


def test_random_histories_of_approvals(database: Database, tmp_path: Path) -> None:
    played = type("Played", (Histories,), {"database": database, "home": tmp_path})

    run_state_machine_as_test(
        played,
        settings=settings(
            max_examples=HISTORIES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
