"""What a server answered to a call, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from runtime.domain.errors import ToolFailed
from runtime.domain.json import Json

if TYPE_CHECKING:
    from mcp.types import CallToolResult, ContentBlock

_LONGEST_FAILURE = 4000


def outcome_of(result: CallToolResult, *, tool: str) -> Json:
    """Give the structured content where there is one, else the text, else a list of both kinds.

    Raises:
        ToolFailed: the server says the call failed; in its words.
    """
    if result.is_error:
        said = "\n".join(block.text for block in result.content if block.type == "text").strip()
        raise ToolFailed(f"{tool!r} failed: {said[:_LONGEST_FAILURE] or 'it gave no reason'}")
    if result.structured_content is not None:
        return cast("Json", result.structured_content)
    blocks = [_block(block) for block in result.content]
    if all(isinstance(block, str) for block in blocks):
        return "\n".join(block for block in blocks if isinstance(block, str))
    return blocks


def _block(block: ContentBlock) -> Json:
    if block.type == "text":
        return block.text
    if block.type == "image" or block.type == "audio":
        # Of no use to a text model; its size says that something was there.
        return {"type": block.type, "media_type": block.mime_type, "base64_size": len(block.data)}
    if block.type == "resource_link":
        return {"type": "link", "uri": str(block.uri), "name": block.name}
    text = getattr(block.resource, "text", None)
    return {
        "type": "resource",
        "uri": str(block.resource.uri),
        "text": text if isinstance(text, str) else None,
    }
