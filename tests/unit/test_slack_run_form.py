"""The dialog that begins a run: within Slack's shapes, whatever there is to choose and fill in."""

from __future__ import annotations

from typing import Any, cast

from bots.slack.payload import Payload
from bots.slack.run_form import (
    Offered,
    Opened,
    asks_for,
    beside_inputs,
    run_form,
    typed_inputs,
)
from runtime.catalog.workflow.inputs import form_of
from runtime.domain.form import InputForm
from tests.unit.test_slack_rendering import HOSTILE, shape_errors
from tests.unit.test_workflow_inputs import PLAIN, RESTOCK
from tests.worlds.front_door import FrontDoor

AGENTS = FrontDoor().agents()


def drawn(form: InputForm | None = None, **more: Any) -> dict[str, Any]:
    offered = Offered(agents=AGENTS, workflows=[RESTOCK, PLAIN])
    view = cast("dict[str, Any]", run_form(offered, Opened(channel="C024"), form=form, **more))
    assert shape_errors("modal", view) == []
    return view


def inputs(view: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["label"]["text"]: one for one in view["blocks"] if one["type"] == "input"}


def test_agents_and_workflows_are_offered_side_by_side() -> None:
    who = inputs(drawn())["Who does it?"]

    assert who["dispatch_action"] is True
    assert [one["label"]["text"] for one in who["element"]["option_groups"]] == [
        "Workflows",
        "Agents",
    ]


def test_a_workflow_is_asked_about_with_an_input_of_each_kind() -> None:
    form = form_of(RESTOCK, {"pieces": 3, "rush": True})
    shown = inputs(drawn(form))

    assert {name: one["element"]["type"] for name, one in shown.items()} == {
        "What should be done?": "plain_text_input",
        "Who does it?": "static_select",
        "What": "plain_text_input",
        "pieces": "number_input",
        "price": "number_input",
        "rush": "radio_buttons",
        "shelf": "static_select",
        "tags": "plain_text_input",
        "lines": "plain_text_input",
        "until": "datepicker",
        "extra": "plain_text_input",
        "Cost at most, in US dollars": "number_input",
        "Where to report?": "conversations_select",
    }
    assert shown["Who does it?"]["element"]["initial_option"]["value"] == "workflow:restock"
    assert shown["pieces"]["element"]["initial_value"] == "3"
    assert shown["rush"]["element"]["initial_option"]["value"] == "true"


def test_what_is_filled_in_is_read_by_name_and_wrong_in_place() -> None:
    form = form_of(RESTOCK, {})
    shown = inputs(drawn(form))
    values: dict[str, Any] = {
        one["block_id"]: {"value": {"value": None, "selected_option": None, "selected_date": None}}
        for one in shown.values()
    }
    values[shown["What"]["block_id"]] = {"value": {"value": "tea"}}
    values[shown["shelf"]["block_id"]] = {"value": {"selected_option": {"value": "1"}}}
    values[shown["until"]["block_id"]] = {"value": {"selected_date": "2026-12-24"}}
    sent = Payload(values)

    read = dict(typed_inputs(form, sent))

    assert {name: text for name, text in read.items() if text} == {
        "item": "tea", "shelf": "Right", "until": "2026-12-24",
    }  # fmt: skip
    assert asks_for(form, sent)
    assert not asks_for(form, Payload({}))
    assert beside_inputs(form, {"pieces": "it is missing"}) == {
        shown["pieces"]["block_id"]: "it is missing"
    }
    assert list(beside_inputs(form, {"": "two do not go together"})) == [shown["What"]["block_id"]]


def test_hostile_words_of_a_request_or_a_problem_fit_the_dialog() -> None:
    for words in HOSTILE:
        drawn(request=words, problems=[words])
