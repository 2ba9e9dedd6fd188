"""``dialogue.yaml``: worked examples of one agent.

They are its documentation, its golden tests, and the script by which the demonstration model
speaks for it. Entries are tried in order; the first of the right purpose whose ``match`` is found
in the task (for a planner: in the request) is taken.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from runtime.catalog.agent import granted
from runtime.catalog.located import Located, Path, read_yaml
from runtime.catalog.problems import Problems, near
from runtime.domain.json import Json, JsonObject

PURPOSES = ("plan", "work", "check", "synthesise")
_KEYS = frozenset({"said", "match", "purpose", "calls", "answered"})
_TEMPLATE = re.compile(r"\$\{([^}]*)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedCall:
    """One tool call; templates in its arguments are not filled in yet."""

    tool: str
    arguments: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """Something said to an agent, and what it does about it."""

    said: str
    match: re.Pattern[str]
    """Case does not matter."""
    purpose: str
    turns: tuple[tuple[ScriptedCall, ...], ...]
    """Calls in order; those of one inner tuple are made in one turn."""
    answered: Json


def parse_dialogue(text: str, *, file: str) -> tuple[Exchange, ...]:
    """Read a dialogue. Raises ``Misconfigured`` with all that is wrong, by line."""
    problems = Problems()
    exchanges = read_dialogue(text, file=file, tools=None, problems=problems)
    problems.raise_if_any()
    return exchanges


def read_dialogue(
    text: str, *, file: str, tools: tuple[str, ...] | None, problems: Problems
) -> tuple[Exchange, ...]:
    """Read a dialogue and note what is wrong; ``tools`` are the agent's grants, if known."""
    place = read_yaml(text, file=file, problems=problems)
    if place is None:
        return ()
    if not isinstance(place.value, list):
        problems.add(file, place.line(), "a dialogue is a list; write '- said: …'")
        return ()
    reader = _Reader(place=place, tools=tools, problems=problems)
    read = [reader.exchange(entry, at) for at, entry in enumerate(place.value)]
    return tuple(exchange for exchange in read if exchange is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    place: Located
    tools: tuple[str, ...] | None
    problems: Problems

    def wrong(self, path: Path, text: str) -> None:
        self.problems.add(self.place.file, self.place.line(*path), text)

    def exchange(self, entry: Json, at: int) -> Exchange | None:
        if not isinstance(entry, Mapping):
            self.wrong((at,), "an entry has keys; write 'said:', 'match:', 'purpose:', 'answered:'")
            return None
        before = len(self.problems.found)
        for key in entry:
            if key not in _KEYS:
                self.wrong((at, key), f"unknown key {key!r}; {near(key, _KEYS)}")
        said = self._text(entry, "said", at)
        purpose = self._text(entry, "purpose", at)
        if purpose and purpose not in PURPOSES:
            self.wrong((at, "purpose"), f"purpose is {purpose!r}; {near(purpose, PURPOSES)}")
        match = self._match(self._text(entry, "match", at), said, at)
        turns = self._turns(entry.get("calls"), (at, "calls"))
        if not isinstance(entry.get("answered"), str | Mapping):
            self.wrong((at, "answered"), "key 'answered' must be text or keys; write the answer")
        groups = set(match.groupindex) if match else set[str]()
        for key in ("calls", "answered"):
            self._check_templates(entry.get(key), (at, key), groups=groups)
        if len(self.problems.found) > before or match is None:
            return None
        return Exchange(
            said=said, match=match, purpose=purpose, turns=turns, answered=entry["answered"]
        )

    def _text(self, entry: JsonObject, key: str, at: int) -> str:
        value = entry.get(key)
        if isinstance(value, str) and value.strip():
            return value
        what = f"key {key!r} is missing" if value is None else f"{key} is {value!r}"
        self.wrong((at, key), f"{what}; write '{key}: ' and text")
        return ""

    def _match(self, pattern: str, said: str, at: int) -> re.Pattern[str] | None:
        if not pattern:
            return None
        try:
            compiled = re.compile(pattern, re.IGNORECASE)
        except re.error as error:
            self.wrong((at, "match"), f"match is no regular expression: {error}; mend it")
            return None
        if said and compiled.search(said) is None:
            self.wrong((at, "match"), f"match does not fit what is said, {said!r}; change one")
        return compiled

    def _turns(self, calls: Json, path: Path) -> tuple[tuple[ScriptedCall, ...], ...]:
        if calls is None:
            return ()
        if not isinstance(calls, list):
            self.wrong(path, "calls must be a list; write '- tool: …'")
            return ()
        turns: list[tuple[ScriptedCall, ...]] = []
        for at, turn in enumerate(calls):
            inner = turn if isinstance(turn, list) else None
            found = (
                [self._call(turn, (*path, at))]
                if inner is None
                else [self._call(call, (*path, at, nth)) for nth, call in enumerate(inner)]
            )
            turns.append(tuple(call for call in found if call is not None))
        return tuple(turns)

    def _call(self, call: Json, path: Path) -> ScriptedCall | None:
        if not isinstance(call, Mapping):
            self.wrong(path, "a call has keys; write 'tool:' and 'arguments:'")
            return None
        for key in call:
            if key not in ("tool", "arguments"):
                self.wrong((*path, key), f"unknown key {key!r}; {near(key, ('tool', 'arguments'))}")
        tool, arguments = call.get("tool"), call.get("arguments", {})
        if not isinstance(tool, str):
            self.wrong((*path, "tool"), "key 'tool' is missing; write the tool's name")
            return None
        if self.tools is not None and not granted(self.tools, tool):
            exact = [name for name in self.tools if "*" not in name]
            self.wrong((*path, "tool"), f"tool {tool!r} is not granted; {near(tool, exact)}")
        if not isinstance(arguments, Mapping):
            self.wrong((*path, "arguments"), f"arguments is {arguments!r}; write keys and values")
            return None
        return ScriptedCall(tool=tool, arguments=arguments)

    def _check_templates(self, value: Json, path: Path, *, groups: set[str]) -> None:
        if isinstance(value, Mapping):
            for key, part in value.items():
                self._check_templates(part, (*path, key), groups=groups)
        elif isinstance(value, list):
            for at, part in enumerate(value):
                self._check_templates(part, (*path, at), groups=groups)
        elif isinstance(value, str):
            known = groups | {"task", "request", "inputs", "calls"}
            for found in _TEMPLATE.finditer(value):
                root = found[1].split(".")[0]
                if root not in known:
                    self.wrong(path, f"template {found[0]!r} names nothing; {near(root, known)}")
