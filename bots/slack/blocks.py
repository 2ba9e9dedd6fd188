"""The few Block Kit shapes that Baton draws, as plain dicts, within Slack's limits.

Plain dicts, because the vendor's models lag behind the API and drop blocks they do not know.
Every function takes untrusted text and escapes it itself. Limits: 50 blocks a message, 150
characters a header, 75 a button, 2,000 a button's value, 10 elements a context, 25 an actions
block, and for a whole message an undocumented 13,000 characters or so of JSON, of which 12,000
are used.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from bots.slack import escape
from runtime.domain.json import Json

Block = Mapping[str, Json]
MESSAGE_BLOCKS = 50
MESSAGE_CHARACTERS = 12_000
CONTEXT_LIMIT = 1_000
TEXT_LIMIT = 3_000
BUTTON_LIMIT = 75
_BUTTONS_IN_A_BLOCK = 25


def size(blocks: Sequence[Block]) -> int:
    """Measure blocks as the limit of a message counts them, on the safe side."""
    return len(json.dumps(blocks, ensure_ascii=False))


def leaf(text: str, *, bold: bool = False, code: bool = False) -> list[Json]:
    """Give rich-text leaves that read exactly as ``text``, with nothing live in them."""
    style: dict[str, Json] = {
        name: True for name, wanted in (("bold", bold), ("code", code)) if wanted
    }
    return [
        {"type": "text", "text": part, **({"style": style} if style else {})}
        for part in escape.leaves(text)
    ]


def person(user_id: str) -> list[Json]:
    """Mention one person; ``user_id`` comes from a principal, never from a text."""
    return [{"type": "user", "user_id": user_id}]


def group(usergroup_id: str) -> list[Json]:
    """Mention a user group; ``usergroup_id`` comes from a policy, never from a text."""
    return [{"type": "usergroup", "usergroup_id": usergroup_id}]


def section(*parts: list[Json]) -> Json:
    """Give one paragraph of rich text."""
    return {"type": "rich_text_section", "elements": _joined(parts)}


def lines(parts: Sequence[list[Json]]) -> Json:
    """Give several lines as one paragraph: not every client begins a paragraph on a new line."""
    ended = [[*leaf("\n"), *part] if at else part for at, part in enumerate(parts)]
    return section(*ended)


def bullets(items: Sequence[list[Json]], *, ordered: bool = False) -> Json:
    """Give a list of rich text, one entry an item."""
    return {
        "type": "rich_text_list",
        "style": "ordered" if ordered else "bullet",
        "elements": [section(item) for item in items],
    }


def preformatted(text: str) -> Json:
    """Give text in fixed width, in which nothing can break out of anything."""
    return {"type": "rich_text_preformatted", "elements": leaf(text) or leaf(" ")}


def rich(*elements: Json) -> Block:
    """Put paragraphs, lists and fixed-width text into one block."""
    return {"type": "rich_text", "elements": list(elements)}


def header(text: str) -> Block:
    """Give a headline."""
    return {"type": "header", "text": plain_text(text, limit=150)}


def context(*texts: str) -> Block:
    """Give small print; empty texts are left out, and at least one must not be empty."""
    return {
        "type": "context",
        "elements": [
            {
                "type": "mrkdwn",
                "text": escape.mrkdwn(text, limit=CONTEXT_LIMIT),
                "verbatim": True,
            }
            for text in texts
            if text
        ][:10],
    }


def markdown_block(text: str, *, limit: int) -> Block:
    """Give a model's Markdown, drawn by Slack, without live tokens."""
    return {"type": "markdown", "text": escape.markdown(text, limit=limit)}


def plain_text(text: str, *, limit: int) -> dict[str, Json]:
    """Give a one-line text object."""
    return {"type": "plain_text", "text": escape.plain(text, limit=limit), "emoji": False}


def button(
    text: str,
    *,
    action: str,
    value: Json,
    style: str = "",
    confirm: Json = None,
) -> Json:
    """Give a button; ``value`` holds ids only, since people can read it."""
    return {
        "type": "button",
        "action_id": action,
        "text": plain_text(text, limit=BUTTON_LIMIT),
        "value": value if isinstance(value, str) else json.dumps(value, separators=(",", ":")),
        **({"style": style} if style else {}),
        **({"confirm": confirm} if confirm is not None else {}),
    }


def feedback(*, action: str, good: Json, bad: Json) -> Block:
    """Give two thumbs; the values hold ids only, since people can read them."""
    thumbs = (("positive_button", "Good answer", good), ("negative_button", "Bad answer", bad))
    element: dict[str, Json] = {"type": "feedback_buttons", "action_id": action}
    for name, text, value in thumbs:
        element[name] = {
            "text": plain_text(text, limit=BUTTON_LIMIT),
            "value": json.dumps(value, separators=(",", ":")),
        }
    return {"type": "context_actions", "elements": [element]}


def confirm(*, title: str, text: str, yes: str, no: str, danger: bool = False) -> Json:
    """Give the dialog that asks once more before a button counts."""
    return {
        "title": plain_text(title, limit=100),
        "text": plain_text(text, limit=300),
        "confirm": plain_text(yes, limit=30),
        "deny": plain_text(no, limit=30),
        **({"style": "danger"} if danger else {}),
    }


def actions(buttons: Sequence[Json]) -> list[Block]:
    """Give the row of buttons, or nothing where there are none."""
    if not buttons:
        return []
    return [{"type": "actions", "elements": list(buttons[:_BUTTONS_IN_A_BLOCK])}]


def _joined(parts: Sequence[list[Json]]) -> list[Json]:
    joined = [element for part in parts for element in part]
    return joined or leaf(" ")
