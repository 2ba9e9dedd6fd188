"""The only front door. Everything a channel, a page or a command can do is a method here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from runtime.approvals.claim import Claims
from runtime.approvals.decide import Decisions
from runtime.approvals.inquire import Inquiries
from runtime.catalog.agent import Agent
from runtime.catalog.watch import Library
from runtime.catalog.workflow.document import Workflow
from runtime.domain.approval import Approval, Decide, Decided
from runtime.domain.budget import BudgetLeft
from runtime.domain.conversation import Linked, Message, Person, Place, Received
from runtime.domain.delivery import Delivery, DeliveryKind, Sighting
from runtime.domain.errors import Misconfigured, Refused
from runtime.domain.json import JsonObject
from runtime.domain.mine import Mine
from runtime.domain.number import Number
from runtime.domain.run import (
    Artifact,
    AuditRecord,
    Deed,
    OpenQuestion,
    RunLine,
    RunView,
    StepRow,
)
from runtime.domain.thread import ThreadEntry
from runtime.door.budgets import Budgets
from runtime.door.carry import Carrying
from runtime.door.govern import Governing
from runtime.door.hear import Hearing
from runtime.door.install import Installing
from runtime.door.look import Looking, scope
from runtime.door.mine import Own
from runtime.door.packs import Packs
from runtime.door.people import People
from runtime.door.rate import Rating
from runtime.door.reach import Reaching
from runtime.door.sight import Sight
from runtime.door.starting import Starting
from runtime.door.steer import Steering
from runtime.expressions.evaluator import Evaluator
from runtime.storage import migrate
from runtime.storage.database import Database


class Steer(Protocol):
    """One of the changes to a run; gives the run's id."""

    def __call__(self, ref: str, person: Person, *, workspace: str | None) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """Requests, decisions and questions of people; deliveries for the courier.

    What a person is shown of runs, ``sight`` shows; the other queries serve acting and delivering.
    Every call blocks and is one transaction; rings follow the commit. ``workspace`` limits what
    may be touched to one workspace; None is the operator of this machine.
    """

    database: Database
    hearing: Hearing
    decisions: Decisions
    claims: Claims
    inquiries: Inquiries
    steering: Steering
    looking: Looking
    carrying: Carrying
    people: People
    reaching: Reaching
    rating: Rating
    own: Own
    installing: Installing
    library: Library
    evaluator: Evaluator
    governing: Governing
    starting: Starting
    sight: Sight
    packs: Packs
    spending: Budgets

    def receive(self, message: Message) -> Received:
        """Take a chat message: begin a run, reply to a live one, or ignore it. Idempotent."""
        return self.hearing.receive(message)

    def seen(self, event_key: str, person: Person) -> bool:
        """Record an event that is not a message; True where it was recorded before."""
        return self.hearing.seen(event_key, person)

    def answer(self, step_id: str, person: Person, text: str) -> Received:
        """Answer an agent's question. Raises ``Refused`` when somebody was faster."""
        return self.hearing.answer(step_id, self.people.whole(person), text)

    def decide(self, decide: Decide) -> Decided:
        """Record a verdict. ``won`` is False where it was decided already."""
        decide = self.governing.factors.proven(decide)
        workspace = self.looking.workspace_of_approval(decide.approval, decide.person)
        decided = self.decisions.decide(decide, workspace=workspace)
        return replace(decided, approval=self.looking.completed(decided.approval))

    def claim_approval(self, ref: str, person: Person, surface: str) -> Approval:
        """Say that a person is looking at it. Raises ``Refused`` where they could not decide."""
        person = self.people.whole(person)
        workspace = self.looking.workspace_of_approval(ref, person)
        return self._approval(self.claims.claim(ref, person, surface, workspace=workspace))

    def ask_about(self, ref: str, person: Person, text: str, surface: str) -> Approval:
        """Ask the requester something before deciding; ``answer`` and replies answer it."""
        person = self.people.whole(person)
        workspace = self.looking.workspace_of_approval(ref, person)
        return self._approval(self.inquiries.ask(ref, person, text, surface, workspace=workspace))

    def refusal(self, ref: str, person: Person) -> str | None:
        """Say why a person may not decide an approval now, in words for them; None if they may."""
        return self.looking.refusal(ref, self.people.whole(person))

    def cancel(self, run: str, person: Person) -> RunView:
        """End a run now."""
        return self._steer(self.steering.cancel, run, person)

    def pause(self, run: str, person: Person) -> RunView:
        """Let a run begin nothing new."""
        return self._steer(self.steering.pause, run, person)

    def resume(self, run: str, person: Person) -> RunView:
        """Let a paused run go on."""
        return self._steer(self.steering.resume, run, person)

    def retry(self, run: str, person: Person) -> RunView:
        """Try again what failed; what succeeded is not done again."""
        return self._steer(self.steering.retry, run, person)

    def steer(self, deed: Deed, run: str, person: Person) -> str:
        """Do one of these four and give the run's id; who is shown the run anyway reads nothing."""
        changes: Mapping[Deed, Steer] = {
            "cancel": self.steering.cancel,
            "pause": self.steering.pause,
            "resume": self.steering.resume,
            "retry": self.steering.retry,
        }
        return self._steered(changes[deed], run, person)

    def skip(self, run: str, step: str, person: Person, *, reason: str = "") -> RunView:
        """Go on without one step of the plan, named by its number on the card or its id there."""
        person = self.people.whole(person)
        workspace = self.looking.workspace_of_run(run, person)
        run_id = self.steering.skip(run, step, person, reason, workspace=workspace)
        return self.looking.view(run_id, workspace=None)

    def link_code(self, person: Person) -> str:
        """Give a code that links this account to the one that says it. Show it to nobody else."""
        return self.people.offer(person)

    def link(self, person: Person, code: str, *, confirmed: bool) -> Linked:
        """Join the account that asked for a code with this one, once the person has confirmed."""
        return self.people.link(person, code, confirmed=confirmed)

    def vouch(self, person: Person, email: str) -> None:
        """Take a channel's word that its vendor has confirmed this address of a person's."""
        self.people.vouch(person, email)

    def unlink(self, person: Person) -> bool:
        """Let an account stand by itself again; False where it did already."""
        return self.people.unlink(person)

    def keep_surface(self, person: Person, place: Place, *, own: bool) -> None:
        """Know a place where Baton may speak unasked; ``own`` where only this person reads it."""
        self.reaching.keep(person, place, own=own)

    def lose_surface(self, place: Place, *, reason: str) -> None:
        """Speak at a place no more; what waits there is shown elsewhere."""
        self.reaching.lose(place, reason=reason)

    def rate(self, run: str, person: Person, *, good: bool, surface: str) -> tuple[int, int]:
        """Take what somebody thinks of an answer; count who found it good, and who bad."""
        return self.rating.rate(run, person, good=good, surface=surface, workspace=scope(person))

    def mine(self, person: Person) -> Mine:
        """Give where a person stands: what waits for them, works for them, and costs."""
        return self.own.look(self.people.whole(person))

    def wish(self, person: Person, *, nudges: bool) -> None:
        """Take whether a person wants to be written to when something waits for them."""
        self.own.wish(person, nudges=nudges)

    def wants_nudges(self, principal: str) -> bool:
        """Tell whether somebody wants to be written to; who said nothing does."""
        return self.own.wants_nudges(principal)

    def opened_home(self, person: Person) -> None:
        """Know that somebody turned to the page in a chat that shows what is theirs."""
        self.own.opened_home(person)

    def has_home_open(self, principal: str) -> bool:
        """Tell whether somebody turned to that page within the hour."""
        return self.own.has_home_open(principal)

    def open_homes(self, channel: str, workspace: str) -> list[str]:
        """Name the accounts of a workspace whose people turned to it within the hour, a few."""
        return self.own.open_homes(channel, workspace)

    def begin_install(self, channel: str) -> str:
        """Give a state for an installation of a channel's app: good once, for ten minutes."""
        return self.installing.begin(channel)

    def end_install(self, channel: str, state: str) -> bool:
        """Take such a state; False where it is unknown, too old, or was taken before."""
        return self.installing.end(channel, state)

    def keep_installation(
        self, channel: str, workspace: str, secret: JsonObject, *, by: str
    ) -> None:
        """Keep the secret of a workspace that installed a channel's app, sealed."""
        self.installing.keep(channel, workspace, secret, by=by)

    def installation(self, channel: str, workspaces: Sequence[str]) -> JsonObject | None:
        """Give the secret of the first of these workspaces that has installed the app."""
        return self.installing.find(channel, workspaces)

    def installed(self, channel: str) -> list[str]:
        """Name the workspaces that have installed a channel's app, the latest first."""
        return self.installing.listed(channel)

    def drop_installation(self, channel: str, workspace: str) -> bool:
        """Forget a workspace's secret; False where there was none."""
        return self.installing.drop(channel, workspace)

    def view(self, run: str, *, workspace: str | None) -> RunView:
        """Give all that is shown of a run. Raises ``NotFound``."""
        return self.looking.view(run, workspace=workspace)

    def runs(self, *, workspace: str | None, limit: int = 20) -> list[RunLine]:
        """Give the newest runs, newest first."""
        return self.looking.runs(workspace=workspace, limit=limit)

    def approvals(self, *, workspace: str | None, run: str | None = None) -> list[Approval]:
        """Give what waits for people, oldest first."""
        return self.looking.approvals(workspace=workspace, run=run)

    def approval(self, ref: str, *, workspace: str | None) -> Approval:
        """Give one approval by id or number."""
        return self.looking.approval(ref, workspace=workspace)

    def approval_for(self, ref: str, person: Person) -> Approval:
        """Give one approval, as far as it concerns a person. Raises ``NotFound``."""
        person = self.people.whole(person)
        workspace = self.looking.workspace_of_approval(ref, person)
        return self.looking.approval(ref, workspace=workspace)

    def trace(self, run: str, *, workspace: str | None) -> list[StepRow]:
        """Give every step of a run, depth first."""
        return self.looking.trace(run, workspace=workspace)

    def audit(self, run: str, *, workspace: str | None) -> list[AuditRecord]:
        """Give a run's audit chain."""
        return self.looking.audit(run, workspace=workspace)

    def budgets(self, run: str | None, person: Person, place: Place) -> list[BudgetLeft]:
        """Give what is left for a run they may see; without one, for a run of theirs begun here."""
        if run is not None:
            return self.spending.of_run(self.sight.view(run, person).run)
        refusal = self.sight.refusal(person)
        if refusal is not None:
            raise Refused(refusal)
        return self.spending.of_person(person, place)

    def evidence(self, run: str, person: Person, place: Place | None) -> int:
        """Have a run's evidence made, and posted at ``place`` where one is given; give the run's
        number. It lies with the run's files for a day."""
        seen = self.sight.view(run, person).run
        return self.packs.ask(seen, person, place).number

    def artifact(self, run: str, name: str, *, workspace: str | None) -> tuple[Artifact, bytes]:
        """Give a file of a run."""
        return self.looking.artifact(run, name, workspace=workspace)

    def thread(self, place: Place) -> list[ThreadEntry]:
        """Give a conversation, oldest first."""
        return self.looking.thread(place)

    def show(self, delivery: Delivery) -> RunView | Approval | OpenQuestion | None:
        """Give the present state of what a delivery is about."""
        return self.looking.show(delivery)

    def agents(self) -> list[Agent]:
        """Give the agents new runs may use, by name."""
        return list(self.library.current().agents.values())

    def workflows(self) -> list[Workflow]:
        """Give the workflows new runs may use, by name."""
        return list(self.library.current().workflows.values())

    def numbers(self) -> list[Number]:
        """Give what an operator watches, counted now."""
        return self.looking.numbers()

    def ready(self) -> list[str]:
        """Say what keeps this process from working, in words for the operator."""
        problems = self.database.check()
        if not problems:
            try:
                migrate.require_current(self.database)
            except Misconfigured as error:
                problems.append(error.public)
        return problems

    def complaints(self) -> list[str]:
        """Say what is to be mended in the agents folder while what was sound goes on."""
        return self.library.complaints

    def claim_deliveries(self, conversation_id: str) -> list[Delivery]:
        """Take what a conversation is owed."""
        return self.carrying.claim_deliveries(conversation_id)

    def mark_sent(self, delivery: Delivery, external_id: str, *, shown: str = "") -> str:
        """Record that the channel has it, and the hash of what an approval's card showed."""
        return self.carrying.mark_sent(delivery, external_id, shown=shown)

    def postpone(self, delivery: Delivery, *, seconds: float, reason: str, doubtful: bool) -> None:
        """Try a delivery again later."""
        self.carrying.postpone(delivery, seconds=seconds, reason=reason, doubtful=doubtful)

    def give_up(self, delivery: Delivery, *, reason: str, place_is_dead: bool) -> None:
        """Record that a delivery will never be taken; an approval is shown elsewhere."""
        self.reaching.give_up(delivery, reason=reason, place_is_dead=place_is_dead)

    def sighted(self, delivery_id: str, place: Place, external_id: str) -> Sighting | None:
        """Take the word of a client that shows a message of a delivery."""
        return self.carrying.sighted(delivery_id, place, external_id)

    def move(self, conversation_id: str, place: Place) -> None:
        """Record the thread that a conversation's first message has begun."""
        self.carrying.move(conversation_id, place)

    def copy(self, place: Place, *, kind: DeliveryKind, subject_id: str, run_id: str) -> None:
        """Show a subject in another place as well, from now on. Idempotent."""
        self.carrying.copy(place, kind=kind, subject_id=subject_id, run_id=run_id)

    def release(self, conversation_id: str) -> None:
        """Let go of a conversation."""
        self.carrying.release(conversation_id)

    def due_conversations(self) -> list[str]:
        """Name conversations with something due."""
        return self.carrying.due_conversations()

    def _approval(self, approval_id: str) -> Approval:
        return self.looking.approval(approval_id, workspace=None)

    def _steer(self, change: Steer, run: str, person: Person) -> RunView:
        return self.looking.view(self._steered(change, run, person), workspace=None)

    def _steered(self, change: Steer, run: str, person: Person) -> str:
        person = self.people.whole(person)
        workspace = self.looking.workspace_of_run(run, person)
        return change(run, person, workspace=workspace)
