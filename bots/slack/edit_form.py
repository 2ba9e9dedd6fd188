"""A dialog to change a call's arguments, made of their schema, and what was typed into it. Pure.

Whatever comes back is checked again where it is decided: as a new call, by its schema and by the
policy. What cannot be a value of its kind is said beside the very input.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import cast

from bots.approval_builder import approval_card
from bots.fields import fields_of, spelled
from bots.slack.blocks import Block, leaf, plain_text, rich, section, size
from bots.slack.form_fields import LONGEST, VALUE, field_block, input_block, text_area, typed
from bots.slack.payload import Payload
from bots.slack.proof import WHY, reason_blocks
from bots.spelling import cut
from runtime.domain.approval import Approval, Verdict
from runtime.domain.errors import Refused
from runtime.domain.json import Json, JsonObject

EDIT = "approval.edit_submit"
_PREFIX = "argument"
_ALL = "arguments"
_MOST_FIELDS = 40
_MOST_CHARACTERS = 100_000
_LONGEST_ERROR = 300
_NO_CHANGE = "Nothing was changed; to let the call be made as it is, press Approve."
_NO_REASON = "The policy wants a reason to approve this; say why."
_RULE = "What you change is checked anew, and somebody else must agree to it as well."


class Misfilled(Refused):
    """Some inputs hold what cannot be used; ``errors`` says which and why."""

    code = "misfilled"

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = {block: cut(text, _LONGEST_ERROR) for block, text in errors.items()}


def can_edit(schema: JsonObject | None, values: JsonObject | None) -> bool:
    """Say whether a dialog can hold these arguments."""
    return schema is not None and values is not None and bool(_inputs(schema, values))


def edit_dialog(approval: Approval, *, metadata: str) -> JsonObject:
    """Ask what the call should be instead; closing this dialog decides nothing."""
    inputs = _inputs(approval.editable_schema or {}, approval.arguments)
    return {
        "type": "modal",
        "callback_id": EDIT,
        "private_metadata": metadata,
        "title": plain_text(f"Change approval {approval.number}", limit=24),
        "submit": plain_text("Approve the change", limit=24),
        "close": plain_text("Do not decide", limit=24),
        "blocks": [
            rich(section(leaf(f"{cut(approval.tool, 120)}: ", bold=True), leaf(_RULE))),
            *inputs,
            *reason_blocks(approval_card(approval), Verdict.APPROVE),
        ],
    }


def read_edit(approval: Approval, values: Payload, *, reason: str = "") -> JsonObject:
    """Give the arguments with what was typed in place of what stood there.

    Raises:
        Misfilled: something is no value of its kind, nothing was changed, or the reason that the
            policy wants is missing.
    """
    wanted = Verdict.APPROVE in approval_card(approval).reasons_for
    missing = {WHY: _NO_REASON} if wanted and not reason else {}
    try:
        changed = _read(approval, values)
    except Misfilled as misfilled:
        raise Misfilled({**misfilled.errors, **missing}) from None
    if missing:
        raise Misfilled(missing)
    return changed


def _read(approval: Approval, values: Payload) -> JsonObject:
    if not values.at(_ALL).empty:
        return _read_all(approval, values.text(_ALL, VALUE, "value"))
    changed = dict(approval.arguments)
    errors: dict[str, str] = {}
    named = fields_of(approval.editable_schema or {})
    for at, field in enumerate(named):
        text = typed(values, f"{_PREFIX}{at}", field)
        before = approval.arguments.get(field.name)
        if text is None or text == spelled(before):
            continue
        if not text and not field.required:
            changed.pop(field.name, None)
            continue
        try:
            changed[field.name] = field.read(text)
        except Refused as refused:
            errors[f"{_PREFIX}{at}"] = refused.public
    if errors:
        raise Misfilled(errors)
    if changed == approval.arguments:
        raise Misfilled({f"{_PREFIX}0": _NO_CHANGE})
    return changed


def beside_inputs(approval: Approval, values: Payload, problem: str) -> Mapping[str, str]:
    """Give what was wrong with the whole, beside the input that it names, or the first."""
    if not values.at(_ALL).empty:
        return Misfilled({_ALL: problem}).errors
    named = fields_of(approval.editable_schema or {})
    blocks = [f"{_PREFIX}{at}" for at, field in enumerate(named) if _is_about(problem, field.name)]
    return Misfilled({blocks[0] if blocks else f"{_PREFIX}0": problem}).errors


def _inputs(schema: JsonObject, values: JsonObject) -> list[Block]:
    """Give an input for each argument, or one for all of them; none where neither holds them."""
    named = fields_of(schema)
    inputs = [
        field_block(f"{_PREFIX}{at}", one, spelled(values.get(one.name)))
        for at, one in enumerate(named)
    ]
    each_fits = all(len(spelled(values.get(one.name))) <= LONGEST for one in named)
    known = {one.name for one in named}
    fits = len(named) <= _MOST_FIELDS and each_fits and size(inputs) <= _MOST_CHARACTERS
    if inputs and fits and not set(values) - known:
        return inputs
    text = json.dumps(values, ensure_ascii=False, sort_keys=True, indent=2)
    if len(text) > LONGEST:
        return []
    return [input_block(_ALL, "The arguments, as a JSON object", text_area(text))]


def _is_about(problem: str, name: str) -> bool:
    # As complaints about a schema name what they are about: ``$.quantity``, or ``'quantity'``.
    spelled_so = rf"\$\.{re.escape(name)}(?![\w-])|{re.escape(repr(name))}"
    return re.search(spelled_so, problem) is not None


def _read_all(approval: Approval, text: str) -> JsonObject:
    try:
        value = cast("Json", json.loads(text))
    except (ValueError, RecursionError):
        raise Misfilled({_ALL: "This is no JSON; correct it."}) from None
    if not isinstance(value, dict):
        raise Misfilled({_ALL: 'This is no JSON object, such as {"quantity": 10}.'})
    if value == approval.arguments:
        raise Misfilled({_ALL: _NO_CHANGE})
    return cast("JsonObject", value)
