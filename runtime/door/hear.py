"""Take what people say: begin a run, answer a question, or pass it on to the run at work."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta

from runtime.agent.afford import about_budget
from runtime.agent.poll import poll_of
from runtime.audit import chain
from runtime.catalog.catalog import Catalog
from runtime.catalog.workflow.inputs import input_of
from runtime.domain.budget import Budget
from runtime.domain.conversation import Message, Person, PersonKind, Received, Reception
from runtime.domain.delivery import DeliveryKind
from runtime.domain.errors import Halted, Refused
from runtime.domain.halt import halting
from runtime.domain.ids import new_id, step_id
from runtime.domain.json import JsonObject, object_of
from runtime.domain.plan import StepKind
from runtime.domain.ports import Bell, Clock
from runtime.domain.run import Run
from runtime.domain.states import Control, RunStatus, StepStatus
from runtime.domain.words import storable
from runtime.door.afford import settle
from runtime.door.answering import answer_before_deciding, answered_by, lacks, take_answer
from runtime.door.asked import run_that_asks, shares_machine
from runtime.observability.personal_data import Clean, cleaned, cleaner
from runtime.orchestrator.conduct import KIND as ROOT
from runtime.policy.access import Right
from runtime.policy.policy import Policy
from runtime.storage import (
    beginnings,
    conversations,
    definitions,
    deliveries,
    halts,
    intake,
    runs,
    signals,
    steps,
)
from runtime.storage.beginnings import Beginning
from runtime.storage.connection import Connection
from runtime.storage.database import Database, again_when_contended
from runtime.storage.intake import Known

_LONGEST = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """The intake. Every event is taken once, however often and wherever it is delivered."""

    database: Database
    clock: Clock
    bell: Bell
    catalog: Callable[[], Catalog]
    policy: Callable[[], Policy]
    budget: Budget
    """Caps that new runs are given."""
    clean: Clean = field(default_factory=cleaner)
    """People paste keys into chats; what looks like one is stored, shown and told to models
    nowhere."""

    def receive(self, message: Message) -> Received:
        """Take a message in one transaction; ring afterwards."""
        if not message.addressed and not self._concerns_us(message):
            return Received(reception=Reception.IGNORED, run_id=None, number=None)
        _refuse_strangers(message.person)
        person = replace(message.person, name=storable(message.person.name))
        given = None if message.input is None else object_of(cleaned(message.input, self.clean))
        message = replace(message, person=person, text=self.clean(message.text), input=given)
        if len(message.text) > _LONGEST:
            raise Refused(f"that is longer than {_LONGEST:,} characters; attach it as a file")
        try:
            return self._receive(message)
        except _TakenMeanwhile:
            # By another process, which has committed by now: it is found on the second look.
            return self._receive(message)

    def _concerns_us(self, message: Message) -> bool:
        """Tell whether a live run listens where people talk to each other, and to this person.

        Nothing is written for what is not, and nobody is lectured who did not speak to Baton.
        """
        if message.person.kind != PersonKind.MEMBER:
            return False
        with self.database.read() as connection:
            conversation_id = conversations.find(connection, message.place)
            return (
                conversation_id is not None
                and runs.live_in(connection, conversation_id) is not None
            )

    @again_when_contended
    def _receive(self, message: Message) -> Received:
        now = self.clock.now()
        catalog = self.catalog()
        rings: list[str] = []
        with self.database.write() as connection:
            known = intake.look(connection, message, digest=catalog.digest, now=now)
            if known.taken:
                other = message.also_known_as or message.event_key
                _, run_id = conversations.run_of_event(connection, message.event_key, other)
                run = runs.read(connection, run_id) if run_id else None
                return _received(Reception.DUPLICATE, run)
            live = runs.live_in(connection, known.conversation_id)
            if live is None and not message.addressed:
                return Received(reception=Reception.IGNORED, run_id=None, number=None)
            if not known.met:
                conversations.meet(connection, message.person, now=now)
            if live is None:
                reception = Reception.STARTED
                run = self._start(connection, message, now, catalog=catalog, known=known)
                rings = [step_id(run.id, "/")]
            else:
                run, reception = live, Reception.REPLIED
                rings = self._reply(connection, live, message, now)
                events = _events(message, run.id, known.conversation_id, now)
                if not conversations.take(connection, events):
                    raise _TakenMeanwhile
        # A crash before these rings leaves rows that are due; the sweep rings them.
        self.bell.ring(steps=rings, conversations=[run.conversation_id])
        return _received(reception, run)

    @again_when_contended
    def answer(self, leaf_id: str, person: Person, text: str) -> Received:
        """Answer an open question by button. Raises ``Refused`` when somebody was faster."""
        _refuse_strangers(person)
        text = self.clean(text)
        now = self.clock.now()
        with self.database.write() as connection:
            run = run_that_asks(connection, leaf_id, person, policy=self.policy(), now=now)
            runs.lock(connection, run.id)
            leaf = steps.read_step(connection, leaf_id)
            if leaf is not None and about_budget(leaf) is not None:
                rings = settle(
                    connection, run, leaf, person, text, policy=self.policy(), clock=self.clock
                )
            elif leaf is not None and poll_of(leaf) is not None:
                lacking = lacks(connection, run, leaf, person, policy=self.policy(), now=now)
                if lacking is not None:
                    raise Refused(lacking)
                rings = take_answer(connection, leaf, person, text, now)
            elif run.requester not in person.principals and not shares_machine(person, run):
                raise Refused(f"this question is for {run.requester_name or run.requester}")
            else:
                rings = (
                    take_answer(connection, leaf, person, text, now)
                    if leaf is not None
                    else answer_before_deciding(connection, leaf_id, person, text, now)
                )
            if rings is None:
                raise Refused("this question was answered already")
        self.bell.ring(steps=rings, conversations=[run.conversation_id])
        return _received(Reception.REPLIED, run)

    def seen(self, event_key: str, person: Person) -> bool:
        """Record an event that carries no message; True where it was recorded before."""
        with self.database.write() as connection:
            events = conversations.new_events(event_key, person=person, now=self.clock.now())
            return not conversations.take(connection, events)

    def _require(self, connection: Connection, message: Message, *, halted: bool) -> None:
        """Refuse who may not begin this, or anybody while it is halted."""
        lacking = self.policy().lacks(
            message.person, Right.ASK, start=message.agent or message.workflow or ""
        )
        if lacking is not None:
            raise Refused(lacking)
        standing = halts.standing(connection) if halted else ()
        halt = halting(standing, workspace=message.place.workspace, agent=message.agent)
        if halt is not None:
            raise Halted(f"{halt.words}; ask again when two people have lifted it")

    def _start(
        self,
        connection: Connection,
        message: Message,
        now: datetime,
        *,
        catalog: Catalog,
        known: Known,
    ) -> Run:
        text = message.text.strip()
        if not text:
            raise Refused("there was no request in that; say what you want done")
        self._require(connection, message, halted=known.halted)
        if message.agent is not None:
            catalog.agent(message.agent)
        if message.workflow is not None:
            flow = catalog.workflow(message.workflow)
            if message.events is None:
                message = replace(message, input=input_of(flow, (), given=message.input or {}))
        if not known.kept:
            definitions.keep(connection, catalog.digest, catalog.to_json, now=now)
        person = message.person
        run_id = new_id("run")
        row = runs.new_row(
            id=run_id,
            workspace=message.place.workspace,
            conversation_id=known.conversation_id,
            requester=person.principal,
            requester_name=person.name,
            request=text,
            agent=message.agent or message.workflow,
            input=dict(message.input or {}),
            goal=text,
            status=RunStatus.ACTIVE,
            control=Control.GO,
            catalog=catalog.digest,
            budget=asdict(self.budget.lowered(message.budget_usd)),
            created_at=now,
        )
        facts = _facts(message, text, catalog)
        fact = chain.first(connection, run_id, "RunAccepted", facts, now=now, key=known.key)
        card = deliveries.new_row(
            conversation_id=known.conversation_id,
            run_id=run_id,
            kind=DeliveryKind.RUN_CARD,
            subject_id=run_id,
            now=now,
        )
        beginning = Beginning(
            run=row,
            root=_root(run_id, text, message, now),
            fact=fact,
            card=card,
            events=_events(message, run_id, known.conversation_id, now),
        )
        run = beginnings.begin(connection, beginning)
        if run is None:
            raise _TakenMeanwhile
        return run

    def _reply(
        self, connection: Connection, run: Run, message: Message, now: datetime
    ) -> list[str]:
        runs.lock(connection, run.id)
        rings = answered_by(connection, run, message, policy=self.policy(), now=now)
        if rings is not None:
            return rings
        payload = {
            "principal": message.person.principal,
            "name": message.person.name,
            "text": message.text,
        }
        signals.add(connection, run_id=run.id, name="reply", payload=payload, now=now)
        return []


def _facts(message: Message, text: str, catalog: Catalog) -> JsonObject:
    return {
        "requester": message.person.principal,
        "channel": message.place.channel,
        "event": message.event_key,
        "request": text,
        "agent": message.agent,
        "workflow": message.workflow,
        "catalog": catalog.digest,
    }


class _TakenMeanwhile(Exception):
    """The same event was taken by somebody else; nothing of this transaction may stay."""


def _events(
    message: Message, run_id: str, conversation_id: str, now: datetime
) -> Sequence[Mapping[str, object]]:
    """Give the event under both its keys; what was said stands with the first."""
    return conversations.new_events(
        message.event_key,
        message.also_known_as,
        person=message.person,
        now=now,
        conversation_id=conversation_id,
        run_id=run_id,
        text=message.text,
    )


def _refuse_strangers(person: Person) -> None:
    if person.kind != PersonKind.MEMBER:
        raise Refused(
            f"{person.kind.value} accounts may not use Baton here; ask a member of the workspace"
        )


def _received(reception: Reception, run: Run | None) -> Received:
    return Received(
        reception=reception,
        run_id=run.id if run else None,
        number=run.number if run else None,
    )


def _root(run_id: str, text: str, message: Message, now: datetime) -> dict[str, object]:
    workflow = message.workflow
    data = dict(message.input or {}) if message.events is None else list(message.events)
    given = {"workflow": workflow, "input": data} if workflow else None
    return steps.new_row(
        id=step_id(run_id, "/"),
        run_id=run_id,
        path="/",
        kind=StepKind.WORKFLOW.value if workflow else ROOT,
        leaf=False,
        input=given,
        title=text[:120],
        status=StepStatus.READY,
        due_at=now + timedelta(seconds=2),
        created_at=now,
    )
