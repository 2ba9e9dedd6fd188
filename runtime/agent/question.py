"""Ask people something and wait, holding nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from runtime.audit import chain
from runtime.domain.delivery import DeliveryKind
from runtime.domain.json import JsonObject
from runtime.domain.run import Run
from runtime.outbox.surfaces import own_chats
from runtime.storage import conversations, deliveries
from runtime.storage.connection import Connection

KIND = "question"


def asking(
    run: Run, *, text: str, choices: Sequence[str], now: datetime, names: Sequence[str] = ()
) -> Callable[[Connection, str], None]:
    """Give the writer of the question: called with the waiting leaf, inside its transaction.

    It is owed to the run's conversation, and to the own chats of those named: principals, of which
    globs and groups name nobody in particular.
    """

    def opened(connection: Connection, leaf_id: str) -> None:
        facts: JsonObject = {"step": leaf_id, "text": text, "choices": list(choices)}
        if names:
            facts = {**facts, "asked": list(names)}
        chain.append(connection, run.id, "QuestionAsked", facts, now=now)
        places = own_chats(connection, names=names)
        there = [conversations.ensure(connection, place, now=now).id for place in places]
        for conversation_id in dict.fromkeys((run.conversation_id, *there)):
            deliveries.owe(
                connection,
                conversation_id=conversation_id,
                run_id=run.id,
                kind=DeliveryKind.QUESTION,
                subject_id=leaf_id,
                now=now,
                payload={"number": run.number, "text": text},
            )
        deliveries.touch(connection, run.id, now=now)

    return opened
