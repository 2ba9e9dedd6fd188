"""What a part of a document may look like, and words for what does not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from runtime.catalog.located import Path
from runtime.catalog.problems import near
from runtime.domain.json import Json, JsonObject

Complaint = tuple[Path, str]
"""Where, and what is wrong there and what to write instead."""


class Shape(Protocol):
    """Say what is wrong with a value, if anything."""

    def wrong(self, value: Json, path: Path) -> Iterator[Complaint]:
        """Give every complaint about ``value``, which stands at ``path``."""
        ...


@dataclass(frozen=True, slots=True)
class Anything:
    """Whatever YAML can say."""

    def wrong(self, value: Json, path: Path) -> Iterator[Complaint]:
        """Give no complaint, whatever it is."""
        del value, path
        return iter(())


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text, perhaps of a certain form."""

    pattern: re.Pattern[str] | None = None
    write: str = "a text"
    """What to write, for the complaint."""

    def wrong(self, value: Json, path: Path) -> Iterator[Complaint]:
        if not isinstance(value, str) or (self.pattern and not self.pattern.search(value)):
            yield path, f"{_shown(value)} does not fit; write {self.write}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One of a few words."""

    words: Sequence[str]

    def wrong(self, value: Json, path: Path) -> Iterator[Complaint]:
        if not isinstance(value, str) or value not in self.words:
            yield path, f"{_shown(value)} is not known; {near(str(value), self.words)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A whole number."""

    least: int | None = None
    most: int | None = None

    def wrong(self, value: Json, path: Path) -> Iterator[Complaint]:
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        if isinstance(value, bool) or not whole:
            yield path, f"{_shown(value)} does not fit; write a whole number, without quotes"
        elif isinstance(value, int) and not (self.least or value) <= value <= (self.most or value):
            yield path, f"{value} is out of range; write {self.least} to {self.most}"


@dataclass(frozen=True, slots=True)
class Truth:
    """``true`` or ``false``."""

    def wrong(self, value: Json, path: Path) -> Iterator[Complaint]:
        if not isinstance(value, bool):
            yield path, f"{_shown(value)} does not fit; write true or false, without quotes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A mapping with known keys."""

    fields: Mapping[str, Shape]
    required: Sequence[str] = ()
    one_of: Sequence[str] = ()
    """Keys of which exactly one must be there."""
    others: Shape | None = None
    """What further keys may hold; None where there are none."""

    def wrong(self, value: Json, path: Path) -> Iterator[Complaint]:
        if not isinstance(value, Mapping):
            known = ", ".join(self.fields)
            yield path, f"{_shown(value)} does not fit; write a mapping with {known or 'keys'}"
            return
        yield from self._keys(value, path)
        for name, inner in value.items():
            shape = self.fields.get(name) or self.others
            if shape is not None:
                yield from shape.wrong(inner, (*path, name))

    def _keys(self, value: JsonObject, path: Path) -> Iterator[Complaint]:
        if self.others is None:
            for name in value:
                if name not in self.fields:
                    missing = [known for known in self.fields if known not in value]
                    yield (*path, name), f"{name!r} is not known here; {near(name, missing)}"
        for name in self.required:
            if name not in value:
                yield path, f"{name!r} is missing; add it"
        there = [name for name in self.one_of if name in value]
        if self.one_of and len(there) != 1:
            has = f"it has {' and '.join(there)}" if there else "it has none of them"
            yield path, f"{has}; write one of {', '.join(self.one_of)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A mapping whose keys are names the author chose."""

    value: Shape
    least: int = 0

    def wrong(self, value: Json, path: Path) -> Iterator[Complaint]:
        if not isinstance(value, Mapping):
            yield path, f"{_shown(value)} does not fit; write a mapping, one 'name: …' a line"
            return
        if len(value) < self.least:
            yield path, "it is empty; write at least one 'name: …'"
        for name, inner in value.items():
            yield from self.value.wrong(inner, (*path, name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A list."""

    item: Shape
    least: int = 0

    def wrong(self, value: Json, path: Path) -> Iterator[Complaint]:
        if not isinstance(value, Sequence) or isinstance(value, str):
            yield path, f"{_shown(value)} does not fit; write a list, each item after a dash"
            return
        if len(value) < self.least:
            yield path, "the list is empty; write at least one item"
        for index, inner in enumerate(value):
            yield from self.item.wrong(inner, (*path, index))


@dataclass(frozen=True, slots=True, kw_only=True)
class Single:
    """A mapping of exactly one name to a value, as in lists of tasks."""

    value: Shape

    def wrong(self, value: Json, path: Path) -> Iterator[Complaint]:
        if not isinstance(value, Mapping) or len(value) != 1:
            names = ", ".join(value) if isinstance(value, Mapping) else _shown(value)
            yield path, f"one item is one name with something below it, and this is {names}"
            return
        for name, inner in value.items():
            yield from self.value.wrong(inner, (*path, name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Either:
    """Different shapes for texts, mappings and lists."""

    text: Shape | None = None
    mapping: Shape | None = None
    listing: Shape | None = None

    def wrong(self, value: Json, path: Path) -> Iterator[Complaint]:
        if isinstance(value, str):
            shape = self.text
        elif isinstance(value, Mapping):
            shape = self.mapping
        else:
            shape = self.listing if isinstance(value, Sequence) else None
        if shape is not None:
            yield from shape.wrong(value, path)
            return
        kinds = {"a text": self.text, "a mapping": self.mapping, "a list": self.listing}
        wanted = " or ".join(name for name, kind in kinds.items() if kind is not None)
        yield path, f"{_shown(value)} does not fit; write {wanted}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A shape that depends on the value: which call, which kind of task."""

    of: Callable[[Json], Shape]

    def wrong(self, value: Json, path: Path) -> Iterator[Complaint]:
        yield from self.of(value).wrong(value, path)


def _shown(value: Json) -> str:
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "a list"
    if value is None:
        return "nothing"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
