"""Asking the requester and handing off: declared here, carried out by the agent loop.

Both suspend the step, which no function in a thread can do; ``labels["loop"]`` says which it is.
"""

from __future__ import annotations

from dataclasses import replace

from runtime.domain.effects import Effect
from runtime.domain.errors import ToolFailed
from runtime.domain.json import JsonObject
from runtime.tools.decorator import tool
from runtime.tools.tool import Tool


def ask(question: str, choices: list[str] | None = None) -> JsonObject:
    """Ask the requester for something you need and cannot find out. The answer comes back to you.

    Args:
        question: One clear question.
        choices: Answers to choose from, where there are few.
    """
    raise _only_in_loop("ask", question, choices)


def hand_off(agent: str, task: str) -> JsonObject:
    """Give the rest of this work to another agent, who sees only what you write here.

    Args:
        agent: The agent's name.
        task: What to do, with everything it needs to know.
    """
    raise _only_in_loop("hand_off", agent, task)


def _only_in_loop(name: str, *arguments: object) -> ToolFailed:
    return ToolFailed(
        f"{name!r} with {len(arguments)} arguments works only while an agent is at work; "
        "use it there"
    )


def conversation_tools() -> list[Tool]:
    """Give ``ask`` and ``hand_off``."""
    return [
        replace(tool(effect=Effect.READ)(function), labels={"loop": name})
        for name, function in (("ask", ask), ("hand_off", hand_off))
    ]
