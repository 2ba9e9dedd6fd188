"""Fill in what an approval's row does not hold: its people at this moment, and what was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from runtime.agent.poll import REQUESTER, poll_of
from runtime.agent.question import KIND as QUESTION
from runtime.approvals import inquire
from runtime.approvals.asked_people import named
from runtime.approvals.standing import case_of, stage_of
from runtime.catalog.workflow.inputs import spelled
from runtime.domain.absence import Absence
from runtime.domain.approval import Approval, Inquiry
from runtime.domain.conversation import Person
from runtime.domain.errors import NotFound
from runtime.domain.run import OpenQuestion, Run
from runtime.domain.states import ENDED_STEP, ApprovalStatus
from runtime.domain.step import Step
from runtime.policy.case import GROUP, Case
from runtime.policy.eligibility import all_in_words, is_one_person
from runtime.policy.policy import Policy
from runtime.storage import absences, approvals, conversations, handovers, inquiries, runs, steps
from runtime.storage.connection import Connection


def complete(
    connection: Connection, found: Sequence[Approval], *, policy: Policy, now: datetime
) -> list[Approval]:
    """Give approvals with who may decide them by this policy, their history and questions."""
    ids = [one.id for one in found]
    if not ids:
        return []
    said = approvals.history(connection, ids)
    asked = inquiries.of_approvals(connection, ids)
    handed = handovers.of_approvals(connection, ids)
    away = absences.standing(connection, now=now)
    return [
        _with_people(
            replace(
                one,
                history=tuple(said.get(one.id, ())),
                questions=tuple(each for each in asked if each.approval_id == one.id),
                handed=tuple(each for each in handed if each.approval_id == one.id),
            ),
            policy,
            away,
            now,
        )
        for one in found
    ]


def _with_people(
    approval: Approval, policy: Policy, away: Sequence[Absence], now: datetime
) -> Approval:
    if not approval.stages:
        return approval
    names = policy.eligible_names(stage_of(approval), case_of(approval, now))
    if approval.status != ApprovalStatus.PENDING:
        return replace(approval, may_decide=names)
    heard = {one.principal for one in approval.history if one.stage == approval.stage}
    people = named(policy, approval, away, now)
    return replace(
        approval,
        may_decide=names,
        eligible_people=tuple(one for one in people if one not in heard),
        eligible_groups=tuple(one.removeprefix(GROUP) for one in names if one.startswith(GROUP)),
    )


def question_of(
    connection: Connection, leaf: Step, run: Run, *, policy: Policy, now: datetime
) -> OpenQuestion:
    """Give what somebody was asked, who may answer by this policy, and how it was closed."""
    given = leaf.input if isinstance(leaf.input, dict) else {}
    output = leaf.output if isinstance(leaf.output, dict) else {}
    choices = given.get("choices")
    answered, ended = "", leaf.status in ENDED_STEP
    if ended and output.get("answer") not in (None, ""):
        answered = f"{output.get('by') or ''}: {spelled(output['answer'])}".strip(": ")
    question = OpenQuestion(
        step_id=leaf.id,
        text=str(given.get("question") or leaf.title),
        choices=tuple(spelled(one) for one in choices) if isinstance(choices, list) else (),
        asked_at=leaf.created_at,
        answered=answered,
        withdrawn=ended and not answered,
        run_number=run.number,
        conversation_id=run.conversation_id,
    )
    poll = poll_of(leaf)
    if poll is None:
        return question
    case = case_around(connection, run, now)
    names = policy.eligible_names(poll.stage, case)
    return replace(
        question,
        for_whom="" if poll.of == REQUESTER else all_in_words(_called(connection, poll.of)),
        how=poll.how,
        may_decide=names,
        eligible_people=tuple(one for one in names if is_one_person(one)),
        eligible_groups=tuple(one.removeprefix(GROUP) for one in names if one.startswith(GROUP)),
    )


def _called(connection: Connection, entries: Sequence[str]) -> list[str]:
    """Call people by their names, where they are known."""
    found = ((one, conversations.person(connection, one)) for one in entries)
    return [person.name if person and person.name else one for one, person in found]


def case_around(connection: Connection, run: Run, now: datetime) -> Case:
    """Give what the words for people stand for in a run."""
    owner = approvals.thread_owner(connection, run.conversation_id)
    return Case(requester=run.requester, thread_owner=owner, at=now)


def as_question(asked: Inquiry, *, closed: bool = False) -> OpenQuestion:
    """Give a question about an approval as any other question to the requester."""
    answered = f"{asked.answered_by_name}: {asked.answer}" if asked.answered_at else ""
    return OpenQuestion(
        step_id=asked.id,
        text=f"{asked.asked_by_name} asks before deciding: {asked.text}",
        choices=(),
        asked_at=asked.at,
        answered=answered,
        withdrawn=closed and not answered,
    )


def run_that_asks(
    connection: Connection, question_id: str, person: Person, *, policy: Policy, now: datetime
) -> Run:
    """Give the run of an agent's question, or of one that is asked before deciding.

    Raises ``NotFound`` also where it is none of this person's workspaces and does not ask them:
    that there is such a question is nobody's business elsewhere.
    """
    leaf = steps.read_step(connection, question_id)
    run_id = leaf.run_id if leaf is not None and leaf.kind == QUESTION else None
    run_id = run_id or inquire.run_of(connection, question_id)
    run = runs.read(connection, run_id) if run_id else None
    poll = poll_of(leaf) if leaf is not None else None
    if run is not None and (
        _concerns(person, run)
        or (
            poll is not None
            and poll.lacks(policy, person, case_around(connection, run, now)) is None
        )
    ):
        return run
    raise NotFound("there is no such question")


def _concerns(person: Person, run: Run) -> bool:
    near = run.workspace in person.workspaces or run.requester in person.principals
    return near or person.channel in ("console", "terminal")


def shares_machine(person: Person, run: Run) -> bool:
    """Tell whether a run was asked for on this machine, by console or terminal, as ``person`` is.

    Whoever sits here may open either, so a run begun in one can be answered in the other.
    """
    local = tuple(f"{channel}:local/" for channel in ("console", "terminal"))
    return person.principal.startswith(local) and run.requester.startswith(local)
