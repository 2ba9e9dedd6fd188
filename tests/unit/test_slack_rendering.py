"""Whatever a text holds, a Slack message shows it, obeys none of it, and is accepted."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from bots.slack import dialogs
from bots.slack.blocks import size
from bots.slack.drawn import Drawn
from bots.slack.identity import Installation
from bots.slack.inbound import read_click
from bots.slack.payload import Payload
from bots.slack.rendering import draw, pieces
from bots.slack.uploads import attachments
from bots.spelling import prose, spell
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
from runtime.domain.approval import Approval, OnExpiry, Preview, Question, Stage, Verdict
from runtime.domain.states import ApprovalStatus

DATA = Path(os.environ.get("BATON_CONFORMANCE_DATA", "../shared/data"))
LIVE = re.compile(r"<(?:[@!#]|[A-Za-z][A-Za-z0-9+.\-]*:)")

HOSTILE = (
    "<@U061F7AUR>",
    "<!here>",
    "<!channel|everyone>",
    "<!subteam^S012>",
    "<#C024BE7LR|general>",
    "<https://evil.example/?q=1|the ledger>",
    "<http://evil.example>",
    "<mailto:a@b.c|mail>",
    "&lt;!here&gt;",
    "&amp;lt;!here&amp;gt;",
    "```\n<!here>\n```",
    "`<@U061F7AUR>`",
    "\u202eevil\u202c",
    "\x00\x07\x1b[31m",
    "<<@U1<@U1>>",
    "<\u200b!here>",
    "x" * 20_000,
    "<@U1>" * 3_000,
    "&" * 5_000,
    "\n" * 4_000,
    '"\\' * 4_000,
)

SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)


def repeated(text: str, times: int) -> str:
    return text * times


texts: st.SearchStrategy[str] = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(max_size=80),
    st.lists(st.sampled_from(HOSTILE[:16]), min_size=1, max_size=30).map("".join),
    st.builds(repeated, st.sampled_from(HOSTILE[:16]), st.integers(1, 400)),
)
small_texts: st.SearchStrategy[str] = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=20))
steps = st.builds(
    StepLine,
    title=small_texts,
    owner=small_texts,
    status=st.sampled_from(["ready", "running", "waiting", "succeeded", "failed", "skipped"]),
    detail=small_texts,
    elapsed_seconds=st.one_of(st.none(), st.floats(0, 1e6)),
)
run_cards = st.builds(
    RunCard,
    run_id=st.just("run_01k3v9c2s4d7e5f8g9h0"),
    number=st.integers(1, 10**9),
    goal=texts,
    status=st.sampled_from(["running", "waiting", "paused", "succeeded", "failed"]),
    status_line=texts,
    requester=small_texts,
    revision=st.integers(0, 9),
    steps=st.lists(steps, max_size=120).map(tuple),
    elapsed_seconds=st.floats(0, 1e6),
    cost_usd=st.floats(0, 1e4),
    tokens=st.integers(0, 10**9),
    controls=st.just(("pause", "cancel")),
)
approval_cards = st.builds(
    ApprovalCard,
    approval_id=st.just("apr_01k3v9c2s4d7e5f8g9h0"),
    number=st.integers(1, 10**9),
    nonce=st.just("n0nce"),
    run_id=st.just("run_01k3v9c2s4d7e5f8g9h0"),
    run_number=st.integers(1, 10**9),
    title=texts,
    status=st.just("pending"),
    tool=small_texts,
    what=texts,
    where=texts,
    how_many=st.one_of(st.none(), st.integers(0, 10**9)),
    reversible=st.booleans(),
    arguments=st.lists(
        st.builds(Argument, name=small_texts, value=texts, complete=st.booleans()), max_size=40
    ).map(tuple),
    agent=small_texts,
    requester=small_texts,
    reason=texts,
    eligible=st.lists(
        st.one_of(st.just("slack:T024/U061"), st.just("role:finance"), small_texts), max_size=30
    ).map(tuple),
    progress=small_texts,
    expires_at=st.one_of(st.none(), st.just(datetime(2026, 9, 1, tzinfo=UTC))),
    on_expiry=small_texts,
    verdicts=st.just((Verdict.APPROVE, Verdict.REJECT)),
    outcome=st.just(""),
    claimed=small_texts,
    said=st.lists(st.builds(SaidLine, text=small_texts, stage=st.just(1)), max_size=9).map(tuple),
    questions=st.lists(
        st.builds(AskedLine, asked_by=small_texts, text=texts, answered=small_texts), max_size=9
    ).map(tuple),
    changes=st.lists(
        st.builds(ChangeLine, name=small_texts, before=small_texts, after=texts), max_size=9
    ).map(tuple),
    chain=st.lists(small_texts, max_size=4).map(tuple),
)
answers = st.builds(
    Answer,
    run_id=st.just("run_1"),
    run_number=st.integers(1, 10**9),
    outcome=st.sampled_from(["succeeded", "failed", "cancelled"]),
    text=texts,
    sources=st.lists(small_texts, max_size=30).map(tuple),
    files=st.lists(
        st.builds(
            FileLink,
            name=small_texts,
            media_type=small_texts,
            size_bytes=st.integers(0, 10**12),
            digest=st.just("d"),
        ),
        max_size=30,
    ).map(tuple),
    elapsed_seconds=st.floats(0, 1e6),
    cost_usd=st.floats(0, 1e4),
    tokens=st.integers(0, 10**9),
    demonstration=st.booleans(),
)
questions = st.builds(
    QuestionCard,
    run_id=st.just("run_1"),
    run_number=st.integers(1, 10**9),
    step_id=st.just("run_1:/plan/1/ask"),
    text=texts,
    choices=st.lists(texts, max_size=30).map(tuple),
    answered=st.one_of(st.just(""), texts),
)
everything: st.SearchStrategy[Shown] = st.one_of(
    run_cards, approval_cards, answers, questions, st.builds(Notice, text=texts)
)
APPROVAL = ApprovalCard(
    approval_id="apr_1",
    number=7,
    nonce="n0nce",
    run_id="run_1",
    run_number=12,
    title="May record_purchase_order be called?",
    status="pending",
    tool="record_purchase_order",
    what="Records a purchase order of 480.00 EUR",
    where="ledger.db",
    how_many=1,
    reversible=False,
    arguments=(Argument(name="vendor", value="Acme <!here> & Sons", complete=True),),
    agent="operator@3f2a91",
    requester="slack:T024/U061",
    reason="Money leaves the house",
    eligible=("slack:T024/U062", "role:finance"),
    progress="",
    expires_at=None,
    on_expiry="the call is refused",
    verdicts=(Verdict.APPROVE, Verdict.REJECT),
    outcome="",
)


@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(everything)
def test_no_text_becomes_a_mention_a_broadcast_or_a_link(shown: Shown) -> None:
    for drawn in forms(shown):
        for text in strings([drawn.text, *drawn.blocks]):
            assert LIVE.search(text) is None, text


@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(everything)
def test_every_message_stays_within_slacks_limits(shown: Shown) -> None:
    for drawn in forms(shown):
        assert_within_limits(drawn)


@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(everything)
def test_every_message_fits_slacks_published_shapes(shown: Shown) -> None:
    for drawn in forms(shown):
        assert shape_errors("message", {"blocks": list(drawn.blocks)}) == []


@settings(max_examples=50, deadline=None, suppress_health_check=SLOW)
@given(approval_cards)
def test_nothing_can_be_approved_that_is_not_shown_whole(card: ApprovalCard) -> None:
    drawn = draw(card)

    buttons = actions(drawn)
    if "approval.approve" in buttons:
        shown = leaves_text(drawn)
        assert all(one.complete for one in card.arguments)
        for one in card.arguments:
            assert " ".join(one.value.split()) == "" or prose(one.value) in shown
    else:
        assert "approval.show" in buttons
        assert "approval.reject" in buttons


@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(run_cards)
def test_a_long_plan_never_loses_the_controls(card: RunCard) -> None:
    for drawn in forms(card):
        assert actions(drawn) == ["run.why", "run.pause", "run.cancel"]


def test_a_plan_of_a_hundred_steps_rolls_over_to_what_is_going_on() -> None:
    done = tuple(step(f"Read part {n}", "succeeded") for n in range(60))
    ahead = tuple(step(f"Read part {n}", "ready") for n in range(60, 100))
    card = run_card(steps=done + ahead)

    plan, listed = forms(card)

    tasks = [one for one in objects(list(plan.blocks)) if one.get("type") == "task_card"]
    assert [task["title"] for task in tasks] == [f"Read part {n}" for n in range(58, 78)]
    assert [task["status"] for task in tasks] == ["complete"] * 2 + ["pending"] * 18
    assert "58 earlier steps and 22 more to come" in json.dumps(plan.blocks, ensure_ascii=False)
    assert "… 58 earlier steps" in leaves_text(listed)
    assert "… and 22 more" in leaves_text(listed)


@pytest.mark.parametrize(
    ("status", "shown", "named"),
    [
        ("ready", "pending", False),
        ("running", "in_progress", False),
        ("waiting", "in_progress", True),
        ("succeeded", "complete", False),
        ("failed", "error", True),
        ("unknown", "error", True),
        ("skipped", "pending", True),
        ("cancelled", "pending", True),
    ],
)
def test_a_task_tells_its_state_its_owner_and_why_it_waits(
    status: str, shown: str, named: bool
) -> None:
    line = replace(step("Order", status), detail="waits for approval #3")

    (task,) = (
        one
        for one in objects(list(draw(run_card(steps=(line,))).blocks))
        if one.get("type") == "task_card"
    )

    assert task["status"] == shown
    words = "".join(text_of(task["details"]))
    assert words.startswith(f"{status} · " if named else "analyst@1")
    assert "analyst@1 · 1 s · waits for approval #3" in words


def test_an_argument_reads_exactly_as_it_will_be_sent() -> None:
    drawn = draw(APPROVAL)

    assert "Acme <!here> & Sons" in leaves_text(drawn)


def test_the_buttons_carry_an_id_and_a_nonce_and_nothing_else() -> None:
    drawn = draw(APPROVAL)

    values = [(json.loads(one["value"]), one.get("url")) for one in buttons(drawn)]
    assert values == [({"id": "apr_1", "nonce": "n0nce"}, None)] * 5
    offered = ("approve", "reject", "ask", "claim", "reassign")
    assert actions(drawn) == [f"approval.{one}" for one in offered]


def test_what_cannot_be_undone_asks_once_more() -> None:
    irreversible = buttons(draw(APPROVAL))[0]
    reversible = buttons(draw(replace(APPROVAL, reversible=True)))[0]

    assert "480.00 EUR" in irreversible["confirm"]["text"]["text"]
    assert "confirm" not in reversible


def test_a_decided_approval_has_no_buttons_and_says_who_decided() -> None:
    decided = replace(
        APPROVAL, status="approved", verdicts=(), outcome="Approved by Ada · 14:02 UTC"
    )

    drawn = draw(decided)

    assert actions(drawn) == []
    assert "Approved by Ada" in json.dumps(drawn.blocks, ensure_ascii=False)
    assert "Approved by Ada" in drawn.text


def test_who_asked_and_who_may_decide_are_mentioned_by_id() -> None:
    drawn = draw(replace(APPROVAL, deciders=("slack:T024/U063", "slack:T024/U062")))

    mentioned = [one["user_id"] for one in objects(list(drawn.blocks)) if "user_id" in one]
    assert mentioned == ["U061", "U062", "U063"]


def test_a_question_without_choices_asks_for_a_reply() -> None:
    card = QuestionCard(
        run_id="run_1", run_number=3, step_id="s", text="Which year?", choices=(), answered=""
    )

    drawn = draw(card)

    assert actions(drawn) == []
    assert "reply in this thread" in drawn.text


def test_a_long_answer_is_several_messages_and_loses_no_word() -> None:
    words = [f"word{n}" for n in range(3_500)]

    drawn = pieces(run_answer(text=" ".join(words)))

    assert len(drawn) > 1
    said = "".join(one["text"] for piece in drawn for one in markdown_in(piece))
    assert said.split() == words
    ends = [bool(actions_of(piece)) for piece in drawn]
    assert ends == [False] * (len(drawn) - 1) + [True]


def test_a_code_block_that_is_cut_is_closed_and_opened_again() -> None:
    code = "\n".join(f"line {n}" for n in range(1_500))

    drawn = pieces(run_answer(text=f"Here:\n```\n{code}\n```\nDone."))

    texts_said = [one["text"] for piece in drawn for one in markdown_in(piece)]
    assert len(texts_said) > 1
    assert all(text.count("```") % 2 == 0 for text in texts_said)


def test_what_is_too_long_for_a_chat_is_begun_and_becomes_a_file() -> None:
    long, short = run_answer(text="word " * 20_000), run_answer(text="Acme <https://x.example|x>.")

    (begun,) = pieces(long)

    assert "answer.md" in json.dumps(begun.blocks)
    assert [one.name for one in attachments(long)] == ["answer.md"]
    assert attachments(long)[0].text == long.text
    assert attachments(short) == ()
    assert pieces(short)[0].blocks[0]["text"] == "Acme &lt;https://x.example|x&gt;."


def test_files_that_are_empty_or_huge_are_listed_and_not_shared() -> None:
    sizes = {"plan.md": 10, "empty.txt": 0, "film.mov": 10**9}
    files = tuple(
        FileLink(name=name, media_type="", size_bytes=size_bytes, digest="d")
        for name, size_bytes in sizes.items()
    )
    answer = replace(run_answer(text="done"), files=files)

    assert [one.name for one in attachments(answer)] == ["plan.md"]
    assert all(name in json.dumps(pieces(answer)[0].blocks) for name in sizes)


@settings(max_examples=12, deadline=None, suppress_health_check=SLOW)
@given(st.dictionaries(small_texts, texts, max_size=30))
def test_the_dialog_shows_a_call_whole_or_offers_no_approval(arguments: dict[str, str]) -> None:
    view = cast("dict[str, Any]", dialogs.show_everything(approval(arguments), CLICK))

    assert shape_errors("modal", view) == []
    assert len(view["blocks"]) <= 100
    assert size([view]) < 250_000
    for text in strings(view["blocks"]):
        assert LIVE.search(text) is None
    if "submit" in view:
        shown = "".join(
            text
            for one in objects(view["blocks"])
            if one.get("type") == "rich_text_preformatted"
            for text in text_of(one["elements"])
        )
        assert shown == "".join(prose(spell(value)) for _, value in sorted(arguments.items()))


def test_the_dialog_for_a_rejection_fits_slacks_shape() -> None:
    view = cast("dict[str, Any]", dialogs.ask_reason(CLICK))

    assert shape_errors("modal", view) == []
    assert json.loads(view["private_metadata"])["id"] == "apr_1"


CLICK = read_click(
    Payload(
        {
            "actions": [{"action_id": "approval.show", "value": '{"id":"apr_1","nonce":"n0nce"}'}],
            "channel": {"id": "C024"},
        }
    ),
    Installation(team_id="T024"),
)


def approval(arguments: dict[str, str]) -> Approval:
    now = datetime(2026, 9, 1, tzinfo=UTC)
    return Approval(
        id="apr_1",
        number=7,
        run_id="run_1",
        run_number=12,
        step_id="run_1:/a",
        question=Question.CALL,
        tool="record",
        arguments=arguments,
        digest="d",
        agent="operator@1",
        policy="p",
        rule="r",
        reason="why",
        preview=Preview(what="Records"),
        stages=(Stage(eligible=("role:finance",)),),
        stage=0,
        status=ApprovalStatus.PENDING,
        version=1,
        nonce="n0nce",
        requester="slack:T024/U061",
        on_expiry=OnExpiry.DENY,
        created_at=now,
        expires_at=None,
        decided_by=None,
        decided_by_name="",
        decided_at=None,
        decided_on="",
        decision_reason="",
        verdict=None,
    )


def forms(shown: Shown) -> list[Drawn]:
    """Give every message a view is drawn as, and beside each what takes its place if refused."""
    drawn = pieces(shown)
    plainer = [Drawn(text=one.text, blocks=one.plain) for one in drawn if one.plain]
    return [*drawn, *plainer]


def markdown_in(drawn: Drawn) -> list[dict[str, Any]]:
    return [one for one in objects(list(drawn.blocks)) if one.get("type") == "markdown"]


def actions_of(drawn: Drawn) -> list[str]:
    return [one["action_id"] for one in objects(list(drawn.blocks)) if "action_id" in one]


def step(title: str, status: str) -> StepLine:
    return StepLine(title=title, owner="analyst@1", status=status, detail="", elapsed_seconds=1.0)


def run_card(*, steps: tuple[StepLine, ...]) -> RunCard:
    return RunCard(
        run_id="run_1",
        number=12,
        goal="Compare offers",
        status="running",
        status_line="60 of 100 steps done.",
        requester="Ada",
        revision=1,
        steps=steps,
        elapsed_seconds=61.0,
        cost_usd=0.12,
        tokens=1234,
        controls=("pause", "cancel"),
    )


def run_answer(*, text: str) -> Answer:
    return Answer(
        run_id="run_1",
        run_number=12,
        outcome="succeeded",
        text=text,
        sources=("Compare the offers",),
        files=(),
        elapsed_seconds=61.0,
        cost_usd=0.12,
        tokens=1234,
        demonstration=False,
    )


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in cast("dict[str, object]", value).values():
            yield from strings(item)
    elif isinstance(value, list | tuple):
        for item in cast("list[object]", value):
            yield from strings(item)


def objects(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield cast("dict[str, Any]", value)
        for item in cast("dict[str, object]", value).values():
            yield from objects(item)
    elif isinstance(value, list | tuple):
        for item in cast("list[object]", value):
            yield from objects(item)


def text_of(blocks: object) -> Iterator[str]:
    return (one["text"] for one in objects(blocks) if one.get("type") == "text")


def leaves_text(drawn: Drawn) -> str:
    return "".join(text_of(list(drawn.blocks)))


def buttons(drawn: Drawn) -> list[dict[str, Any]]:
    return [one for one in objects(list(drawn.blocks)) if one.get("type") == "button"]


def actions(drawn: Drawn) -> list[str]:
    return [button["action_id"] for button in buttons(drawn)]


def assert_within_limits(drawn: Drawn) -> None:
    assert drawn.fits
    assert 0 < len(drawn.text) <= 4_000
    assert re.search(r"&(?:a|am|amp|l|lt|g|gt)?…$", drawn.text) is None
    for one in objects(list(drawn.blocks)):
        match one.get("type"):
            case "plan":
                assert 0 < len(one["title"]) <= 150
            case "task_card":
                assert 0 < len(one["title"]) <= 100
                assert len(one["task_id"]) <= 255
            case "feedback_buttons":
                for thumb in ("positive_button", "negative_button"):
                    assert len(one[thumb]["value"]) <= 2_000
            case "header":
                assert 0 < len(one["text"]["text"]) <= 150
            case "context":
                assert 1 <= len(one["elements"]) <= 10
            case "mrkdwn":
                assert 0 < len(one["text"]) <= 3_000
            case "markdown":
                assert 0 < len(one["text"]) <= 12_000
            case "actions":
                assert 1 <= len(one["elements"]) <= 25
                ids = [element["action_id"] for element in one["elements"]]
                assert len(set(ids)) == len(ids)
            case "button":
                assert 0 < len(one["text"]["text"]) <= 75
                assert len(one["value"]) <= 2_000
                if "confirm" in one:
                    assert len(one["confirm"]["title"]["text"]) <= 100
                    assert 0 < len(one["confirm"]["text"]["text"]) <= 300
            case _:
                pass


def shape_errors(name: str, value: dict[str, Any]) -> list[str]:
    path = DATA / "slack-blocks" / f"{name}.schema.json"
    if not path.exists():
        pytest.skip("the published shapes are not on this machine")
    validator = Draft7Validator(json.loads(path.read_text()))
    errors = cast("Any", validator).iter_errors(json.loads(json.dumps(value)))
    return [str(error.message)[:300] for error in errors]
