"""Policy, grants, halts and redaction, broken in one place after another, each with its tests."""

from __future__ import annotations

from typing import Final

from tests.mutants.mutant import Mutant

_SLACK = "tests/scenario/test_approvals_in_slack.py::"
_LEAVE = "tests/contract/test_grants_and_halts.py::"
_CANARIES = "tests/contract/test_canaries.py::"
_GRANTS = "tests/scenario/test_publishing_and_administering.py::"

MUTANTS: Final = (
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
        name="N: who may ask may publish",
        module="runtime.door.schedules",
        before="lacking = self.policy().lacks(person, Right.PUBLISH)",
        after="lacking = None",
        watched_by=(f"{_GRANTS}test_what_starts_by_itself_is_set_going_by_who_may_publish",),
    ),
    Mutant(
        name="N: whoever set it going is believed for ever",
        module="runtime.door.occasions",
        before="lacking = self.hearing.policy().lacks(whole, Right.PUBLISH)",
        after="lacking = None",
        watched_by=(f"{_GRANTS}test_who_may_publish_no_more_has_nothing_started_in_their_name",),
    ),
    Mutant(
        name="N: anybody at the terminal acts on what others have",
        module="runtime.door.govern",
        before="self.require(person, Right.ADMINISTER)",
        after="pass",
        watched_by=(
            f"{_GRANTS}test_what_concerns_others_is_done_at_the_terminal_by_who_may_administer",
        ),
    ),
    Mutant(
        name="N6: a grant may bound what the tool does not take",
        module="runtime.door.granting",
        before="if part not in taken:",
        after="if False:",
        watched_by=(
            "tests/contract/test_governing_commands.py::"
            "test_a_grant_that_could_never_apply_is_refused_with_what_the_tool_takes",
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
