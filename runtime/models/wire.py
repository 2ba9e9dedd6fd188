"""Prompts as providers read them, and answers as they write them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import cast

from runtime.domain.errors import Upstream
from runtime.domain.json import JsonObject
from runtime.domain.step import Cost
from runtime.models.choice import is_demonstration
from runtime.models.completion import Completion, Prompt, ToolCall, ToolSpec, Turn
from runtime.models.tiers import Model, Tier
from runtime.models.tool_names import ToolNames

_LONGEST_ANSWER = 1_000_000
_FENCED = re.compile(r"\s*```(?:json)?\s*\n(?P<inside>.*?)\n?\s*```\s*", re.DOTALL)


def names_of(prompt: Prompt) -> ToolNames:
    """Give the dictionary of all tool names in ``prompt``, called earlier or offered now."""
    called = (call.name for turn in prompt.turns for call in turn.tool_calls)
    return ToolNames([*(tool.name for tool in prompt.tools), *called])


def to_wire(
    prompt: Prompt, *, tier: Tier, model: Model, names: ToolNames, takes_schema: bool
) -> dict[str, object]:
    """Give the arguments of the library call. Neither it nor the vendor's client retries."""
    messages = [_message(turn, names) for turn in prompt.turns]
    arguments: dict[str, object] = {
        "model": model.name,
        "messages": messages,
        "timeout": tier.timeout_seconds,
        "num_retries": 0,
        "max_tokens": prompt.max_tokens,
        "metadata": dict(prompt.labels),
    }
    if tier.temperature is not None:
        arguments["temperature"] = tier.temperature
    if prompt.tools:
        arguments["tools"] = [_tool(tool, names) for tool in prompt.tools]
    if prompt.schema is not None and takes_schema:
        form = {"name": prompt.schema_name, "schema": prompt.schema, "strict": False}
        arguments["response_format"] = {"type": "json_schema", "json_schema": form}
    elif prompt.schema is not None:
        messages.append({"role": "system", "content": _instruction(prompt, prompt.schema)})
    if model.api_base is not None:
        arguments["api_base"] = model.api_base
        # Else the library would send the provider's own key to an address that is not its own.
        arguments["api_key"] = model.api_key or "none"
    elif model.api_key is not None:
        arguments["api_key"] = model.api_key
    return arguments


def from_wire(response: object, *, prompt: Prompt, model: str, names: ToolNames) -> Completion:
    """Read the library's response. Raises ``Upstream`` when it makes no sense."""
    choices = cast("object", getattr(response, "choices", None))
    if not isinstance(choices, list) or not choices:
        raise Upstream(f"{model!r} gave an answer without a choice; it is tried again")
    choice = cast("object", choices[0])
    message = cast("object", getattr(choice, "message", None))
    content = cast("object", getattr(message, "content", None))
    calls = tuple(
        _call(call, at, model, names)
        for at, call in enumerate(_listed(getattr(message, "tool_calls", None)))
    )
    text = content if isinstance(content, str) else ""
    finish = str(getattr(choice, "finish_reason", None) or "stop")
    if not text and not calls and finish != "length":
        raise Upstream(f"{model!r} gave an empty answer; it is tried again")
    if len(text) > _LONGEST_ANSWER:
        text, finish = text[:_LONGEST_ANSWER], "length"
    return Completion(
        text=_unfenced(text) if prompt.schema is not None else text,
        tool_calls=calls,
        model=model,
        cost=_cost(response),
        finish="tool_calls" if calls and finish == "stop" else finish,
        demonstration=is_demonstration(model),
    )


def turns_from_wire(messages: Sequence[Mapping[str, object]]) -> list[Turn]:
    """Take back the turns that ``to_wire`` sent; the demonstration model reads them."""
    return [
        Turn(
            role=cast("object", message.get("role")),  # pyright: ignore[reportArgumentType] - sent by us
            text=str(message.get("content") or ""),
            tool_calls=tuple(_own_call(call) for call in _listed(message.get("tool_calls"))),
            tool_call_id=cast("str | None", message.get("tool_call_id")),
        )
        for message in messages
    ]


def tools_from_wire(tools: object) -> tuple[ToolSpec, ...]:
    """Take back the tools that ``to_wire`` sent, by their names on the wire."""
    functions = [
        cast("dict[str, object]", cast("dict[str, object]", tool)["function"])
        for tool in _listed(tools)
    ]
    return tuple(
        ToolSpec(
            name=str(function["name"]),
            description=str(function.get("description", "")),
            parameters=cast("JsonObject", function.get("parameters") or {}),
        )
        for function in functions
    )


def _message(turn: Turn, names: ToolNames) -> dict[str, object]:
    if turn.role == "tool":
        return {"role": "tool", "tool_call_id": turn.tool_call_id, "content": turn.text}
    message: dict[str, object] = {"role": turn.role, "content": turn.text}
    if turn.tool_calls:
        message["content"] = turn.text or None
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": names.to_wire(call.name), "arguments": call.arguments},
            }
            for call in turn.tool_calls
        ]
    return message


def _tool(tool: ToolSpec, names: ToolNames) -> dict[str, object]:
    function = {
        "name": names.to_wire(tool.name),
        "description": tool.description,
        "parameters": tool.parameters,
    }
    return {"type": "function", "function": function}


def _instruction(prompt: Prompt, schema: JsonObject) -> str:
    spelled = json.dumps(schema, ensure_ascii=False)
    return (
        f"Your final answer ({prompt.schema_name}) must be one JSON value that fits this JSON"
        f" schema, with no text and no code fence around it:\n{spelled}"
    )


def _call(call: object, at: int, model: str, names: ToolNames) -> ToolCall:
    function = cast("object", getattr(call, "function", None))
    name = cast("object", getattr(function, "name", None))
    arguments = cast("object", getattr(function, "arguments", None))
    if not isinstance(name, str) or not name:
        raise Upstream(f"{model!r} called a tool without naming it; it is tried again")
    return ToolCall(
        id=str(getattr(call, "id", None) or f"call_{at}"),
        name=names.to_own(name),
        arguments=arguments if isinstance(arguments, str) else "",
    )


def _own_call(call: object) -> ToolCall:
    entry = cast("dict[str, object]", call)
    function = cast("dict[str, object]", entry["function"])
    return ToolCall(
        id=str(entry["id"]), name=str(function["name"]), arguments=str(function["arguments"])
    )


def _cost(response: object) -> Cost:
    usage = cast("object", getattr(response, "usage", None))
    tokens = cast("object", getattr(usage, "total_tokens", None))
    hidden = cast("object", getattr(response, "_hidden_params", None))
    # The library has worked out the price already; asking it again would cost a millisecond.
    usd = cast("Mapping[str, object]", hidden).get("response_cost") if hidden else None
    return Cost(
        usd=float(usd) if isinstance(usd, int | float) else 0.0,
        tokens=tokens if isinstance(tokens, int) else 0,
    )


def _unfenced(text: str) -> str:
    fenced = _FENCED.fullmatch(text)
    return fenced["inside"] if fenced else text


def _listed(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []
