"""Artifacts for people to read on the page."""

from __future__ import annotations

import csv
import io

from bots.console.markdown import blocks
from bots.spelling import prose
from runtime.domain.json import Json, JsonObject
from runtime.domain.run import Artifact

_READABLE_BYTES = 300_000
_TABLE_ROWS = 500
_TEXT_TYPES = frozenset({"application/json", "application/yaml", "application/sql"})


def preview(artifact: Artifact, content: bytes) -> JsonObject:
    """Give a file's contents as block nodes; empty ``blocks`` where it is not readable text."""
    base: JsonObject = {
        "name": artifact.name,
        "media_type": artifact.media_type,
        "size_bytes": artifact.size_bytes,
        "digest": artifact.digest,
        "whole": len(content) <= _READABLE_BYTES,
    }
    kind = artifact.media_type.partition(";")[0].strip().lower()
    if not kind.startswith("text/") and kind not in _TEXT_TYPES:
        return {**base, "blocks": []}
    text = prose(content[:_READABLE_BYTES].decode("utf-8", errors="replace"))
    return {**base, "blocks": _blocks(kind, text)}


def _blocks(kind: str, text: str) -> list[Json]:
    if kind == "text/markdown":
        return blocks(text)
    if kind == "text/csv":
        return [_table(text)]
    return [{"tag": "pre", "children": [text]}]


def _table(text: str) -> Json:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text)):
            rows.append(row)
            if len(rows) > _TABLE_ROWS:
                break
    except csv.Error:
        return {"tag": "pre", "children": [text]}
    head, *body = rows or [[]]
    return {
        "tag": "table",
        "head": [[cell] for cell in head],
        "rows": [[[cell] for cell in row] for row in body],
    }
