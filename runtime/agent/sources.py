"""Where the values of a call came from, and what an agent may not do with them by itself.

What a person asked for is trusted. What a page, a file, another system or another agent said is
not: it is outside, and so is whatever a model composes after it has read any of it, unless every
word of it is one that the person used. A call that changes something, or goes to an address, asks
a person when its arguments are outside, however freely policy allows it otherwise. What a call
only changes inside its run (``contained``) does not leave, and is outside again when it is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import urlsplit

from runtime.domain.approval import Stage
from runtime.domain.effects import Effect
from runtime.domain.json import Json, JsonObject
from runtime.policy.decision import Decision, Outcome
from runtime.tools.tool import Tool

RULE: Final = "outside-data"
_WORD: Final = re.compile(r"\w+")
_SHORTEST: Final = 3
_ADDRESS: Final = re.compile(
    r"(?i)\b[a-z][a-z0-9+.-]{1,20}://[^\s\"'<>]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
)
_HOST: Final = re.compile(r"(?i)(?:[a-z0-9_-]+\.)+[a-z]{2,}|localhost|\d{1,3}(?:\.\d{1,3}){3}")
_MOST_NAMED: Final = 4


@dataclass(slots=True)
class Sources:
    """What one agent has been told while it worked, by who said it. Rebuilt on every entry."""

    words: set[str] = field(default_factory=set[str])
    """Every word that people used, or the agent's own instructions."""
    hosts: set[str] = field(default_factory=set[str])
    outside: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """Words by label, such as ``tool:http_get`` or ``agent:researcher``."""

    def trust(self, text: str) -> None:
        """Take in what a person said, or what the agent was set up with."""
        self.words |= _words(text)
        self.hosts |= {host.lower() for host in _HOST.findall(text)}

    def admit(self, text: str) -> None:
        """Take in what is trusted, but for the words of it that were heard outside before."""
        outside = {word for words in self.outside.values() for word in words}
        self.words |= _words(text) - outside
        found = {host.lower() for host in _HOST.findall(text)}
        self.hosts |= {host for host in found if not _words(host) & outside}

    def known(self, value: Json) -> dict[str, list[str]]:
        """Give the words of a value that came from outside, by label, for another to go on with."""
        if not self.outside:
            return {}
        unknown = {word for text in _texts(value) for word in _words(text)} - self.words
        found = {label: sorted(words & unknown) for label, words in self.outside.items()}
        nowhere = unknown.difference(*self.outside.values())
        if nowhere:
            # Made of what was heard, nobody knows which.
            found = {label: sorted({*words, *nowhere}) for label, words in found.items()}
        return {label: words for label, words in found.items() if words}

    def distrust(self, label: str, text: str) -> None:
        """Take in what came from outside."""
        self.outside.setdefault(label, set()).update(_words(text))

    def labels(self, value: Json) -> tuple[str, ...]:
        """Name the sources outside that a value came from; nothing where people said it all."""
        unknown = {word for text in _texts(value) for word in _words(text)} - self.words
        if not unknown or not self.outside:
            return ()
        named = tuple(label for label, words in self.outside.items() if words & unknown)
        return named or tuple(self.outside)

    def of_call(self, tool: Tool, arguments: JsonObject) -> dict[str, tuple[str, ...]]:
        """Give the labels of each argument that matters for what this call could do."""
        if tool.labels.get("loop") or tool.labels.get("contained"):
            return {}
        if tool.effect != Effect.READ:
            found = {name: self.labels(value) for name, value in arguments.items()}
        else:
            found = {name: self._of_addresses(value) for name, value in arguments.items()}
        return {name: labels for name, labels in found.items() if labels}

    def took(self, tool: Tool, arguments: JsonObject, told: JsonObject) -> None:
        """Take in what a call gave: outside where its tool is, or where its arguments were."""
        text = json.dumps(told, ensure_ascii=False)
        loop = tool.labels.get("loop")
        if loop == "hand_off":
            self.distrust(f"agent:{arguments.get('agent')}", text)
        elif tool.untrusted or (loop is None and self.labels(dict(arguments))):
            self.distrust(f"tool:{tool.name}", text)
        else:
            self.trust(text)

    def _of_addresses(self, value: Json) -> tuple[str, ...]:
        """Label addresses that nobody named; where it goes counts, whatever it carries."""
        for text in _texts(value):
            for address in _ADDRESS.findall(text):
                if not _host(address) or _host(address) not in self.hosts:
                    return self.labels(address) or tuple(self.outside)
        return ()


def contain(
    decision: Decision, found: Mapping[str, Sequence[str]], *, tool: str, eligible: tuple[str, ...]
) -> Decision:
    """Turn a yes into a question where arguments came from outside; say which and from where."""
    if decision.outcome is not Outcome.ALLOW or not found:
        return decision
    return replace(
        decision,
        outcome=Outcome.ASK,
        rule=RULE,
        reason=f"{tool!r} is allowed, but {told(found)}, and nobody has seen it.",
        stages=(Stage(eligible=eligible),),
    )


def told(found: Mapping[str, Sequence[str]]) -> str:
    """Say of each argument where it came from."""
    parts = [
        f"{name!r} came from {', '.join(labels[:_MOST_NAMED])}"
        for name, labels in list(found.items())[:_MOST_NAMED]
    ]
    return "; ".join(parts)


def _texts(value: Json) -> Iterable[str]:
    if isinstance(value, Mapping):
        for name, entry in value.items():
            yield str(name)
            yield from _texts(entry)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for entry in value:
            yield from _texts(entry)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _words(text: str) -> set[str]:
    return {word for word in _WORD.findall(text.casefold()) if len(word) >= _SHORTEST}


def _host(address: str) -> str:
    if "://" not in address:
        return address.rpartition("@")[2].lower()
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""
