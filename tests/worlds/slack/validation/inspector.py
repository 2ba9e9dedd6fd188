"""All checks together: what a test world asks before it obeys a call."""

from __future__ import annotations

from tests.worlds.slack.payload import Json, Payload, encode, rows, table, tables, text
from tests.worlds.slack.validation.arguments import Problem, argument_problems
from tests.worlds.slack.validation.limits import (
    MARKDOWN_CHARACTERS,
    MESSAGE_BLOCKS,
    VIEW_BYTES,
    block_limit_faults,
    payload_limit_faults,
    too_many_characters,
    view_limit_faults,
)
from tests.worlds.slack.validation.reference import Reference
from tests.worlds.slack.validation.shapes import Shapes

POST_CHARACTERS = 40_000
UPDATE_CHARACTERS = 4_000
ATTACHMENTS = 100


class Inspector:
    """Judges what the app sends; keeps nothing."""

    def __init__(self, reference: Reference | None = None) -> None:
        self.reference = reference or Reference()
        self._shapes = Shapes(self.reference)

    def arguments(self, method: str, arguments: Payload) -> list[Problem]:
        return argument_problems(self.reference, method, arguments)

    def blocks(self, blocks: Json, *, surface: str = "message") -> list[Problem]:
        """Give the problems of a block array on a ``message``, ``modal`` or ``home``."""
        if not isinstance(blocks, list):
            return [Problem(error="invalid_blocks_format", detail="blocks must be an array")]
        problems = [
            Problem(error="invalid_blocks", detail=f"/blocks/{place}: {fault}")
            for place, block in enumerate(blocks)
            for fault in self._block(block, surface=surface)
        ]
        problems += [
            Problem(error="invalid_blocks", detail=fault) for fault in payload_limit_faults(blocks)
        ]
        if surface == "message":
            problems += self._message_size(blocks)
        return problems

    def message(self, content: Payload, *, is_update: bool) -> list[Problem]:
        """Give the problems of a message's text, blocks, attachments and metadata."""
        blocks, attachments = content.get("blocks"), content.get("attachments")
        problems = self.blocks(blocks) if blocks is not None else []
        if attachments is not None:
            problems += self._attachments(attachments)
        problems += _texts(content, is_update=is_update)
        return problems + _metadata(content.get("metadata"))

    def view(self, view: Json, *, kinds: tuple[str, ...] = ("modal",)) -> list[Problem]:
        """Give the problems of a whole view. Slack answers most with ``invalid_arguments``."""
        if not isinstance(view, dict):
            return [Problem(error="invalid_arguments", detail="view must be an object")]
        surface = text(view.get("type"))
        if surface not in kinds:
            detail = f"view type {surface!r} is not one of {kinds}"
            return [Problem(error="invalid_arguments", detail=detail)]
        if len(encode(view).encode()) > VIEW_BYTES:
            return [Problem(error="view_too_large", detail="the view exceeds 250 kB")]
        faults = [
            *self._shapes.view_faults(view, surface=surface),
            *view_limit_faults(view),
            *(item.detail for item in self.blocks(view.get("blocks"), surface=surface)),
        ]
        return [Problem(error="invalid_arguments", detail=fault) for fault in faults]

    def _block(self, block: Json, *, surface: str) -> list[str]:
        faults = [*self._shapes.block_faults(block, surface=surface)]
        if isinstance(block, dict):
            faults += block_limit_faults(block)
        return faults

    def _message_size(self, blocks: list[Json]) -> list[Problem]:
        if len(blocks) > MESSAGE_BLOCKS:
            detail = f"{len(blocks)} blocks, more than {MESSAGE_BLOCKS}"
            return [Problem(error="invalid_blocks", detail=detail)]
        if too_many_characters(blocks):
            detail = f"blocks hold {len(encode(blocks))} characters"
            return [Problem(error="msg_blocks_too_long", detail=detail)]
        return []

    def _attachments(self, attachments: Json) -> list[Problem]:
        if not isinstance(attachments, list) or len(tables(attachments)) != len(attachments):
            return [Problem(error="invalid_attachments", detail="attachments must be objects")]
        if len(attachments) > ATTACHMENTS:
            return [Problem(error="too_many_attachments", detail=f"{len(attachments)}")]
        return [
            problem
            for attachment in tables(attachments)
            if "blocks" in attachment
            for problem in self.blocks(rows(attachment.get("blocks")))
        ]


def _texts(content: Payload, *, is_update: bool) -> list[Problem]:
    written, markdown = text(content.get("text")), text(content.get("markdown_text"))
    most = UPDATE_CHARACTERS if is_update else POST_CHARACTERS
    if markdown and (written or content.get("blocks")):
        detail = "markdown_text stands beside text or blocks"
        return [Problem(error="markdown_text_conflict", detail=detail)]
    if len(written) > most or len(markdown) > MARKDOWN_CHARACTERS:
        detail = f"text of {len(written) or len(markdown)} characters"
        return [Problem(error="msg_too_long", detail=detail)]
    if not (written or markdown or content.get("blocks") or content.get("attachments")):
        return [Problem(error="no_text", detail="neither text nor blocks nor attachments")]
    return []


def _metadata(metadata: Json) -> list[Problem]:
    if metadata is None or metadata in ({}, ""):
        return []
    parts = table(metadata)
    if "entities" in parts:
        return []
    unknown = set(parts) - {"event_type", "event_payload"}
    named = isinstance(parts.get("event_type"), str) and parts.get("event_type")
    if not named or not isinstance(parts.get("event_payload"), dict) or unknown:
        detail = "metadata has an event_type and an event_payload object, and nothing else"
        return [Problem(error="invalid_metadata_format", detail=detail)]
    return []
