"""Every other way into Baton from Slack: commands, shortcuts, workflows, links, the agent view."""

from __future__ import annotations

import pytest

from runtime.domain.run import RunView
from runtime.domain.states import ApprovalStatus
from tests.worlds.carriers import over_both
from tests.worlds.crew import Crew, calls, plan, step
from tests.worlds.openai import Answer
from tests.worlds.scene import Scene
from tests.worlds.slack.cast import ADA, BEN, CYD, GENERAL, GUEST, PRIVATE, TEAM, WITHOUT_BOT
from tests.worlds.slack.payload import Json, Payload, table, tables, text
from tests.worlds.slack.values import Message

PRICE = """\
document: {dsl: '1.0.3', namespace: shop, name: price, version: '1.0.0', title: Price}
input:
  schema:
    document:
      type: object
      required: [pieces]
      properties:
        pieces: {type: integer, title: How many, minimum: 1, maximum: 99}
        rush: {type: boolean, title: Rush, default: false}
do:
  - total: {set: {total: '${ .pieces * 7 }'}}
"""


def does_it(agents: Crew) -> None:
    agents.plans(plan(step("a")))
    agents.works(Answer(text="it is done"))


def waits(agents: Crew) -> None:
    agents.plans(plan(step("a")))
    agents.works(calls(("send", {"to": "Xenia"})), Answer(text="sent"))


def root_card(scene: Scene, channel: str = GENERAL, run: int = 1) -> Message:
    """Wait for the card of a run that began a thread of its own."""

    def found() -> Message | None:
        roots = [one for one in scene.world.messages(channel) if one.thread_ts in (None, one.ts)]
        return next((one for one in roots if one.text.startswith(f"Run {run},")), None)

    return scene.world.until(found)


def open_view(scene: Scene, person: str) -> Payload:
    return scene.world.until(lambda: scene.world.views(person))[-1]


def run_of(scene: Scene, number: str = "1") -> RunView:
    return scene.product.until_ended(number)


@over_both
def test_a_run_begun_by_command_has_a_thread_of_its_own(working: Scene, agents: Crew) -> None:
    waits(agents)

    typed = working.world.slash(ADA, GENERAL, "run write to her")

    assert "Run #1 has started" in typed.body
    root = root_card(working)
    approval = working.approval_card(root.ts)
    working.world.reply(ADA, GENERAL, root.ts, "and be kind")
    working.approve(approval)
    _, answer = working.answer(root.ts)
    assert answer.thread_ts == root.ts
    assert "and be kind" in " ".join(agents.asked("worker") + agents.asked("planner"))
    assert working.world.violations == []


def test_two_runs_begun_by_command_in_one_channel_do_not_mix(working: Scene, agents: Crew) -> None:
    agents.plans(plan(step("a")))
    letter = calls(("send", {"to": "Xenia"}))
    agents.works(letter, letter, Answer(text="sent"))

    for request in ("write to her", "write to him"):
        working.world.slash(ADA, GENERAL, f"run {request}")

    first, second = root_card(working, run=1), root_card(working, run=2)
    assert first.ts != second.ts
    # Which of the two asks first is chance.
    for root in (first, second):
        working.world.until(lambda root=root: working.cards(root.ts, "Approval"))
    working.until_quiet()
    asked = [len(working.cards(root.ts, "Approval")) for root in (first, second)]
    assert asked == [1, 1]
    assert working.world.violations == []


@pytest.mark.parametrize("kind", ["reset_after", "server_error_after", "reset_before"])
def test_a_thread_is_begun_once_though_the_first_post_was_in_doubt(
    working: Scene, agents: Crew, kind: str
) -> None:
    does_it(agents)
    working.world.fault("chat.postMessage", kind)

    working.world.slash(ADA, GENERAL, "run do it")

    root = root_card(working)
    working.answer(root.ts)
    working.until_quiet()
    roots = [one for one in working.world.messages(GENERAL) if one.thread_ts in (None, one.ts)]
    assert [one.ts for one in roots if one.bot_id] == [root.ts]


@over_both
def test_a_message_is_handed_over_and_the_run_lives_in_its_thread(
    working: Scene, agents: Crew
) -> None:
    does_it(agents)
    written = working.world.say(BEN, GENERAL, "the <https://x.example|offers> &amp; prices differ")
    assert written.message is not None

    working.world.message_shortcut(ADA, written.message, "run.from_message")
    view = open_view(working, ADA)
    (request,) = (
        text(table(block["element"])["initial_value"])
        for block in tables(view["blocks"])
        if block["block_id"] == "request"
    )
    working.world.submit_view(ADA, view, {"request": f"explain: {request}"})

    view_of_run, answer = working.answer(written.ts)
    assert view_of_run.run.request == "explain: the https://x.example & prices differ"
    assert view_of_run.run.requester == f"slack:{TEAM}/{ADA}"
    assert answer.thread_ts == written.ts
    assert working.world.violations == []


@over_both
def test_a_new_run_goes_where_it_was_told_to_and_else_into_a_direct_message(
    working: Scene, agents: Crew
) -> None:
    does_it(agents)

    for values in (
        {
            "request": "do it",
            "who": "agent:worker",
            "channel": GENERAL,
            "input": '{"item": "pen"}',
            "budget": "0.5",
        },
        {"request": "do it"},
    ):
        working.world.shortcut(ADA, "run.new")
        sent = working.world.submit_view(ADA, open_view(working, ADA), values)
        assert sent.status == 200

    root = root_card(working)
    working.answer(root.ts)
    first, second = run_of(working, "1"), run_of(working, "2")
    assert (first.run.agent, first.run.input) == ("worker", {"item": "pen"})
    assert second.run.agent is None
    assert (first.run.budget.usd, second.run.budget.usd) == (0.5, 5.0)
    direct = str(second.place.address["channel"])
    assert direct.startswith("D")
    working.answer(root_card(working, direct, run=2).ts, run="2", channel=direct)
    assert working.world.violations == []


def looks_at(scene: Scene, person: str, *entities: Payload) -> None:
    """Let somebody turn to another part of Slack while the app is open beside it."""
    scene.world.emit(
        {
            "type": "app_context_changed",
            "user": person,
            "context": {"entities": list(entities)} if entities else {},
            "event_ts": "1.2",
        }
    )


def looked_at(channel: str) -> Payload:
    return {"type": "slack#/types/channel_id", "value": channel, "team_id": TEAM}


def offered_place(scene: Scene, person: str) -> Json:
    """Open *New run* and give the channel that it offers."""
    before = [one["id"] for one in scene.world.views(person)]
    scene.world.shortcut(person, "run.new")
    scene.world.until(lambda: [one["id"] for one in scene.world.views(person)] != before)
    (where,) = [
        one for one in tables(open_view(scene, person)["blocks"]) if one["block_id"] == "channel"
    ]
    return table(where["element"]).get("initial_conversation")


@over_both
def test_a_new_run_is_offered_the_channel_that_its_requester_looks_at(
    working: Scene, agents: Crew
) -> None:
    does_it(agents)
    at_message: Payload = {
        "type": "slack#/types/message_context",
        "value": {"channel_id": GENERAL, "message_ts": "1.2"},
    }
    looks_at(working, ADA, {"type": "slack#/types/canvas_id", "value": "F1"}, looked_at(GENERAL))
    looks_at(working, BEN, looked_at("D0BENANDCYD"), at_message)
    looks_at(working, CYD, looked_at(WITHOUT_BOT))

    offered = [offered_place(working, person) for person in (ADA, BEN, CYD)]
    looks_at(working, ADA)
    offered.append(offered_place(working, ADA))

    assert offered == [GENERAL, GENERAL, None, None]
    assert working.world.violations == []


@over_both
@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"request": "do it", "channel": WITHOUT_BOT}, "Invite it"),
        ({"request": "do it", "input": "[1, 2]"}, "no JSON object"),
        ({"request": "do it", "budget": "nan"}, "an amount in US dollars"),
    ],
)
def test_what_is_wrong_in_the_dialog_is_said_in_the_dialog(
    working: Scene, agents: Crew, values: dict[str, str], told: str
) -> None:
    does_it(agents)
    working.world.shortcut(ADA, "run.new")
    view = open_view(working, ADA)

    sent = working.world.submit_view(ADA, view, dict(values))

    assert told in sent.body
    assert open_view(working, ADA)["id"] == view["id"]
    assert working.product.runtime.runs(workspace=None) == []


@over_both
def test_a_workflow_is_chosen_filled_in_and_begun(working: Scene, agents: Crew) -> None:
    offer_prices(working, agents)
    working.world.shortcut(ADA, "run.new")
    # Sent before it was asked what the workflow needs, the dialog asks for it and stays.
    early: dict[str, Json] = {"request": "price it", "who": "workflow:price"}
    sent = working.world.submit_view(ADA, open_view(working, ADA), early)
    assert "it is missing" in sent.body

    working.world.shortcut(ADA, "run.new")
    working.world.click_view(ADA, open_view(working, ADA), "Price")
    view = open_view(working, ADA)
    labels = [text(table(one["label"])["text"]) for one in tables(view["blocks"]) if "label" in one]
    assert labels[2:4] == ["How many", "Rush"]
    many: dict[str, Json] = {"How many": "600", "channel": GENERAL}
    wrong = working.world.submit_view(ADA, view, dict(many))
    assert "600 is greater than the maximum of 99" in wrong.body
    working.world.submit_view(ADA, open_view(working, ADA), {**many, "How many": "6"})

    view_of_run, answer = working.answer(root_card(working).ts)
    assert view_of_run.run.input == {"pieces": 6, "rush": False}
    assert "42" in working.world.readable(answer)
    assert working.world.violations == []


def offer_prices(scene: Scene, agents: Crew) -> None:
    (agents.folder / "workflows").mkdir()
    (agents.folder / "workflows" / "price.yaml").write_text(PRICE)
    scene.product.clock.pass_time(5)
    scene.world.until(lambda: scene.product.runtime.workflows())


@over_both
def test_a_workflow_typed_without_its_inputs_asks_for_them_in_a_dialog(
    working: Scene, agents: Crew
) -> None:
    offer_prices(working, agents)

    typed = working.world.slash(ADA, GENERAL, "run price rush=yes")

    assert (typed.status, typed.body) == (200, "")
    view = open_view(working, ADA)
    assert "is missing" in str(view["blocks"])
    working.world.submit_view(ADA, view, {"How many": "6", "channel": GENERAL})
    run, answer = working.answer(root_card(working).ts)
    assert run.run.input == {"pieces": 6, "rush": True}
    assert "42" in working.world.readable(answer)
    assert len(working.product.runtime.runs(workspace=None)) == 1
    assert working.world.violations == []


@over_both
def test_run_alone_opens_a_new_run_that_reports_where_it_was_typed(
    working: Scene, agents: Crew
) -> None:
    does_it(agents)

    typed = working.world.slash(ADA, GENERAL, "run")

    assert (typed.status, typed.body) == (200, "")
    view = open_view(working, ADA)
    (where,) = [one for one in tables(view["blocks"]) if one["block_id"] == "channel"]
    assert table(where["element"])["initial_conversation"] == GENERAL
    working.world.submit_view(ADA, view, {"request": "do it", "channel": GENERAL})
    working.answer(root_card(working).ts)
    assert working.world.violations == []


@pytest.mark.parametrize(
    ("line", "told"), [("run", "run TEXT"), ("run price", "pieces (NUMBER): it is missing")]
)
def test_where_slack_opens_no_dialog_the_line_is_answered_in_words(
    working: Scene, agents: Crew, line: str, told: str
) -> None:
    offer_prices(working, agents)
    working.world.fault("views.open", "error", error="expired_trigger_id")

    typed = working.world.slash(ADA, GENERAL, line)

    assert told in typed.body
    assert working.world.views(ADA) == []
    assert working.product.runtime.runs(workspace=None) == []


@over_both
def test_a_dialog_that_is_sent_twice_begins_one_run(working: Scene, agents: Crew) -> None:
    does_it(agents)
    working.world.shortcut(ADA, "run.new")

    values = {"request": "do it", "channel": GENERAL}
    working.world.submit_view(ADA, open_view(working, ADA), dict(values), trick="duplicated")

    run_of(working)
    assert len(working.product.runtime.runs(workspace=None)) == 1


@over_both
def test_guests_are_offered_no_dialog(working: Scene, agents: Crew) -> None:
    does_it(agents)
    working.world.shortcut(GUEST, "run.new")
    view = open_view(working, GUEST)

    sent = working.world.submit_view(GUEST, view, {"request": "do it", "channel": GENERAL})

    assert "guest accounts may not use Baton" in sent.body
    assert working.product.runtime.runs(workspace=None) == []


def step_run(scene: Scene, *, user: str = ADA, channel: str = GENERAL) -> str:
    """Let a workflow reach the step; give its execution."""
    inputs: Payload = {
        "request": "do it", "channel": channel, "user_context": {"id": user, "secret": "s"},
    }  # fmt: skip
    sent = scene.world.run_function("start_run", inputs, ADA)
    assert sent.status == 200
    return text(table(sent.payload["event"])["function_execution_id"])


def until_told(scene: Scene, execution: str) -> Payload:
    def told() -> Payload | None:
        found = scene.world.execution(execution)
        return found if found and found["status"] != "running" else None

    return scene.world.until(told)


@over_both
def test_a_workflow_waits_for_its_run_and_gets_the_answer(working: Scene, agents: Crew) -> None:
    waits(agents)

    execution = step_run(working)

    root = root_card(working)
    approval = working.approval_card(root.ts)
    still = working.world.execution(execution)
    assert still is not None
    assert still["status"] == "running"
    working.approve(approval)
    told = until_told(working, execution)
    assert told["outputs"] == {"answer": "sent", "outcome": "succeeded", "run": "1"}
    assert run_of(working).run.requester == f"slack:{TEAM}/{ADA}"
    assert working.world.violations == []


def test_a_workflow_hears_of_a_run_that_was_stopped(working: Scene, agents: Crew) -> None:
    waits(agents)
    execution = step_run(working)
    root = root_card(working)
    working.approval_card(root.ts)

    working.world.slash(ADA, GENERAL, "cancel 1")

    told = until_told(working, execution)
    assert told["status"] == "failed"
    assert "cancelled" in text(told["error"])


@over_both
@pytest.mark.parametrize(
    ("user", "channel", "reason"),
    [(GUEST, GENERAL, "guest"), (ADA, WITHOUT_BOT, "Invite it"), ("U0NOBODY", GENERAL, "")],
)
def test_a_workflow_is_told_at_once_what_will_not_begin(
    working: Scene, agents: Crew, user: str, channel: str, reason: str
) -> None:
    does_it(agents)

    told = until_told(working, step_run(working, user=user, channel=channel))

    assert told["status"] == "failed"
    assert reason in text(told["error"])
    assert working.product.runtime.runs(workspace=None) == []


@pytest.mark.parametrize("kind", ["reset_after", "server_error", "rate_limited"])
def test_a_workflow_is_told_though_slack_fails(working: Scene, agents: Crew, kind: str) -> None:
    does_it(agents)
    working.world.fault("functions.completeSuccess", kind)

    told = until_told(working, step_run(working))

    assert told["status"] == "completed"
    working.until_quiet()


@over_both
def test_slack_knows_what_a_run_does_and_its_stop_button_stops_it(
    working: Scene, agents: Crew
) -> None:
    waits(agents)
    asked = working.ask("write to her")
    working.approval_card(asked.ts)

    def status() -> str:
        (session,) = working.world.sessions() or [{}]
        return text(session.get("status"))

    working.world.until(lambda: status() == "suspended")
    working.world.stop_session(CYD, GENERAL, asked.ts)
    working.told(CYD, "may cancel run #1")
    working.world.stop_session(ADA, GENERAL, asked.ts)

    view, _ = working.answer(asked.ts)
    assert view.status == "cancelled"
    working.world.until(lambda: status() == "active")
    assert working.world.violations == []


def test_a_slack_without_agent_sessions_is_asked_once(working: Scene, agents: Crew) -> None:
    waits(agents)
    working.world.fault("agents.sessions.setStatus", "error", error="feature_disabled", times=None)
    asked = working.ask("write to her")

    working.approve(working.approval_card(asked.ts))

    working.answer(asked.ts)
    working.until_quiet()
    assert len(working.world.calls_of("agents.sessions.setStatus")) == 1


@over_both
def test_whoever_opens_the_conversation_is_offered_something_to_ask(working: Scene) -> None:
    working.world.open_home(ADA, "messages")

    (call,) = working.world.calls_of("assistant.threads.setSuggestedPrompts")
    assert len(tables(call.arguments["prompts"])) == 3
    assert working.world.violations == []


@over_both
def test_a_link_tells_how_a_run_stands_and_nothing_of_what_it_is_about(
    working: Scene, agents: Crew
) -> None:
    waits(agents)
    asked = working.ask("write to her about the secret", channel=PRIVATE)
    working.until_approvals()
    working.product.until_status("waiting")
    runs, approvals = (f"https://baton.example.com/#/{kind}/1" for kind in ("runs", "approvals"))

    working.share_links(CYD, runs, approvals, "https://baton.example.com/#/runs/99")
    working.share_links(GUEST, runs)

    (unfurled,) = working.world.unfurls()
    shown = table(unfurled["unfurls"])
    assert set(shown) == {runs, approvals}
    assert "Run 1 · waiting" in str(shown)
    assert "Approval 1 · pending" in str(shown)
    assert "secret" not in str(shown)
    assert asked.status == 200
    # Whoever fetches a link, a person or a previewer, decides nothing by it.
    (approval,) = working.product.runtime.approvals(workspace=None)
    assert approval.status == ApprovalStatus.PENDING
    assert working.world.violations == []
