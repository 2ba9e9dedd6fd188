"""Facts that outlive a run, kept for the requester's workspace."""

from __future__ import annotations

from runtime.domain.effects import Effect
from runtime.domain.errors import ToolFailed
from runtime.domain.json import JsonObject
from runtime.tools.decorator import tool
from runtime.tools.tool import Call, Tool


def remember(name: str, value: str, call: Call) -> JsonObject:
    """Keep a fact for later runs. The same name again replaces what was kept.

    Args:
        name: A short name to find it by, such as preferred vendor.
        value: The fact, in a sentence or two.
    """
    if not name.strip() or len(name) > 200:
        raise ToolFailed("a name has 1 to 200 characters; correct it")
    if not value.strip() or len(value) > 4000:
        raise ToolFailed("a fact has 1 to 4000 characters; shorten it")
    call.memory.remember(name.strip(), value)
    return {"remembered": name.strip()}


def recall(query: str, call: Call) -> JsonObject:
    """Find facts that were remembered, by words of their name or text.

    Args:
        query: One or a few words.
    """
    found = call.memory.recall(query)
    return {"facts": [{"name": name, "value": value} for name, value in found]}


def forget(name: str, call: Call) -> JsonObject:
    """Drop a remembered fact for good.

    Args:
        name: As recall gives it.
    """
    return {"forgotten": call.memory.forget(name.strip())}


def memory_tools() -> list[Tool]:
    """Give ``remember``, ``recall`` and ``forget``."""
    return [
        tool(effect=Effect.WRITE)(remember),
        # What was remembered may once have come from outside.
        tool(effect=Effect.READ, untrusted=True)(recall),
        tool(effect=Effect.WRITE)(forget),
    ]
