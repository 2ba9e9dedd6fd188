"""From what is shown to what Teams takes. Pure: the same view gives the same message."""

from __future__ import annotations

from bots.teams.answer_card import draw_answer, draw_notice, draw_question
from bots.teams.approval_card import draw_approval
from bots.teams.drawn import Drawn
from bots.teams.run_card import draw_run
from bots.views import Answer, ApprovalCard, Notice, QuestionCard, RunCard, Shown


def draw(shown: Shown) -> Drawn:
    """Draw any view; every text in it is made harmless here, whatever made it."""
    match shown:
        case RunCard():
            return draw_run(shown)
        case ApprovalCard():
            return draw_approval(shown)
        case QuestionCard():
            return draw_question(shown)
        case Answer():
            return draw_answer(shown)
        case Notice():
            return draw_notice(shown)
