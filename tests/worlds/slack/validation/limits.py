"""Counts and lengths of blocks and views, which the schemas do not know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from tests.worlds.slack.payload import Json, Payload, encode, rows, table, tables, text

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
BLOCKS_CHARACTERS = 12_000
MARKDOWN_CHARACTERS = 12_000
VIEW_BYTES = 250_000
ID_CHARACTERS = 255

_TEXT_LIMITS: dict[tuple[str, str], int] = {
    ("header", "text"): 150,
    ("section", "text"): 3000,
    ("section", "fields"): 2000,
    ("context", "elements"): 3000,
    ("button", "text"): 75,
    ("option", "text"): 75,
    ("option", "description"): 75,
    ("confirm", "title"): 100,
    ("confirm", "text"): 300,
    ("confirm", "confirm"): 30,
    ("confirm", "deny"): 30,
    ("input", "label"): 2000,
    ("input", "hint"): 2000,
    ("card", "title"): 150,
    ("card", "subtitle"): 150,
    ("card", "body"): 200,
    ("container", "title"): 150,
    ("container", "subtitle"): 150,
    ("image", "title"): 2000,
    ("modal", "title"): 24,
    ("modal", "submit"): 24,
    ("modal", "close"): 24,
    ("*", "placeholder"): 150,
}
"""How long the text object may be that stands in this property of this kind of thing."""

_STRING_LIMITS: dict[tuple[str, str], int] = {
    ("button", "value"): 2000,
    ("button", "url"): 3000,
    ("button", "accessibility_label"): 75,
    ("button", "agent_prompt"): 4000,
    ("option", "value"): 150,
    ("image", "alt_text"): 2000,
    ("image", "image_url"): 3000,
    ("plain_text_input", "initial_value"): 3000,
    ("*", "block_id"): ID_CHARACTERS,
    ("*", "action_id"): ID_CHARACTERS,
    ("*", "callback_id"): ID_CHARACTERS,
    ("*", "external_id"): ID_CHARACTERS,
    ("*", "private_metadata"): 3000,
}

_COUNT_LIMITS: dict[tuple[str, str], tuple[int, int]] = {
    ("section", "fields"): (1, 10),
    ("context", "elements"): (1, 10),
    ("context_actions", "elements"): (1, 5),
    ("actions", "elements"): (1, 25),
    ("overflow", "options"): (1, 5),
    ("static_select", "options"): (1, 100),
    ("checkboxes", "options"): (1, 10),
    ("radio_buttons", "options"): (1, 10),
    ("carousel", "elements"): (1, 10),
    ("container", "child_blocks"): (1, 10),
    ("table", "rows"): (1, 100),
}

_ONE_PER_MESSAGE = ("plan", "table")


def block_limit_faults(block: Payload) -> Iterator[str]:
    """Give what is too long, too many or empty within one block."""
    yield from _walk(block, kind=text(block.get("type")), where="")
    for row in rows(block.get("rows")) if block.get("type") == "table" else []:
        if len(rows(row)) > 20:
            yield f"a table row has {len(rows(row))} cells, more than 20"
    duplicates = _repeated(_ids(block, "action_id"))
    if duplicates:
        yield f"action_id {duplicates[0]!r} is used twice in one block"
    yield from _model_faults(block)


def payload_limit_faults(blocks: list[Json]) -> Iterator[str]:
    """Give what the blocks of one message or view break together."""
    kinds = Counter(text(block.get("type")) for block in tables(blocks))
    yield from (f"more than one {kind} block" for kind in _ONE_PER_MESSAGE if kinds[kind] > 1)
    duplicates = _repeated([text(block.get("block_id")) for block in tables(blocks)])
    if duplicates:
        yield f"block_id {duplicates[0]!r} is used twice"
    markdown = sum(len(text(block.get("text"))) for block in _of_kind(blocks, "markdown"))
    if markdown > MARKDOWN_CHARACTERS:
        yield f"markdown blocks hold {markdown} characters together"


def view_limit_faults(view: Payload) -> Iterator[str]:
    """Give what a view breaks apart from its blocks."""
    bare = {name: value for name, value in view.items() if name != "blocks"}
    yield from _walk(bare, kind=text(view.get("type")), where="")
    count = len(rows(view.get("blocks")))
    if not 1 <= count <= VIEW_BLOCKS:
        yield f"a view has 1 to {VIEW_BLOCKS} blocks, not {count}"
    if view.get("type") == "home" and ("submit" in view or "close" in view):
        yield "a home view has neither submit nor close"
    inputs = list(_of_kind(rows(view.get("blocks")), "input"))
    if view.get("type") == "modal" and inputs and "submit" not in view:
        yield "a modal with an input block needs submit"
    try:
        View(
            type=text(view.get("type")),
            title=table(view.get("title")) or None,
            submit=table(view.get("submit")) or None,
            close=table(view.get("close")) or None,
            private_metadata=text(view.get("private_metadata")),
            callback_id=text(view.get("callback_id")),
            # The model drops blocks it does not know; their number was checked above.
            blocks=[{"type": "divider"}],
        ).validate_json()
    except SlackObjectFormationError as fault:
        yield str(fault)
    except (TypeError, AttributeError, KeyError) as fault:
        yield f"view cannot be read: {fault}"


def too_many_characters(blocks: list[Json]) -> bool:
    return len(encode(blocks)) > BLOCKS_CHARACTERS


def _walk(node: Payload, *, kind: str, where: str) -> Iterator[str]:
    for name, value in node.items():
        here = f"{where}/{name}"
        for part in value if isinstance(value, list) else [value]:
            yield from _part_faults(kind, name, part, here)
        if isinstance(value, list) and (limits := _COUNT_LIMITS.get((kind, name))):
            least, most = limits
            if not least <= len(value) <= most:
                yield f"{kind} has {least} to {most} {name}, not {len(value)} [json-pointer:{here}]"


def _part_faults(kind: str, name: str, part: Json, here: str) -> Iterator[str]:
    if isinstance(part, str):
        most = _STRING_LIMITS.get((kind, name)) or _STRING_LIMITS.get(("*", name))
        if most and len(part) > most:
            yield f"must be less than {most + 1} characters [json-pointer:{here}]"
    elif isinstance(part, dict):
        yield from _text_faults(kind, name, part, here)
        yield from _walk(part, kind=_kind_of(part, name), where=here)
    elif isinstance(part, list):
        for item in tables(part):
            yield from _walk(item, kind=_kind_of(item, name), where=here)


def _text_faults(kind: str, name: str, part: Payload, here: str) -> Iterator[str]:
    if part.get("type") not in {"plain_text", "mrkdwn"}:
        return
    written = text(part.get("text"))
    if not written:
        yield f"must be more than 0 characters [json-pointer:{here}/text]"
    most = _TEXT_LIMITS.get((kind, name)) or _TEXT_LIMITS.get(("*", name))
    if most and len(written) > most:
        yield f"must be less than {most + 1} characters [json-pointer:{here}/text]"


def _kind_of(part: Payload, name: str) -> str:
    """Name what an object is: by its type, or by the property it stands in."""
    if name == "confirm" and "type" not in part:
        return "confirm"
    if name in {"options", "option", "initial_option"}:
        return "option"
    return text(part.get("type"))


def _model_faults(block: Payload) -> Iterator[str]:
    """Ask the vendor's own models, whose validators know some limits."""
    try:
        model = Block.parse(block)
        if model is not None:
            model.validate_json()
    except SlackObjectFormationError as fault:
        yield str(fault)
    except (TypeError, AttributeError, KeyError, ValueError) as fault:
        yield f"block cannot be read: {fault}"


def _of_kind(blocks: list[Json], kind: str) -> list[Payload]:
    return [block for block in tables(blocks) if block.get("type") == kind]


def _ids(node: Json, name: str) -> list[str]:
    if isinstance(node, list):
        return [found for item in node for found in _ids(item, name)]
    inner = [found for value in table(node).values() for found in _ids(value, name)]
    own = text(table(node).get(name))
    return [own, *inner] if own else inner


def _repeated(ids: list[str]) -> list[str]:
    return [name for name, times in Counter(ids).items() if name and times > 1]
