"""What agents, models and tools do wrong, and what becomes of the run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from runtime.domain.approval import Question
from runtime.domain.conversation import Message, Person, Place
from runtime.domain.states import ApprovalStatus
from tests.worlds.crew import Crew, calls, crew, marks, plan, step
from tests.worlds.openai import Answer, OpenAIWorld, Rule
from tests.worlds.product import product
from tests.worlds.scene import Scene
from tests.worlds.slack.cast import GENERAL
from tests.worlds.slack.world import SlackWorld

OPERATOR = Person(channel="console", workspace="local", external_id="operator")
WRONG_CALLS: list[tuple[tuple[str, object], str]] = [
    (("look", '{"what": "it"'), "not JSON"),
    (("count", {"number": "three"}), "number"),
    (("look", {}), "what"),
    (("look", {"what": "it", "why": "so"}), "'why'"),
    (("read_minds", {}), "you have no tool 'read_minds'; yours: ask, confess, count"),
    (("hang", {}), "gave no answer within 0.2 seconds"),
]


@pytest.mark.parametrize(("wrong", "told"), WRONG_CALLS)
def test_a_call_that_cannot_be_made_is_told_to_the_model(
    working: Scene, agents: Crew, wrong: tuple[str, object], told: str
) -> None:
    agents.plans(plan(step("a")))
    agents.works(calls(wrong), Answer(text="then without"))

    working.ask("do it")

    view = working.product.until_ended()
    assert view.run.answer == "then without"
    assert told in agents.asked("worker")[1]


def _is_still(scene: Scene) -> bool:
    rows = scene.product.runtime.trace("1", workspace=None)
    return any("a retry" in row.step.waits_for for row in rows) or bool(
        scene.product.runtime.view("1", workspace=None).status == "succeeded"
    )


def test_an_answer_that_does_not_fit_its_schema_goes_back_to_the_agent(
    tmp_path: Path, models: OpenAIWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREW_KEY", "sk-crew-canary-0123456789")
    schema = "output_schema: {type: object, required: [total], properties: {total: {type: number}}}"
    agents = crew(tmp_path / "crew", models, worker=f"{schema}\n")
    agents.plans(plan(step("a")))
    agents.works(Answer(text="about ten"), Answer(json={"sum": 10}), Answer(json={"total": 10}))
    with (
        SlackWorld.start() as world,
        product(tmp_path / "home", world=world, agents=agents.folder, model=None) as running,
    ):
        world.mention("U061ADA", GENERAL, "add up")

        view = running.until_ended()

    assert view.status == "succeeded", view.run.error
    assert "not JSON" in agents.asked("worker")[1]
    assert "'total' is a required property" in agents.asked("worker")[2]


@pytest.mark.parametrize(
    "trouble",
    [
        Answer(status=429, retry_after="30", message="slow down"),
        Answer(status=500, message="we are broken"),
        Answer(cut="middle"),
        Answer(body="<html>no</html>"),
    ],
)
def test_a_model_in_trouble_is_asked_again_later_and_the_wait_is_shown(
    working: Scene, agents: Crew, trouble: Answer
) -> None:
    agents.plans(plan(step("a")))
    agents.works(trouble, Answer(text="here I am"))

    working.ask("do it")
    working.product.until(lambda: _is_still(working))
    view = working.product.runtime.view("1", workspace=None)
    assert view.status == "running"
    assert "a retry" in view.steps[0].waits_for
    assert "sk-crew-canary" not in view.steps[0].waits_for
    working.product.clock.pass_time(60)

    ended = working.product.until_ended()
    assert ended.run.answer == "here I am"
    assert len(agents.asked("worker")) == 2


def test_a_model_that_stays_in_trouble_fails_the_step_in_its_own_words(
    working: Scene, agents: Crew
) -> None:
    agents.plans(plan(step("a")))
    agents.works(Answer(status=500, message="we are broken"))

    asked = working.ask("do it")
    for tries in range(1, 11):
        working.product.until(
            lambda: len(agents.asked("worker")) >= tries  # noqa: B023 - called at once
        )
        working.product.until(lambda: _is_still(working) or _has_ended(working))
        if _has_ended(working) or len(agents.asked("worker")) >= 10:
            break
        working.product.clock.pass_time(400)

    view, answer = working.answer(asked.ts)
    assert view.status == "failed"
    assert "we are broken" in working.world.readable(answer)
    assert len(agents.asked("worker")) <= 10


def _has_ended(scene: Scene) -> bool:
    return scene.product.runtime.view("1", workspace=None).status in ("failed", "succeeded")


def test_a_wrong_key_is_said_in_the_thread_and_not_shown(working: Scene, agents: Crew) -> None:
    said = "Incorrect API key provided: sk-crew-canary-0123456789"
    agents.models.script.add(Rule(answers=[Answer(status=401, message=said)]))

    asked = working.ask("do it")

    view, answer = working.answer(asked.ts)
    assert view.status == "failed"
    assert (view.run.error or {})["code"] == "misconfigured"
    words = working.world.readable(answer)
    assert "the key for 'openai/planner' was not accepted" in words
    assert "sk-crew-canary" not in words


@pytest.mark.parametrize(
    ("verdict", "left", "sent"),
    [
        ("happened", "succeeded", ["tried Xenia"]),
        ("repeat", "succeeded", ["tried Xenia", "tried Xenia"]),
        ("abort", "succeeded", ["tried Xenia"]),
    ],
)
def test_an_act_in_doubt_is_put_to_a_person_and_never_repeated_blindly(
    working: Scene, agents: Crew, verdict: str, left: str, sent: list[str]
) -> None:
    agents.plans(plan(step("a")))
    agents.works(calls(("shaky", {"to": "Xenia"})), Answer(text="so be it"))
    asked = working.ask("write to her")
    working.approve(working.approval_card(asked.ts))

    doubt = working.approval_card(asked.ts, 2)
    (approval,) = working.product.runtime.approvals(workspace=None)
    assert approval.question == Question.OUTCOME
    assert marks(working.product.settings.data) == ["tried Xenia"]
    working.world.click("U061ADA", doubt, f"approval.{verdict}")

    view, _ = working.answer(asked.ts)
    assert view.status == left
    assert marks(working.product.settings.data) == sent
    told = agents.asked("worker")[-1]
    assert {
        "happened": "ada confirmed that it happened",
        "repeat": "sent Xenia",
        "abort": "nobody knows whether it happened",
    }[verdict] in told
    assert working.world.violations == []


def test_a_run_over_its_budget_stops_with_what_is_there(tmp_path: Path, agents: Crew) -> None:
    agents.plans(plan(step("a"), step("b", needs=["a"])))
    agents.works(Answer(text="the first half", tokens=7_900), task="task of a")
    agents.works(Answer(text="never asked"), task="task of b")
    with (
        SlackWorld.start() as world,
        product(
            tmp_path / "home", world=world, agents=agents.folder, model=None, run_tokens=8_000
        ) as running,
    ):
        scene = Scene(running, world)
        asked = scene.ask("do it")
        (question,) = running.until_status("waiting").questions
        running.runtime.answer(question.step_id, OPERATOR, "Finish with what is there")

        view, answer = scene.answer(asked.ts)
        words = world.readable(answer)

    assert view.status == "failed"
    assert "of its 8,000 tokens" in question.text
    assert "the budget was used up" in words
    assert "the first half" in words
    assert len(agents.asked("worker")) == 1


def test_an_answer_that_costs_the_rest_of_the_budget_is_not_thrown_away(
    tmp_path: Path, agents: Crew
) -> None:
    agents.plans(plan(step("a"), step("b")))
    agents.works(Answer(text="both halves", tokens=5_000))
    with product(tmp_path / "home", agents=agents.folder, model=None, run_tokens=8_000) as running:
        running.runtime.receive(
            Message(
                event_key="k",
                person=OPERATOR,
                place=Place(channel="console", workspace="local", key="a", address={}),
                text="do it",
                addressed=True,
            )
        )
        (question,) = running.until_status("waiting").questions
        running.runtime.answer(question.step_id, OPERATOR, "Finish with what is there")

        view = running.until_ended()

    assert view.status == "failed"
    assert "both halves" in view.run.answer
    assert (view.run.error or {})["code"] == "incomplete"


def test_a_tool_of_an_mcp_server_passes_the_same_gate(
    tmp_path: Path, models: OpenAIWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREW_KEY", "sk-crew-canary-0123456789")
    state = tmp_path / "crm"
    state.mkdir()
    server = {
        "command": sys.executable,
        "args": ["-m", "tests.worlds.mcp.server", str(state)],
        "env": {"PYTHONPATH": str(Path(__file__).parents[2])},
        "baton": {"effects": {"customer": "read"}},
    }
    agents = crew(tmp_path / "crew", models, mcp={"crm": server}, grants="crm.*")
    agents.plans(plan(step("a")))
    agents.works(
        calls(("crm__customer", {"number": 7})),
        calls(("crm__record", {"note": "called Ada"})),
        Answer(text="noted"),
    )
    with (
        SlackWorld.start() as world,
        product(tmp_path / "home", world=world, agents=agents.folder, model=None) as running,
    ):
        scene = Scene(running, world)
        asked = scene.ask("note it")

        card = scene.approval_card(asked.ts)
        assert not (state / "recorded").exists()
        scene.approve(card)
        view, _ = scene.answer(asked.ts)

    assert view.status == "succeeded", view.run.error
    assert (state / "recorded").read_text() == "called Ada\n"
    assert [(one.tool, one.status) for one in view.approvals] == [
        ("crm.record", ApprovalStatus.APPROVED)
    ]
    assert "Ada" in agents.asked("worker")[1]
