"""The final answer, a question to the requester, and a short notice."""

from __future__ import annotations

from collections.abc import Sequence

from bots.slack.blocks import (
    BUTTON_LIMIT,
    TEXT_LIMIT,
    Block,
    actions,
    bullets,
    button,
    context,
    feedback,
    leaf,
    markdown_block,
    rich,
    section,
)
from bots.slack.drawn import Drawn, first_fitting
from bots.slack.escape import mrkdwn
from bots.slack.parts import MARKDOWN_LIMIT, split
from bots.spelling import cut, duration, money, one_line, plural
from bots.views import Answer, Notice, QuestionCard
from runtime.domain.json import Json

_MOST_MESSAGES = 4
_BEGINNINGS = (2_500, 1_000, 300)
_MOST_FILES = 10
_MOST_SOURCES = 10
_MOST_CHOICES = 10


def draw_answer(answer: Answer) -> tuple[Drawn, ...]:
    """Draw an answer in as many messages as it needs.

    One that would need more than a few is begun, and follows whole as a file: ``needs_a_file``.
    """
    parts = split(answer.text or "(no answer)", most=_MOST_MESSAGES)
    if parts is None:
        notice = context(_cut_notice(answer))
        return (_last(answer, [cut(answer.text, size) for size in _BEGINNINGS], notice),)
    *before, last = parts
    return (*(_earlier(answer, part) for part in before), _last(answer, [last]))


def needs_a_file(answer: Answer) -> bool:
    """Tell whether an answer is too long to be posted."""
    return split(answer.text, most=_MOST_MESSAGES) is None


def _earlier(answer: Answer, part: str) -> Drawn:
    return Drawn(text=_words(answer, part), blocks=(markdown_block(part, limit=MARKDOWN_LIMIT),))


def _last(answer: Answer, forms: Sequence[str], *notice: Block) -> Drawn:
    """Draw the message that ends an answer: with files, small print, and a question back."""
    drawn = (
        (
            form,
            (
                markdown_block(form, limit=MARKDOWN_LIMIT),
                *notice,
                *_files(answer, name_limit=names),
                context(*_small_print(answer)),
            ),
        )
        for form in forms
        for names in (120, 30, 10)
    )
    return first_fitting(
        Drawn(text=_words(answer, form), blocks=(*blocks, _feedback(answer)), plain=blocks)
        for form, blocks in drawn
    )


def _words(answer: Answer, part: str) -> str:
    return mrkdwn(f"Run {answer.run_number}, {answer.outcome}: {part}", limit=TEXT_LIMIT)


def _feedback(answer: Answer) -> Block:
    """Ask whether it was of use: https://docs.slack.dev/reference/block-kit/block-elements/feedback-buttons-element."""
    return feedback(
        action="run.feedback",
        good={"run": answer.run_id, "good": True},
        bad={"run": answer.run_id, "good": False},
    )


def draw_question(card: QuestionCard) -> Drawn:
    """Draw a question with a button for each choice; without choices a reply answers it."""
    choices = () if card.closing else card.choices[:_MOST_CHOICES]
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
    if card.closing:
        return cut(card.closing, 510)
    whom = f"For {card.for_whom}. " if card.for_whom else ""
    how = f": {card.how}" if card.how else ""
    if card.by_command:
        button = "a button, or " if choices else ""
        return cut(f"{whom}Answer with {button}/baton answer {card.run_number} TEXT{how}", 510)
    button = "a button or " if choices else ""
    return cut(f"{whom}Answer with {button}a reply in this thread{how or '.'}", 510)


def _cut_notice(answer: Answer) -> str:
    return (
        "The answer is too long for a chat and is cut here. All of it is in the file answer.md "
        f"below, or with /baton status {answer.run_number}."
    )


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
