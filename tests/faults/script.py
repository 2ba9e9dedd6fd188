"""A model that always says the same: the plan of the run that is killed, and each agent's part."""

from __future__ import annotations

import json

from runtime.domain.json import Json
from runtime.domain.step import Cost
from runtime.models.completion import Completion, Prompt, ToolCall
from tests.faults.outside import Outside

AMOUNT = 700
_ANSWER = " ".join(f"Part {number} of it is done." for number in range(1, 41))
"""Long enough that a chat may let it grow."""


class ScriptedModel:
    """Implements ``runtime.models.completion.Models``. It tells the world of every question."""

    def __init__(self, outside: Outside, *, last: str) -> None:
        self._outside = outside
        self._last = last
        """Who does what cannot be undone: ``payer`` or ``signer``."""

    def complete(self, prompt: Prompt) -> Completion:
        purpose, agent = prompt.labels["purpose"], prompt.labels["agent"]
        asked: dict[str, Json] = {"purpose": purpose, "turns": len(prompt.turns)}
        self._outside.execute("model", prompt.labels["step"], asked)
        if purpose == "plan":
            return _said(json.dumps(self._plan()))
        if purpose == "synthesise":
            return _said(json.dumps({"answer": _ANSWER, "sources": ["last"]}))
        if purpose == "check":
            return _said(json.dumps({"passed": True, "findings": [], "confidence": 1}))
        answered = sum(1 for turn in prompt.turns if turn.role == "assistant")
        parts = _PARTS[agent]
        if answered < len(parts):
            return _calls(*parts[answered])
        return _said(f"{agent} is done: {prompt.turns[-1].text}")

    def _plan(self) -> Json:
        return {
            "goal": "Look, leave marks, and do the one thing that cannot be undone.",
            "criteria": ["It was done once."],
            "steps": [
                _step("north", "agent", "scout", {"task": "Look north."}),
                _step("south", "agent", "scout", {"task": "Look south."}),
                _step("glance", "tool", "look_outside", {"place": "the door"}),
                _step(
                    "last",
                    "agent",
                    self._last,
                    {"task": "Do it.", "north": "$north", "south": "$south"},
                    needs=["north", "south", "glance"],
                ),
            ],
        }


_PARTS: dict[str, list[list[tuple[str, Json]]]] = {
    "scout": [
        [("look_outside", {"place": "left"}), ("look_outside", {"place": "right"})],
        [("leave_mark", {"text": "was here"})],
    ],
    "payer": [[("pay", {"amount": AMOUNT})]],
    "signer": [[("sign", {"amount": AMOUNT})]],
}
"""What each agent calls, turn by turn, before it answers."""


def _step(id: str, kind: str, use: str, input: Json, *, needs: list[Json] | None = None) -> Json:
    return {
        "id": id,
        "title": f"The part of {id}",
        "kind": kind,
        "use": use,
        "input": input,
        "needs": needs or [],
        "reason": "The campaign needs it.",
    }


def _said(text: str) -> Completion:
    return Completion(
        text=text, tool_calls=(), model="scripted", cost=Cost(usd=0.001, tokens=10), finish="stop"
    )


def _calls(*calls: tuple[str, Json]) -> Completion:
    made = tuple(
        ToolCall(id=f"call_{index}", name=name, arguments=json.dumps(arguments))
        for index, (name, arguments) in enumerate(calls)
    )
    return Completion(
        text="",
        tool_calls=made,
        model="scripted",
        cost=Cost(usd=0.001, tokens=10),
        finish="tool_calls",
    )
