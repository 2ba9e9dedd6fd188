"""Statements on approvals. A question is answered by one conditional update, or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, bindparam, insert, or_, select, update

from runtime.domain.approval import (
    Approval,
    Difference,
    OnExpiry,
    Preview,
    Question,
    Said,
    Stage,
    Verdict,
)
from runtime.domain.assurance import Assurance
from runtime.domain.effects import Effect
from runtime.domain.json import Json
from runtime.domain.states import ApprovalStatus, StepStatus
from runtime.storage.hot import Hot
from runtime.storage.tables import approval as table
from runtime.storage.tables import approval_decision as said
from runtime.storage.tables import run, step

_c = table.c
_FOUND = (
    *("number", "run_number", "requester_name", "may_decide", "eligible_people", "eligible_groups"),
    *("history", "questions", "handed"),
)
"""What an approval holds beside its own columns."""
_select: Select[Any] = select(*_c, run.c.number.label("run_number"), run.c.requester_name).join(
    run, run.c.id == _c.run_id
)
_NUMBERED = _c.number == bindparam("the_number")
_NAMED = _c.id == bindparam("the_id")
_FIND = {
    # By whether a number is meant, and whether it is locked.
    (numbered, lock): Hot(statement.with_for_update(of=table) if lock else statement)
    for numbered, statement in ((True, _select.where(_NUMBERED)), (False, _select.where(_NAMED)))
    for lock in (True, False)
}
_SAID = select(*said.c).order_by(said.c.at, said.c.id)
_SAID_OF_ONE = Hot(_SAID.where(said.c.approval_id == bindparam("the_approval")))
_HAS_SAID = Hot(
    select(said.c.id).where(
        said.c.approval_id == bindparam("the_approval"),
        said.c.stage == bindparam("the_stage"),
        said.c.principal == bindparam("the_principal"),
    )
)
_SAY = Hot(
    insert(said).values(
        {column.name: bindparam(f"new_{column.name}", type_=column.type) for column in said.c}
    )
)
_OF_RUN = Hot(_select.where(_c.run_id == bindparam("the_run")).order_by(_c.number))


def from_row(row: RowMapping | Mapping[str, Any]) -> Approval:
    """Give the domain value of a row."""
    return Approval(
        id=row["id"],
        number=row["number"],
        run_id=row["run_id"],
        run_number=row["run_number"],
        step_id=row["step_id"],
        question=Question(row["question"]),
        tool=row["tool"],
        arguments=row["arguments"] or {},
        digest=row["digest"],
        agent=row["agent"],
        policy=row["policy"],
        rule=row["rule"],
        reason=row["reason"],
        preview=Preview(**row["preview"]),
        stages=tuple(stage_from(stage) for stage in row["stages"] or ()),
        stage=row["stage"],
        status=ApprovalStatus(row["status"]),
        version=row["version"],
        nonce=row["nonce"],
        requester=row["requester"],
        requester_name=row["requester_name"],
        on_expiry=OnExpiry(row["on_expiry"]),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        decided_by=row["decided_by"],
        decided_by_name=row["decided_by_name"],
        decided_at=row["decided_at"],
        decided_on=row["decided_on"],
        decision_reason=row["decision_reason"],
        verdict=Verdict(row["verdict"]) if row["verdict"] else None,
        effect=Effect(row["effect"]),
        editable_schema=row["editable_schema"],
        thread_owner=row["thread_owner"],
        chain=tuple(row["chain"] or ()),
        replaces=row["replaces"],
        differences=tuple(Difference(**one) for one in row["differences"] or ()),
        kept_out=tuple(row["kept_out"] or ()),
        added=tuple(row["added"] or ()),
        rung=row["rung"],
        remind_at=row["remind_at"],
        reminders=row["reminders"],
        ends_at=row["ends_at"],
        ends_how=OnExpiry(row["ends_how"]),
        claimed_by=row["claimed_by"],
        claimed_by_name=row["claimed_by_name"],
        claimed_at=row["claimed_at"],
    )


def stage_from(spelled: Mapping[str, Any]) -> Stage:
    """Give the domain value of a stored stage."""
    plain = dict(spelled)
    return Stage(
        eligible=tuple(plain.pop("eligible")),
        quorum=plain.pop("quorum"),
        veto=tuple(plain.pop("veto", ())),
        on_limit=OnExpiry(plain.pop("on_limit", OnExpiry.HOLD)),
        escalate_to=tuple(tuple(rung) for rung in plain.pop("escalate_to", ())),
        reasons_for=tuple(Verdict(word) for word in plain.pop("reasons_for", ())),
        assurance=Assurance(plain.pop("assurance", Assurance.MEMBER)),
        **plain,
    )


def stage_spelled(stage: Stage) -> dict[str, Json]:
    """Spell a stage as it is stored."""
    return {
        "eligible": list(stage.eligible),
        "quorum": stage.quorum,
        "veto": list(stage.veto),
        "limit_seconds": stage.limit_seconds,
        "on_limit": stage.on_limit,
        "escalate_to": [list(rung) for rung in stage.escalate_to],
        "remind_seconds": stage.remind_seconds,
        "reasons_for": list(stage.reasons_for),
        "assurance": stage.assurance,
    }


def add(connection: Connection, approval: Approval, *, workspace: str) -> None:
    """Insert a question; its number is given by the database."""
    values = asdict(approval)
    for name in _FOUND:
        del values[name]
    values["workspace"] = workspace
    values["stages"] = [stage_spelled(stage) for stage in approval.stages]
    values["due_at"] = due_at(approval.expires_at, approval.remind_at)
    connection.execute(insert(table).values(**values))


def due_at(*moments: datetime | None) -> datetime | None:
    """Give when the sweep must look at a question: at the first of these moments."""
    return min((one for one in moments if one is not None), default=None)


def find(
    connection: Connection, ref: str, *, workspace: str | None, lock: bool = False
) -> Approval | None:
    """Give the approval that a person means by id or number, locked against other deciders."""
    ref = ref.strip().lstrip("#")
    is_number = ref.isascii() and ref.isdigit() and len(ref) < 18
    meant = {"the_number": int(ref)} if is_number else {"the_id": ref}
    row = _FIND[is_number, lock].first(connection, meant)
    elsewhere = row is not None and workspace is not None and row["workspace"] != workspace
    return None if row is None or elsewhere else from_row(row)


def of_step(connection: Connection, step_id: str) -> Approval | None:
    """Give the newest approval that a step waits for."""
    statement = _select.where(_c.step_id == step_id).order_by(_c.number.desc()).limit(1)
    row = connection.execute(statement).mappings().first()
    return from_row(row) if row else None


def pending(
    connection: Connection, *, workspace: str | None, run_id: str | None, limit: int = 200
) -> list[Approval]:
    """Give what waits for people, oldest first."""
    statement = _select.where(_c.status == ApprovalStatus.PENDING).order_by(_c.number).limit(limit)
    if workspace is not None:
        statement = statement.where(_c.workspace == workspace)
    if run_id is not None:
        statement = statement.where(_c.run_id == run_id)
    return [from_row(row) for row in connection.execute(statement).mappings()]


def pending_elsewhere(
    connection: Connection, *, workspace: str, limit: int = 200
) -> list[Approval]:
    """Give what waits for people in any other workspace, oldest first."""
    statement = (
        _select.where(_c.status == ApprovalStatus.PENDING, _c.workspace != workspace)
        .order_by(_c.number)
        .limit(limit)
    )
    return [from_row(row) for row in connection.execute(statement).mappings()]


def of_run(connection: Connection, run_id: str) -> list[Approval]:
    """Give every approval of a run, oldest first."""
    return [from_row(row) for row in _OF_RUN.all(connection, {"the_run": run_id})]


def turned_away(connection: Connection, *, run_id: str, digest: str) -> Approval | None:
    """Give what became of the identical call in this run where a person refused or changed it."""
    statement = _select.where(
        _c.run_id == run_id,
        _c.digest == digest,
        or_(_c.status == ApprovalStatus.REJECTED, _c.verdict == Verdict.EDIT),
    ).limit(1)
    row = connection.execute(statement).mappings().first()
    return from_row(row) if row else None


def history(connection: Connection, approval_ids: Sequence[str]) -> dict[str, list[Said]]:
    """Give what was said about each of these, oldest first."""
    found: dict[str, list[Said]] = {}
    for row in _said_of(connection, approval_ids):
        one = Said(
            principal=row["principal"],
            name=row["name"],
            stage=row["stage"],
            verdict=Verdict(row["verdict"]),
            reason=row["reason"],
            surface=row["surface"],
            at=row["at"],
            on_behalf_of=row["on_behalf_of"],
            arguments=row["arguments"],
        )
        found.setdefault(row["approval_id"], []).append(one)
    return found


def _said_of(
    connection: Connection, approval_ids: Sequence[str]
) -> Iterable[RowMapping | Mapping[str, Any]]:
    if len(approval_ids) == 1:
        return _SAID_OF_ONE.all(connection, {"the_approval": approval_ids[0]})
    return connection.execute(_SAID.where(said.c.approval_id.in_(approval_ids))).mappings()


def thread_owner(connection: Connection, conversation_id: str) -> str:
    """Name who began a conversation: the requester of its first run."""
    statement = (
        select(run.c.requester)
        .where(run.c.conversation_id == conversation_id)
        .order_by(run.c.number)
        .limit(1)
    )
    return str(connection.execute(statement).scalar_one_or_none() or "")


def say(connection: Connection, *, same_person: tuple[str, ...] = (), **values: object) -> bool:
    """Record one person's verdict in one stage; False where they have spoken already.

    ``same_person`` names their other accounts: a person counts once, wherever they speak.
    """
    where = {"the_approval": values["approval_id"], "the_stage": values["stage"]}
    for principal in (values["principal"], *same_person):
        if _HAS_SAID.first(connection, {**where, "the_principal": principal}) is not None:
            return False
    _SAY.count(connection, {f"new_{name}": value for name, value in values.items()})
    return True


def change(
    connection: Connection, approval: Approval, *, expected_version: int, **values: object
) -> bool:
    """Change a pending approval if it is still as it was seen; False where somebody was faster."""
    result = connection.execute(
        update(table)
        .where(
            _c.id == approval.id,
            _c.status == ApprovalStatus.PENDING,
            _c.version == expected_version,
        )
        .values(version=_c.version + 1, **values)
    )
    return result.rowcount == 1


def supersede(connection: Connection, approval_id: str) -> None:
    """Void an approval that was given for something that has changed since."""
    connection.execute(
        update(table)
        .where(_c.id == approval_id, _c.status == ApprovalStatus.APPROVED)
        .values(status=ApprovalStatus.SUPERSEDED, version=_c.version + 1)
    )


def cancel_run(connection: Connection, run_id: str, *, now: datetime) -> list[str]:
    """Close every pending question of a run; name them."""
    statement = (
        update(table)
        .where(_c.run_id == run_id, _c.status == ApprovalStatus.PENDING)
        .values(status=ApprovalStatus.CANCELLED, decided_at=now, version=_c.version + 1)
        .returning(_c.id)
    )
    return list(connection.execute(statement).scalars())


def cancel_below(connection: Connection, run_id: str, *, now: datetime) -> list[str]:
    """Close the pending questions of a run whose steps were cancelled; name them."""
    gone = select(step.c.id).where(
        step.c.id >= f"{run_id}:", step.c.id < f"{run_id};", step.c.status == StepStatus.CANCELLED
    )
    statement = (
        update(table)
        .where(_c.run_id == run_id, _c.status == ApprovalStatus.PENDING, _c.step_id.in_(gone))
        .values(status=ApprovalStatus.CANCELLED, decided_at=now, version=_c.version + 1)
        .returning(_c.id)
    )
    return list(connection.execute(statement).scalars())


def overdue(connection: Connection, *, now: datetime, limit: int) -> list[Approval]:
    """Give pending questions with something due; rows another sweep holds are skipped."""
    statement = (
        _select.where(_c.status == ApprovalStatus.PENDING, _c.due_at <= now)
        .order_by(_c.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True, of=table)
    )
    return [from_row(row) for row in connection.execute(statement).mappings()]


def conversation_of(connection: Connection, approval_id: str) -> str:
    """Name the conversation of an approval's run."""
    statement = (
        select(run.c.conversation_id).join(table, _c.run_id == run.c.id).where(_c.id == approval_id)
    )
    return str(connection.execute(statement).scalar_one())


def turned_down(connection: Connection, run_id: str) -> list[Approval]:
    """Give the questions of a run that people rejected, or let expire."""
    refused = (ApprovalStatus.REJECTED, ApprovalStatus.EXPIRED)
    return [one for one in of_run(connection, run_id) if one.status in refused]
