"""The dialog that begins a run: what, by whom, with what, at what cost, where. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import cast

from bots.door import AgentLine
from bots.fields import Field, fields_of_form
from bots.slack.blocks import Block, context, plain_text, size
from bots.slack.form_fields import (
    LONGEST,
    VALUE,
    field_block,
    input_block,
    option,
    text_area,
    typed,
)
from bots.slack.payload import Payload
from bots.slack.surface import NEW_RUN
from bots.spelling import cut, prose
from runtime.catalog.workflow.document import Workflow
from runtime.domain.errors import Refused
from runtime.domain.form import InputForm
from runtime.domain.json import JsonObject

REQUEST, WHO, CHANNEL, INPUT, BUDGET = "request", "who", "channel", "input", "budget"
CHOOSE = "run.who"
"""What choosing an agent or a workflow is called: the dialog then asks for its inputs."""
_PREFIX = "input"
_MOST_OPTIONS = 100
_LONGEST_OPTION = 140
_MOST_FIELDS = 60
_MOST_CHARACTERS = 150_000
_AGENT, _WORKFLOW = "agent:", "workflow:"


class Unfit(Refused):
    """A field of the dialog holds what cannot be used; ``field`` says which."""

    code = "unfit_field"

    def __init__(self, field: str, public: str) -> None:
        super().__init__(public)
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """Who may be asked to do it."""

    agents: Sequence[AgentLine] = ()
    workflows: Sequence[Workflow] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """From where the dialog was opened, kept in it."""

    channel: str = ""
    thread_ts: str = ""
    """Set where it was opened from a message: the run lives in its thread."""
    here: str = ""
    """The channel it was typed in or is looked at: offered as the place to report to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunForm:
    """What somebody filled in."""

    view_id: str
    request: str
    agent: str | None
    workflow: str | None
    channel: str
    """Where to report; empty for a direct message."""
    thread_ts: str
    input: JsonObject | None
    budget_usd: float | None
    values: Payload = field(repr=False)
    """All that was filled in, for the inputs of a workflow."""


def run_form(
    offered: Offered,
    opened: Opened,
    *,
    request: str = "",
    form: InputForm | None = None,
    problems: Sequence[str] = (),
) -> JsonObject:
    """Draw the dialog; ``form`` asks for the inputs of the workflow that was chosen."""
    chosen = f"{_WORKFLOW}{form.workflow}" if form else ""
    inputs = _inputs(form) if form else []
    further = "Further input, as a JSON object"
    return {
        "type": "modal",
        "callback_id": NEW_RUN,
        "private_metadata": json.dumps(asdict(opened)),
        "title": plain_text("New run", limit=24),
        "submit": plain_text("Start", limit=24),
        "close": plain_text("Cancel", limit=24),
        "blocks": [
            input_block(
                REQUEST,
                "What should be done?",
                text_area(cut(request, LONGEST)),
                optional=form is not None,
            ),
            *_who(offered, chosen),
            *([context(form.summary)] if form and form.summary else []),
            *([context(*problems[:10])] if problems else []),
            *(inputs or [input_block(INPUT, further, text_area(), optional=True)]),
            input_block(BUDGET, "Cost at most, in US dollars", _money(), optional=True),
            *(
                []
                if opened.thread_ts
                else [input_block(CHANNEL, "Where to report?", _places(opened.here), optional=True)]
            ),
        ],
    }


def opened_in(body: Payload) -> Opened:
    """Give from where a dialog was opened."""
    meant = Payload(cast("object", _object(body.text("view", "private_metadata")) or {}))
    return Opened(
        channel=meant.identifier("channel"),
        thread_ts=meant.timestamp("thread_ts"),
        here=meant.identifier("here"),
    )


def read_form(body: Payload) -> RunForm:
    """Read a submitted dialog. Raises ``Unfit`` where the further input is no JSON object."""
    opened = opened_in(body)
    values = body.at("view", "state", "values")
    given = values.text(INPUT, VALUE, "value").strip()
    further = _object(given) if given else None
    if given and further is None:
        raise Unfit(INPUT, 'This is no JSON object, such as {"item": "laptop"}.')
    who = values.text(WHO, CHOOSE, "selected_option", "value")
    return RunForm(
        view_id=body.identifier("view", "id"),
        request=values.text(REQUEST, VALUE, "value").strip(),
        agent=who.removeprefix(_AGENT) if who.startswith(_AGENT) else None,
        workflow=who.removeprefix(_WORKFLOW) if who.startswith(_WORKFLOW) else None,
        channel=opened.channel or values.identifier(CHANNEL, VALUE, "selected_conversation"),
        thread_ts=opened.thread_ts,
        input=further,
        budget_usd=_read_money(values.text(BUDGET, VALUE, "value").strip()),
        values=values,
    )


def chosen_workflow(body: Payload) -> str:
    """Give the workflow that was just chosen in an open dialog; empty for anything else."""
    action = next(iter(body.items("actions")), Payload(None))
    value = action.text("selected_option", "value")
    return value.removeprefix(_WORKFLOW) if value.startswith(_WORKFLOW) else ""


def typed_inputs(form: InputForm, values: Payload) -> list[tuple[str, str]]:
    """Give what was filled in for a workflow, by name; what the dialog did not ask is left out."""
    read = [(one.name, typed(values, block, one)) for block, one, _ in _named(form)]
    return [(name, text) for name, text in read if text is not None]


def asks_for(form: InputForm, values: Payload) -> bool:
    """Say whether the dialog that was sent had the inputs of this workflow."""
    return all(not values.at(block).empty for block, _, _ in _named(form))


def beside_inputs(form: InputForm, wrong: Mapping[str, str]) -> dict[str, str]:
    """Give each complaint beside the input it is about; of none in particular, beside the first."""
    blocks = {one.name: block for block, one, _ in _named(form)}
    first = next(iter(blocks.values()), REQUEST)
    return {blocks.get(name, first): cut(prose(words), 300) for name, words in wrong.items()}


def _inputs(form: InputForm) -> list[Block]:
    blocks = [field_block(block, one, text) for block, one, text in _named(form)]
    held = all(len(text) <= LONGEST for _, _, text in _named(form))
    fits = len(blocks) <= _MOST_FIELDS and held and size(blocks) <= _MOST_CHARACTERS
    return blocks if fits else []


def _named(form: InputForm) -> list[tuple[str, Field, str]]:
    # By name and place: the same block of another workflow must not keep what was typed here.
    return [
        (f"{_PREFIX}{at}.{form.workflow}"[:255], one, text)
        for at, (one, text) in enumerate(fields_of_form(form))
    ]


def _who(offered: Offered, chosen: str) -> list[Block]:
    agents = [option(f"{_AGENT}{one.name}", one.name) for one in offered.agents]
    workflows = [option(f"{_WORKFLOW}{one.name}", one.title) for one in offered.workflows]
    groups = [
        {"label": plain_text(label, limit=75), "options": options[:_MOST_OPTIONS]}
        for label, options in (("Workflows", _short(workflows)), ("Agents", _short(agents)))
        if options
    ]
    if not groups:
        return []
    options = [*workflows, *agents]
    initial = next((one for one in options if one["value"] == chosen), None)
    element: JsonObject = {
        "type": "static_select",
        "action_id": CHOOSE,
        "placeholder": plain_text("Let the planner decide", limit=150),
        "option_groups": groups,
        **({"initial_option": initial} if initial is not None else {}),
    }
    asks: JsonObject = {"dispatch_action": True}
    return [{**input_block(WHO, "Who does it?", element, optional=True), **asks}]


def _short(options: list[JsonObject]) -> list[JsonObject]:
    return [one for one in options if len(str(one["value"])) <= _LONGEST_OPTION]


def _money() -> JsonObject:
    return {"type": "number_input", "is_decimal_allowed": True, "min_value": "0.01"}


def _read_money(text: str) -> float | None:
    if not text:
        return None
    try:
        usd = float(text)
    except ValueError:
        usd = 0.0
    if not 0 < usd < 1e9:
        raise Unfit(BUDGET, "Write an amount in US dollars, such as 2.50, or nothing.")
    return usd


def _places(here: str) -> JsonObject:
    return {
        "type": "conversations_select",
        "placeholder": plain_text("In a direct message to me", limit=150),
        "filter": {"include": ["public", "private"], "exclude_external_shared_channels": True},
        **({"initial_conversation": here} if here else {}),
    }


def _object(text: str) -> JsonObject | None:
    try:
        value = cast("object", json.loads(text))
    except (ValueError, RecursionError):
        return None
    return cast("JsonObject", value) if isinstance(value, dict) else None
