"""Where an approval is shown beside the conversation it is about.

Whoever may decide and has a chat of their own with Baton gets the card there too: it tells them,
and it is the only way for somebody who cannot see the conversation at all. Every copy is one more
delivery of the same approval, so all of them are kept up to date, and end the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from runtime.audit import chain
from runtime.domain.approval import Approval
from runtime.domain.conversation import Place
from runtime.domain.delivery import DeliveryKind
from runtime.domain.json import JsonObject
from runtime.domain.states import ApprovalStatus
from runtime.storage import approvals, conversations, deliveries, people, surfaces
from runtime.storage.connection import Connection

_MOST_PEOPLE = 25
"""An approval that hundreds may decide is everybody's to see in its thread, and nobody's mail."""


def spread(
    connection: Connection, approval: Approval, names: Iterable[str], *, now: datetime
) -> list[str]:
    """Owe an approval's card to the own chats of those named; give what conversations to ring.

    ``names`` are principals; patterns such as ``teams:*`` name nobody in particular.
    """
    return [
        _owe(connection, approval, place, now=now) for place in own_chats(connection, names=names)
    ]


def own_chats(connection: Connection, *, names: Iterable[str]) -> list[Place]:
    """Give the own chats of those named, with all their accounts; none of very many people."""
    exact = [name for name in dict.fromkeys(names) if not set(name) & set("*?[")]
    if len(exact) > _MOST_PEOPLE:
        return []
    everyone = {also for name in exact for also in people.others(connection, name)} | set(exact)
    return surfaces.own_of(connection, sorted(everyone))


def show_at(connection: Connection, approval: Approval, place: Place, *, now: datetime) -> str:
    """Owe an approval's card to a place that is neither its run's nor anybody's own.

    It is a conversation of its own there, so that nothing said beside it is taken for a reply.
    """
    apart = replace(place, key=f"{place.key}/approvals/{approval.id}")
    return _owe(connection, approval, apart, now=now)


def _owe(connection: Connection, approval: Approval, place: Place, *, now: datetime) -> str:
    there = conversations.ensure(connection, place, now=now)
    deliveries.owe(
        connection,
        conversation_id=there.id,
        run_id=approval.run_id,
        kind=DeliveryKind.APPROVAL_CARD,
        subject_id=approval.id,
        now=now,
    )
    return there.id


def move(
    connection: Connection,
    approval_id: str,
    place: Place,
    names: Iterable[str],
    *,
    reason: str,
    now: datetime,
) -> list[str]:
    """Record that an approval could not be shown in a place, and show it elsewhere.

    The row is the approval: it stays open, and the console and the terminal list it. Where nobody
    has another chat, the conversation of the run is told. Gives what conversations to ring.
    """
    approval = approvals.find(connection, approval_id, workspace=None)
    if approval is None or approval.status is not ApprovalStatus.PENDING:
        return []
    facts: JsonObject = {
        "approval": approval.id,
        "channel": place.channel,
        "workspace": place.workspace,
        "because": reason,
    }
    chain.append(connection, approval.run_id, "ApprovalUndelivered", facts, now=now)
    shown = spread(connection, approval, names, now=now)
    return shown or _tell(connection, approval, place, now=now)


def _tell(connection: Connection, approval: Approval, place: Place, *, now: datetime) -> list[str]:
    conversation_id = approvals.conversation_of(connection, approval.id)
    if conversations.read(connection, conversation_id).place.key == place.key:
        return []
    deliveries.owe(
        connection,
        conversation_id=conversation_id,
        run_id=approval.run_id,
        kind=DeliveryKind.NOTICE,
        subject_id=f"{approval.id}/undelivered",
        now=now,
        payload={
            "text": f"Approval {approval.number} could not be shown to somebody who may decide it,"
            f" in {place.channel}, and they have no other chat with Baton. It stays open: here, in"
            f" the console, and with `approve {approval.number}`."
        },
    )
    return [conversation_id]
