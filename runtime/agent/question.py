"""Ask the requester something and wait, holding nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from runtime.audit import chain
from runtime.domain.delivery import DeliveryKind
from runtime.domain.run import Run
from runtime.storage import deliveries
from runtime.storage.connection import Connection

KIND = "question"


def asking(
    run: Run, *, text: str, choices: Sequence[str], now: datetime
) -> Callable[[Connection, str], None]:
    """Give the writer of the question: called with the waiting leaf, inside its transaction."""

    def opened(connection: Connection, leaf_id: str) -> None:
        chain.append(
            connection,
            run.id,
            "QuestionAsked",
            {"step": leaf_id, "text": text, "choices": list(choices)},
            now=now,
        )
        deliveries.owe(
            connection,
            conversation_id=run.conversation_id,
            run_id=run.id,
            kind=DeliveryKind.QUESTION,
            subject_id=leaf_id,
            now=now,
            payload={"number": run.number, "text": text},
        )
        deliveries.touch(connection, run.id, now=now)

    return opened
