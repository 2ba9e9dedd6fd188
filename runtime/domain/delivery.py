"""What is to be said to a conversation: the outbox."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from runtime.domain.conversation import Place
from runtime.domain.json import JsonObject


class DeliveryKind(StrEnum):
    """What is shown; cards are drawn from the subject's present row each time they are sent."""

    RUN_CARD = "run_card"
    APPROVAL_CARD = "approval_card"
    QUESTION = "question"
    ANSWER = "answer"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message that the courier owes a conversation; sent once, then updated in place."""

    id: str
    """Also the key under which a channel finds a message it may have sent already."""
    conversation_id: str
    place: Place
    run_id: str
    kind: DeliveryKind
    subject_id: str
    """The run, approval or step that is shown."""
    payload: JsonObject
    wanted_rev: int
    sent_rev: int
    external_id: str | None
    """The channel's own id of the message, once it is known."""
    attempt: int
    doubtful: bool
    """A crash or a lost answer came between sending and marking: look before sending again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A message that a client has shown and that says which delivery it is of."""

    delivery: Delivery
    """As it is on record now; its ``external_id`` is the one message that is kept up to date."""
    is_copy: bool
    """Another message is on record: this one was posted by an attempt whose answer was lost."""
