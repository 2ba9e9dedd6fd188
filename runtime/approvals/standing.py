"""How an approval and a person stand to each other at this moment."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime

from runtime.audit import chain
from runtime.domain.approval import Approval, Stage
from runtime.domain.conversation import Person
from runtime.domain.errors import NotFound, Refused
from runtime.domain.halt import Halt, halting
from runtime.domain.json import JsonObject
from runtime.domain.states import ApprovalStatus
from runtime.policy.case import Case
from runtime.storage import approvals, halts, runs
from runtime.storage.connection import Connection
from runtime.storage.database import Database


class Denied(Exception):
    """A person may not; to be recorded after the transaction, and told them as ``Refused``."""

    def __init__(self, public: str, approval: Approval) -> None:
        super().__init__(public)
        self.public = public
        self.approval = approval


def locked(connection: Connection, ref: str, workspace: str | None) -> Approval:
    """Give the approval with its run and itself locked, in that order. Raises ``NotFound``."""
    approval = approvals.find(connection, ref, workspace=workspace)
    if approval is not None:
        runs.lock(connection, approval.run_id)
        approval = approvals.find(connection, approval.id, workspace=workspace, lock=True)
    if approval is None:
        raise NotFound(f"there is no approval {ref!r}; see `approvals`")
    return approval


def pending(connection: Connection, ref: str, workspace: str | None) -> Approval:
    """Give a locked approval that nobody has decided. Raises ``NotFound`` or ``Refused``."""
    approval = locked(connection, ref, workspace)
    if approval.status != ApprovalStatus.PENDING:
        who = approval.decided_by_name or approval.decided_by
        raise Refused(f"#{approval.number} is {approval.status} already{f', by {who}' * bool(who)}")
    return approval


def case_of(approval: Approval, now: datetime) -> Case:
    """Give what the words of its stages stand for."""
    return Case(
        requester=approval.requester,
        thread_owner=approval.thread_owner,
        kept_out=approval.kept_out,
        added=approval.added,
        at=now,
    )


def stage_of(approval: Approval) -> Stage:
    """Give the present stage; one that names nobody where there is none."""
    if not approval.stages:
        return Stage(eligible=())
    return approval.stages[min(approval.stage, len(approval.stages) - 1)]


def halt_of(connection: Connection, approval: Approval) -> Halt | None:
    """Give the halt that keeps people from deciding about this call, or None."""
    run = runs.read(connection, approval.run_id)
    assert run is not None
    return halting(
        halts.standing(connection),
        workspace=run.workspace,
        tool=approval.tool,
        agent=approval.agent.split("@", 1)[0],
    )


@contextmanager
def deciding(
    database: Database, *, person: Person, what: str, surface: str, now: datetime
) -> Generator[Connection]:
    """Open a transaction in which a person does something about an approval.

    Where they may not, nothing of it stays but the record that they tried.

    Raises:
        Refused: what ``Denied`` says, for them to read.
    """
    try:
        with database.write() as connection:
            yield connection
    except Denied as denied:
        facts: JsonObject = {
            "approval": denied.approval.id,
            "by": person.principal,
            "verdict": what,
            "surface": surface,
            "because": denied.public,
            # Each attempt is on record: the same fact twice would be written once.
            "at": now.isoformat(),
            **({"also": list(person.also)} if person.also else {}),
        }
        with database.write() as connection:
            chain.append(connection, denied.approval.run_id, "DecisionRefused", facts, now=now)
        raise Refused(denied.public) from None
