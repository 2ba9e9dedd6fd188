"""Take an answer: from whoever is asked, of the type that is wanted, and only the first."""

from __future__ import annotations

from datetime import datetime

from runtime.agent.afford import about_budget
from runtime.agent.poll import REQUESTER, poll_of
from runtime.agent.question import KIND
from runtime.approvals import inquire
from runtime.audit import chain
from runtime.catalog.workflow.inputs import spelled
from runtime.domain.conversation import Message, Person
from runtime.domain.errors import Refused
from runtime.domain.json import Json
from runtime.domain.run import Run
from runtime.domain.states import StepStatus
from runtime.domain.step import Step
from runtime.door.asked import case_around, shares_machine
from runtime.durable import outside
from runtime.policy.policy import Policy
from runtime.storage import deliveries, inquiries, trees
from runtime.storage.connection import Connection


def lacks(
    connection: Connection, run: Run, leaf: Step, person: Person, *, policy: Policy, now: datetime
) -> str | None:
    """Say why somebody may not answer a question of a workflow now; None where they may."""
    poll = poll_of(leaf)
    assert poll is not None, "an agent's question is its requester's"
    lacking = poll.lacks(policy, person, case_around(connection, run, now))
    if lacking is None or ("requester" in poll.of and shares_machine(person, run)):
        return None
    if poll.of == REQUESTER:
        return f"this question is for {run.requester_name or run.requester}"
    return lacking


def take_answer(
    connection: Connection, leaf: Step, person: Person, text: str, now: datetime
) -> list[str] | None:
    """Record an answer; give whom to ring, or None where somebody was faster.

    Caller holds the run's lock, has looked whether this person may, and commits. Raises
    ``Refused`` where the words are no answer to it.
    """
    if leaf.status != StepStatus.WAITING:
        return None
    poll = poll_of(leaf)
    said: Json = text if poll is None else poll.read(text)
    rings = outside.answer(
        connection,
        leaf.id,
        status=StepStatus.SUCCEEDED,
        output={"answer": said, "by": person.name or person.principal},
        now=now,
    )
    if rings is not None:
        facts = {"step": leaf.id, "by": person.principal, "text": spelled(said)}
        chain.append_all(connection, leaf.run_id, [(now, "QuestionAnswered", facts)], now=now)
        deliveries.touch(connection, leaf.id, now=now)
        deliveries.touch(connection, leaf.run_id, now=now)
    return rings


def answer_before_deciding(
    connection: Connection, inquiry_id: str, person: Person, text: str, now: datetime
) -> list[str] | None:
    """Record an answer to a question about an approval, which wakes nobody."""
    return [] if inquire.answer(connection, inquiry_id, person, text, now) else None


def answered_by(
    connection: Connection, run: Run, message: Message, *, policy: Policy, now: datetime
) -> list[str] | None:
    """Take a reply in a run's conversation as the answer to the first question it fits.

    Gives whom to ring; None where it answers nothing. Budgets are raised by button or command,
    never by what somebody happens to say.

    Raises:
        Refused: it was said to Baton, and is no answer to what this person is asked.
    """
    person = message.person
    theirs = person.principal == run.requester
    unread: Refused | None = None
    for leaf in trees.leaves(connection, run.id, kind=KIND):
        if leaf.status != StepStatus.WAITING or about_budget(leaf) is not None:
            continue
        poll = poll_of(leaf)
        if poll is None or poll.of == REQUESTER:
            may = theirs
        else:
            may = lacks(connection, run, leaf, person, policy=policy, now=now) is None
        try:
            rings = take_answer(connection, leaf, person, message.text, now) if may else None
        except Refused as error:
            unread = unread or error
            continue
        if rings is not None:
            return rings
    for asked in inquiries.open_in(connection, run.id) if theirs else ():
        if inquire.answer(connection, asked.id, person, message.text, now):
            return []
    if unread is not None and (theirs or message.addressed):
        raise unread
    return None
