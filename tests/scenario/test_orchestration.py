"""A request on its way through plan, work, check and answer, with scripted models."""

from __future__ import annotations

import json

import pytest

from bots.builders import run_card
from tests.worlds.crew import PASSED, Crew, calls, marks, plan, step
from tests.worlds.openai import Answer, Rule
from tests.worlds.scene import Scene
from tests.worlds.slack.cast import ADA, CYD, GENERAL

FAILED = {"passed": False, "findings": ["the total is missing"], "confidence": 0.9}


def test_an_unsound_plan_goes_back_once_with_every_reason(working: Scene, agents: Crew) -> None:
    agents.plans(
        plan(step("a", "nobody", needs=["b"]), step("b", needs=["a", "z"])),
        plan(step("a")),
    )
    agents.works(Answer(text="done"))

    asked = working.ask("do it")

    view, _ = working.answer(asked.ts)
    assert view.status == "succeeded"
    first, second = agents.asked("planner")
    assert "cannot be used" not in first
    assert "nobody" in second
    assert "circle" in second
    assert "'z', which no step gives" in second


@pytest.mark.parametrize(
    ("nonsense", "because"),
    [
        ("I would rather not.", "not JSON"),
        (json.dumps({"goal": "x", "criteria": ["y"], "steps": []}), "steps"),
        (json.dumps(plan(step("a", "nobody"))), "'nobody', unknown"),
        (json.dumps(plan(step("a", needs=["b"]), step("b", needs=["a"]))), "circle"),
        (json.dumps(plan(step("a", "reviewer"))), "'reviewer', unknown"),
        (json.dumps(plan(step("a", "look", kind="tool"))), "'what'"),
    ],
)
def test_a_planner_that_stays_unsound_is_refused_in_the_thread(
    working: Scene, agents: Crew, nonsense: str, because: str
) -> None:
    agents.plans(nonsense)

    asked = working.ask("do it")

    view, answer = working.answer(asked.ts)
    assert view.status == "failed"
    assert (view.run.error or {})["code"] == "refused"
    assert len(agents.asked("planner")) == 2
    assert agents.asked("worker") == []
    words = working.world.readable(answer)
    assert "no sound plan was found" in words
    assert because in words
    assert working.world.violations == []


def test_outputs_are_passed_on_by_reference_and_not_by_transcript(
    working: Scene, agents: Crew
) -> None:
    agents.plans(plan(step("a"), step("b", facts="$a", needs=["a"])))
    agents.synthesises("all done", ["b"])
    agents.works(Answer(text="forty-two"), task="task of a")
    agents.works(Answer(text="twice that"), task="task of b")

    asked = working.ask("do it")

    view, answer = working.answer(asked.ts)
    assert view.status == "succeeded", view.run.error
    told = next(one for one in agents.asked("worker") if "task of b" in one)
    assert "forty-two" in told
    assert "task of a" not in told
    assert view.run.sources == ("/plan/1/b",)
    assert "Step b" in working.world.readable(answer)


def test_independent_steps_run_side_by_side_up_to_the_cap(working: Scene, agents: Crew) -> None:
    agents.plans(plan(*(step(f"s{number}") for number in range(9))))
    agents.synthesises("all done")
    agents.works(Answer(text="done", hold=True))

    working.ask("do it")
    agents.models.wait_for_requests(1 + 6, seconds=60)
    agents.models.release()

    assert working.product.until_ended().status == "succeeded"
    assert agents.models.most_at_once == 6
    assert len(agents.asked("worker")) == 9


def test_a_failing_step_leads_to_one_new_plan_that_keeps_what_succeeded(
    working: Scene, agents: Crew
) -> None:
    agents.plans(
        plan(step("a"), step("b", "look", kind="tool", what="$a.nothing", needs=["a"])),
        plan(step("c", facts="$a")),
    )
    agents.synthesises("got it", ["c"])
    agents.works(Answer(text="forty-two"), task="task of a")
    agents.works(Answer(text="done"), task="task of c")

    asked = working.ask("do it")

    view, _ = working.answer(asked.ts)
    assert view.status == "succeeded", view.run.error
    assert view.run.revision == 2
    assert len([one for one in agents.asked("worker") if "task of a" in one]) == 1
    assert "forty-two" in next(one for one in agents.asked("worker") if "task of c" in one)


def test_a_failed_check_leads_to_a_new_plan_and_then_to_a_labelled_partial_answer(
    working: Scene, agents: Crew
) -> None:
    agents.plans(plan(step("a"), step("b")), plan(step("c"), step("d")))
    agents.synthesises("half of it")
    agents.works(Answer(text="done"))
    agents.checks(FAILED)

    asked = working.ask("do it")

    view, answer = working.answer(asked.ts)
    assert view.status == "failed"
    assert view.run.revision == 2
    words = working.world.readable(answer)
    assert "not everything was done: the total is missing" in words
    assert "half of it" in words
    assert any("the total is missing" in one for one in agents.asked("planner"))
    assert working.world.violations == []


def test_a_check_that_passes_the_second_time_ends_well(working: Scene, agents: Crew) -> None:
    agents.plans(plan(step("a"), step("b")), plan(step("c")))
    agents.synthesises("all of it")
    agents.works(Answer(text="done"))
    agents.checks(FAILED, PASSED)

    asked = working.ask("do it")

    view, _ = working.answer(asked.ts)
    assert view.status == "succeeded"
    assert view.run.revision == 2


def test_a_reviewer_that_cannot_be_sure_has_not_passed_it(working: Scene, agents: Crew) -> None:
    agents.plans(plan(step("a"), step("b")))
    agents.synthesises("all of it")
    agents.works(Answer(text="done"))
    agents.checks({"passed": True, "findings": [], "confidence": 0.2})

    working.ask("do it")

    assert working.product.until_ended().status == "failed"


def test_when_the_second_plan_is_no_use_what_is_there_is_still_given(
    working: Scene, agents: Crew
) -> None:
    agents.plans(plan(step("a"), step("b")), "I give up.")
    agents.synthesises("half of it")
    agents.works(Answer(text="done"))
    agents.checks(FAILED)

    asked = working.ask("do it")

    view, answer = working.answer(asked.ts)
    assert view.status == "failed"
    words = working.world.readable(answer)
    assert "half of it" in words
    assert "the total is missing" in words
    assert "no sound plan" in words


def test_an_answer_that_no_model_can_word_is_given_as_the_steps_gave_it(
    working: Scene, agents: Crew
) -> None:
    agents.plans(plan(step("a"), step("b")))
    refusal = [Answer(status=400, message="no")]
    agents.models.script.add(
        Rule(model="^planner$", contains="Write the one answer", answers=refusal)
    )
    agents.works(Answer(text="forty-two"))

    asked = working.ask("do it")

    view, answer = working.answer(asked.ts)
    assert view.status == "succeeded", view.run.error
    assert "forty-two" in working.world.readable(answer)


def test_agents_hand_work_on_to_each_other(working: Scene, agents: Crew) -> None:
    agents.plans(plan(step("a")))
    agents.works(
        calls(("hand_off", {"agent": "helper", "task": "look at the small print"})),
        Answer(text="the helper says yes"),
    )
    agents.works(Answer(text="it says yes"), who="helper")

    working.ask("do it")

    view = working.product.until_ended()
    assert view.run.answer == "the helper says yes"
    assert "look at the small print" in agents.asked("helper")[0]
    assert "it says yes" in agents.asked("worker")[1]


def test_work_is_never_handed_to_a_validator(working: Scene, agents: Crew) -> None:
    file = agents.folder / "worker" / "agent.md"
    file.write_text(file.read_text().replace("[helper]", "[helper, reviewer]"))
    working.product.clock.pass_time(5)
    agents.plans(plan(step("a")))
    agents.works(
        calls(("hand_off", {"agent": "reviewer", "task": "do it for me"})), Answer(text="done")
    )

    working.ask("do it")

    working.product.until_ended()
    assert agents.asked("reviewer") == []
    assert "only checks" in agents.asked("worker")[1]


def test_what_is_said_in_the_thread_reaches_the_agent_at_its_next_turn(
    working: Scene, agents: Crew
) -> None:
    agents.plans(plan(step("a")))
    agents.works(
        Answer(tools=[{"name": "look", "arguments": {"what": "it"}}], hold=True),
        Answer(text="in green then"),
    )

    asked = working.ask("do it")
    agents.models.wait_for_requests(2, seconds=60)
    working.world.reply(ADA, GENERAL, asked.ts, "in green please")
    agents.models.release()

    view, _ = working.answer(asked.ts)
    assert view.run.answer == "in green then"
    first, second = agents.asked("worker")
    assert "in green please" not in first
    assert "Said in the thread meanwhile:\\nada: in green please" in second


def test_the_sources_and_files_of_a_run_are_named_in_its_answer(
    working: Scene, agents: Crew
) -> None:
    agents.plans(plan(step("a")))
    written = {"name": "notes.md", "content": "# Notes", "media_type": "text/markdown"}
    agents.works(calls(("write_artifact", written)), Answer(text="see notes.md"))

    asked = working.ask("do it")

    _, answer = working.answer(asked.ts)
    assert "notes.md" in working.world.readable(answer)
    artifact, content = working.product.runtime.artifact("1", "notes.md", workspace=None)
    assert (artifact.media_type, content) == ("text/markdown", b"# Notes")
    assert marks(working.product.settings.data) == []


def test_a_step_left_out_by_its_requester_is_no_failure_and_others_go_on_without_it(
    working: Scene, agents: Crew
) -> None:
    agents.plans(plan(step("a"), step("b"), step("c", facts="$b", needs=["b"])))
    agents.synthesises("the rest of it", ["a", "c"])
    agents.works(Answer(text="done"))
    asking = calls(("ask", {"question": "Which one?"}))
    agents.works(asking, task="task of b")

    asked = working.ask("do it")
    working.product.until_status("waiting")
    card = working.card(asked.ts, "Run 1, waiting")
    working.world.click(CYD, card, "run.skip")
    other = working.world.until(lambda: working.world.views(CYD))[-1]
    refused = working.world.submit_view(CYD, other, {"step": "2"})
    working.world.click(ADA, card, "run.skip")
    dialog = working.world.until(lambda: working.world.views(ADA))[-1]
    working.world.submit_view(ADA, dialog, {"step": "2", "words": "not needed any more"})

    view, answer = working.answer(asked.ts)
    assert view.status == "succeeded", view.run.error
    assert view.run.revision == 1
    assert "the rest of it" in working.world.readable(answer)
    assert any("task of c" in one for one in agents.asked("worker"))
    line = run_card(view).steps[1]
    assert (line.status, line.skip) == ("skipped", "")
    assert "not needed any more" in line.detail
    assert "skipped_by_person" in agents.asked("reviewer")[-1]
    assert "only ada" in refused.body
    assert working.world.violations == []
