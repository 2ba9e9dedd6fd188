"""The final answer, a question to the requester, and a short notice."""

from __future__ import annotations

from collections.abc import Sequence

from bots.slack.blocks import (
    BUTTON_LIMIT,
    MESSAGE_CHARACTERS,
    TEXT_LIMIT,
    Block,
    actions,
    bullets,
    button,
    context,
    leaf,
    markdown_block,
    rich,
    section,
)
from bots.slack.drawn import Drawn, first_fitting
from bots.slack.escape import UNLIMITED, markdown, mrkdwn
from bots.spelling import cut, duration, money, one_line, plural
from bots.views import Answer, Notice, QuestionCard
from runtime.domain.json import Json

_MOST_FILES = 10
_MOST_SOURCES = 10
_MOST_CHOICES = 10


def draw_answer(answer: Answer) -> Drawn:
    """Draw an answer whole where it fits, and else as much as fits, saying so."""
    said = cut(answer.text, 2 * MESSAGE_CHARACTERS) or "(no answer)"
    text = mrkdwn(f"Run {answer.run_number}, {answer.outcome}: {said}", limit=TEXT_LIMIT)
    whole = len(markdown(said, limit=UNLIMITED))
    return first_fitting(
        Drawn(
            text=text,
            blocks=(
                markdown_block(said, limit=limit),
                *([context(_cut_notice(answer))] if whole > limit else []),
                *_files(answer, name_limit=names),
                context(*_small_print(answer)),
            ),
        )
        for names in (120, 30, 10)
        # JSON spells line ends and quotes with two characters: the room is found by trying.
        for limit in range(MESSAGE_CHARACTERS - 500, 3_000, -500)
    )


def draw_question(card: QuestionCard) -> Drawn:
    """Draw a question with a button for each choice; without choices a reply answers it."""
    choices = () if card.answered else card.choices[:_MOST_CHOICES]
    how = _how_to_answer(card, choices)
    text = mrkdwn(f"Run {card.run_number} asks: {card.text} {how}", limit=TEXT_LIMIT)
    buttons = [
        button(
            choice,
            action=f"question.answer:{index}",
            value={"run": card.run_id, "step": card.step_id, "choice": index},
        )
        for index, choice in enumerate(choices)
    ]
    return first_fitting(
        Drawn(
            text=text,
            blocks=(rich(*_asked(card, choices, words)), context(how), *actions(buttons)),
        )
        for words in (2_500, 1_000, 300, 100, 30)
    )


def draw_notice(notice: Notice) -> Drawn:
    """Draw a sentence."""
    text = mrkdwn(notice.text, limit=TEXT_LIMIT)
    return first_fitting(
        Drawn(text=text, blocks=(rich(section(leaf(cut(notice.text, words)))),))
        for words in (2_500, 1_000, 300, 100)
    )


def _asked(card: QuestionCard, choices: Sequence[str], words: int) -> list[Json]:
    asked = section(leaf(cut(card.text, words), bold=True))
    if all(len(choice) <= BUTTON_LIMIT for choice in choices):
        return [asked]
    return [asked, bullets([leaf(cut(choice, words)) for choice in choices], ordered=True)]


def _how_to_answer(card: QuestionCard, choices: Sequence[str]) -> str:
    if card.answered:
        return f"Answered: {cut(card.answered, 500)}"
    if choices:
        return "Answer with a button or a reply in this thread."
    return "Answer with a reply in this thread."


def _cut_notice(answer: Answer) -> str:
    where = "its files" if answer.files else f"/baton status {answer.run_number}"
    return f"The answer is too long for one message and is cut here; see {where} for all of it."


def _files(answer: Answer, *, name_limit: int) -> list[Block]:
    if not answer.files:
        return []
    listed = [
        leaf(f"{one_line(file.name, name_limit)} · {_spelled_size(file.size_bytes)}")
        for file in answer.files[:_MOST_FILES]
    ]
    left = len(answer.files) - len(listed)
    if left:
        listed.append(leaf(f"and {plural(left, 'more file')}"))
    return [rich(section(leaf("Files", bold=True)), bullets(listed))]


def _spelled_size(size_bytes: int) -> str:
    if size_bytes < 1_000:
        return f"{size_bytes} bytes"
    if size_bytes < 1_000_000:
        return f"{size_bytes / 1_000:.1f} kB"
    return f"{size_bytes / 1_000_000:.1f} MB"


def _small_print(answer: Answer) -> list[str]:
    parts = [
        f"Run {answer.run_number} · {answer.outcome}",
        duration(answer.elapsed_seconds),
        f"{money(answer.cost_usd)}, {answer.tokens:,} tokens",
    ]
    lines = [" · ".join(parts)]
    if answer.sources:
        named = "; ".join(one_line(source, 80) for source in answer.sources[:_MOST_SOURCES])
        left = len(answer.sources) - _MOST_SOURCES
        lines.append(f"Sources: {named}" + (f"; and {left} more" if left > 0 else ""))
    if answer.demonstration:
        lines.append("Answered by the demonstration model, not by a real one.")
    return lines
