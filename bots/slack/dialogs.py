"""Dialogs: a few words before or with a decision, and everything about a call. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence

from bots.approval_builder import approval_card, arguments
from bots.slack.blocks import Block, leaf, plain_text, preformatted, rich, section, size
from bots.slack.form_fields import VALUE, input_block, text_area
from bots.slack.inbound import Click
from bots.slack.payload import Payload
from bots.slack.proof import proof_blocks
from bots.spelling import cut, one_line
from runtime.domain.approval import Approval, Question, Verdict
from runtime.domain.json import Json, JsonObject
from runtime.domain.states import ApprovalStatus

REJECT = "approval.reject_submit"
APPROVE_OPENED = "approval.approve_submit"
REPEAT_OPENED = "approval.repeat_submit"
ASK = "approval.ask_submit"
WORDS = "words"
"""The block of the one input where somebody writes a few words."""
_LONGEST_WORDS = 1_000
_SHORTEST_WORDS = 3
_CHUNK = 2_400
_MOST_BLOCKS = 90
_MOST_CHARACTERS = 100_000
_MOST_TOLD = 12_000


def ask_reason(click: Click) -> JsonObject:
    """Ask why somebody rejects; closing this dialog decides nothing."""
    return _words_dialog(
        click,
        callback=REJECT,
        title="Reject this call",
        submit="Reject",
        label="Why? The agent reads this and looks for another way.",
    )


def ask_question(click: Click, approval: Approval) -> JsonObject:
    """Ask what somebody wants to know before they decide."""
    return _words_dialog(
        click,
        callback=ASK,
        title=f"Ask about approval {approval.number}",
        submit="Ask",
        label=f"What do you want to know from {_requester(approval)}?",
    )


def _requester(approval: Approval) -> str:
    return one_line(approval.requester_name, 80) or "the requester"


def read_words(body: Payload) -> str:
    """Read the words of a submitted dialog; empty where they are too short to say anything."""
    words = body.text("view", "state", "values", WORDS, VALUE, "value").strip()
    return words[:_LONGEST_WORDS] if len(words) >= _SHORTEST_WORDS else ""


def _words_dialog(
    click: Click, *, callback: str, title: str, submit: str, label: str
) -> JsonObject:
    return {
        "type": "modal",
        "callback_id": callback,
        "private_metadata": ids_of(click),
        "title": plain_text(title, limit=24),
        "submit": plain_text(submit, limit=24),
        "close": plain_text("Do not decide", limit=24),
        "blocks": [
            input_block(WORDS, label, text_area(longest=_LONGEST_WORDS, shortest=_SHORTEST_WORDS))
        ],
    }


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
    callback, submit, verdict = (
        (APPROVE_OPENED, "Approve", Verdict.APPROVE)
        if approval.question is Question.CALL
        else (REPEAT_OPENED, "Do it again", Verdict.REPEAT)
    )
    if offered:
        blocks += proof_blocks(approval_card(approval), verdict)
    return {
        "type": "modal",
        "callback_id": callback,
        "private_metadata": ids_of(click),
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


def document(title: str, text: str) -> JsonObject:
    """Show a text as it is written, to be read or copied."""
    return {
        "type": "modal",
        "title": plain_text(title, limit=24),
        "close": plain_text("Close", limit=24),
        "blocks": [rich(preformatted(chunk)) for chunk in chunks(cut(text, _MOST_TOLD))],
    }


def chunks(text: str) -> list[str]:
    """Cut a text where a line ends, so that each part is within what one block holds."""
    parts: list[str] = [""]
    for line in text.splitlines():
        for piece in _chunks(line):
            if len(parts[-1]) + len(piece) > _CHUNK:
                parts.append("")
            parts[-1] += f"{piece}\n"
    return [part.removesuffix("\n") for part in parts if part]


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


def ids_of(click: Click) -> str:
    """Give what a dialog keeps of the click that opened it: ids, and nothing else."""
    ids: Json = {
        "id": click.value.identifier("id"),
        "nonce": click.value.text("nonce")[:200],
        "channel": click.channel,
        "thread_ts": click.thread_ts,
    }
    return json.dumps(ids, separators=(",", ":"))
