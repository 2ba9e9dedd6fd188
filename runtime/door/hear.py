"""Take what people say: begin a run, answer a question, or pass it on to the run at work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from runtime.agent.question import KIND as QUESTION
from runtime.approvals import inquire
from runtime.audit import chain
from runtime.catalog.catalog import Catalog
from runtime.domain.budget import Budget
from runtime.domain.conversation import Message, Person, PersonKind, Received, Reception
from runtime.domain.delivery import DeliveryKind
from runtime.domain.errors import NotFound, Refused
from runtime.domain.halt import halting
from runtime.domain.ids import new_id, step_id
from runtime.domain.plan import StepKind
from runtime.domain.ports import Bell, Clock
from runtime.domain.run import Run
from runtime.domain.states import Control, RunStatus, StepStatus
from runtime.domain.words import storable
from runtime.durable import outside
from runtime.observability.redaction import Redactor
from runtime.orchestrator.conduct import KIND as ROOT
from runtime.policy.access import Right
from runtime.policy.policy import Policy
from runtime.storage import (
    conversations,
    definitions,
    deliveries,
    halts,
    inquiries,
    runs,
    signals,
    steps,
    trees,
)
from runtime.storage.connection import Connection
from runtime.storage.database import Database, again_when_contended

_LONGEST = 20_000
_without_keys = Redactor()
"""People paste keys into chats; what looks like one is stored, shown and told to models nowhere."""


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

    def receive(self, message: Message) -> Received:
        """Take a message in one transaction; ring afterwards."""
        if not message.addressed and not self._concerns_us(message):
            return Received(reception=Reception.IGNORED, run_id=None, number=None)
        _refuse_strangers(message.person)
        person = replace(message.person, name=storable(message.person.name))
        message = replace(message, person=person, text=_without_keys(storable(message.text)))
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
        other = message.also_known_as or message.event_key
        rings: list[str] = []
        with self.database.write() as connection:
            known, run_id = conversations.run_of_event(connection, message.event_key, other)
            if known:
                run = runs.read(connection, run_id) if run_id else None
                return _received(Reception.DUPLICATE, run)
            place = conversations.ensure(connection, message.place, now=now)
            live = runs.live_in(connection, place.id)
            if live is None and not message.addressed:
                return Received(reception=Reception.IGNORED, run_id=None, number=None)
            conversations.meet(connection, message.person, now=now)
            if live is None:
                run, reception = self._start(connection, message, place.id, now), Reception.STARTED
                rings = [step_id(run.id, "/")]
            else:
                run, reception = live, Reception.REPLIED
                rings = self._reply(connection, live, message, now)
            _take(connection, message, run_id=run.id, conversation_id=place.id, now=now)
        # A crash before these rings leaves rows that are due; the sweep rings them.
        for ring in rings:
            self.bell.ring_step(ring)
        self.bell.ring_conversation(run.conversation_id)
        return _received(reception, run)

    @again_when_contended
    def answer(self, leaf_id: str, person: Person, text: str) -> Received:
        """Answer an open question by button. Raises ``Refused`` when somebody was faster."""
        _refuse_strangers(person)
        text = _without_keys(storable(text))
        now = self.clock.now()
        with self.database.write() as connection:
            run = _run_that_asks(connection, leaf_id)
            runs.lock(connection, run.id)
            if run.requester not in person.principals and not _shares_machine(person, run):
                raise Refused(f"this question is for {run.requester_name or run.requester}")
            rings = _answer(connection, leaf_id, person, text, now)
            if rings is None:
                raise Refused("this question was answered already")
        for ring in rings:
            self.bell.ring_step(ring)
        self.bell.ring_conversation(run.conversation_id)
        return _received(Reception.REPLIED, run)

    def seen(self, event_key: str, person: Person) -> bool:
        """Record an event that carries no message; True where it was recorded before."""
        with self.database.write() as connection:
            return not conversations.take(
                connection, event_key, person=person, now=self.clock.now()
            )

    def _require(self, connection: Connection, message: Message) -> None:
        """Refuse who may not begin this, or anybody while it is halted."""
        lacking = self.policy().lacks(message.person, Right.ASK, start=message.agent or "")
        if lacking is not None:
            raise Refused(lacking)
        halt = halting(
            halts.standing(connection), workspace=message.place.workspace, agent=message.agent
        )
        if halt is not None:
            raise Refused(f"{halt.words}; ask again when two people have lifted it")

    def _start(
        self, connection: Connection, message: Message, conversation_id: str, now: datetime
    ) -> Run:
        text = message.text.strip()
        if not text:
            raise Refused("there was no request in that; say what you want done")
        catalog = self.catalog()
        self._require(connection, message)
        if message.agent is not None:
            catalog.agent(message.agent)
        if message.workflow is not None:
            catalog.workflow(message.workflow)
        definitions.keep(connection, catalog.digest, catalog.to_json, now=now)
        person = message.person
        run_id = new_id("run")
        run = runs.add(
            connection,
            id=run_id,
            workspace=message.place.workspace,
            conversation_id=conversation_id,
            requester=person.principal,
            requester_name=person.name,
            request=text,
            agent=message.agent or message.workflow,
            input=dict(message.input or {}),
            goal=text,
            status=RunStatus.ACTIVE,
            control=Control.GO,
            catalog=catalog.digest,
            budget=asdict(self.budget),
            created_at=now,
        )
        steps.insert_tasks(connection, [_root(run_id, text, message, now)])
        chain.append(
            connection,
            run_id,
            "RunAccepted",
            {
                "requester": person.principal,
                "channel": message.place.channel,
                "event": message.event_key,
                "request": text,
                "agent": message.agent,
                "workflow": message.workflow,
                "catalog": catalog.digest,
            },
            now=now,
        )
        deliveries.owe(
            connection,
            conversation_id=conversation_id,
            run_id=run_id,
            kind=DeliveryKind.RUN_CARD,
            subject_id=run_id,
            now=now,
        )
        return run

    def _reply(
        self, connection: Connection, run: Run, message: Message, now: datetime
    ) -> list[str]:
        runs.lock(connection, run.id)
        if message.person.principal == run.requester:
            for leaf_id in trees.open_leaves(connection, run.id, kind=QUESTION):
                rings = _answer(connection, leaf_id, message.person, message.text, now)
                if rings is not None:
                    return rings
            for asked in inquiries.open_in(connection, run.id):
                if inquire.answer(connection, asked.id, message.person, message.text, now):
                    return []
        payload = {
            "principal": message.person.principal,
            "name": message.person.name,
            "text": message.text,
        }
        signals.add(connection, run_id=run.id, name="reply", payload=payload, now=now)
        return []


class _TakenMeanwhile(Exception):
    """The same event was taken by somebody else; nothing of this transaction may stay."""


def _take(
    connection: Connection, message: Message, *, run_id: str, conversation_id: str, now: datetime
) -> None:
    """Record the event under both its keys; what was said stands with the first."""
    person = message.person
    if not conversations.take(
        connection,
        message.event_key,
        person=person,
        now=now,
        conversation_id=conversation_id,
        run_id=run_id,
        text=message.text,
    ):
        raise _TakenMeanwhile
    other = message.also_known_as
    if not other or other == message.event_key:
        return
    if not conversations.take(connection, other, person=person, now=now, run_id=run_id):
        raise _TakenMeanwhile


def _run_that_asks(connection: Connection, question_id: str) -> Run:
    """Give the run of an agent's question, or of one that is asked before deciding."""
    leaf = steps.read_step(connection, question_id)
    run_id = leaf.run_id if leaf is not None and leaf.kind == QUESTION else None
    run_id = run_id or inquire.run_of(connection, question_id)
    run = runs.read(connection, run_id) if run_id else None
    if run is None:
        raise NotFound("there is no such question")
    return run


def _answer(
    connection: Connection, leaf_id: str, person: Person, text: str, now: datetime
) -> list[str] | None:
    if leaf_id.startswith(inquiries.PREFIX):
        return [] if inquire.answer(connection, leaf_id, person, text, now) else None
    rings = outside.answer(
        connection,
        leaf_id,
        status=StepStatus.SUCCEEDED,
        output={"answer": text, "by": person.name or person.principal},
        now=now,
    )
    if rings is not None:
        run_id = leaf_id.split(":", 1)[0]
        facts = {"step": leaf_id, "by": person.principal, "text": text}
        chain.append(connection, run_id, "QuestionAnswered", facts, now=now)
        deliveries.touch(connection, leaf_id, now=now)
        deliveries.touch(connection, run_id, now=now)
    return rings


def _shares_machine(person: Person, run: Run) -> bool:
    """Tell whether a run was asked for on this machine, by console or terminal, as ``person`` is.

    Whoever sits here may open either, so a run begun in one can be answered in the other.
    """
    local = tuple(f"{channel}:local/" for channel in ("console", "terminal"))
    return person.principal.startswith(local) and run.requester.startswith(local)


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
    given = {"workflow": workflow, "input": dict(message.input or {})} if workflow else None
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
