"""Stopping, pausing and resuming a run by button and by command, and messages that come twice."""

from __future__ import annotations

import pytest

from runtime.domain.states import ApprovalStatus, StepStatus
from tests.worlds.carriers import over_both
from tests.worlds.crew import PASSED, Crew, calls, marks, plan, step
from tests.worlds.openai import Answer, Rule
from tests.worlds.scene import Scene
from tests.worlds.slack.cast import ADA, BEN, CYD, GENERAL, GUEST, SHARED, STRANGER


def two_steps_at_once(agents: Crew) -> None:
    """Let two agents wait for their models until they are released."""
    agents.plans(plan(step("a"), step("b"), step("c", needs=["a", "b"])))
    agents.synthesises("all done")
    agents.works(Answer(text="done"), task="task of c")
    agents.works(Answer(text="done", hold=True), task="task of [ab]")


def test_stopping_while_children_run_ends_the_run_at_once(working: Scene, agents: Crew) -> None:
    two_steps_at_once(agents)
    asked = working.ask("do it")
    agents.models.wait_for_requests(3, seconds=60)
    card = working.card(asked.ts, "Run 1, running")

    working.world.click(ADA, card, "run.cancel")

    view, answer = working.answer(asked.ts)
    assert view.status == "cancelled"
    assert "cancelled" in answer.text
    agents.models.release()
    working.until_quiet()
    rows = working.product.runtime.trace("1", workspace=None)
    assert {row.step.status for row in rows if not row.step.leaf} == {StepStatus.CANCELLED}
    assert len(agents.asked("worker")) == 2
    assert working.world.violations == []


def test_a_cancelled_run_closes_what_was_asked(working: Scene, agents: Crew) -> None:
    agents.plans(plan(step("a")))
    agents.works(calls(("send", {"to": "Xenia"})))
    asked = working.ask("write to her")
    approval = working.approval_card(asked.ts)

    typed = working.world.slash(ADA, GENERAL, "cancel 1")

    assert "Cancelled" in typed.body
    view, _ = working.answer(asked.ts)
    assert view.approvals[0].status == ApprovalStatus.CANCELLED
    working.until_quiet()
    shown = working.world.message(GENERAL, approval.ts)
    assert "it was not needed any more" in working.world.readable(shown)
    late = working.world.click(ADA, approval, "approval.approve", stale=True)
    assert late.status == 200
    working.told(ADA, "decided already")
    assert marks(working.product.settings.data) == []


@over_both
def test_a_paused_run_begins_nothing_and_goes_on_where_it_was(working: Scene, agents: Crew) -> None:
    two_steps_at_once(agents)
    asked = working.ask("do it")
    agents.models.wait_for_requests(3, seconds=60)
    card = working.card(asked.ts, "Run 1, running")

    working.world.click(ADA, card, "run.pause")
    agents.models.release()
    paused = working.product.until_status("paused")
    working.product.until(
        lambda: all(
            row.step.status != StepStatus.RUNNING
            for row in working.product.runtime.trace("1", workspace=None)
        )
    )
    assert "task of c" not in str(agents.asked("worker"))
    typed = working.world.slash(ADA, GENERAL, "resume 1")

    assert paused.status == "paused"
    assert "Run #1" in typed.body
    view, _ = working.answer(asked.ts)
    assert view.status == "succeeded", view.run.error
    assert len(agents.asked("worker")) == 3


def test_a_decision_on_a_paused_run_counts_once_it_goes_on(working: Scene, agents: Crew) -> None:
    agents.plans(plan(step("a")))
    agents.works(calls(("send", {"to": "Xenia"})), Answer(text="sent"))
    asked = working.ask("write to her")
    card = working.approval_card(asked.ts)
    working.world.slash(ADA, GENERAL, "pause 1")

    working.approve(card)

    working.product.until(lambda: not working.product.runtime.approvals(workspace=None))
    assert working.product.runtime.view("1", workspace=None).status == "paused"
    assert marks(working.product.settings.data) == []
    working.world.slash(ADA, GENERAL, "resume 1")
    view, _ = working.answer(asked.ts)
    assert view.status == "succeeded"
    assert marks(working.product.settings.data) == ["sent Xenia"]


@over_both
def test_strangers_to_a_run_do_not_steer_it(working: Scene, agents: Crew) -> None:
    agents.plans(plan(step("a")))
    agents.works(calls(("send", {"to": "Xenia"})))
    asked = working.ask("write to her")
    working.approval_card(asked.ts)
    card = working.card(asked.ts, "Run 1, ")

    working.world.click(CYD, card, "run.cancel")
    typed = working.world.slash(CYD, GENERAL, "pause 1")

    working.told(CYD, "may cancel run #1")
    assert "may pause run #1" in typed.body
    assert working.product.runtime.view("1", workspace=None).status == "waiting"


@pytest.mark.parametrize("trick", ["duplicated", "replayed"])
def test_an_event_that_comes_again_starts_nothing(working: Scene, agents: Crew, trick: str) -> None:
    agents.plans(plan(step("a")))
    agents.works(Answer(text="done"))

    first = working.world.mention(ADA, GENERAL, "do it", trick=trick)

    assert first.status == 200
    working.answer(first.ts)
    assert len(working.product.runtime.runs(workspace=None)) == 1
    assert len(agents.asked("planner")) == 1


@over_both
def test_events_in_any_order_are_one_run(working: Scene, agents: Crew) -> None:
    agents.plans(plan(step("a")))
    agents.works(Answer(text="done"))

    working.world.hold()
    written = working.world.mention(ADA, GENERAL, "do it")
    working.world.release("last")

    working.answer(written.ts)
    assert len(working.product.runtime.runs(workspace=None)) == 1


@over_both
@pytest.mark.parametrize("person", [GUEST, STRANGER])
def test_guests_and_outsiders_start_nothing_and_are_told_why(
    working: Scene, agents: Crew, person: str
) -> None:
    working.world.mention(person, SHARED, "do it")

    working.told(person, "a member")
    assert working.product.runtime.runs(workspace=None) == []


@over_both
def test_a_guest_who_talks_to_others_in_a_thread_is_left_in_peace(
    working: Scene, agents: Crew
) -> None:
    agents.plans(plan(step("a")))
    agents.works(calls(("send", {"to": "Xenia"})), Answer(text="sent"))
    elsewhere = working.world.say(BEN, GENERAL, "lunch?")
    asked = working.ask("write to her")
    card = working.approval_card(asked.ts)

    working.world.reply(GUEST, GENERAL, elsewhere.ts, "yes please")
    working.world.reply(GUEST, GENERAL, asked.ts, "who is she?")

    working.approve(card)
    working.answer(asked.ts)
    assert working.world.ephemerals(GUEST) == []
    assert "who is she" not in str(agents.asked("worker"))


@over_both
def test_a_new_mention_after_the_end_is_a_new_run_in_the_same_thread(
    working: Scene, agents: Crew
) -> None:
    agents.plans(plan(step("a")))
    agents.works(Answer(text="done"))
    asked = working.ask("do it")
    working.answer(asked.ts)

    working.world.mention(ADA, GENERAL, "and again", asked.ts)

    view, _ = working.answer(asked.ts, "2")
    assert view.status == "succeeded"


def test_a_cancelled_run_closes_the_question_it_had_asked(working: Scene, agents: Crew) -> None:
    agents.plans(plan(step("a")))
    agents.works(calls(("ask", {"question": "Which colour?", "choices": ["red", "blue"]})))
    asked = working.ask("paint it")
    question = working.card(asked.ts, "Run 1 asks")

    working.world.slash(ADA, GENERAL, "cancel 1")
    working.answer(asked.ts)
    working.until_quiet()

    closed = working.world.message(GENERAL, question.ts)
    told = working.world.readable(closed)
    assert "Withdrawn: an answer is no longer needed." in told
    assert "Answered" not in told
    working.world.click(ADA, question, "red", stale=True)
    working.told(ADA, "closed")
    assert working.world.violations == []


@over_both
def test_a_reply_after_the_last_turn_of_the_only_agent_is_in_the_answer(
    working: Scene, agents: Crew
) -> None:
    agents.plans(plan(step("a")))
    agents.synthesises("in red, as you said", ["a"])
    agents.works(Answer(text="done", hold=True))
    asked = working.ask("do it")
    agents.models.wait_for_requests(2, seconds=60)

    working.world.reply(ADA, GENERAL, asked.ts, "make it red")
    agents.models.release()

    view, answer = working.answer(asked.ts)
    assert view.status == "succeeded", view.run.error
    assert "in red" in working.world.readable(answer)
    assert "make it red" in agents.asked("planner")[-1]


def test_a_reply_that_comes_when_all_is_written_is_told_to_have_come_too_late(
    working: Scene, agents: Crew
) -> None:
    agents.plans(plan(step("a"), step("b")))
    agents.synthesises("all done", ["a"])
    agents.works(Answer(text="done"))
    agents.models.script.add(Rule(model="^reviewer$", answers=[Answer(json=PASSED, hold=True)]))
    asked = working.ask("do it")
    agents.models.wait_for_requests(5, seconds=60)

    working.world.reply(ADA, GENERAL, asked.ts, "and make it <!channel> red")
    agents.models.release()

    view, _ = working.answer(asked.ts)
    assert view.status == "succeeded", view.run.error
    late = working.card(asked.ts, "Run #1 had ended its work when this came")
    assert "red" in late.text
    assert "<!channel>" not in late.text
    assert working.world.violations == []
