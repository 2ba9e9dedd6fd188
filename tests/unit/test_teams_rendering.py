"""Cards: valid, small and harmless whatever they are made from."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bots.approval_builder import approval_card
from bots.builders import answer, question_card, run_card
from bots.spelling import ARGUMENT_LIMIT, prose
from bots.teams.answer_card import draw_reply
from bots.teams.approval_card import draw_approval
from bots.teams.elements import run
from bots.teams.handed import form, read_handed
from bots.teams.payload import Payload
from bots.teams.rendering import draw
from bots.teams.sighting import marked
from bots.views import (
    Answer,
    ApprovalCard,
    Argument,
    AskedLine,
    ChangeLine,
    FileLink,
    Notice,
    QuestionCard,
    RunCard,
    SaidLine,
    Shown,
    StepLine,
)
from runtime.domain.approval import Question, Verdict
from runtime.domain.run import OpenQuestion
from tests.worlds.front_door import NOON, a_delivery, a_run, a_step, a_view, an_approval
from tests.worlds.teams import activities
from tests.worlds.teams.cards import buttons, faults, readable, walk
from tests.worlds.teams.cast import ADA, GROUP
from tests.worlds.teams.hostile import HOSTILE, texts

short = st.integers(min_value=0, max_value=100)
numbers = st.integers(min_value=0, max_value=10**9)
_PATIENT = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@st.composite
def _steps(pick: st.DrawFn) -> tuple[StepLine, ...]:
    words = pick(texts)
    return tuple(
        StepLine(
            title=words,
            owner=words,
            status=pick(st.sampled_from(["ready", "running", "waiting", "succeeded", "unknown"])),
            detail=words,
            elapsed_seconds=1.0,
            skip=str(at),
        )
        for at in range(pick(short))
    )


@st.composite
def _runs_shown(pick: st.DrawFn) -> RunCard:
    words = pick(texts)
    return replace(
        run_card(a_view()),
        number=pick(numbers),
        goal=words,
        status_line=pick(texts),
        requester=words,
        steps=pick(_steps()),
        controls=("pause", "resume", "retry", "skip", "cancel"),
    )


@st.composite
def _approvals_shown(pick: st.DrawFn) -> ApprovalCard:
    words, more, count = pick(texts), pick(texts), pick(short)
    return replace(
        approval_card(an_approval()),
        title=words,
        tool=more,
        what=words,
        where=more,
        agent=words,
        requester=more,
        reason=words,
        eligible=(words,) * count,
        progress=more,
        arguments=tuple(
            Argument(name=f"{index}{more}", value=words, complete=pick(st.booleans()))
            for index in range(count)
        ),
        outcome=pick(st.sampled_from(["", words])),
        on_expiry=words,
        claimed=pick(st.sampled_from(["", words])),
        said=(SaidLine(text=more, stage=1),) * count,
        questions=(AskedLine(asked_by=words, text=more, answered=words),) * count,
        changes=(ChangeLine(name=more, before=words, after=more),) * count,
        chain=(words, more),
        schema={"properties": {f"{at}{more}": {"type": "string"} for at in range(count % 14)}},
        values={f"{at}{more}": words for at in range(count % 14)},
    )


@st.composite
def _questions_shown(pick: st.DrawFn) -> QuestionCard:
    words, more = pick(texts), pick(texts)
    return QuestionCard(
        run_id="run_1",
        run_number=pick(numbers),
        step_id="run_1:/ask",
        text=words,
        choices=(more, words) * pick(short),
        answered=pick(st.sampled_from(["", more])),
    )


@st.composite
def _answers_shown(pick: st.DrawFn) -> Answer:
    words, more = pick(texts), pick(texts)
    files = (FileLink(name=more, media_type=words, size_bytes=1, digest="d"),)
    return Answer(
        run_id="run_1",
        run_number=pick(numbers),
        outcome="succeeded",
        text=words,
        sources=(more,) * pick(short),
        files=files * pick(short),
        elapsed_seconds=1.0,
        cost_usd=0.5,
        tokens=3,
        demonstration=True,
    )


def shown() -> st.SearchStrategy[Shown]:
    """Any view with anything in it, as the builders may hand it on."""
    return st.one_of(
        _runs_shown(),
        _approvals_shown(),
        _questions_shown(),
        _answers_shown(),
        st.builds(Notice, text=texts),
    )


@_PATIENT
@given(view=shown())
def test_every_card_is_valid_and_under_28_kilobytes_whatever_is_in_it(view: Shown) -> None:
    drawn = draw(view)

    # As the channel sends it: with every button telling which delivery it is of.
    told = marked(drawn.card, a_delivery())
    assert drawn.fits
    assert faults(told) == []
    json.dumps(drawn.activity).encode()


@_PATIENT
@given(view=shown())
def test_no_text_reaches_a_place_that_reads_markup(view: Shown) -> None:
    drawn = draw(view)

    for element in walk(drawn.card):
        # Runs know no Markdown; there is nothing else with words but fields and buttons.
        assert element.get("type") not in ("TextBlock", "FactSet", "Image", "Media")
        assert "selectAction" not in element
        assert element.get("type") != "Action.OpenUrl"
        if element.get("type") == "TextRun":
            assert "\n" not in element["text"]
            assert "{{" not in element["text"]
            assert "<at" not in element["text"].lower()
            assert element["text"] == prose(element["text"])
    assert drawn.card["msteams"] == {"width": "full"}
    assert "<" not in str(drawn.activity["summary"])
    assert "text" not in drawn.activity


@_PATIENT
@given(view=shown())
def test_buttons_carry_ids_and_nothing_else(view: Shown) -> None:
    allowed = {
        "approval": {"id", "nonce"},
        "run": {"run"},
        "answer": {"run"},
        "file": {"run", "file"},
        "question": {"run", "step", "choice"},
    }

    for button in buttons(draw(view).card):
        names = allowed[button.verb.partition(".")[0]]
        assert set(button.data) == names
        assert button.fallback["type"] == "Action.Submit"
        assert button.fallback["data"] == {**button.data, "verb": button.verb}
        assert len(button.title) <= 60


@_PATIENT
@given(view=_approvals_shown())
@example(
    view=replace(
        approval_card(an_approval()),
        arguments=(Argument(name="a", value="x\n" * 61, complete=True),),
    )
)
def test_approve_is_offered_only_where_everything_is_shown(view: ApprovalCard) -> None:
    card = draw(view).card
    words = "".join(one["text"] for one in walk(card) if _is_text(one))

    verbs = {one.verb for one in buttons(card)}

    if "approval.approve" in verbs:
        assert all(one.complete for one in view.arguments)
        for one in view.arguments:
            for part in one.value.split("\n"):
                assert _plain(part) in _plain(words)
    else:
        assert "approvals 3" in readable(card) or "too long" in readable(card)
        assert "approval.edit" not in verbs
    assert "approval.reject" in verbs


def _is_text(element: dict[str, Any]) -> bool:
    return element.get("type") == "TextRun" and element.get("color") != "Accent"


def _plain(words: str) -> str:
    return prose(words).replace("\u00a0", " ").replace("\t", "\\t").replace("↪", "")


@pytest.mark.parametrize("line", [one for one in HOSTILE if "\n" not in one])
def test_a_line_reads_exactly_as_it_was(line: str) -> None:
    read = "".join(str(one["text"]) for one in _runs(line))

    assert read == prose(line)


def test_columns_and_tabs_are_kept_in_fixed_width() -> None:
    read = "".join(str(one["text"]) for one in _runs("  a\t b  c ", mono=True))

    assert read == "\u00a0 a\\t b\u00a0 c\u00a0"


def test_every_line_of_an_argument_stands_by_itself() -> None:
    joined = approval_card(an_approval(arguments={"memo": "pay Ada"}))
    split = approval_card(an_approval(arguments={"memo": "pay\nAda"}))

    assert "pay\nAda" in readable(draw(split).card)
    assert readable(draw(split).card) != readable(draw(joined).card)


def test_a_word_too_long_for_the_card_is_folded_and_no_line_end_looks_so() -> None:
    folded = approval_card(an_approval(arguments={"key": "a" * 60 + "b" * 60}))
    broken = approval_card(an_approval(arguments={"key": "a" * 60 + "\n↪" + "b" * 59}))

    marks = [
        [one["text"] for one in walk(draw(view).card) if one.get("color") == "Accent"]
        for view in (folded, broken)
    ]

    assert "b" * 60 in readable(draw(folded).card)
    assert "a" * 61 not in readable(draw(folded).card)
    assert marks == [["↪"], []]


def test_a_decided_approval_has_no_buttons_and_asks_for_nothing() -> None:
    decided = replace(approval_card(an_approval()), verdicts=(), outcome="Approved by Ada")

    card = draw(decided).card

    assert buttons(card) == []
    assert "refresh" not in card
    assert not [one for one in walk(card) if str(one.get("type")).startswith("Input")]


def test_a_pending_approval_asks_for_the_present_state_when_it_is_seen() -> None:
    card = draw(approval_card(an_approval())).card

    (action,) = [one for one in walk(card.get("refresh")) if one.get("type")]
    assert action["verb"] == "approval.look"
    assert action["data"] == {"id": "apr_3", "nonce": "n0nce"}


def test_approving_sends_no_field_and_rejecting_needs_one() -> None:
    card = draw(approval_card(an_approval())).card

    takes = {one.verb: one.takes_inputs for one in buttons(card)}

    assert takes == {
        "approval.approve": False,
        "approval.reject": True,
        "approval.claim": False,
        "approval.ask": True,
    }


def test_a_call_in_doubt_offers_its_own_answers() -> None:
    card = draw(approval_card(an_approval(question=Question.OUTCOME))).card

    verdicts = [one.verb for one in buttons(card)]

    assert verdicts == [
        f"approval.{one.value}" for one in (Verdict.HAPPENED, Verdict.REPEAT, Verdict.ABORT)
    ]


def test_what_is_too_long_to_read_is_not_repeated_unread_either() -> None:
    asked = an_approval(question=Question.OUTCOME, arguments={"a": "x" * (ARGUMENT_LIMIT + 1)})

    verbs = {one.verb for one in buttons(draw_approval(approval_card(asked)).card)}

    assert verbs == {"approval.happened", "approval.abort"}


def test_a_run_card_shows_where_the_work_stands() -> None:
    steps = tuple(a_step(f"/plan/1/{n}", id=f"s{n}", title=f"Step {n}") for n in range(30))
    view = replace(run_card(a_view(a_run(), steps=steps)), status="running")

    words = readable(draw(view).card)

    assert "Run 12 · running" in words
    assert "Compare the laptop offers" in words
    assert "0 of 30 steps done" in words
    assert "Step 0" in words
    bars = [one for one in walk(draw(view).card) if one.get("type") == "ProgressBar"]
    assert [(one["value"], one["max"], one["fallback"]) for one in bars] == [(0, 30, "drop")]


def test_the_step_at_work_is_on_the_card_of_a_long_plan() -> None:
    done = StepLine(title="", owner="", status="succeeded", detail="", elapsed_seconds=None)
    lines = [replace(done, title=f"Step {n}") for n in range(200)]
    lines[150] = replace(lines[150], status="running", title="The one at work")

    words = readable(draw(_run_card(tuple(lines))).card)

    assert "The one at work" in words
    assert "earlier steps" in words


def test_markdown_of_an_answer_is_drawn_and_its_links_are_spelled_out() -> None:
    said = "# Offers\n\n- **Nordlicht** is `best`\n\nSee [the page](https://vendor.example/a_b).\n"
    view = answer(a_view(a_run(answer=said), status="succeeded"))

    card = draw(view).card

    words = readable(card).split("\n")
    assert words[:3] == [
        "Offers",
        "• Nordlicht is best",
        "See the page (https://vendor.example/a_b).",
    ]
    bold = [one["text"] for one in walk(card) if one.get("weight") == "Bolder"]
    assert bold == ["Offers", "Nordlicht"]


def test_code_is_fixed_width_and_keeps_what_looks_like_markdown() -> None:
    view = Notice(text="x")
    said = replace(
        answer(a_view(a_run(), status="succeeded")), text="```\n# no heading\n  **x**\n```"
    )

    card = draw(said).card

    mono = [one["text"] for one in walk(card) if one.get("fontType") == "Monospace"]
    assert mono == ["# no heading", "\u00a0 **x**"]
    assert readable(draw(view).card) == "x"


def test_a_long_answer_is_cut_and_says_so() -> None:
    said = replace(answer(a_view(a_run(), status="succeeded")), text="word " * 20_000)

    words = readable(draw(said).card)

    assert "cut here; see status 12" in words


def test_questions_with_many_choices_offer_six_and_list_all() -> None:
    question = OpenQuestion(
        step_id="s", text="Which?", choices=tuple(f"Choice {n}" for n in range(9)), asked_at=NOON
    )

    card = draw(question_card(question, run_id="run_1", run_number=1)).card

    assert [one.data["choice"] for one in buttons(card)] == list(range(6))
    assert "9. Choice 8" in readable(card)


@_PATIENT
@given(words=texts)
def test_a_reply_fits_and_never_loses_its_middle(words: str) -> None:
    drawn = draw_reply(words + "\nthe ticket")

    assert drawn.fits
    assert faults(drawn.card) == []
    if "the ticket" in readable(drawn.card):
        # Whoever sees the last line has been shown all lines before it.
        assert _letters(words) in _letters(readable(drawn.card))


@pytest.mark.parametrize("words", HOSTILE)
def test_a_message_that_is_handed_over_breaks_no_form(words: str) -> None:
    body = activities.handed(ADA, GROUP, service_url="https://x.example/", said=words)
    body["value"]["messagePayload"]["from"]["user"]["displayName"] = words
    handed = read_handed(Payload(body))
    assert handed is not None

    task: Any = form(handed)

    card = task["task"]["value"]["card"]["content"]
    assert faults(card) == []
    assert all("<at" not in one["text"].lower() for one in walk(card) if _is_text(one))


def _letters(words: str) -> str:
    return "".join(_plain(words).split())


def _run_card(steps: tuple[StepLine, ...]) -> RunCard:
    return replace(run_card(a_view()), steps=steps, elapsed_seconds=timedelta(hours=1).seconds)


def _runs(words: str, **style: Any) -> list[dict[str, Any]]:
    return [one for one in walk(run(words, **style)) if one.get("type") == "TextRun"]
