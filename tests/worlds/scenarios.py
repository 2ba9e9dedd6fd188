"""Scenarios of the conformance kit, read from its feature files as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from gherkin.parser import Parser

from runtime.catalog.located import read_yaml
from runtime.catalog.problems import Problems
from runtime.domain.json import Json
from tests.worlds.specification import features


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One step of a scenario: its words, and the text below them."""

    words: str
    text: str = ""

    @property
    def value(self) -> Json:
        """The text, read as YAML."""
        located = read_yaml(self.text, file="scenario", problems=Problems())
        assert located is not None, self.text
        return located.value

    @property
    def quoted(self) -> list[str]:
        """What stands in single quotes."""
        return re.findall(r"'([^']*)'", self.words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One scenario."""

    feature: str
    name: str
    sentences: tuple[Sentence, ...]


def scenarios() -> Iterator[Scenario]:
    """Give every scenario; none where the kit is absent."""
    for path in features():
        parsed = cast("Any", Parser().parse(path.read_text(encoding="utf-8")))
        for child in parsed["feature"]["children"]:
            told = child["scenario"]
            sentences = [
                Sentence(
                    words=step["text"].removeprefix("given "),
                    text=step.get("docString", {}).get("content", ""),
                )
                for step in told["steps"]
            ]
            yield Scenario(feature=path.stem, name=str(told["name"]), sentences=tuple(sentences))
