"""The dialog that begins a run: what, by whom, where. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from bots.door import AgentLine
from bots.slack.blocks import Block, plain_text
from bots.slack.payload import Payload
from bots.slack.surface import NEW_RUN
from bots.spelling import cut
from runtime.domain.errors import Refused
from runtime.domain.json import Json, JsonObject

REQUEST, AGENT, CHANNEL, INPUT = "request", "agent", "channel", "input"
_VALUE = "value"
_LONGEST = 3_000
_MOST_AGENTS = 100
_LONGEST_OPTION = 150


class Unfit(Refused):
    """A field of the dialog holds what cannot be used; ``field`` says which."""

    code = "unfit_field"

    def __init__(self, field: str, public: str) -> None:
        super().__init__(public)
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class RunForm:
    """What somebody filled in."""

    view_id: str
    request: str
    agent: str | None
    channel: str
    """Where to report; empty for a direct message."""
    thread_ts: str
    """Set where the dialog was opened from a message: the run lives in its thread."""
    input: JsonObject | None


def run_form(
    agents: Sequence[AgentLine], *, request: str = "", channel: str = "", thread_ts: str = ""
) -> JsonObject:
    """Draw the dialog; with a thread it does not ask where to report."""
    return {
        "type": "modal",
        "callback_id": NEW_RUN,
        "private_metadata": json.dumps({"channel": channel, "thread_ts": thread_ts}),
        "title": plain_text("New run", limit=24),
        "submit": plain_text("Start", limit=24),
        "close": plain_text("Cancel", limit=24),
        "blocks": [
            _input(REQUEST, "What should be done?", _lines(request, _LONGEST)),
            *([_input(AGENT, "Who does it?", _agents(agents), optional=True)] if agents else []),
            *([] if thread_ts else [_input(CHANNEL, "Where to report?", _places(), optional=True)]),
            _input(INPUT, "Further input, as a JSON object", _lines("", _LONGEST), optional=True),
        ],
    }


def read_form(body: Payload) -> RunForm:
    """Read a submitted dialog. Raises ``Unfit`` where the further input is no JSON object."""
    meant = _object(body.text("view", "private_metadata")) or {}
    metadata = Payload(cast("object", meant))
    values = body.at("view", "state", "values")
    given = values.text(INPUT, _VALUE, "value").strip()
    further = _object(given) if given else None
    if given and further is None:
        raise Unfit(INPUT, 'This is no JSON object, such as {"item": "laptop"}.')
    return RunForm(
        view_id=body.identifier("view", "id"),
        request=values.text(REQUEST, _VALUE, "value").strip(),
        agent=values.text(AGENT, _VALUE, "selected_option", "value") or None,
        channel=metadata.identifier("channel")
        or values.identifier(CHANNEL, _VALUE, "selected_conversation"),
        thread_ts=metadata.timestamp("thread_ts"),
        input=further,
    )


def _input(block: str, label: str, element: JsonObject, *, optional: bool = False) -> Block:
    return {
        "type": "input",
        "block_id": block,
        "label": plain_text(label, limit=200),
        "element": {"action_id": _VALUE, **element},
        **({"optional": True} if optional else {}),
    }


def _lines(text: str, limit: int) -> JsonObject:
    given: JsonObject = {"initial_value": cut(text, limit)} if text else {}
    return {"type": "plain_text_input", "multiline": True, "max_length": limit, **given}


def _agents(agents: Sequence[AgentLine]) -> JsonObject:
    options: list[Json] = [
        {"text": plain_text(agent.name, limit=75), "value": agent.name}
        for agent in agents[:_MOST_AGENTS]
        if len(agent.name) <= _LONGEST_OPTION
    ]
    return {
        "type": "static_select",
        "placeholder": plain_text("Let the planner decide", limit=150),
        "options": options,
    }


def _places() -> JsonObject:
    return {
        "type": "conversations_select",
        "placeholder": plain_text("In a direct message to me", limit=150),
        "filter": {"include": ["public", "private"], "exclude_external_shared_channels": True},
    }


def _object(text: str) -> JsonObject | None:
    try:
        value = cast("object", json.loads(text))
    except (ValueError, RecursionError):
        return None
    return cast("JsonObject", value) if isinstance(value, dict) else None
