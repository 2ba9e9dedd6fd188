"""Answer questions about runs. Each answer is read in one moment, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice

from runtime.approvals.standing import Denied
from runtime.approvals.substitute import voter
from runtime.audit import personal
from runtime.domain.approval import Approval
from runtime.domain.conversation import Person, Place
from runtime.domain.delivery import Delivery, DeliveryKind
from runtime.domain.errors import NotFound
from runtime.domain.number import Number
from runtime.domain.plan import PLANNED, StepKind
from runtime.domain.ports import Clock
from runtime.domain.run import Artifact, AuditRecord, OpenQuestion, Run, RunLine, RunView, StepRow
from runtime.domain.states import ApprovalStatus, Control, RunStatus, StepStatus
from runtime.domain.step import Step
from runtime.domain.thread import ThreadEntry
from runtime.door.asked import complete
from runtime.door.inside import inside, journal_of
from runtime.door.pinned_workflow import PinnedWorkflows
from runtime.door.questions import Questions
from runtime.door.skipping import skippable
from runtime.door.tasks import tasks_of
from runtime.policy.policy import Policy
from runtime.storage import (
    approvals,
    artifacts,
    audits,
    blobs,
    conversations,
    deliveries,
    numbers,
    runs,
    trees,
)
from runtime.storage import steps as step_table
from runtime.storage.connection import Connection
from runtime.storage.database import Database
from runtime.storage.steps import PARKED

_MOVING = (StepStatus.READY, StepStatus.RUNNING)
_A_MOMENT = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """All queries."""

    database: Database
    clock: Clock
    policy: Callable[[], Policy]
    """Who may decide is told by the policy as it is now."""
    workflows: PinnedWorkflows = field(default_factory=PinnedWorkflows)

    @property
    def questions(self) -> Questions:
        """Give the queries on what people are asked."""
        return Questions(database=self.database, clock=self.clock, policy=self.policy)

    def view(self, ref: str, *, workspace: str | None) -> RunView:
        """Give all that is shown of a run. Raises ``NotFound``."""
        with self.database.read() as connection:
            return self._view(connection, self._find(connection, ref, workspace))

    def runs(
        self, *, workspace: str | None, limit: int, requesters: Sequence[str] = ()
    ) -> list[RunLine]:
        """Give the newest runs, newest first; ``requesters`` limits them to those of some."""
        with self.database.read() as connection:
            found = runs.recent(connection, workspace=workspace, limit=limit, requesters=requesters)
            return [self._line(connection, run) for run in found]

    def approvals(self, *, workspace: str | None, run: str | None) -> list[Approval]:
        """Give what waits for people, oldest first."""
        with self.database.read() as connection:
            run_id = self._find(connection, run, workspace).id if run else None
            found = approvals.pending(connection, workspace=workspace, run_id=run_id)
            return self._complete(connection, found)

    def approvals_for(self, person: Person) -> list[Approval]:
        """Give what waits where a person is, and what waits for them elsewhere, oldest first."""
        workspace = scope(person)
        own = self.approvals(workspace=workspace, run=None)
        if workspace is None:
            return own
        with self.database.read() as connection:
            others = approvals.pending_elsewhere(connection, workspace=workspace)
        elsewhere = [
            self.completed(one)
            for one in others
            if self.workspace_of_approval(one.id, person) != workspace
        ]
        return sorted([*own, *elsewhere], key=lambda one: one.number)

    def waiting_for(self, person: Person, *, limit: int) -> list[Approval]:
        """Give what a person may decide now, oldest first."""
        listed = self.approvals_for(person)
        with self.database.read() as connection:
            theirs = (one for one in listed if self._refusal(connection, one, person) is None)
            return list(islice(theirs, limit))

    def approval(self, ref: str, *, workspace: str | None) -> Approval:
        """Give one approval by id or number. Raises ``NotFound``."""
        with self.database.read() as connection:
            found = approvals.find(connection, ref, workspace=workspace)
            if found is None:
                raise NotFound(f"there is no approval {ref!r}; `approvals` lists what waits")
            return self._complete(connection, [found])[0]

    def completed(self, approval: Approval) -> Approval:
        """Give an approval that was just read with what its own row does not hold."""
        with self.database.read() as connection:
            return self._complete(connection, [approval])[0]

    def _complete(self, connection: Connection, found: Sequence[Approval]) -> list[Approval]:
        return complete(connection, found, policy=self.policy(), now=self.clock.now())

    def refusal(self, ref: str, person: Person) -> str | None:
        """Say why a person may not decide an approval now; None where they may."""
        approval = self.approval(ref, workspace=self.workspace_of_approval(ref, person))
        with self.database.read() as connection:
            return self._refusal(connection, approval, person)

    def _refusal(self, connection: Connection, approval: Approval, person: Person) -> str | None:
        try:
            voter(connection, self.policy(), approval, person, self.clock.now())
        except Denied as denied:
            return denied.public
        return None

    def workspace_of_approval(self, ref: str, person: Person) -> str | None:
        """Give the workspace to look for an approval in on behalf of a person.

        It is their own; or the approval's, where they have an account there too or the policy
        names them to decide it: who is asked in Teams about a run begun in Slack sees that one
        approval, and nothing else of Slack.
        """
        own = scope(person)
        if own is None:
            return None
        with self.database.read() as connection:
            found = approvals.find(connection, ref, workspace=None)
            run = runs.read(connection, found.run_id) if found else None
            if found is None or run is None or run.workspace == own:
                return own
            if run.workspace in person.workspaces:
                return run.workspace
        return run.workspace if self.is_asked(found, person) else own

    def is_asked(self, approval: Approval, person: Person) -> bool:
        """Tell whether a person may decide an approval in one of its rounds."""
        rounds = [replace(approval, stage=number) for number in range(len(approval.stages))]
        with self.database.read() as connection:
            return any(self._refusal(connection, each, person) is None for each in rounds)

    def requester_of(self, ref: str, *, workspace: str | None) -> str:
        """Give who has asked for a run. Raises ``NotFound``."""
        with self.database.read() as connection:
            return self._find(connection, ref, workspace).requester

    def workspace_of_run(self, ref: str, person: Person) -> str | None:
        """Give the workspace to look for a run in: where the person has an account."""
        own = scope(person)
        if own is None or not person.also:
            return own
        with self.database.read() as connection:
            run = runs.find(connection, ref, workspace=None)
        return run.workspace if run and run.workspace in person.workspaces else own

    def trace(self, ref: str, *, workspace: str | None) -> list[StepRow]:
        """Give every step of a run, depth first, children in the order they came to be."""
        with self.database.read() as connection:
            tree = trees.tree(connection, self._find(connection, ref, workspace).id)
        below: dict[str | None, list[Step]] = {}
        for step in tree:
            below.setdefault(step.parent_id, []).append(step)

        def walk(parent: str | None, depth: int) -> Iterator[StepRow]:
            for step in below.get(parent, []):
                yield StepRow(step=step, depth=depth)
                yield from walk(step.id, depth + 1)

        return list(walk(None, 0))

    def audit(self, ref: str, *, workspace: str | None) -> list[AuditRecord]:
        """Give a run's audit records, people's words opened where their keys still exist."""
        with self.database.read() as connection:
            records = audits.of_run(connection, self._find(connection, ref, workspace).id)
            keys = personal.keys_for(connection, (one.facts for one in records))
        return [
            replace(one, facts=personal.opened(one.facts, run_id=one.run_id, keys=keys))
            for one in records
        ]

    def artifact(self, ref: str, name: str, *, workspace: str | None) -> tuple[Artifact, bytes]:
        """Give a file of a run. Raises ``NotFound``."""
        with self.database.read() as connection:
            run = self._find(connection, ref, workspace)
            for artifact in artifacts.of_run(connection, run.id):
                if artifact.name == name:
                    return artifact, blobs.get(connection, artifact.digest)
        raise NotFound(f"run #{run.number} has no file {name!r}")

    def thread(self, place: Place) -> list[ThreadEntry]:
        """Give what was said in a conversation, both ways, oldest first."""
        with self.database.read() as connection:
            conversation_id = conversations.find(connection, place)
            if conversation_id is None:
                return []
            said = conversations.said_in(connection, conversation_id)
            owed = deliveries.all_in(connection, conversation_id)
        entries = [ThreadEntry(at=at, mine=False, text=text, delivery=None) for at, _, text in said]
        entries += [ThreadEntry(at=at, mine=True, text="", delivery=one) for at, one in owed]
        return sorted(entries, key=lambda entry: (entry.at, entry.mine))

    def show(self, delivery: Delivery) -> RunView | Approval | OpenQuestion | None:
        """Give the present state of what a delivery is about; None where it is all in it."""
        with self.database.read() as connection:
            if delivery.kind in (DeliveryKind.RUN_CARD, DeliveryKind.ANSWER):
                run = runs.read(connection, delivery.run_id)
                return self._view(connection, run) if run else None
            if delivery.kind == DeliveryKind.APPROVAL_CARD:
                approval = approvals.find(connection, delivery.subject_id, workspace=None)
                return self._complete(connection, [approval])[0] if approval else None
            if delivery.kind == DeliveryKind.QUESTION:
                return self.questions.delivered(connection, delivery)
        return None

    def numbers(self) -> list[Number]:
        """Give what an operator watches."""
        with self.database.read() as connection:
            usd, tokens = numbers.spent(connection)
            single = {
                "approvals_pending": numbers.pending_approvals(connection),
                "deliveries_due": numbers.due_deliveries(connection),
                "overdue_seconds": numbers.seconds_late(connection, now=self.clock.now()),
                "spent_usd": usd,
                "spent_tokens": tokens,
            }
            by_status = {
                "runs": numbers.runs_by_status(connection),
                "open_tasks": numbers.open_tasks_by_status(connection),
            }
        return [Number(name=name, value=value) for name, value in single.items()] + [
            Number(name=name, value=count, labels={"status": status})
            for name, counts in by_status.items()
            for status, count in counts.items()
        ]

    def _find(self, connection: Connection, ref: str, workspace: str | None) -> Run:
        run = runs.find(connection, ref, workspace=workspace)
        if run is None:
            raise NotFound(f"there is no run {ref!r}; `runs` lists the latest")
        return run

    def _view(self, connection: Connection, run: Run) -> RunView:
        root, entries = self._workflow(connection, run)
        tasks = entries or trees.tasks_of_root(connection, run.id)
        planned = [step for step in tasks if step.kind in PLANNED and not step.leaf]
        questions = self.questions.of_run(connection, run)
        asked = self._complete(connection, approvals.of_run(connection, run.id))
        now = self.clock.now()
        status = _status(run, planned, asked, questions)
        if root is not None and status == "running" and _sleeps(root, planned, now):
            status = "waiting"
        workflow = self.workflows.of(connection, run, str(run.agent)) if root else None
        shown = tasks_of(workflow, root, entries, asked) if root and workflow else planned
        within = {} if root else inside(connection, run, planned, asked, self.workflows)
        return RunView(
            run=run,
            place=conversations.read(connection, run.conversation_id).place,
            status=status,
            steps=tuple(shown),
            approvals=tuple(asked),
            questions=tuple(one for one in questions if one.is_open),
            artifacts=tuple(artifacts.of_run(connection, run.id)),
            read_at=now,
            skippable=frozenset(step.id for step in skippable(run, planned)),
            inside=within,
        )

    def _workflow(self, connection: Connection, run: Run) -> tuple[Step | None, list[Step]]:
        """Give root and journal of a run that is a workflow; else None."""
        if run.agent is None:
            return None, []
        root = step_table.read_step(connection, f"{run.id}:/")
        if root is None or root.kind != StepKind.WORKFLOW:
            return None, []
        return root, journal_of(connection, root)

    def _line(self, connection: Connection, run: Run) -> RunLine:
        status: str = run.status
        if run.status == RunStatus.ACTIVE:
            status = self._view(connection, run).status
        return RunLine(
            id=run.id,
            number=run.number,
            status=status,
            request=run.request,
            requester_name=run.requester_name,
            created_at=run.created_at,
            finished_at=run.finished_at,
            spent=run.spent,
        )


def _status(
    run: Run,
    planned: list[Step],
    asked: list[Approval],
    questions: list[OpenQuestion],
) -> str:
    if run.status != RunStatus.ACTIVE:
        return run.status
    if run.control == Control.PAUSED:
        return "paused"
    moving = any(step.status in _MOVING for step in planned)
    waits = (
        any(one.status == ApprovalStatus.PENDING for one in asked)
        or any(question.is_open for question in questions)
        or any(step.waits_for.startswith(PARKED) for step in planned)
    )
    return "waiting" if waits and not moving else "running"


def _sleeps(root: Step, tasks: Sequence[Step], now: datetime) -> bool:
    """Tell whether a workflow waits for something that takes longer than a moment."""
    if root.status != StepStatus.WAITING or any(step.status in _MOVING for step in tasks):
        return False
    return root.due_at is None or root.due_at - now > _A_MOMENT


def scope(person: Person) -> str | None:
    """Give the workspace a person may see; people at this machine see all."""
    return None if person.channel in ("console", "terminal") else person.workspace
