"""What the page is given is worded like on every other surface."""

from __future__ import annotations

from bots.approval_builder import approval_card
from bots.console.shapes import card
from runtime.domain.approval import Stage
from tests.worlds.front_door import an_approval


def test_the_page_names_deciders_in_words_and_whom_they_leave_out() -> None:
    stages = (Stage(eligible=("requester", "role:finance")),)

    plain = card(approval_card(an_approval(stages=stages)))
    changed = card(approval_card(an_approval(stages=stages, kept_out=("slack:T1/ada",))))

    assert plain["may_decide"] == "the requester or the role 'finance'"
    assert changed["may_decide"] == (
        "the requester or the role 'finance', but not whoever changed the arguments"
    )
