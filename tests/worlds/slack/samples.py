"""Blocks and views that Slack takes."""

from __future__ import annotations


def section(**changes: object) -> dict[str, object]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": "x"}, **changes}


def card(label: str = "Approve") -> list[dict[str, object]]:
    return [
        {"type": "header", "text": {"type": "plain_text", "text": "Send the mail?"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "*To* everybody"}},
        {
            "type": "actions",
            "block_id": "verdict.1",
            "elements": [
                {
                    "type": "button",
                    "action_id": "approval.approve",
                    "text": {"type": "plain_text", "text": label},
                    "value": "ap_1",
                    "style": "primary",
                },
                {
                    "type": "overflow",
                    "action_id": "approval.more",
                    "options": [
                        {"text": {"type": "plain_text", "text": "Details"}, "value": "details"},
                        {"text": {"type": "plain_text", "text": "Cancel"}, "value": "cancel"},
                    ],
                },
            ],
        },
    ]


def modal(**changes: object) -> dict[str, object]:
    reason = {
        "type": "input",
        "block_id": "why",
        "label": {"type": "plain_text", "text": "Reason"},
        "element": {"type": "plain_text_input", "action_id": "reason"},
    }
    view: dict[str, object] = {
        "type": "modal",
        "callback_id": "reject",
        "title": {"type": "plain_text", "text": "Reject"},
        "submit": {"type": "plain_text", "text": "Reject"},
        "blocks": [reason],
    }
    return view | changes
