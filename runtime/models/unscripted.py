"""Work of the demonstration model on a task it has no script for: little, and honest about it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from runtime.domain.json import Json, JsonObject
from runtime.models.completion import ToolSpec
from runtime.models.conversation import Conversation
from runtime.models.judging import text_of

_FILE = re.compile(r"[\w][\w./-]*\.(?:csv|tsv|json|txt|md|ya?ml|log|xml|html)\b", re.IGNORECASE)
_LONGEST_QUOTE = 600


def next_call(heard: Conversation) -> tuple[str, JsonObject] | None:
    """Look for the file that the task names: first list what there is, then read it."""
    wanted = _FILE.findall(heard.task)
    listing = next((tool for tool in heard.tools if _lists_files(tool)), None)
    if not wanted or listing is None:
        return None
    if heard.rounds == 0:
        return listing.name, {}
    reading = next((tool for tool in heard.tools if _file_parameter(tool)), None)
    if heard.rounds > 1 or reading is None or not heard.results or heard.results[0].error:
        return None
    name = _listed_name(heard.results[0].value, wanted)
    return (reading.name, {_file_parameter(reading): name}) if name else None


def report(heard: Conversation, *, samples: Sequence[str]) -> str:
    """Say what was asked, what little was found out, and which requests have a script."""
    lines = [f"I was asked: {_quote(heard.task or heard.said)}"]
    lines.extend(_found(heard))
    lines.append("The demonstration model has no script for this, so the task itself is not done.")
    if samples:
        lines.append("Requests that do work here:")
        lines.extend(f"• {sample}" for sample in samples)
    else:
        lines.append("There are no sample requests.")
    return "\n".join(lines)


def _found(heard: Conversation) -> list[str]:
    wanted = _FILE.findall(heard.task)
    if not heard.results:
        return []
    if len(heard.results) > 1:
        content = text_of(heard.results[1].value)
        name = _listed_name(heard.results[0].value, wanted) or wanted[0]
        return [f"{name} holds {len(content.splitlines())} lines: {_quote(content)}"]
    return [f"No file named {', '.join(wanted)} is at hand."] if wanted else []


def _lists_files(tool: ToolSpec) -> bool:
    words = tool.name.lower()
    return "list" in words and "file" in words and not tool.parameters.get("required")


def _file_parameter(tool: ToolSpec) -> str:
    """Give the one text parameter of a tool that reads a file; empty for any other tool."""
    required, properties = tool.parameters.get("required"), tool.parameters.get("properties")
    words = tool.name.lower()
    if "read" not in words or "file" not in words or not isinstance(properties, Mapping):
        return ""
    if not isinstance(required, Sequence) or len(required) != 1:
        return ""
    name = str(required[0])
    schema = properties.get(name)
    return name if isinstance(schema, Mapping) and schema.get("type") == "string" else ""


def _listed_name(listing: Json, wanted: Sequence[str]) -> str:
    names = sorted(_strings(listing))
    for want in wanted:
        for name in names:
            if name.lower() == want.lower() or name.lower().endswith(f"/{want.lower()}"):
                return name
    return ""


def _strings(value: Json) -> set[str]:
    if isinstance(value, str):
        return {value, *value.split()}
    if isinstance(value, Mapping):
        return {name for entry in value.values() for name in _strings(entry)}
    if isinstance(value, Sequence):
        return {name for entry in value for name in _strings(entry)}
    return set()


def _quote(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_QUOTE else line[:_LONGEST_QUOTE] + "…"
