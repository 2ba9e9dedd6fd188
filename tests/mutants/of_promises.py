"""What the rest of governance promises, broken in one place after another, each with its tests.

Where a promise has two guards, each is broken by itself, and has a test that needs no other.
"""

from __future__ import annotations

from typing import Final

from tests.mutants.mutant import Mutant

_SLACK = "tests/scenario/test_approvals_in_slack.py::"
_EDGE = "tests/scenario/test_slack_edge.py::"
_STEERING = "tests/scenario/test_steering_in_slack.py::"
_HOME = "tests/scenario/test_home_in_slack.py::"
_SCHEDULES = "tests/scenario/test_schedules_in_slack.py::"
_PRESSED = "tests/scenario/test_teams_approvals.py::"
_ENGINE = "tests/contract/test_approval_engine.py::"
_TALK = "tests/contract/test_approval_talk.py::"
_LEAVE = "tests/contract/test_grants_and_halts.py::"
_CANARIES = "tests/contract/test_canaries.py::"
_DRAWN = "tests/unit/test_slack_rendering.py::"
_TEAMS_DRAWN = "tests/unit/test_teams_rendering.py::"

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
        name="F2: Slack takes guests, bots and strangers for members",
        module="bots.slack.people",
        before="kind = _kind(claim, installation, profile)",
        after="kind = PersonKind.MEMBER",
        watched_by=(f"{_SLACK}test_guests_bots_and_outsiders_decide_nothing",),
    ),
    Mutant(
        name="F3: what a client does by itself presses the button",
        module="bots.teams.clicks",
        before="if click.automatic:\n            return Outcome(problem=STALE)",
        after="if False:\n            return Outcome(problem=STALE)",
        watched_by=(f"{_PRESSED}test_what_a_client_does_by_itself_presses_no_button",),
    ),
    Mutant(
        name="F3: what a client does by itself is a verdict",
        module="bots.teams.inbound",
        before="or not nonce or self.automatic:",
        after="or not nonce:",
        watched_by=(
            "tests/unit/test_teams_inbound.py::test_what_a_client_does_by_itself_is_no_verdict",
        ),
    ),
    Mutant(
        name="F7: a button carries what it is about",
        module="bots.slack.approval_card",
        before='return {"id": card.approval_id, "nonce": card.nonce}',
        after='return {"id": card.approval_id, "nonce": card.nonce, "what": card.title}',
        watched_by=(f"{_DRAWN}test_the_buttons_carry_an_id_and_a_nonce_and_nothing_else",),
    ),
    Mutant(
        name="F7: a button in Teams carries what it is about",
        module="bots.teams.approval_card",
        before='return {"id": view.approval_id, "nonce": view.nonce}',
        after='return {"id": view.approval_id, "nonce": view.nonce, "what": view.title}',
        watched_by=(f"{_TEAMS_DRAWN}test_buttons_carry_ids_and_nothing_else",),
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
        name="F19: Slack's door believes an older card",
        module="bots.slack.hand",
        before='if approval.nonce != click.value.text("nonce"):',
        after="if False:",
        watched_by=(f"{_EDGE}test_an_outdated_card_decides_nothing",),
    ),
    Mutant(
        name="F19: Teams' door believes an older card",
        module="bots.teams.decisions",
        before='if approval.nonce != click.data.text("nonce"):',
        after="if False:",
        watched_by=(f"{_PRESSED}test_an_older_card_does_nothing_whatever_is_pressed",),
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
        name="F25: markup of an argument is Slack's markup",
        module="bots.slack.escape",
        before='prose(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")',
        after="prose(text)",
        watched_by=(f"{_DRAWN}test_no_text_becomes_a_mention_a_broadcast_or_a_link",),
    ),
    Mutant(
        name="F25: hidden characters stay hidden",
        module="bots.spelling",
        before='return "".join(_escape(char) if _deceives(char) else char for char in text)',
        after="return text",
        watched_by=(
            "tests/unit/test_views_are_safe.py::test_hidden_characters_of_an_argument_become_visible",
        ),
    ),
    Mutant(
        name="F27: Slack offers Approve although not all is shown",
        module="bots.slack.approval_card",
        before="return shown, complete",
        after="return shown, True",
        watched_by=(f"{_DRAWN}test_nothing_can_be_approved_that_is_not_shown_whole",),
    ),
    Mutant(
        name="F27: Teams offers Approve although not all is shown",
        module="bots.teams.approval_card",
        before="return shown, complete",
        after="return shown, True",
        watched_by=(f"{_TEAMS_DRAWN}test_approve_is_offered_only_where_everything_is_shown",),
    ),
    Mutant(
        name="F28: an id counts whatever team it is of",
        module="bots.slack.people",
        before="return claim.team_id in home",
        after="return True",
        watched_by=(f"{_EDGE}test_the_right_user_under_another_team_decides_nothing",),
    ),
    Mutant(
        name="F30: who may decide and is not in the channel is not told",
        module="runtime.approvals.ask",
        before="spread(connection, approval, people, now=now)",
        after="pass",
        watched_by=(f"{_HOME}test_who_may_decide_and_is_not_in_the_channel_is_written_to",),
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
        module="runtime.durable.attempt",
        before="if self.control == Control.PAUSED:",
        after="if False:",
        watched_by=(f"{_STEERING}test_a_decision_on_a_paused_run_counts_once_it_goes_on",),
    ),
    Mutant(
        name="N2: what was approved is done although policy asks for more by now",
        module="runtime.agent.asking",
        before="return seen.gated.decision.strictness > around.gated.decision.strictness",
        after="return False",
        watched_by=("tests/contract/test_policy_changes_under_way.py",),
    ),
    Mutant(
        name="N2: what was approved is done although the target is another by now",
        module="runtime.policy.binding",
        before='"fingerprint": fingerprint,',
        after='"fingerprint": None,',
        watched_by=(f"{_SLACK}test_a_button_of_an_older_card_is_refused",),
    ),
    Mutant(
        name="N6: leave given in advance has no end",
        module="runtime.approvals.grants",
        before="if not now < expires_at <= now + _LONGEST:",
        after="if False:",
        watched_by=(f"{_LEAVE}test_a_grant_has_bounds",),
    ),
    Mutant(
        name="N17: one person lifts a halt",
        module="runtime.door.halting",
        before="done = now if len(agreed) >= PEOPLE_TO_LIFT else None",
        after="done = now",
        watched_by=(
            f"{_LEAVE}test_a_halt_stops_what_is_next_and_what_is_asked_until_two_people_lift_it",
        ),
    ),
    Mutant(
        name="B: what models say is not cleaned",
        module="runtime.worker",
        before="models=Discreet(models, secrets=secrets_of(environment), hide=hide),",
        after="models=models,",
        watched_by=(f"{_CANARIES}test_what_models_say_and_people_do_besides_is_in_no_sink",),
    ),
    Mutant(
        name="B: what tools give back is not cleaned",
        module="runtime.worker",
        before="runner=Runner(secrets=environment, hide=hide),",
        after="runner=Runner(secrets={}),",
        watched_by=(f"{_CANARIES}test_canaries_and_personal_data_are_in_no_sink",),
    ),
)
