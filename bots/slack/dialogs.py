"""Dialogs: the reason of a rejection, and everything about a call. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence

from bots.approval_builder import arguments
from bots.slack.blocks import Block, leaf, plain_text, preformatted, rich, section, size
from bots.slack.inbound import Click
from bots.slack.payload import Payload
from bots.spelling import cut
from runtime.domain.approval import Approval, Question
from runtime.domain.json import Json, JsonObject
from runtime.domain.states import ApprovalStatus

REJECT = "approval.reject_submit"
APPROVE_OPENED = "approval.approve_submit"
REPEAT_OPENED = "approval.repeat_submit"
REASON_BLOCK = "reason"
_REASON_INPUT = "text"
_LONGEST_REASON = 1_000
_SHORTEST_REASON = 3
_CHUNK = 2_400
_MOST_BLOCKS = 90
_MOST_CHARACTERS = 100_000
_MOST_TOLD = 12_000


def ask_reason(click: Click) -> JsonObject:
    """Ask why somebody rejects; closing this dialog decides nothing."""
    return {
        "type": "modal",
        "callback_id": REJECT,
        "private_metadata": _ids(click),
        "title": plain_text("Reject this call", limit=24),
        "submit": plain_text("Reject", limit=24),
        "close": plain_text("Do not decide", limit=24),
        "blocks": [
            {
                "type": "input",
                "block_id": REASON_BLOCK,
                "label": plain_text(
                    "Why? The agent reads this and looks for another way.", limit=200
                ),
                "element": {
                    "type": "plain_text_input",
                    "action_id": _REASON_INPUT,
                    "multiline": True,
                    "min_length": _SHORTEST_REASON,
                    "max_length": _LONGEST_REASON,
                },
            }
        ],
    }


def read_reason(body: Payload) -> str:
    """Read the reason of a submitted dialog; empty where it is too short to be one."""
    reason = body.text("view", "state", "values", REASON_BLOCK, _REASON_INPUT, "value").strip()
    return reason[:_LONGEST_REASON] if len(reason) >= _SHORTEST_REASON else ""


def show_everything(approval: Approval, click: Click) -> JsonObject:
    """Show a call whole, and offer to let it be done where it is whole and still open."""
    blocks: list[Block] = [
        rich(section(leaf(cut(f"{approval.tool}: {approval.preview.what}", 1_000), bold=True)))
    ]
    for one in arguments(approval, limit=None):
        for number, chunk in enumerate(_chunks(one.value)):
            title = one.name if number == 0 else f"{one.name}, continued"
            blocks.append(rich(section(leaf(title, bold=True)), preformatted(chunk)))
    whole = len(blocks) <= _MOST_BLOCKS and size(blocks) <= _MOST_CHARACTERS
    if not whole:
        blocks = [*_cut(blocks), rich(section(leaf(_TOO_LONG)))]
    offered = whole and approval.status is ApprovalStatus.PENDING
    callback, submit = (
        (APPROVE_OPENED, "Approve")
        if approval.question is Question.CALL
        else (REPEAT_OPENED, "Do it again")
    )
    return {
        "type": "modal",
        "callback_id": callback,
        "private_metadata": _ids(click),
        "title": plain_text(f"Approval {approval.number}", limit=24),
        "close": plain_text("Do not decide" if offered else "Close", limit=24),
        **({"submit": plain_text(submit, limit=24)} if offered else {}),
        "blocks": blocks,
    }


def nothing_to_show(text: str) -> JsonObject:
    """Say in an open dialog why it holds nothing."""
    return told("Baton", text)


def told(title: str, text: str) -> JsonObject:
    """Show some lines; there is nothing to decide here."""
    lines = [line for line in cut(text, _MOST_TOLD).splitlines() if line.strip()]
    return {
        "type": "modal",
        "title": plain_text(title, limit=24),
        "close": plain_text("Close", limit=24),
        "blocks": [rich(section(leaf(cut(line, _CHUNK)))) for line in lines[:_MOST_BLOCKS]]
        or [rich(section(leaf("Nothing to tell.")))],
    }


_TOO_LONG = (
    "This call is too long to be shown in Slack, so it cannot be approved here. "
    "Open it in the console, or with baton approvals in a terminal."
)


def _chunks(value: str) -> Sequence[str]:
    return [value[start : start + _CHUNK] for start in range(0, len(value), _CHUNK)] or [""]


def _cut(blocks: Sequence[Block]) -> list[Block]:
    kept: list[Block] = []
    left = _MOST_CHARACTERS
    for block in blocks[:_MOST_BLOCKS]:
        left -= size([block])
        if left < 0:
            break
        kept.append(block)
    return kept


def _ids(click: Click) -> str:
    ids: Json = {
        "id": click.value.identifier("id"),
        "nonce": click.value.text("nonce")[:200],
        "channel": click.channel,
        "thread_ts": click.thread_ts,
    }
    return json.dumps(ids, separators=(",", ":"))
