"""What the scripted server answers to what."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, cast

import yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer; without any fault a completion of ``text`` or ``tools``."""

    text: str = ""
    json: object = None
    """Answered as the completion's text, in JSON."""
    tools: Sequence[Mapping[str, object]] = ()
    """``{name, arguments}``; arguments as a mapping, or as a text to be sent as it is."""
    tokens: int = 30
    """A third of them for the answer."""
    finish: str = ""
    status: int = 200
    message: str = "scripted failure"
    error_code: str = "scripted"
    retry_after: str = ""
    body: str | None = None
    """Sent as it is, for malformed answers."""
    hold: bool = False
    """Wait for ``OpenAIWorld.release`` before answering; for ever where nobody releases."""
    cut: str = ""
    """``before`` any byte of the answer, or in the ``middle`` of its body."""
    huge: int = 0
    """Answer a text of so many characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Answers for the requests that fit; patterns are regular expressions."""

    model: str = ""
    contains: str = ""
    last: str = ""
    rounds: int | None = None
    answers: Sequence[Answer] = (Answer(text="ok"),)

    def fits(self, body: Mapping[str, Any]) -> bool:
        messages = cast("list[dict[str, Any]]", body.get("messages", []))
        texts = [str(message.get("content") or "") for message in messages]
        rounds = sum(1 for message in messages if message.get("tool_calls"))
        return bool(
            re.search(self.model, str(body.get("model", "")))
            and (not self.contains or any(re.search(self.contains, text) for text in texts))
            and (not self.last or (texts and re.search(self.last, texts[-1])))
            and (self.rounds is None or self.rounds == rounds)
        )


class Script:
    """Rules in order; each goes through its answers once and stays at the last."""

    def __init__(self, *rules: Rule) -> None:
        self._lock = threading.Lock()
        self._rules = list(rules)
        self._used: dict[int, int] = {}

    def add(self, rule: Rule) -> None:
        """Put a rule before all others."""
        with self._lock:
            self._rules.insert(0, rule)

    def answer(self, body: Mapping[str, Any]) -> Answer:
        """Choose the answer; a request that nothing fits gets a 400 that says so."""
        with self._lock:
            for rule in self._rules:
                if rule.fits(body):
                    at = self._used.get(id(rule), 0)
                    self._used[id(rule)] = at + 1
                    return rule.answers[min(at, len(rule.answers) - 1)]
        return Answer(status=400, message="no rule of the script fits this request")


def read_script(text: str) -> Script:
    """Read a script from YAML; an unknown word in it is an error."""
    entries = cast("list[dict[str, Any]]", yaml.safe_load(text) or [])
    return Script(*(_rule(entry) for entry in entries))


def _rule(entry: dict[str, Any]) -> Rule:
    answers = [_answer(one) for one in cast("list[dict[str, Any]]", entry.pop("answers"))]
    return Rule(**entry, answers=answers)


def _answer(entry: dict[str, Any]) -> Answer:
    known = {field.name for field in fields(Answer)}
    if unknown := set(entry) - known:
        raise ValueError(f"unknown in an answer: {sorted(unknown)}; write {sorted(known)}")
    return Answer(**entry)
