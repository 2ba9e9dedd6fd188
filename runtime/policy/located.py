"""YAML read with its lines kept, so that every complaint says where and what to write."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NoReturn, TypeVar

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from runtime.domain.errors import Misconfigured
from runtime.domain.json import Json

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """One value of a YAML file, and where it stands."""

    node: Node
    file: str
    name: str
    """What it is called in complaints: ``rules[2].where``."""

    def wrong(self, complaint: str) -> NoReturn:
        """Raise ``Misconfigured`` with file and line."""
        raise Misconfigured(f"{self.where}: {complaint}")

    @property
    def where(self) -> str:
        """Give file, line and name, as complaints begin."""
        return f"{self.file}:{self.node.start_mark.line + 1}: {self.name}"

    def fields(self, known: Iterable[str]) -> dict[str, Located]:
        """Give the entries of a mapping whose keys must all be ``known``, each once."""
        allowed = list(known)
        entries = self.entries()
        for key, value in entries.items():
            if key not in allowed:
                near = get_close_matches(key, allowed, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(allowed)}"
                value.wrong(f"{key!r} is not known; {hint}")
        return entries

    def entries(self) -> dict[str, Located]:
        """Give the entries of a mapping with text keys."""
        if not isinstance(self.node, MappingNode):
            self.wrong("write a mapping, one `key: value` a line")
        found: dict[str, Located] = {}
        for key, value in self.node.value:
            if not isinstance(key, ScalarNode):
                self.wrong("keys are plain words")
            name = str(key.value)
            # The key's line is what a reader looks for when the value is a block below it.
            place = Located(node=value, file=self.file, name=f"{self.name}.{name}".lstrip("."))
            if name in found:
                place.wrong(f"{name!r} stands here twice; keep one")
            found[name] = place
        return found

    def items(self) -> list[Located]:
        """Give the items of a list."""
        if not isinstance(self.node, SequenceNode):
            self.wrong("write a list, such as [one, two]")
        return [
            Located(node=node, file=self.file, name=f"{self.name}[{index}]")
            for index, node in enumerate(self.node.value)
        ]

    @property
    def is_list(self) -> bool:
        """Tell whether a list is written here."""
        return isinstance(self.node, SequenceNode)

    def text(self) -> str:
        """Give a text; numbers and the like must be quoted to count as one."""
        value = self.scalar()
        if not isinstance(value, str) or not value.strip():
            self.wrong("write a text")
        return value

    def texts(self) -> tuple[str, ...]:
        """Give a list of texts; one text alone is a list of one."""
        if isinstance(self.node, ScalarNode):
            return (self.text(),)
        return tuple(item.text() for item in self.items())

    def number(self) -> int | float:
        """Give a finite number."""
        value = self.scalar()
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.wrong("write a number, without quotes")
        if value != value or value in (float("inf"), float("-inf")):
            self.wrong("write a finite number")
        return value

    def one_of(self, choices: Iterable[T], spelling: Callable[[T], str]) -> T:
        """Give the choice that is spelled here."""
        by_name = {spelling(choice): choice for choice in choices}
        value = self.scalar()
        if not isinstance(value, str) or value not in by_name:
            self.wrong(f"{value!r} is not known; write one of: {', '.join(by_name)}")
        return by_name[value]

    def scalar(self) -> bool | int | float | str | None:
        """Give a plain value; dates count as the text they are written as."""
        if not isinstance(self.node, ScalarNode):
            self.wrong("write a single value")
        raw = str(self.node.value)
        kind = str(self.node.tag).rpartition(":")[2]
        if kind == "null":
            return None
        if kind == "bool":
            return raw.lower() in ("true", "yes", "on")
        try:
            if kind == "int":
                return int(raw.replace("_", ""), 0)
            if kind == "float":
                return float(raw.replace("_", "").replace(".inf", "inf").replace(".nan", "nan"))
        except ValueError:
            self.wrong(f"{raw!r} is not a number as people write it; put it in quotes or change it")
        return raw

    def json(self) -> Json:
        """Give a plain value, or a list of them."""
        if isinstance(self.node, SequenceNode):
            return [item.scalar() for item in self.items()]
        return self.scalar()


def read_located(text: str, *, file: str, name: str = "") -> Located | None:
    """Read YAML; None where the file holds nothing.

    Raises:
        Misconfigured: the text is no YAML, or holds more than one document.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise Misconfigured(
            f"{file}:{line}: this is not YAML: {error.problem or error.context}; "
            "check indentation, colons and quotes here"
        ) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise Misconfigured(f"{file}:1: this cannot be read as YAML; write plain text") from error
    return None if node is None else Located(node=node, file=file, name=name)
