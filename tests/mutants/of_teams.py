"""What Teams is promised besides, broken in one place after another, each with its tests."""

from __future__ import annotations

from typing import Final

from tests.mutants.mutant import Mutant

_DOORS = "tests/scenario/test_teams_doors.py::"
_FORMS = "tests/scenario/test_teams_forms.py::"
_BOUGHT = "tests/scenario/test_teams_purchase.py::"
_HERE = "tests/scenario/test_teams_loopback.py::"
_SPOKEN = "tests/unit/test_teams_channel.py::"
_DRAWN = "tests/unit/test_teams_rendering.py::"
_OUTAGE = "test_a_click_during_an_outage_is_answered_and_quotes_nobody"
_REACHED = "test_unsigned_activities_are_taken_only_from_and_at_loopback"

MUTANTS: Final = (
    Mutant(
        name="Teams, F5: a click that failed is told to have worked",
        module="bots.teams.clicks",
        before="return Outcome(problem=DOWN)",
        after='return Outcome(problem="Approved.")',
        watched_by=(f"{_DOORS}{_OUTAGE}",),
    ),
    Mutant(
        name="Teams, F5: a post in doubt is taken for one that arrived",
        module="bots.teams.connector",
        before='raise CallError("no_id_in_answer", ambiguous=True)\n        return message_id',
        after='return "17"\n        return message_id',
        watched_by=(f"{_SPOKEN}test_an_answer_that_names_no_message_is_a_doubt",),
    ),
    Mutant(
        name="Teams, F6: a card may be as large as it comes out",
        module="bots.teams.drawn",
        before="if last.fits:",
        after="if True:",
        watched_by=(f"{_DRAWN}test_every_card_is_valid_and_under_28_kilobytes_whatever_is_in_it",),
    ),
    Mutant(
        name="Teams, F6: what Teams finds too large is given up",
        module="bots.teams.channel",
        before="if fault.status not in TOO_LARGE:",
        after="if True:",
        watched_by=(f"{_SPOKEN}test_a_card_that_is_refused_goes_as_words",),
    ),
    Mutant(
        name="Teams, F8: a click that came second is told as the first",
        module="bots.teams.decisions",
        before="if not decided.won:",
        after="if False:",
        watched_by=(f"{_DOORS}test_pressing_again_and_coming_second_show_what_was_decided",),
    ),
    Mutant(
        name="Teams, F9: the view of who decided keeps its buttons",
        module="bots.approval_builder",
        before="verdicts=verdicts,",
        after="verdicts=tuple(VERDICTS[approval.question]),",
        watched_by=(f"{_DOORS}test_pressing_again_and_coming_second_show_what_was_decided",),
    ),
    Mutant(
        name="Teams, F25: entities and dates are live in what others wrote",
        module="bots.teams.elements",
        before="for part in _LIVE.split(line) if part",
        after="for part in [line] if part",
        watched_by=(f"{_DRAWN}test_no_text_reaches_a_place_that_reads_markup",),
    ),
    Mutant(
        name="Teams, F25: hidden characters stay hidden",
        module="bots.teams.elements",
        before='line = prose(text).replace("\\n", " ")',
        after='line = text.replace("\\n", " ")',
        watched_by=(f"{_DRAWN}test_no_text_reaches_a_place_that_reads_markup",),
    ),
    Mutant(
        name="Teams, F27: Approve is offered where arguments were left out",
        module="bots.teams.approval_card",
        before="unseen = () if whole else (Verdict.APPROVE, Verdict.REPEAT)",
        after="unseen = ()",
        watched_by=(f"{_DRAWN}test_approve_is_offered_only_where_everything_is_shown",),
    ),
    Mutant(
        name="Teams, F30: who may not decide is not told why",
        module="bots.teams.clicks",
        before="return _words(outcome.problem)",
        after='return _words("")',
        watched_by=(f"{_BOUGHT}test_who_may_not_decide_is_told_so_and_the_approval_stays_open",),
    ),
    Mutant(
        name="Teams, F30: the reason of a rejection is not asked for again",
        module="bots.teams.decisions",
        before="return await self._to_mend(click, person, None, _NO_REASON)",
        after='reason = "none"',
        watched_by=(
            f"{_FORMS}test_a_rejection_needs_its_reason_also_from_who_changes_what_the_client_sends",
        ),
    ),
    Mutant(
        name="Teams: unsigned activities are taken at an address that others reach",
        module="bots.teams.edge",
        before="if not _is_here(here) or not _is_here(peer):",
        after="if not _is_here(peer):",
        watched_by=(f"{_HERE}{_REACHED}",),
    ),
    Mutant(
        name="Teams: unsigned activities are taken from others",
        module="bots.teams.edge",
        before="if not _is_here(here) or not _is_here(peer):",
        after="if not _is_here(here):",
        watched_by=(f"{_HERE}{_REACHED}",),
    ),
)
