"""What the rest of governance promises, broken in one place after another, each with its tests.

Where a promise has two guards, each is broken by itself, and has a test that needs no other.
"""

from __future__ import annotations

from typing import Final

from tests.mutants.mutant import Mutant

_SLACK = "tests/scenario/test_approvals_in_slack.py::"
_STEERING = "tests/scenario/test_steering_in_slack.py::"
_HOME = "tests/scenario/test_home_in_slack.py::"
_SCHEDULES = "tests/scenario/test_schedules_in_slack.py::"
_ENGINE = "tests/contract/test_approval_engine.py::"
_TALK = "tests/contract/test_approval_talk.py::"
_BOUGHT = "tests/scenario/test_teams_purchase.py::"
_GOES_ON = """final, rings = self._take(connection, approval, decide, behalf, now)
            from runtime.domain.states import Control
            from runtime.storage import runs
            runs.set_control(connection, approval.run_id, control=Control.GO)"""
_WORDS_APPROVE = """rings = self._reply(connection, live, message, now)
                from runtime.approvals.decide import answer_call
                from runtime.storage import approvals
                if "approve" in message.text:
                    for one in approvals.pending(connection, workspace=None, run_id=live.id):
                        rings += answer_call(
                            connection, one, verdict="approved", reason="", by="", now=now
                        )"""
_MODEL_WORDS_THE_CARD = """from dataclasses import replace
            from runtime.domain.approval import Preview
            bench = replace(bench, tools=[
                replace(one, preview=lambda *_, said=completion.text: Preview(what=said))
                for one in bench.tools
            ])
            envelopes = make_calls(bench, turn, completion.tool_calls)"""

MUTANTS: Final = (
    Mutant(
        name="F1: anybody in the channel decides",
        module="runtime.policy.eligibility",
        before="if is_named(names, person, case):",
        after="if True:",
        watched_by=(f"{_SLACK}test_who_is_not_eligible_is_told_privately_and_changes_nothing",),
    ),
    Mutant(
        name="F1: nobody named means everybody",
        module="runtime.policy.eligibility",
        before='return "nobody is eligible to decide this: an operator must name people in'
        ' policy.yaml"',
        after="return None",
        watched_by=(f"{_SLACK}test_nobody_being_eligible_is_said_at_once",),
    ),
    Mutant(
        name="F1: groups of the chat hold everybody",
        module="runtime.policy.eligibility",
        before="name.removeprefix(GROUP) in person.groups",
        after="True",
        watched_by=(f"{_HOME}test_a_group_decides_and_slack_is_asked_who_is_in_it",),
    ),
    Mutant(
        name="F2: the account of a bot or a guest is as good as a member's",
        module="runtime.policy.eligibility",
        before="if person.kind is not PersonKind.MEMBER:",
        after="if False:",
        watched_by=("tests/unit/test_policy_eligibility.py",),
    ),
    Mutant(
        name="F2: words in the thread approve",
        module="runtime.door.hear",
        before="rings = self._reply(connection, live, message, now)",
        after=_WORDS_APPROVE,
        watched_by=(f"{_SLACK}test_text_never_approves",),
    ),
    Mutant(
        name="F8, F21: who comes second decides as well",
        module="runtime.approvals.decide",
        before="if approval.status != ApprovalStatus.PENDING:",
        after="if False:",
        watched_by=(f"{_SLACK}test_a_decision_is_final_whoever_comes_second",),
    ),
    Mutant(
        name="F9: a card stays as it is once it was decided",
        module="runtime.approvals.decide",
        before="spoken_to = deliveries.touch(connection, approval.id, now=now)",
        after="spoken_to = list[str]()",
        watched_by=(f"{_HOME}test_who_may_decide_and_is_not_in_the_channel_is_written_to",),
    ),
    Mutant(
        name="F9: a card stays as it is once its time is over",
        module="runtime.approvals.expire",
        before="told += deliveries.touch(connection, approval.id, now=now)",
        after="pass",
        watched_by=(f"{_SLACK}test_an_expired_approval_is_a_no_that_nobody_said",),
    ),
    Mutant(
        name="F11: nobody tells the run that it was approved",
        module="runtime.approvals.decide",
        before="rings = outside.answer(\n        connection, approval.step_id,"
        " status=StepStatus.SUCCEEDED, output=output, now=now\n    )",
        after="rings: list[str] = []",
        watched_by=(
            f"{_BOUGHT}test_a_message_becomes_one_card_one_approval_one_order_and_one_answer",
        ),
    ),
    Mutant(
        name="F12: a question does not say through whom it came",
        module="runtime.approvals.ask",
        before="chain=trees.agents_above(connection, leaf_id),",
        after="chain=(),",
        watched_by=(
            f"{_ENGINE}test_a_call_of_an_agents_agent_asks_in_the_runs_own_thread_and_names_the_way",
        ),
    ),
    Mutant(
        name="F13: an agent's agent needs nobody's leave",
        module="runtime.agent.gate",
        before="return ask(ctx, services, gated)",
        after='return ask(ctx, services, gated) if not gated.actor.startswith("helper") else'
        " Made(result=execute(ctx, services, gated, approval=None))",
        watched_by=(
            f"{_ENGINE}test_a_call_of_an_agents_agent_asks_in_the_runs_own_thread_and_names_the_way",
        ),
    ),
    Mutant(
        name="F14: what was asked below a failed task goes on being asked",
        module="runtime.outbox.announce",
        before="for approval_id in approvals.cancel_below(connection, step.run_id, now=now):",
        after="for approval_id in list[str]():",
        watched_by=(f"{_ENGINE}test_when_a_task_fails_what_was_asked_below_it_closes_with_it",),
    ),
    Mutant(
        name="F15: deciding one decides the first that was asked",
        module="runtime.approvals.decide",
        before="approval = standing.locked(connection, decide.approval, workspace)",
        after="approval = standing.locked(connection, decide.approval, workspace)\n"
        "            approval = min("
        "approvals.pending(connection, workspace=None, run_id=approval.run_id),"
        " key=lambda one: one.number, default=approval)\n"
        "            decide = replace(decide, nonce=approval.nonce)",
        watched_by=(f"{_SLACK}test_of_several_approvals_each_is_decided_by_itself",),
    ),
    Mutant(
        name="F16: one rejection ends all calls of the turn",
        module="runtime.agent.calls",
        before="    except BatonError as error:\n"
        "        return envelope.failed(gated.tool, error)\n"
        "    if isinstance(result, Pending):",
        after="    except BatonError as error:\n"
        "        raise error\n"
        "    if isinstance(result, Pending):",
        watched_by=(f"{_SLACK}test_of_several_approvals_each_is_decided_by_itself",),
    ),
    Mutant(
        name="F17: changed arguments need not fit the tool",
        module="runtime.approvals.edit",
        before="if complaint is not None:",
        after="if False:",
        watched_by=(f"{_TALK}test_arguments_that_do_not_fit_are_refused_and_the_question_stays",),
    ),
    Mutant(
        name="F17: changed arguments are not put before the policy",
        module="runtime.approvals.edit",
        before="if decision.outcome == Outcome.DENY:",
        after="if False:",
        watched_by=(f"{_TALK}test_arguments_that_do_not_fit_are_refused_and_the_question_stays",),
    ),
    Mutant(
        name="F17: the worker does not put what was changed before the policy",
        module="runtime.agent.asking",
        before="if around.number:",
        after="if False:",
        watched_by=("tests/contract/test_approval_talk.py",),
    ),
    Mutant(
        name="F17, F18: a call that was declined or changed is asked about again",
        module="runtime.agent.asking",
        before="refused = _refusal(before) if before is not None else None",
        after="refused = None",
        watched_by=(
            f"{_SLACK}test_a_rejected_call_that_is_proposed_again_is_refused_without_asking",
        ),
    ),
    Mutant(
        name="F20: what was decided is forgotten when work resumes",
        module="runtime.agent.asking",
        before="told = object_of(answer)",
        after="told = object_of(None)",
        watched_by=(
            f"{_ENGINE}test_a_call_of_an_agents_agent_asks_in_the_runs_own_thread_and_names_the_way",
        ),
    ),
    Mutant(
        name="F22: cancelling a run leaves its questions open",
        module="runtime.outbox.announce",
        before="for approval_id in approvals.cancel_run(connection, run_id, now=now):",
        after="for approval_id in list[str]():",
        watched_by=(f"{_STEERING}test_a_cancelled_run_closes_what_was_asked",),
    ),
    Mutant(
        name="F23: anybody may claim",
        module="runtime.approvals.claim",
        before="voter(connection, self.policy(), approval, person, now)",
        after="pass",
        watched_by=(f"{_TALK}test_who_looks_at_it_is_shown_and_keeps_nobody_from_deciding",),
    ),
    Mutant(
        name="F23: anybody may ask before deciding",
        module="runtime.approvals.inquire",
        before="voter(connection, self.policy(), approval, person, now)",
        after="pass",
        watched_by=(f"{_TALK}test_only_those_who_may_decide_may_ask_and_only_while_it_is_open",),
    ),
    Mutant(
        name="F23: anybody steers a run",
        module="runtime.door.steer",
        before="if not self._steers(person, run):",
        after="if False:",
        watched_by=(f"{_STEERING}test_strangers_to_a_run_do_not_steer_it",),
    ),
    Mutant(
        name="F24: approvals of what starts by itself are shown with its runs alone",
        module="runtime.approvals.ask",
        before="if elsewhere is not None:",
        after="if False:",
        watched_by=(
            f"{_SCHEDULES}test_what_an_event_starts_asks_in_the_channel_for_approvals_and_waits",
        ),
    ),
    Mutant(
        name="F26: what the model says beside its call stands on the card",
        module="runtime.agent.loop",
        before="envelopes = make_calls(bench, turn, completion.tool_calls)",
        after=_MODEL_WORDS_THE_CARD,
        watched_by=(
            f"{_SLACK}test_a_card_holds_no_word_of_the_model_beside_the_calls_own_arguments",
        ),
    ),
    Mutant(
        name="F29: a question that is to be held ends all the same",
        module="runtime.approvals.expire",
        before="approval.question == Question.OUTCOME or approval.on_expiry == OnExpiry.HOLD:",
        after="approval.question == Question.OUTCOME:",
        watched_by=(
            f"{_ENGINE}test_nobody_in_time_adds_people_rung_by_rung_and_then_holds",
            f"{_ENGINE}test_each_round_has_its_own_time",
        ),
    ),
    Mutant(
        name="F30: who may decide is not told in the chat they have with Baton",
        module="runtime.approvals.ask",
        before="spread(connection, approval, people, now=now)",
        after="pass",
        watched_by=(
            "tests/scenario/test_mixed_platforms.py::test_requested_in_slack_approved_in_teams_and"
            "_at_the_console_while_teams_blocks_the_bot",
        ),
    ),
    Mutant(
        name="F32: one act is asked about twice",
        module="runtime.agent.asking",
        before='if told.get("digest") == digest_of(around.gated, seen.preview) and',
        after="if around.number and",
        watched_by=(
            "tests/scenario/test_purchase_in_slack.py::"
            "test_a_mention_becomes_one_card_one_approval_one_order_and_one_answer",
        ),
    ),
    Mutant(
        name="F33: time agrees",
        module="runtime.approvals.expire",
        before="verdict=ApprovalStatus.EXPIRED,",
        after="verdict=ApprovalStatus.APPROVED,",
        watched_by=(f"{_ENGINE}test_an_end_that_refuses_is_nobodys_no",),
    ),
    Mutant(
        name="F34: nobody is told that nobody could decide",
        module="runtime.approvals.ask",
        before="if problem is not None:",
        after="if False:",
        watched_by=(
            f"{_ENGINE}test_an_approval_that_too_few_could_ever_give_raises_an_alarm_at_once",
        ),
    ),
    Mutant(
        name="F35: a decision makes a paused run go on",
        module="runtime.approvals.decide",
        before="final, rings = self._take(connection, approval, decide, behalf, now)",
        after=_GOES_ON,
        watched_by=(f"{_STEERING}test_a_decision_on_a_paused_run_counts_once_it_goes_on",),
    ),
)
