"""What comes back: long answers, files in the thread, what people think of it, and why it waits."""

from __future__ import annotations

import pytest

from runtime.audit.page import check_page
from runtime.audit.verify import check_pack
from tests.worlds.carriers import over_both
from tests.worlds.crew import Crew, calls, plan, step
from tests.worlds.openai import Answer
from tests.worlds.scene import Scene
from tests.worlds.slack.cast import ADA, CYD, GENERAL, GUEST
from tests.worlds.slack.payload import Payload, tables, text
from tests.worlds.slack.values import Message

EVERYTHING_ELSE = ["chat:write", "channels:history", "groups:history", "users:read"]


def writes_a_file(agents: Crew) -> None:
    """Let the worker leave a file behind."""
    agents.plans(plan(step("a")))
    agents.works(
        calls(("write_artifact", {"name": "offers.md", "content": "# Offers\nNordlicht"})),
        Answer(text="it is all in the file"),
    )


def files_in(scene: Scene, ts: str) -> list[Payload]:
    return [file for one in scene.said(ts) for file in tables(one.raw.get("files"))]


def files_shared(scene: Scene, ts: str) -> list[str]:
    scene.until_quiet()
    return [text(file["name"]) for file in files_in(scene, ts)]


def answers_in(scene: Scene, ts: str) -> list[Message]:
    """Give the messages an answer is made of: nothing else is drawn as Markdown."""
    return [
        one
        for one in scene.said(ts)
        if any(block["type"] == "markdown" for block in tables(one.raw.get("blocks")))
    ]


def test_a_runs_files_are_shared_in_its_thread(working: Scene, agents: Crew) -> None:
    writes_a_file(agents)
    asked = working.ask("compare the offers")

    working.answer(asked.ts)

    assert files_shared(working, asked.ts) == ["offers.md"]
    (file,) = files_in(working, asked.ts)
    assert working.world.file(text(file["id"])) == b"# Offers\nNordlicht"
    assert working.world.violations == []


@over_both
def test_the_evidence_of_a_run_comes_as_files_that_hold(working: Scene, agents: Crew) -> None:
    writes_a_file(agents)
    working.answer(working.ask("compare the offers").ts)
    working.until_quiet()

    working.world.slash(ADA, GENERAL, "evidence 1")

    def shared() -> list[Payload]:
        everywhere = working.world.messages(GENERAL)
        return [
            file
            for one in everywhere
            for file in tables(one.raw.get("files"))
            if text(file["name"]).startswith("run-1.")
        ]

    files = working.product.until(shared)
    assert [text(one["name"]) for one in files] == ["run-1.html", "run-1.jsonl"]
    checks = (check_page, check_pack)
    contents = [working.world.file(text(one["id"])) for one in files]
    assert [check(content).problems for check, content in zip(checks, contents, strict=True)] == [
        (),
        (),
    ]
    assert working.world.violations == []


@pytest.mark.parametrize(
    ("method", "kind"),
    [
        ("files.completeUploadExternal", "reset_after"),
        ("files.completeUploadExternal", "reset_before"),
        ("files.completeUploadExternal", "server_error_after"),
        ("files.getUploadURLExternal", "rate_limited"),
        ("files.getUploadURLExternal", "reset_after"),
    ],
)
def test_whatever_goes_wrong_an_answer_and_its_files_are_there_once(
    working: Scene, agents: Crew, method: str, kind: str
) -> None:
    writes_a_file(agents)
    working.world.fault(method, kind)
    asked = working.ask("compare the offers")

    working.answer(asked.ts)

    assert files_shared(working, asked.ts) == ["offers.md"]
    assert len(answers_in(working, asked.ts)) == 1


def test_without_the_right_to_share_files_the_answer_still_comes(
    working: Scene, agents: Crew
) -> None:
    writes_a_file(agents)
    working.world.grant(EVERYTHING_ELSE)
    asked = working.ask("compare the offers")

    _, answer = working.answer(asked.ts)

    assert "offers.md" in working.world.readable(answer)
    assert files_shared(working, asked.ts) == []


@pytest.mark.parametrize("kind", ["reset_after", "server_error"])
def test_a_long_answer_comes_whole_and_once_though_its_second_part_was_in_doubt(
    working: Scene, agents: Crew, kind: str
) -> None:
    words = [f"word{n}" for n in range(2_500)]
    agents.plans(plan(step("a")))
    agents.works(Answer(text=" ".join(words)))
    # The run card, the first part, and then it happens.
    working.world.fault("chat.postMessage", kind, after=2)
    asked = working.ask("tell me everything")

    working.answer(asked.ts)

    working.until_quiet()
    said = " ".join(working.world.readable(one) for one in answers_in(working, asked.ts))
    assert [word for word in said.split() if word.startswith("word")] == words
    assert working.world.violations == []


@pytest.mark.parametrize(
    ("method", "kind"),
    [
        ("chat.startStream", "reset_after"),
        ("chat.appendStream", "server_error_after"),
        ("chat.stopStream", "reset_before"),
        ("chat.stopStream", "rate_limited"),
    ],
)
def test_an_answer_grows_while_people_read_it_and_is_there_once_whatever_happens(
    working: Scene, agents: Crew, method: str, kind: str
) -> None:
    words = [f"word{n}" for n in range(200)]
    agents.plans(plan(step("a")))
    agents.works(Answer(text=" ".join(words)))
    working.world.fault(method, kind)
    asked = working.ask("tell me something")

    working.answer(asked.ts)

    working.until_quiet()
    (answer,) = answers_in(working, asked.ts)
    said = working.world.readable(answer).split()
    assert [word for word in said if word.startswith("word")] == words
    assert answer.raw["streaming_state"] != "in_progress"
    assert len([one for one in working.world.calls if one.method == "chat.startStream"]) == 1
    assert working.world.violations == []


def test_an_answer_too_long_for_a_chat_is_a_file(working: Scene, agents: Crew) -> None:
    whole = "word " * 10_000
    agents.plans(plan(step("a")))
    agents.works(Answer(text=whole))
    asked = working.ask("tell me everything")

    working.answer(asked.ts)

    assert files_shared(working, asked.ts) == ["answer.md"]
    (file,) = files_in(working, asked.ts)
    assert working.world.file(text(file["id"])).decode().split() == whole.split()
    assert working.world.violations == []


@over_both
def test_what_people_think_of_an_answer_is_kept_and_the_last_word_counts(
    working: Scene, agents: Crew
) -> None:
    agents.plans(plan(step("a")))
    agents.works(Answer(text="done"))
    asked = working.ask("do it")
    _, answer = working.answer(asked.ts)

    for person, thumb in ((ADA, "Good answer"), (CYD, "Good answer"), (CYD, "Bad answer")):
        working.world.click(person, answer, thumb)
    working.world.click(GUEST, answer, "Bad answer")

    working.told(ADA, "Noted: a good answer")
    working.told(CYD, "Noted: not a good answer")
    working.told(GUEST, "only members")
    kept = [
        (str(facts["by"]).rpartition("/")[2], facts["good"])
        for one in working.product.runtime.audit("1", workspace=None)
        if one.event == "AnswerRated" and isinstance(facts := one.facts, dict)
    ]
    assert kept == [(ADA, True), (CYD, True), (CYD, False)]
    assert working.world.violations == []


def test_a_workspace_that_refuses_plan_blocks_is_shown_the_plan_as_a_list(
    working: Scene, agents: Crew
) -> None:
    agents.plans(plan(step("a")))
    agents.works(calls(("send", {"to": "Xenia"})), Answer(text="sent"))
    working.world.fault(
        "chat.*", "error", holding='"type":"plan"', times=None, error="invalid_blocks"
    )
    asked = working.ask("write to her")
    approval = working.approval_card(asked.ts)
    working.until_quiet()

    card = working.card(asked.ts, "Run 1, waiting")
    kinds = [text(block["type"]) for block in tables(card.raw["blocks"])]
    assert "plan" not in kinds
    assert "Step a" in working.world.readable(card)
    working.approve(approval)
    working.answer(asked.ts)
    working.until_quiet()
    refused = [one for one in working.world.calls if one.error == "invalid_blocks"]
    assert len(refused) == 1


@over_both
def test_why_a_run_waits_is_told_in_a_dialog_to_whoever_asks(working: Scene, agents: Crew) -> None:
    agents.plans(plan(step("a")))
    agents.works(calls(("send", {"to": "Xenia"})), Answer(text="sent"))
    asked = working.ask("write to her")
    working.approval_card(asked.ts)
    working.until_quiet()
    card = working.card(asked.ts, "Run 1, waiting")

    working.world.click(CYD, card, "run.why")

    (view,) = working.world.until(lambda: working.world.views(CYD))
    told = str(view["blocks"])
    assert "Run #1 is waiting" in told
    assert "approval #1 of send" in told
    assert working.world.message(GENERAL, card.ts).revision == card.revision
    assert working.world.violations == []
