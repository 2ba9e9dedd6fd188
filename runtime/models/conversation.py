"""What the demonstration model reads from a prompt: nothing but the turns it was given."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from runtime.domain.errors import TurnedDown
from runtime.domain.json import Json, JsonObject
from runtime.models.completion import ToolSpec, Turn

_CATALOGUE = "CATALOGUE: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a tool answered to a call made earlier in the conversation."""

    tool: str
    """As the provider format spells it."""
    value: Json
    error: str | None = None
    turned_down: bool = False
    """People were asked, and did not let it be made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """The outcome of a step that a checking or synthesising turn was handed."""

    id: str
    title: str
    output: Json
    status: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A prompt, understood as far as a script needs it."""

    agent: str
    purpose: str
    task: str
    request: str
    inputs: JsonObject
    work: tuple[Work, ...]
    catalogue: JsonObject | None
    rounds: int
    """Turns with tool calls so far; with it the whole past of the conversation is known."""
    results: tuple[Result, ...]
    tools: tuple[ToolSpec, ...] = ()
    schema: JsonObject | None = None
    schema_name: str = "answer"
    said: str = field(default="", repr=False)


def understand(
    turns: Sequence[Turn],
    *,
    labels: Mapping[str, str],
    tools: tuple[ToolSpec, ...] = (),
    schema: JsonObject | None = None,
    schema_name: str = "answer",
) -> Conversation:
    """Read the first user turn (JSON with task, inputs and request, or plain text) and the rest."""
    said = next((turn.text for turn in turns if turn.role == "user"), "")
    given = _object(said)
    task, request = _text(given.get("task")), _text(given.get("request"))
    if not task and not request:
        task = request = _text(given.get("goal")) or said
    inputs = _mapping(given.get("inputs"))
    work = _work(given, inputs)
    purpose = labels.get("purpose", "work")
    return Conversation(
        agent=labels.get("agent", "").split("@")[0],
        purpose="plan" if purpose == "replan" else purpose,
        task=task or request,
        request=request or task,
        inputs={**{part.id: part.output for part in work}, **inputs},
        work=work,
        catalogue=_catalogue(turns),
        rounds=sum(1 for turn in turns if turn.role == "assistant" and turn.tool_calls),
        results=_results(turns),
        tools=tools,
        schema=schema,
        schema_name=schema_name,
        said=said,
    )


def _work(given: JsonObject, inputs: JsonObject) -> tuple[Work, ...]:
    for name in ("steps", "results", "outputs"):
        listed = given.get(name, inputs.get(name))
        if isinstance(listed, Mapping):
            return tuple(_one_work(key, value) for key, value in listed.items())
        if isinstance(listed, Sequence) and not isinstance(listed, str):
            return tuple(_one_work(str(at), value) for at, value in enumerate(listed, 1))
    for name in ("work", "output", "result"):
        if name in given:
            return (_one_work(name, given[name]),)
    return tuple(_one_work(key, value) for key, value in inputs.items())


def _one_work(key: str, value: Json) -> Work:
    if not isinstance(value, Mapping) or not {"output", "result", "title", "status"} & set(value):
        return Work(id=key, title=key, output=value)
    id_ = _text(value.get("id")) or _text(value.get("step")) or key
    output = value["output"] if "output" in value else value.get("result", value.get("text"))
    return Work(
        id=id_,
        title=_text(value.get("title")) or id_,
        output=output,
        status=_text(value.get("status")),
    )


def _catalogue(turns: Sequence[Turn]) -> JsonObject | None:
    for turn in turns:
        if turn.role != "system":
            continue
        for line in turn.text.splitlines():
            if line.startswith(_CATALOGUE):
                return _object(line.removeprefix(_CATALOGUE)) or None
    return None


def _results(turns: Sequence[Turn]) -> tuple[Result, ...]:
    """Give the results in the order of the calls, whatever order they were answered in."""
    answers = {turn.tool_call_id: turn.text for turn in turns if turn.role == "tool"}
    calls = [call for turn in turns if turn.role == "assistant" for call in turn.tool_calls]
    return tuple(_result(call.name, answers[call.id]) for call in calls if call.id in answers)


def _result(tool: str, text: str) -> Result:
    value = _parsed(text)
    if isinstance(value, Mapping):
        error = value.get("error")
        if error not in (None, "", False):
            message = error.get("message", error) if isinstance(error, Mapping) else error
            return Result(
                tool=tool,
                value=value,
                error=_text(message) or json.dumps(message),
                turned_down=isinstance(error, Mapping) and error.get("code") == TurnedDown.code,
            )
        # The runner's envelope is no part of what a script asks for.
        if "result" in value and value.get("ok") is True:
            return Result(tool=tool, value=value["result"])
    return Result(tool=tool, value=value)


def _object(text: str) -> JsonObject:
    return _mapping(_parsed(text))


def _mapping(value: Json) -> JsonObject:
    return value if isinstance(value, Mapping) else {}


def _parsed(text: str) -> Json:
    try:
        return cast("Json", json.loads(text))
    except (ValueError, RecursionError):
        return text


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""
