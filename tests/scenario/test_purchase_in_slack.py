"""One purchase, from the mention to the order in the ledger, as people in Slack live it."""

from __future__ import annotations

from runtime.domain.states import ApprovalStatus
from tests.worlds.scene import Scene
from tests.worlds.slack.cast import ADA, BEN, GENERAL

BUY = "Buy 12 laptops from the best vendor"
OPENING_ORDERS = 4


def test_a_mention_becomes_one_card_one_approval_one_order_and_one_answer(scene: Scene) -> None:
    asked = scene.ask(BUY)
    assert asked.status == 200
    assert asked.milliseconds < 3_000

    approval = scene.approval_card(asked.ts)
    card = scene.card(asked.ts, "Run 1, waiting")
    assert card.thread_ts == asked.ts
    assert "Find the offers" in scene.world.readable(card)
    assert "Waits for approval #1" in scene.world.readable(card)
    assert len(scene.product.orders()) == OPENING_ORDERS

    clicked = scene.approve(approval)
    assert clicked.status == 200

    view, answer = scene.answer(asked.ts)
    assert view.status == "succeeded"
    ordered = scene.product.orders()[OPENING_ORDERS:]
    assert [(one["item"], one["quantity"], one["vendor"]) for one in ordered] == [
        ("laptop", 12, "Nordlicht IT")
    ]
    words = scene.world.readable(answer)
    assert "PO-1005" in words
    assert "comparison.md" in words
    assert "demonstration" in words
    assert view.run.sources
    scene.until_quiet()
    kinds = [one.text.split(":")[0] for one in scene.said(asked.ts)]
    assert len(kinds) == 4, kinds
    assert kinds[-1] == "", "the files come last, after the answer"
    settled = scene.world.message(GENERAL, approval.ts)
    assert "approved" in settled.text
    assert "Approved by" in scene.world.readable(settled)
    scene.world.click(ADA, scene.world.message(GENERAL, card.ts), "run.workflow")
    written = scene.world.until(lambda: scene.world.views(ADA))[-1]
    assert "Made of run #1: Buy 12 laptops" in str(written)
    assert "tool: " not in str(written), "agents do it, as they did in the plan"
    assert scene.world.violations == []


def test_the_card_shows_the_plan_before_the_work_is_done(embedded: Scene) -> None:
    asked = embedded.ask(BUY)
    embedded.approval_card(asked.ts)
    card = embedded.card(asked.ts, "Run 1, waiting")

    shown = [
        embedded.world.readable(revision) for revision in embedded.world.revisions(GENERAL, card.ts)
    ]

    assert "Making a plan" in shown[0]
    assert "Record the purchase order" in shown[-1]


def test_a_rejection_reaches_the_agent_the_answer_and_nobody_is_asked_again(scene: Scene) -> None:
    asked = scene.ask(BUY)
    approval = scene.approval_card(asked.ts)

    scene.reject(approval, "we lease laptops now")

    view, answer = scene.answer(asked.ts)
    assert view.status == "failed"
    assert "we lease laptops now" in scene.world.readable(answer)
    assert [one.status for one in view.approvals] == [ApprovalStatus.REJECTED]
    assert view.approvals[0].decision_reason == "we lease laptops now"
    assert view.run.revision == 1
    assert len(scene.product.orders()) == OPENING_ORDERS
    assert scene.world.violations == []


def test_a_direct_message_is_answered_where_it_was_written(embedded: Scene) -> None:
    written = embedded.world.direct_message(ADA, BUY)
    assert written.message is not None
    channel = written.message.channel

    approval = embedded.approval_card(written.ts, channel=channel)
    embedded.approve(approval)

    view, _ = embedded.answer(written.ts, channel=channel)
    assert view.status == "succeeded"
    assert {one.channel for one in embedded.world.messages() if one.bot_id} == {channel}
    assert embedded.world.violations == []


def test_a_question_is_answered_by_a_reply_in_the_thread(scene: Scene) -> None:
    asked = scene.ask("Order 3 docking stations")
    question = scene.card(asked.ts, "Run 1 asks")
    assert "Which department" in question.text

    scene.world.reply(ADA, GENERAL, asked.ts, "Sales")
    scene.approve(scene.approval_card(asked.ts))

    view, _ = scene.answer(asked.ts)
    assert view.status == "succeeded", view.run.error
    assert scene.product.orders()[-1]["department"] == "Sales"
    scene.until_quiet()
    closed = scene.world.message(GENERAL, question.ts)
    assert "Sales" in scene.world.readable(closed)
    assert scene.world.violations == []


def test_of_a_button_and_a_reply_to_one_question_the_first_counts(embedded: Scene) -> None:
    asked = embedded.ask("Order 3 docking stations")
    question = embedded.card(asked.ts, "Run 1 asks")

    embedded.world.click(ADA, question, "Marketing")
    embedded.world.click(ADA, question, "Sales", stale=True)
    embedded.told(ADA, "closed")
    embedded.approve(embedded.approval_card(asked.ts))

    view, _ = embedded.answer(asked.ts)
    assert view.status == "succeeded", view.run.error
    assert embedded.product.orders()[-1]["department"] == "Marketing"
    assert embedded.world.violations == []


def test_only_the_requester_answers_the_agents_question(embedded: Scene) -> None:
    asked = embedded.ask("Order 3 docking stations")
    question = embedded.card(asked.ts, "Run 1 asks")

    embedded.world.click(BEN, question, "Sales")
    embedded.world.reply(BEN, GENERAL, asked.ts, "Sales, I should think")

    embedded.told(BEN, "this question is for")
    view = embedded.product.runtime.view("1", workspace=None)
    assert len(view.questions) == 1
    assert embedded.product.runtime.approvals(workspace=None) == []
