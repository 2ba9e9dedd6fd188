"""A runtime that lives in memory: one installation's front door with a clock that is set by hand.

It keeps what tests rely on: a receipt once, a first decision, workspaces apart, a claim once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from bots.governing import Governing
from bots.sight import Sight
from runtime.catalog.workflow.document import Workflow
from runtime.domain.approval import (
    VERDICTS,
    Approval,
    Decide,
    Decided,
    Inquiry,
    OnExpiry,
    Preview,
    Question,
    Stage,
    Verdict,
)
from runtime.domain.budget import Budget, BudgetLeft
from runtime.domain.conversation import Linked, Message, Person, Place, Received, Reception
from runtime.domain.delivery import Delivery, DeliveryKind, Sighting
from runtime.domain.errors import NotFound, Refused
from runtime.domain.mine import Mine
from runtime.domain.number import Number
from runtime.domain.run import (
    Artifact,
    AuditRecord,
    Deed,
    OpenQuestion,
    Run,
    RunLine,
    RunView,
    StepRow,
)
from runtime.domain.states import ApprovalStatus, Control, RunStatus, StepStatus
from runtime.domain.step import Cost, Step
from runtime.domain.thread import ThreadEntry
from runtime.policy.access import Right
from tests.worlds.all_see import AllSee
from tests.worlds.all_start import AllStart

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
OPERATOR = Person(channel="console", workspace="local", external_id="operator", name="Operator")
ADA = Person(channel="slack", workspace="T024", external_id="U061", name="Ada")
THREAD = Place(channel="console", workspace="local", key="abc", address={})


@dataclass(frozen=True, kw_only=True)
class KnownAgent:
    name: str = "analyst"
    version: str = "3f2a91c0ffee"
    description: str = "Compares and calculates."
    role: str = "worker"
    capabilities: tuple[str, ...] = ("compare",)
    tier: str = "light"
    tools: tuple[str, ...] = ("query_ledger",)


def a_step(path: str = "/plan/1/compare", **changes: Any) -> Step:
    step = Step(
        id=f"run_1:{path}",
        run_id="run_1",
        parent_id="run_1:/",
        path=path,
        kind="agent",
        leaf=False,
        title="Compare the offers",
        actor="analyst@3f2a91",
        status=StepStatus.RUNNING,
        attempt=1,
        wakeups=0,
        failures=0,
        crashes=0,
        due_at=None,
        waits_for="",
        effect=None,
        key=None,
        input=None,
        output=None,
        output_blob=None,
        error=None,
        decision=None,
        cost=Cost(),
        created_at=NOON,
        started_at=NOON,
        finished_at=None,
    )
    return replace(step, **changes)


def an_approval(number: int = 3, **changes: Any) -> Approval:
    approval = Approval(
        id=f"apr_{number}",
        number=number,
        run_id="run_1",
        run_number=12,
        step_id="run_1:/plan/1/order/turn/1/tool/0",
        question=Question.CALL,
        tool="record_purchase_order",
        arguments={"vendor": "Nordlicht IT", "quantity": 20},
        digest="ab12cd34" * 8,
        agent="operator@77aa01",
        policy="feed" * 16,
        rule="purchase-orders",
        reason="A purchase order commits a budget.",
        preview=Preview(what="Order 20 laptops", where="purchase ledger", how_many=20),
        stages=(Stage(eligible=("role:approver",)),),
        stage=0,
        status=ApprovalStatus.PENDING,
        version=1,
        nonce="n0nce",
        requester="console:local/operator",
        on_expiry=OnExpiry.DENY,
        created_at=NOON,
        expires_at=NOON + timedelta(days=3),
        decided_by=None,
        decided_by_name="",
        decided_at=None,
        decided_on="",
        decision_reason="",
        verdict=None,
    )
    return replace(approval, **changes)


def a_run(number: int = 12, **changes: Any) -> Run:
    run = Run(
        id="run_1" if number == 12 else f"run_{number}",
        number=number,
        workspace="local",
        conversation_id="con_1",
        requester="console:local/operator",
        requester_name="Operator",
        request="Compare the laptop offers",
        agent=None,
        input={},
        goal="Compare the laptop offers",
        status=RunStatus.ACTIVE,
        control=Control.GO,
        catalog="c" * 64,
        budget=Budget(),
        spent=Cost(usd=0.0123, tokens=1_234),
        answer="",
        sources=(),
        demonstration=False,
        revision=1,
        error=None,
        created_at=NOON,
        finished_at=None,
    )
    return replace(run, **changes)


def a_view(run: Run | None = None, **changes: Any) -> RunView:
    view = RunView(
        run=run or a_run(),
        place=THREAD,
        status="running",
        steps=(a_step(),),
        approvals=(),
        questions=(),
        artifacts=(),
        read_at=NOON + timedelta(seconds=75),
    )
    return replace(view, **changes)


def a_delivery(
    kind: DeliveryKind = DeliveryKind.RUN_CARD, subject: str = "run_1", **changes: Any
) -> Delivery:
    delivery = Delivery(
        id=f"dlv_{kind.value}_{subject}",
        conversation_id="con_1",
        place=THREAD,
        run_id="run_1",
        kind=kind,
        subject_id=subject,
        payload={},
        wanted_rev=1,
        sent_rev=0,
        external_id=None,
        attempt=1,
        doubtful=False,
    )
    return replace(delivery, **changes)


class FreeForAll:
    """An access list that denies nobody anything."""

    def lacks(self, person: Person, right: Right) -> str | None:
        return None

    def require(self, person: Person, right: Right) -> None:
        return None


@dataclass
class FrontDoor:
    """See the module. Tests put views in and read what was done from the lists."""

    now: datetime = NOON
    flows: list[Workflow] = field(default_factory=list[Workflow])
    views: dict[str, RunView] = field(default_factory=dict[str, RunView])
    asked: dict[str, Approval] = field(default_factory=dict[str, Approval])
    traces: dict[str, list[StepRow]] = field(default_factory=dict[str, list[StepRow]])
    records: dict[str, list[AuditRecord]] = field(default_factory=dict[str, list[AuditRecord]])
    contents: dict[tuple[str, str], bytes] = field(default_factory=dict[tuple[str, str], bytes])
    vouched: dict[str, str] = field(default_factory=dict[str, str])
    """Addresses that channels have vouched for, by principal."""
    threads: dict[str, list[ThreadEntry]] = field(default_factory=dict[str, list[ThreadEntry]])
    messages: list[Message] = field(default_factory=list[Message])
    decisions: list[Decide] = field(default_factory=list[Decide])
    answers: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    refusals: dict[str, str] = field(default_factory=dict[str, str])
    """Why people may not decide, by principal."""
    codes: dict[str, Person] = field(default_factory=dict[str, Person])
    surfaces: dict[str, str] = field(default_factory=dict[str, str])
    """Places that may be spoken to unasked, by key, and whose own they are."""
    blind: dict[str, str] = field(default_factory=dict[str, str])
    """Which grant people lack to see anything, by principal."""
    problems: list[str] = field(default_factory=list[str])
    outbox: list[Delivery] = field(default_factory=list[Delivery])
    sent: dict[str, Delivery] = field(default_factory=dict[str, Delivery])
    """Deliveries that clients may show, by id."""
    log: list[tuple[str, ...]] = field(default_factory=list[tuple[str, ...]])
    thread_reads: int = 0

    def put(self, view: RunView) -> RunView:
        self.views[view.run.id] = view
        for approval in view.approvals:
            self.asked[approval.id] = approval
        return view

    def say(self, place: Place, delivery: Delivery) -> None:
        entry = ThreadEntry(at=self.now, mine=True, text="", delivery=delivery)
        self.threads.setdefault(place.key, []).append(entry)

    # people

    def receive(self, message: Message) -> Received:
        if any(known.event_key == message.event_key for known in self.messages):
            return Received(reception=Reception.DUPLICATE, run_id="run_1", number=12)
        self.messages.append(message)
        entry = ThreadEntry(at=self.now, mine=False, text=message.text, delivery=None)
        self.threads.setdefault(message.place.key, []).append(entry)
        if "run_1" not in self.views:
            self.put(a_view(a_run(request=message.text, workspace=message.person.workspace)))
        self.say(message.place, a_delivery(place=message.place))
        return Received(reception=Reception.STARTED, run_id="run_1", number=12)

    def decide(self, decide: Decide) -> Decided:
        approval = self.approval(decide.approval, workspace=None)
        if decide.verdict not in VERDICTS[approval.question]:
            raise Refused(f"{decide.verdict.value!r} does not answer this; see its card")
        if decide.nonce not in {None, approval.nonce}:
            raise Refused("this card is out of date; look at the newest one")
        if approval.status is not ApprovalStatus.PENDING:
            return Decided(won=False, final=True, approval=approval)
        self.decisions.append(decide)
        no = decide.verdict in {Verdict.REJECT, Verdict.ABORT}
        decided = replace(
            approval,
            status=ApprovalStatus.REJECTED if no else ApprovalStatus.APPROVED,
            verdict=decide.verdict,
            decided_by=decide.person.principal,
            decided_by_name=decide.person.name,
            decided_at=self.now,
            decided_on=decide.surface,
            decision_reason=decide.reason,
        )
        self.asked[approval.id] = decided
        return Decided(won=True, final=True, approval=decided)

    @property
    def governing(self) -> Governing:
        """Everybody may everything here; what else is governed, other tests say."""
        return cast("Governing", FreeForAll())

    def claim_approval(self, ref: str, person: Person, surface: str) -> Approval:
        claimed = replace(
            self.approval(ref, workspace=None),
            claimed_by=person.principal,
            claimed_by_name=person.name,
            claimed_at=self.now,
        )
        self.asked[claimed.id] = claimed
        return claimed

    def ask_about(self, ref: str, person: Person, text: str, surface: str) -> Approval:
        approval = self.approval(ref, workspace=None)
        question = Inquiry(
            id=f"inq_{len(approval.questions)}",
            approval_id=approval.id,
            asked_by=person.principal,
            asked_by_name=person.name,
            text=text,
            surface=surface,
            at=self.now,
        )
        self.asked[approval.id] = replace(approval, questions=(*approval.questions, question))
        return self.asked[approval.id]

    def answer(self, step_id: str, person: Person, text: str) -> Received:
        self.answers.append((step_id, text))
        return Received(reception=Reception.REPLIED, run_id="run_1", number=12)

    def steer(self, deed: Deed, run: str, person: Person) -> str:
        deeds = {
            "cancel": self.cancel, "pause": self.pause, "resume": self.resume, "retry": self.retry,
        }  # fmt: skip
        return deeds[deed](run, person).run.id

    def cancel(self, run: str, person: Person) -> RunView:
        return self._steer("cancel", run, "cancelled")

    def pause(self, run: str, person: Person) -> RunView:
        return self._steer("pause", run, "paused")

    def resume(self, run: str, person: Person) -> RunView:
        return self._steer("resume", run, "running")

    def retry(self, run: str, person: Person) -> RunView:
        return self._steer("retry", run, "running")

    def skip(self, run: str, step: str, person: Person, *, reason: str = "") -> RunView:
        view = self.view(run, workspace=person.workspace)
        chosen = [one for at, one in enumerate(view.steps, start=1) if str(at) == step]
        if not chosen or chosen[0].id not in view.skippable:
            raise Refused(f"step {step!r} cannot be left out now")
        self.log.append(("skip", view.run.id, f"{step} {reason}"))
        return self.put(replace(view, skippable=view.skippable - {chosen[0].id}))

    def refusal(self, ref: str, person: Person) -> str | None:
        return self.refusals.get(person.principal)

    def link_code(self, person: Person) -> str:
        self.codes["AAAABBBBCCCC"] = person
        return "AAAA-BBBB-CCCC"

    def link(self, person: Person, code: str, *, confirmed: bool) -> Linked:
        other = self.codes.get(code.replace("-", ""))
        if other is None:
            raise Refused("this code is not known; ask for a new one with: link")
        return Linked(principal=other.principal, name=other.name, done=confirmed)

    def vouch(self, person: Person, email: str) -> None:
        self.vouched[person.principal] = email

    def unlink(self, person: Person) -> bool:
        return bool(self.codes)

    def keep_surface(self, person: Person, place: Place, *, own: bool) -> None:
        self.surfaces[place.key] = person.principal if own else ""

    def lose_surface(self, place: Place, *, reason: str) -> None:
        self.surfaces.pop(place.key, None)

    def mine(self, person: Person) -> Mine:
        return Mine(
            waiting=tuple(self.approvals(workspace=None)),
            decided=(),
            running=tuple(self.runs(workspace=None)),
            finished=(),
            spent_this_week=Cost(),
            hidden="",
            nudges=True,
        )

    def wish(self, person: Person, *, nudges: bool) -> None:
        self.log.append(("wish", person.principal, str(nudges)))

    def wants_nudges(self, principal: str) -> bool:
        return ("wish", principal, "False") not in self.log

    def opened_home(self, person: Person) -> None:
        self.log.append(("opened_home", person.principal))

    def has_home_open(self, principal: str) -> bool:
        return ("opened_home", principal) in self.log

    def open_homes(self, channel: str, workspace: str) -> list[str]:
        start = f"{channel}:{workspace}/"
        opened = {entry[1] for entry in self.log if entry[0] == "opened_home"}
        return sorted(one.removeprefix(start) for one in opened if one.startswith(start))

    def rate(self, run: str, person: Person, *, good: bool, surface: str) -> tuple[int, int]:
        self.log.append(("rate", self.view(run, workspace=None).run.id, str(good)))
        return (1, 0) if good else (0, 1)

    # queries

    def view(self, run: str, *, workspace: str | None) -> RunView:
        for view in self.views.values():
            named = run in {view.run.id, str(view.run.number), f"#{view.run.number}"}
            if named and workspace in {None, view.run.workspace}:
                return view
        raise NotFound(f"there is no run {run!r}; see: runs")

    def runs(self, *, workspace: str | None, limit: int = 20) -> list[RunLine]:
        seen = [v for v in self.views.values() if workspace in {None, v.run.workspace}]
        lines = [
            RunLine(
                id=view.run.id,
                number=view.run.number,
                status=view.status,
                request=view.run.request,
                requester_name=view.run.requester_name,
                created_at=view.run.created_at,
                finished_at=view.run.finished_at,
                spent=view.run.spent,
            )
            for view in seen
        ]
        return sorted(lines, key=lambda line: -line.number)[:limit]

    def approvals(self, *, workspace: str | None, run: str | None = None) -> list[Approval]:
        return [one for one in self.asked.values() if one.status is ApprovalStatus.PENDING]

    def approval(self, ref: str, *, workspace: str | None) -> Approval:
        for approval in self.asked.values():
            if ref in {approval.id, str(approval.number), f"#{approval.number}"}:
                return approval
        raise NotFound(f"there is no approval {ref!r}; see: approvals")

    def approval_for(self, ref: str, person: Person) -> Approval:
        return self.approval(ref, workspace=person.workspace)

    def trace(self, run: str, *, workspace: str | None) -> list[StepRow]:
        return self.traces.get(self.view(run, workspace=workspace).run.id, [])

    def audit(self, run: str, *, workspace: str | None) -> list[AuditRecord]:
        return self.records.get(self.view(run, workspace=workspace).run.id, [])

    def budgets(self, run: str | None, person: Person, place: Place) -> list[BudgetLeft]:
        return []

    def evidence(self, run: str, person: Person, place: Place | None) -> int:
        return self.view(run, workspace=None).run.number

    def artifact(self, run: str, name: str, *, workspace: str | None) -> tuple[Artifact, bytes]:
        view = self.view(run, workspace=workspace)
        for artifact in view.artifacts:
            if artifact.name == name:
                return artifact, self.contents[view.run.id, name]
        raise NotFound(f"run #{view.run.number} made no file {name!r}")

    def agents(self) -> Sequence[KnownAgent]:
        return [KnownAgent()]

    def workflows(self) -> list[Workflow]:
        return self.flows

    @property
    def sight(self) -> Sight:
        """Everybody sees every run of their workspace here; the operator sees all."""
        return AllSee(self, self.blind)

    @property
    def starting(self) -> AllStart:
        return AllStart(self.flows)

    def thread(self, place: Place) -> list[ThreadEntry]:
        self.thread_reads += 1
        return list(self.threads.get(place.key, []))

    def show(self, delivery: Delivery) -> RunView | Approval | OpenQuestion | None:
        if delivery.kind in {DeliveryKind.RUN_CARD, DeliveryKind.ANSWER}:
            return self.views.get(delivery.run_id)
        if delivery.kind is DeliveryKind.APPROVAL_CARD:
            return self.asked.get(delivery.subject_id)
        if delivery.kind is DeliveryKind.QUESTION:
            for question in self.views[delivery.run_id].questions:
                if question.step_id == delivery.subject_id:
                    return question
        return None

    def numbers(self) -> list[Number]:
        return [Number(name="approvals_pending", value=0.0)]

    def ready(self) -> list[str]:
        return list(self.problems)

    def complaints(self) -> list[str]:
        return []

    # the courier's side

    def claim_deliveries(self, conversation_id: str) -> list[Delivery]:
        claimed = [one for one in self.outbox if one.conversation_id == conversation_id]
        self.outbox = [one for one in self.outbox if one.conversation_id != conversation_id]
        return claimed

    def mark_sent(self, delivery: Delivery, external_id: str, *, shown: str = "") -> str:
        self.log.append(("sent", delivery.id, external_id))
        return external_id

    def postpone(self, delivery: Delivery, *, seconds: float, reason: str, doubtful: bool) -> None:
        certainty = "doubtful" if doubtful else "certain"
        self.log.append(("postponed", delivery.id, f"{seconds:g}", certainty, reason))

    def give_up(self, delivery: Delivery, *, reason: str, place_is_dead: bool) -> None:
        self.log.append(("given up", delivery.id, reason))
        if place_is_dead:
            self.lose_surface(delivery.place, reason=reason)

    def move(self, conversation_id: str, place: Place) -> None:
        self.log.append(("moved", conversation_id, place.key))

    def copy(self, place: Place, *, kind: DeliveryKind, subject_id: str, run_id: str) -> None:
        self.log.append(("copied", place.key, kind.value, subject_id))

    def release(self, conversation_id: str) -> None:
        self.log.append(("released", conversation_id))

    def sighted(self, delivery_id: str, place: Place, external_id: str) -> Sighting | None:
        self.log.append(("sighted", delivery_id, external_id))
        delivery = self.sent.get(delivery_id)
        if delivery is None or delivery.place.room != place.room:
            return None
        if delivery.external_id is None:
            delivery = self.sent[delivery_id] = replace(delivery, external_id=external_id)
        return Sighting(delivery=delivery, is_copy=delivery.external_id != external_id)

    def due_conversations(self) -> list[str]:
        return sorted({one.conversation_id for one in self.outbox})

    def _steer(self, verb: str, run: str, status: str) -> RunView:
        view = replace(self.view(run, workspace=None), status=status)
        self.log.append((verb, view.run.id))
        return self.put(view)
