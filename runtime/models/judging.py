"""Checks and syntheses of the demonstration model: by rule, and saying what was looked at."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from runtime.domain.json import Json, JsonObject
from runtime.models.conversation import Conversation, Work
from runtime.models.template import MISSING

_SAYS_FAILED = re.compile(r"(?im)^\s*(failed|failure|empty|error|not done)\b")
_BAD_STATES = frozenset({"failed", "failure", "empty", "error", "cancelled", "unknown"})
_SPEAKING = ("answer", "text", "summary", "report", "message", "result", "output")


def check(heard: Conversation) -> dict[str, Json]:
    """Pass work that is there and says of nothing that it failed; no judgement is claimed."""
    faults = [fault for part in heard.work for fault in _faults(part)]
    if not heard.work:
        faults = ["There is no work to look at."]
    looked = [f"Looked at {part.title!r}: {_size(part.output)}." for part in heard.work]
    passed = not faults
    by_rule = "By rule only: work is there, and none of it says that it failed."
    return {
        "passed": passed,
        "findings": faults or [*looked, by_rule],
        "confidence": 0.6 if passed else 0.9,
    }


def synthesise(heard: Conversation, *, unsigned: str) -> dict[str, Json]:
    """Join the outcomes of the steps; ``unsigned`` is a sentence they need not repeat."""
    parts: list[str] = []
    for part in heard.work:
        text = text_of(part.output).replace(unsigned, "").strip() or "(nothing)"
        parts.append(text if len(heard.work) == 1 else f"*{part.title}*\n{text}")
    answer = "\n\n".join(parts) or "No step gave a result."
    return {"answer": answer, "sources": [part.id for part in heard.work]}


def text_of(output: Json) -> str:
    """Give what a person would read of an output."""
    if isinstance(output, str):
        return output
    if isinstance(output, Mapping):
        for name in _SPEAKING:
            value = output.get(name)
            if isinstance(value, str) and value:
                return value
    return "" if output is None else json.dumps(output, ensure_ascii=False)


def _faults(part: Work) -> list[str]:
    if part.status.lower() in _BAD_STATES:
        return [f"{part.title!r} is {part.status}."]
    if not _is_there(part.output):
        return [f"{part.title!r} is empty."]
    return [f"{part.title!r}: {fault}" for fault in _says(part.output)]


def _says(value: Json) -> list[str]:
    if isinstance(value, str):
        if MISSING in value:
            return ["something it needed was not found."]
        return ["it says that it failed."] if _SAYS_FAILED.search(value) else []
    if isinstance(value, Mapping):
        return _mapping_says(value)
    if isinstance(value, Sequence):
        return [fault for entry in value for fault in _says(entry)]
    return []


def _mapping_says(value: JsonObject) -> list[str]:
    faults: list[str] = []
    status = value.get("status")
    if isinstance(status, str) and status.lower() in _BAD_STATES:
        faults.append(f"its status is {status}.")
    if value.get("error"):
        faults.append("it holds an error.")
    return faults + [
        fault for name, entry in value.items() if name != "status" for fault in _says(entry)
    ]


def _is_there(value: Json) -> bool:
    if isinstance(value, bool | int | float):
        return True
    if isinstance(value, str):
        return bool(value.strip())
    if isinstance(value, Mapping):
        return any(_is_there(entry) for entry in value.values())
    return value is not None and any(_is_there(entry) for entry in value)


def _size(value: Json) -> str:
    if isinstance(value, str):
        return f"{len(value)} characters of text"
    if isinstance(value, Mapping):
        return f"fields {', '.join(sorted(value)) or 'none'}"
    if isinstance(value, Sequence):
        return f"{len(value)} entries"
    return "nothing" if value is None else f"the value {json.dumps(value)}"
