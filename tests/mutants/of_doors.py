"""Where people meet the product, broken in one place after another, each with its tests.

Cards, buttons, dialogs and what carries them; what stands behind them is in ``of_promises``.
"""

from __future__ import annotations

from typing import Final

from tests.mutants.mutant import Mutant

_SLACK = "tests/scenario/test_approvals_in_slack.py::"
_EDGE = "tests/scenario/test_slack_edge.py::"
_PRESSED = "tests/scenario/test_teams_approvals.py::"
_DRAWN = "tests/unit/test_slack_rendering.py::"
_TEAMS_DRAWN = "tests/unit/test_teams_rendering.py::"
_SINCE_IT_BEGAN = """from datetime import UTC, datetime
        since = vars(self).setdefault("since", datetime.now(UTC))
        if approval.created_at < since or approval.nonce != click.value.text("nonce"):"""

MUTANTS: Final = (
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
        name="F4: closing a dialog is taken for its button",
        module="bots.slack.clicks",
        before="app.view(dialogs.REJECT)(self.rejected)",
        after="app.view(dialogs.REJECT)(self.rejected)\n"
        "        app.view_closed(dialogs.REJECT)(self.approved)",
        watched_by=(f"{_SLACK}test_closing_the_dialog_decides_nothing",),
    ),
    Mutant(
        name="F5: who clicked is not told that nothing was decided",
        module="bots.slack.hand",
        before="            return DOWN",
        after='            return ""',
        watched_by=(f"{_EDGE}test_a_click_says_so_when_the_database_is_down",),
    ),
    Mutant(
        name="F5: what could not be sent counts as sent",
        module="bots.courier",
        before="await self._postpone("
        'delivery, seconds, "unexpected error, see log", doubtful=True)',
        after='await self._bridge(self._runtime.mark_sent, delivery, "")',
        watched_by=(
            "tests/unit/test_courier.py::test_a_broken_card_is_kept_and_does_not_stop_the_others",
        ),
    ),
    Mutant(
        name="F6: a card is sent however large it is",
        module="bots.slack.drawn",
        before="if last.fits:",
        after="if True:",
        watched_by=(f"{_DRAWN}test_every_message_stays_within_slacks_limits",),
    ),
    Mutant(
        name="F6: a card in Teams is sent however large it is",
        module="bots.teams.drawn",
        before="if last.fits:",
        after="if True:",
        watched_by=(
            f"{_TEAMS_DRAWN}test_every_card_is_valid_and_under_28_kilobytes_whatever_is_in_it",
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
        name="F10: a front decides only what was asked since it began",
        module="bots.slack.hand",
        before='if approval.nonce != click.value.text("nonce"):',
        after=_SINCE_IT_BEGAN,
        watched_by=(f"{_SLACK}test_a_decision_counts_though_the_front_is_new_and_the_worker_away",),
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
        name="F26: what stands on the card reads otherwise than what is sent",
        module="bots.approval_builder",
        before="text = spell(value)",
        after='text = " ".join(spell(value).split())',
        watched_by=(
            "tests/unit/test_views_are_safe.py::"
            "test_arguments_stand_in_one_order_and_keep_their_lines",
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
        module="bots.slack.nudges",
        before="if user not in here:",
        after="if False:",
        watched_by=(
            "tests/scenario/test_home_in_slack.py::"
            "test_who_may_decide_and_is_not_in_the_channel_is_written_to",
        ),
    ),
    Mutant(
        name="F31: what Slack delivers again is taken for a duplicate",
        module="bots.slack.edge",
        before="text = _decode(body) if charset_known else None",
        after='if "X-Slack-Retry-Num" in request.headers:\n'
        "            return web.Response()\n"
        "        text = _decode(body) if charset_known else None",
        watched_by=(f"{_EDGE}test_a_database_that_is_down_makes_slack_deliver_again",),
    ),
)
