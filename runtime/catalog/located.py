"""YAML that refuses doubled keys and remembers where everything stood."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

import yaml

from runtime.catalog.problems import Problems
from runtime.domain.json import Json

Path = tuple[str | int, ...]

_NULL = re.compile(r"(~|null|Null|NULL|)")
_BOOL = re.compile(r"(true|True|TRUE|false|False|FALSE)")
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
# A point is needed: a version such as 0e1 or 12e5 is a word, as every YAML writer leaves it.
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+][0-9]+)?")


@dataclass(frozen=True, slots=True)
class Located:
    """A document as JSON, and the line on which each of its parts begins."""

    file: str
    value: Json
    lines: Mapping[Path, int]

    def line(self, *path: str | int) -> int:
        """Give the line of the part at ``path``, or of the nearest part around it."""
        while path not in self.lines:
            if not path:
                return 1
            path = path[:-1]
        return self.lines[path]


def read_yaml(text: str, *, file: str, problems: Problems, first_line: int = 1) -> Located | None:
    """Read one YAML document as JSON: words such as ``yes`` and dates stay the words they are.

    Problems are noted; the result is None when nothing useful could be read. ``first_line`` is
    the line of the file on which ``text`` begins.
    """
    reader = _Reader(file=file, problems=problems, first_line=first_line)
    before = len(problems.found)
    try:
        # The base loader builds no objects; aliases are refused before they can multiply.
        for event in yaml.parse(text, yaml.BaseLoader):
            line = first_line + (event.start_mark.line if event.start_mark else 0)
            tag: object = getattr(event, "tag", None)
            if isinstance(event, yaml.AliasEvent):
                problems.add(file, line, "YAML aliases (*name) are not read; repeat the value")
            elif tag is not None:
                problems.add(file, line, f"YAML tags are not read; remove {tag!r}")
        if len(problems.found) > before:
            return None
        node = yaml.compose(text, yaml.BaseLoader)
    except (yaml.MarkedYAMLError, yaml.reader.ReaderError, RecursionError) as error:
        line, words = _complaint(error)
        problems.add(file, first_line + line, f"this is not YAML: {words}; mend this line")
        return None
    if node is None:
        return Located(file, None, {(): first_line})
    value = reader.value(node, ())
    if len(problems.found) > before:
        return None
    return Located(file, value, reader.lines)


def _complaint(error: Exception) -> tuple[int, str]:
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        return (mark.line if mark else 0), " ".join((error.problem or "unreadable").split())
    if isinstance(error, RecursionError):
        return 0, "it is nested too deeply"
    return 0, "it holds a control character"


class _Reader:
    """Walks the nodes of one document."""

    def __init__(self, *, file: str, problems: Problems, first_line: int) -> None:
        self._file = file
        self._problems = problems
        self._first_line = first_line
        self.lines: dict[Path, int] = {}

    def value(self, node: yaml.Node, path: Path) -> Json:
        self.lines.setdefault(path, self._line(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, at)) for at, item in enumerate(_children(node))]
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> Json:
        result: dict[str, Json] = {}
        for key_node, value_node in node.value:
            line = self._line(key_node)
            if not isinstance(key_node, yaml.ScalarNode):
                self._problems.add(self._file, line, "a key must be a word; write 'name: value'")
                continue
            key = str(key_node.value)
            if key in result:
                first = self.lines[(*path, key)]
                self._problems.add(
                    self._file, line, f"key {key!r} stands on line {first} already; keep one"
                )
                continue
            self.lines[(*path, key)] = line
            result[key] = self.value(value_node, (*path, key))
        return result

    @staticmethod
    def _scalar(node: yaml.Node) -> Json:
        text = str(node.value)
        if getattr(node, "style", None) is not None:
            return text
        if _NULL.fullmatch(text):
            return None
        if _BOOL.fullmatch(text):
            return text.lower() == "true"
        if _INT.fullmatch(text):
            return int(text) if len(text) < 40 else text
        if _FLOAT.fullmatch(text) and math.isfinite(number := float(text)):
            return number
        return text

    def _line(self, node: yaml.Node) -> int:
        return self._first_line + node.start_mark.line


def _children(node: yaml.SequenceNode) -> list[yaml.Node]:
    return list(node.value)
