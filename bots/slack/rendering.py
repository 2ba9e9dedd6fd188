"""From what is shown to what Slack takes. Pure: the same view gives the same message."""

from __future__ import annotations

from bots.slack.answer_card import draw_answer, draw_notice, draw_question
from bots.slack.approval_card import draw_approval
from bots.slack.drawn import Drawn
from bots.slack.run_card import draw_run
from bots.views import Answer, ApprovalCard, Notice, QuestionCard, RunCard, Shown
from runtime.domain.json import JsonObject

METADATA_TYPE = "baton_delivery"


Single = RunCard | ApprovalCard | QuestionCard | Notice
"""What is one message, however long."""


def pieces(shown: Shown) -> tuple[Drawn, ...]:
    """Draw any view as the messages it needs, in order; only answers need several."""
    return draw_answer(shown) if isinstance(shown, Answer) else (draw(shown),)


def draw(shown: Single) -> Drawn:
    """Draw a view; every text in it is escaped here, whatever made it."""
    match shown:
        case RunCard():
            return draw_run(shown)
        case ApprovalCard():
            return draw_approval(shown)
        case QuestionCard():
            return draw_question(shown)
        case Notice():
            return draw_notice(shown)


def metadata(key: str) -> JsonObject:
    """Mark a message so that it can be found again; any app may read this, so it is an id."""
    return {"event_type": METADATA_TYPE, "event_payload": {"k": key}}
