"""The files of a run: what it was given, and what it makes."""

from __future__ import annotations

import mimetypes
import re
from dataclasses import replace

from runtime.domain.effects import Effect
from runtime.domain.errors import ToolFailed
from runtime.domain.json import JsonObject
from runtime.tools.decorator import tool
from runtime.tools.tool import CONTAINED, Call, Tool

_NAME = re.compile(r"\w[\w .()+-]{0,127}")


def list_files(call: Call) -> JsonObject:
    """List the files this run can read: data files it was given, and artifacts it has made."""
    return {"files": call.files.names()}


def read_file(name: str, call: Call, offset: int = 0, limit: int = 20_000) -> JsonObject:
    """Read a text file. For CSV tables, read_table and query_table serve better.

    Args:
        name: As list_files gives it.
        offset: The character to start at; `next_offset` of the answer before, to read on.
        limit: How many characters to read, at most 100000.
    """
    if offset < 0 or not 1 <= limit <= 100_000:
        raise ToolFailed("offset starts at 0, and limit lies between 1 and 100000; correct them")
    text = text_of(call, name)
    end = min(len(text), offset + limit)
    return {
        "name": name,
        "text": text[offset:end],
        "total_characters": len(text),
        "next_offset": end if end < len(text) else None,
    }


def write_artifact(name: str, content: str, call: Call, media_type: str = "") -> JsonObject:
    """Write a text file as an artifact of this run; it is delivered with the answer.

    The same name again replaces the content.

    Args:
        name: A plain file name with its ending, such as report.md.
        content: The whole text of the file.
        media_type: Such as text/markdown; found from the name when left out.
    """
    if _NAME.fullmatch(name) is None or ".." in name:
        raise ToolFailed(f"{name!r} is no plain file name; write one such as 'report.md'")
    guessed = "text/markdown" if name.endswith(".md") else mimetypes.guess_type(name)[0]
    artifact = call.files.write(
        name, content.encode(), media_type=media_type or guessed or "text/plain"
    )
    return {
        "name": artifact.name,
        "media_type": artifact.media_type,
        "size_bytes": artifact.size_bytes,
    }


def text_of(call: Call, name: str) -> str:
    """Give a file's text. Raises ``ToolFailed`` where it is none."""
    content = call.files.read(name)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ToolFailed(f"{name!r} is no UTF-8 text; it cannot be read here") from error


def file_tools() -> list[Tool]:
    """Give ``list_files``, ``read_file`` and ``write_artifact``."""
    return [
        # Names are words too, and some of them were given by others.
        replace(tool(effect=Effect.READ, untrusted=True)(list_files), labels={"keeps": "files"}),
        replace(tool(effect=Effect.READ, untrusted=True)(read_file), labels={"keeps": "files"}),
        # It changes nothing outside of its run, and is untrusted again when it is read.
        replace(tool(effect=Effect.WRITE)(write_artifact), labels=dict(CONTAINED)),
    ]
