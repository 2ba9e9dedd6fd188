"""What a verdict wants beside the press of a button: a code from a device, a reason. Pure."""

from __future__ import annotations

import json

from bots.approval_builder import LONGEST_CODE
from bots.slack.blocks import Block, leaf, plain_text, rich, section
from bots.slack.form_fields import VALUE, input_block, text_area
from bots.slack.inbound import Click
from bots.slack.payload import Payload
from bots.spelling import cut
from bots.views import ApprovalCard
from runtime.domain.approval import Verdict
from runtime.domain.json import JsonObject

PROVE = "approval.prove_submit"
CODE = "code"
WHY = "why"
_LONGEST_REASON = 1_000
_SUBMIT = {
    Verdict.APPROVE: "Approve",
    Verdict.HAPPENED: "It happened",
    Verdict.REPEAT: "Do it again",
    Verdict.ABORT: "Give up",
}


def proof_blocks(card: ApprovalCard, verdict: Verdict) -> list[Block]:
    """Give the inputs a verdict wants; none where a press is enough."""
    code: JsonObject = {
        "type": "plain_text_input",
        "max_length": LONGEST_CODE,
        "placeholder": plain_text("123 456", limit=20),
    }
    blocks: list[Block] = []
    if verdict in card.code_for:
        hint = "From your authenticator app. You have none? Write to me: factor new"
        blocks.append(input_block(CODE, "Fresh code from your device", code, hint=hint))
    return [*blocks, *reason_blocks(card, verdict)]


def reason_blocks(card: ApprovalCard, verdict: Verdict) -> list[Block]:
    """Give the input for the reason a verdict wants; none where it wants none."""
    if verdict not in card.reasons_for:
        return []
    area = text_area(longest=_LONGEST_REASON)
    return [input_block(WHY, "Why? It is kept with the decision.", area)]


def proof_dialog(card: ApprovalCard, verdict: Verdict, click: Click) -> JsonObject:
    """Ask for what a verdict wants; closing this dialog decides nothing."""
    kept = {
        "id": card.approval_id,
        "nonce": card.nonce,
        "channel": click.channel,
        "thread_ts": click.thread_ts,
        "verdict": verdict.value,
    }
    what = cut(f"{card.title} {card.what}", 1_000)
    return {
        "type": "modal",
        "callback_id": PROVE,
        "private_metadata": json.dumps(kept, separators=(",", ":")),
        "title": plain_text(f"Approval {card.number}", limit=24),
        "submit": plain_text(_SUBMIT.get(verdict, verdict.value), limit=24),
        "close": plain_text("Do not decide", limit=24),
        "blocks": [rich(section(leaf(what))), *proof_blocks(card, verdict)],
    }


def asked_in(body: Payload) -> str:
    """Name the input of a submitted dialog that a problem is shown beside; empty without one."""
    values = body.at("view", "state", "values")
    return next((one for one in (CODE, WHY) if not values.at(one, VALUE).empty), "")


def read_proof(body: Payload) -> tuple[str, str]:
    """Read code and reason of a submitted dialog; empty where it asked for none."""
    values = body.at("view", "state", "values")
    code = values.text(CODE, VALUE, "value").strip()[:LONGEST_CODE]
    return code, values.text(WHY, VALUE, "value").strip()[:_LONGEST_REASON]
