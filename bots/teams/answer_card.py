"""The final answer, a question to the requester, a short notice, and the reply to a command."""

from __future__ import annotations

from collections.abc import Sequence

from bots.spelling import cut, duration, money, one_line, plural
from bots.teams.drawn import Drawn, first_fitting
from bots.teams.elements import (
    MOST_ACTIONS,
    Element,
    button,
    card,
    fixed,
    header,
    line,
    run,
    small,
)
from bots.teams.markdown import drawn_markdown
from bots.views import Answer, Notice, QuestionCard
from runtime.domain.json import Json, JsonObject

_MOST_FILES = 10
_MOST_OPENED = 4
_MOST_SOURCES = 10
_MOST_CHOICES = 20
_LENGTHS = (24_000, 18_000, 12_000, 8_000, 5_000, 3_000, 1_500, 700, 300, 100)


def draw_answer(answer: Answer, *, note: str = "") -> Drawn:
    """Draw an answer whole where it fits, and else as much as fits, saying so.

    ``note`` is for the person who has just said what it was worth.
    """
    said = answer.text.strip() or "(no answer)"
    return first_fitting(
        Drawn(
            summary=f"Run {answer.run_number}, {answer.outcome}: {cut(said, 500)}",
            card=card(
                [
                    *drawn_markdown(cut(said, limit)),
                    *(small(_cut_notice(answer)) if len(said) > limit else []),
                    *_files(answer, name_limit=120 if limit > 1_500 else 10),
                    *small(*_small_print(answer)),
                    *([line(run(note, color="Good"))] if note else []),
                ],
                [*_file_buttons(answer), *([] if note else _worth(answer))],
            ),
        )
        for limit in _LENGTHS
    )


def draw_question(view: QuestionCard) -> Drawn:
    """Draw a question with a button for each of its first choices; a reply answers it as well."""
    choices = () if view.closing else view.choices[:_MOST_CHOICES]
    return first_fitting(
        Drawn(
            summary=f"Run {view.run_number} asks: {cut(view.text, 300)}",
            card=card(
                [
                    *_bold_lines(cut(view.text, words)),
                    *_listed(choices, words=words),
                    *small(_how_to_answer(view, choices)),
                ],
                _choices(view, choices),
            ),
        )
        for words in (4_000, 1_000, 300, 100, 30)
    )


def draw_notice(notice: Notice) -> Drawn:
    """Draw a sentence."""
    return first_fitting(
        Drawn(
            summary=notice.text,
            card=card([line(run(one)) for one in cut(notice.text, words).split("\n") if one]),
        )
        for words in (4_000, 1_000, 300, 100)
    )


def draw_welcome() -> Drawn:
    """Draw what Baton says of itself where it was added."""
    return Drawn(
        summary="Baton is here. Say what you want done.",
        card=card(
            [
                header("Baton is here"),
                line(
                    run(
                        "Say what you want done, in your own words. I plan it, show on one card how"
                        " it goes, and ask before anything sensitive."
                    )
                ),
                line(run("Where others write too, mention me first.")),
                *fixed("help        all commands\napprovals   what waits for a decision"),
            ]
        ),
    )


def draw_copy() -> Drawn:
    """Draw what is left of a message that was posted twice and cannot be taken back."""
    return draw_reply("This message was posted twice by mistake; the other one is kept up to date.")


def draw_reply(text: str, *, actions: Sequence[Json] = ()) -> Drawn:
    """Draw what a command answered, in fixed width, as far as it fits.

    What is left out is left out from the end: there stands the proof that all of it was read.
    """
    lines = fixed(text)
    return first_fitting(
        Drawn(
            summary=text.partition("\n")[0],
            card=card([*kept, *small(_cut_lines(len(lines) - len(kept)))], actions),
        )
        for kept in (lines[:most] for most in (400, 200, 120, 80, 50, 30, 15, 6, 2, 1, 0))
    )


def _choices(view: QuestionCard, choices: Sequence[str]) -> list[Json]:
    return [
        button(
            choice,
            verb="question.answer",
            data={"run": view.run_id, "step": view.step_id, "choice": index},
        )
        for index, choice in enumerate(choices[:MOST_ACTIONS])
    ]


def _listed(choices: Sequence[str], *, words: int) -> list[Element]:
    if len(choices) <= MOST_ACTIONS and all(len(one) <= 50 for one in choices):
        return []
    return [
        line(run(f"{number}. {one_line(choice, words)}"), spacing="None")
        for number, choice in enumerate(choices, start=1)
    ]


def _bold_lines(text: str) -> list[Element]:
    return [line(run(one, bold=True)) for one in text.split("\n") if one.strip()]


def _how_to_answer(view: QuestionCard, choices: Sequence[str]) -> str:
    if view.closing:
        return cut(view.closing, 510)
    whom = f" {view.for_whom}" if view.for_whom else ""
    how = f": {view.how}" if view.how else ""
    by_text = f"the words: answer {view.run_number} TEXT" if view.by_command else "a reply"
    button = "a button or " if choices else ""
    return cut(f"Run {view.run_number} asks{whom}. Answer with {button}{by_text}{how or '.'}", 510)


def _cut_notice(answer: Answer) -> str:
    where = "its files" if answer.files else f"status {answer.run_number}"
    return f"The answer is too long for one message and is cut here; see {where} or the console."


def _cut_lines(left: int) -> str:
    return f"… {plural(left, 'more line')}; the console shows all of them" if left else ""


def _files(answer: Answer, *, name_limit: int) -> list[Element]:
    if not answer.files:
        return []
    listed = [
        line(
            run(f"• {one_line(file.name, name_limit)} · {file.size_bytes:,} bytes"), spacing="None"
        )
        for file in answer.files[:_MOST_FILES]
    ]
    left = len(answer.files) - len(listed)
    more = small(f"and {plural(left, 'more file')}" if left else "")
    return [line(run("Files", bold=True), spacing="Medium"), *listed, *more]


def _file_buttons(answer: Answer) -> list[Json]:
    return [
        button(
            f"Open {one_line(file.name, 40)}",
            verb="file.show",
            data={"run": answer.run_id, "file": at if file.at is None else file.at},
        )
        for at, file in enumerate(answer.files[:_MOST_OPENED])
    ]


def _worth(answer: Answer) -> list[Json]:
    data: JsonObject = {"run": answer.run_id}
    return [
        button("Good answer", verb="answer.good", data=data),
        button("Not good", verb="answer.bad", data=data),
    ]


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
