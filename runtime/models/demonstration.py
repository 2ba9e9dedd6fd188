"""The demonstration model: it follows scripts, understands nothing, and says so.

It is a pure function of the conversation and of the agents' ``dialogue.yaml``, so a replay gives
the same answer. It stands behind the same library call as every real model.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from runtime.catalog.dialogue import Exchange, ScriptedCall, parse_dialogue
from runtime.domain.json import Json, JsonObject
from runtime.models import judging, planning, unscripted
from runtime.models.completion import ToolCall, ToolSpec
from runtime.models.conversation import Conversation, Result
from runtime.models.shaping import fit, wrap
from runtime.models.template import render
from runtime.models.tool_names import encode

SIGNATURE = "This was produced by the demonstration model, which follows scripts."

_MOST_SAMPLES = 8


class Parse(Protocol):
    """Read a dialogue; a caller who asks often passes one that remembers."""

    def __call__(self, text: str, *, file: str) -> tuple[Exchange, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """What the demonstration model says: a text, or calls to be made first."""

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Match:
    exchange: Exchange
    scope: JsonObject


class Demonstration:
    """Speak for every agent whose script lies in ``dialogues/<agent>/dialogue.yaml``."""

    def __init__(self, dialogues: Path, *, parse: Parse = parse_dialogue) -> None:
        self._dialogues = dialogues
        self._parse = parse

    def speak(self, heard: Conversation) -> Spoken:
        """Give the next turn. Raises ``Misconfigured`` for a script that cannot be read."""
        script = self._script(heard.agent)
        match = _match(script, heard)
        if heard.purpose == "plan":
            return Spoken(text=_json(_plan(heard, match)))
        if heard.purpose == "check":
            return Spoken(text=_json(_check(heard, match)))
        if match is not None:
            return _follow(heard, match)
        if heard.purpose == "synthesise":
            joined = judging.synthesise(heard, unsigned=SIGNATURE)
            return Spoken(text=_json(_signed(joined)))
        return _improvise(heard) or _final(
            unscripted.report(heard, samples=self._samples(script)), heard
        )

    def _script(self, agent: str) -> tuple[Exchange, ...]:
        # The agent's name comes from a label; it must not lead out of the folder.
        if not agent or Path(agent).name != agent or agent.startswith("."):
            return ()
        file = self._dialogues / agent / "dialogue.yaml"
        try:
            text = file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ()
        return self._parse(text, file=f"{self._dialogues.name}/{agent}/dialogue.yaml")

    def _samples(self, own: tuple[Exchange, ...]) -> list[str]:
        """Give requests that have a plan, whoever made it, then what this agent has a script for.

        The first ones work wherever they are typed.
        """
        folders = sorted(path.parent.name for path in self._dialogues.glob("*/dialogue.yaml"))
        planned = [
            exchange.said
            for name in folders
            for exchange in self._script(name)
            if exchange.purpose == "plan"
        ]
        worked = [exchange.said for exchange in own if exchange.purpose == "work"]
        return list(dict.fromkeys([*planned, *worked]))[:_MOST_SAMPLES]


def _match(script: tuple[Exchange, ...], heard: Conversation) -> _Match | None:
    """Find the first entry that fits the task, else the first that fits the whole request."""
    mine = [exchange for exchange in script if exchange.purpose == heard.purpose]
    texts = (heard.request,) if heard.purpose == "plan" else (heard.task, heard.request)
    for text in texts:
        for exchange in mine:
            found = exchange.match.search(text)
            if found is not None:
                groups = {name: (said or "").strip() for name, said in found.groupdict().items()}
                return _Match(exchange=exchange, scope={**_scope(heard), **groups})
    return None


def _scope(heard: Conversation) -> dict[str, Json]:
    return {
        "task": heard.task,
        "request": heard.request,
        # What steps said is signed once more as a whole.
        "inputs": _unsigned(heard.inputs) if heard.purpose == "synthesise" else heard.inputs,
        "calls": [result.value for result in heard.results],
    }


def _unsigned(value: Json) -> Json:
    if isinstance(value, str):
        return value.replace(SIGNATURE, "").strip() if SIGNATURE in value else value
    if isinstance(value, Mapping):
        return {name: _unsigned(one) for name, one in value.items()}
    return [_unsigned(one) for one in value] if isinstance(value, Sequence) else value


def _plan(heard: Conversation, match: _Match | None) -> JsonObject:
    if match is not None:
        scripted = render(match.exchange.answered, match.scope)
        if isinstance(scripted, Mapping):
            kept = planning.keep_to_catalogue(scripted, heard.catalogue)
            if kept.get("steps"):
                return kept
    return planning.plan_alone(heard)


def _check(heard: Conversation, match: _Match | None) -> JsonObject:
    """A script may find more fault than the rule does, never less."""
    judged = judging.check(heard)
    scripted = render(match.exchange.answered, match.scope) if match is not None else None
    if not isinstance(scripted, Mapping) or not judged["passed"]:
        return judged
    return {**judged, **scripted}


def _follow(heard: Conversation, match: _Match) -> Spoken:
    failed = next((result for result in heard.results if result.error is not None), None)
    if failed is not None:
        return _failed(failed, heard)
    turns = match.exchange.turns
    if heard.rounds < len(turns):
        return _calls(turns[heard.rounds], heard, match)
    return _final(render(match.exchange.answered, match.scope), heard)


def _calls(turn: tuple[ScriptedCall, ...], heard: Conversation, match: _Match) -> Spoken:
    offered = {tool.name: tool for tool in heard.tools}
    absent = [call.tool for call in turn if encode(call.tool) not in offered]
    if absent:
        return _final(f"Failed: the tool {absent[0]} is not at hand here.", heard)
    made = [(offered[encode(call.tool)], render(call.arguments, match.scope)) for call in turn]
    return _calling(heard, [(tool, fit(arguments, tool.parameters)) for tool, arguments in made])


def _calling(heard: Conversation, calls: list[tuple[ToolSpec, Json]]) -> Spoken:
    return Spoken(
        tool_calls=tuple(
            ToolCall(id=f"call_{heard.rounds}_{at}", name=tool.name, arguments=_json(arguments))
            for at, (tool, arguments) in enumerate(calls)
        )
    )


def _improvise(heard: Conversation) -> Spoken | None:
    failed = next((result for result in heard.results if result.error is not None), None)
    if failed is not None:
        return _failed(failed, heard)
    wanted = unscripted.next_call(heard)
    if wanted is None:
        return None
    name, arguments = wanted
    tool = next(tool for tool in heard.tools if tool.name == name)
    return _calling(heard, [(tool, arguments)])


def _failed(result: Result, heard: Conversation) -> Spoken:
    """Say what did not work. Who turned a call down, and why, is said by the run itself."""
    if result.turned_down:
        return _final(f"Not done: {result.tool} was not called.", heard)
    return _final(f"Failed: the call of {result.tool} did not work: {result.error}", heard)


def _final(answer: Json, heard: Conversation) -> Spoken:
    if isinstance(answer, Mapping):
        # Fields of an agent's own schema go on to other steps: nothing is added to them.
        is_answer = heard.purpose == "synthesise"
        return Spoken(text=_json(_signed(_sourced(answer, heard)) if is_answer else answer))
    text = answer if isinstance(answer, str) else _json(answer)
    if heard.purpose == "synthesise":
        return Spoken(text=_json(_signed(_sourced({"answer": text}, heard))))
    signed = f"{text}\n\n{SIGNATURE}"
    return Spoken(text=signed if heard.schema is None else _json(wrap(signed, heard.schema)))


def _sourced(answer: JsonObject, heard: Conversation) -> JsonObject:
    """Name only steps there are; all of them where the script names none."""
    known = [part.id for part in heard.work]
    named = answer.get("sources")
    if not isinstance(named, list):
        return {**answer, "sources": known}
    return {**answer, "sources": [name for name in named if not known or name in known]}


def _signed(answer: JsonObject) -> JsonObject:
    return {**answer, "answer": f"{judging.text_of(answer.get('answer'))}\n\n{SIGNATURE}"}


def _json(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)
