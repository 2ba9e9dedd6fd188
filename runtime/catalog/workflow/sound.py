"""What no grammar can say: that names lead somewhere, and that expressions can be read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from runtime.catalog.located import Path
from runtime.catalog.problems import near
from runtime.catalog.workflow import sponsor, timetable
from runtime.catalog.workflow.durations import seconds_of
from runtime.catalog.workflow.grammar import CALLS
from runtime.catalog.workflow.parts import EXPRESSION_PATTERN
from runtime.catalog.workflow.shape import Complaint
from runtime.domain.json import Json, JsonObject, object_of
from runtime.expressions import names

_DIRECTIVES = ("continue", "exit", "end")
_ALWAYS_EXPRESSIONS = ("if", "while", "when", "exceptWhen", "from", "as", "until", "set", "in")
_NEVER_EXPRESSIONS = (("catch", "as"), ("jitter", "from"))
"""A variable's name, and a duration."""
_DATA = frozenset({"with", "set", "error", "metadata", "arguments", "environment"})
"""Below these stands data, whose keys mean nothing to the language."""
_WORDED = frozenset({"document", "metadata", "schema"})
"""Below these stand texts for people, in mappings that one writes on one line."""
_ELSEWHERE = re.compile(r"^[a-z][a-z0-9+.-]*://|^[^@]+@[^@]+$", re.IGNORECASE)
_LISTS = ("do", "try", "branches", "before", "after")


def complaints(document: JsonObject) -> Iterator[Complaint]:
    """Give what is wrong with a document that fits the grammar."""
    use = object_of(document.get("use"))
    for path, tasks in _lists(document, ()):
        yield from _flow(tasks, path)
    for path, task in tasks_in(document):
        yield from _references(task, path, use)
    yield from _expressions(document)
    yield from _schedule(document)
    yield from _torn(document, ())


def _schedule(document: JsonObject) -> Iterator[Complaint]:
    """Check that a schedule says when: at moments that come, or on events that can be told."""
    given = object_of(document.get("schedule"))
    if not given:
        return
    cron = given.get("cron")
    if isinstance(cron, str) and (words := timetable.bad_cron(cron)):
        yield ("schedule", "cron"), words
    for name in ("every", "after"):
        if name in given and not (seconds_of(given[name]) or 0) > 0:
            words = f"{given[name]!r} is no fixed time longer than nothing; write one such as PT1H"
            yield ("schedule", name), words
    if words := timetable.bad_zone(timetable.zone_of(document)):
        yield ("document", "metadata", "timezone"), words
    for key, words in sponsor.complaints(document):
        yield ("document", "metadata", key), words


def _torn(value: Json, path: Path, *, words: bool = False) -> Iterator[Complaint]:
    """Find texts that a comma has torn apart: ``{title: Ask, and wait}`` is two keys."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if words and inner is None and " " in key:
                told = (
                    f"{key!r} is a key of its own here; put quotes around the text with the comma"
                )
                yield (*path, key), told
            yield from _torn(inner, (*path, key), words=words or key in _WORDED)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, inner in enumerate(value):
            yield from _torn(inner, (*path, index), words=words)


def _flow(tasks: Sequence[Json], path: Path) -> Iterator[Complaint]:
    """Check that names in one list are different and that ``then`` leads to one of them."""
    found = [next(iter(object_of(item))) for item in tasks]
    for index, name in enumerate(found):
        if name in found[:index]:
            yield (*path, index, name), f"another task here is called {name!r}; rename one"
        if name in _DIRECTIVES:
            yield (*path, index, name), f"{name!r} is a word of 'then'; give the task another name"
        task = object_of(object_of(tasks[index])[name])
        here = (*path, index, name)
        for place, target in _targets(task):
            if target not in (*_DIRECTIVES, *found):
                words = f"there is no task {target!r} in this list; {near(target, found)}"
                yield (*here, *place), words


def _targets(task: JsonObject) -> Iterator[tuple[Path, str]]:
    if "then" in task:
        yield ("then",), str(task["then"])
    switch = task.get("switch")
    for index, item in enumerate(switch if isinstance(switch, Sequence) else ()):
        for name, case in object_of(item).items():
            yield ("switch", index, name, "then"), str(object_of(case).get("then"))
    catch = object_of(task.get("catch"))
    if "then" in catch:
        yield ("catch", "then"), str(catch["then"])


def _references(task: JsonObject, path: Path, use: JsonObject) -> Iterator[Complaint]:
    """Check that what a task uses by name is there."""
    named: list[tuple[Path, Json, str]] = [
        (("timeout",), task.get("timeout"), "timeouts"),
        (("catch", "retry"), object_of(task.get("catch")).get("retry"), "retries"),
        (("raise", "error"), object_of(task.get("raise")).get("error"), "errors"),
    ]
    for place, name, section in named:
        known = object_of(use.get(section))
        if isinstance(name, str) and not EXPRESSION_PATTERN.search(name) and name not in known:
            yield (*path, *place), f"use.{section} has no {name!r}; {near(name, known)}"
    function = task.get("call")
    if isinstance(function, str):
        functions = object_of(use.get("functions"))
        known = (*CALLS, *functions)
        if function not in known and not _ELSEWHERE.search(function):
            yield (*path, "call"), f"there is no function {function!r}; {near(function, known)}"
    for place, name in _authentications(task.get("with"), ("with",)):
        known = object_of(use.get("authentications"))
        if name not in known:
            yield (*path, *place), f"use.authentications has no {name!r}; {near(name, known)}"


def _authentications(value: Json, path: Path) -> Iterator[tuple[Path, str]]:
    if not isinstance(value, Mapping):
        return
    for key, inner in value.items():
        if key == "authentication" and isinstance(inner, Mapping) and "use" in inner:
            yield (*path, key, "use"), str(inner["use"])
        else:
            yield from _authentications(inner, (*path, key))


def _expressions(document: JsonObject) -> Iterator[Complaint]:
    """Check every expression as far as that needs no jq."""
    for path, program in programs(document, ()):
        complaint = names.complaint(program)
        if complaint is not None:
            yield path, f"the expression {program!r} cannot be read: {complaint}"


def programs(value: Json, path: Path) -> Iterator[tuple[Path, str]]:
    """Give every expression of a document, with its place."""
    if isinstance(value, str):
        program = inner_of(value)
        if program is None and path[-1:] and path[-1] in _ALWAYS_EXPRESSIONS:
            is_text = path[-2:] in _NEVER_EXPRESSIONS or _is_data(path[:-1])
            program = None if is_text else value
        if program is not None:
            yield path, program
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if key != "schema" and (*path, key) != ("document",):
                yield from programs(inner, (*path, key))
    elif isinstance(value, Sequence):
        for index, inner in enumerate(value):
            yield from programs(inner, (*path, index))


def _is_data(path: Path) -> bool:
    return bool(_DATA.intersection(map(str, path))) or ("workflow", "input") in pairwise(path)


def inner_of(text: str) -> str | None:
    """Give what stands between ``${`` and ``}`` where the whole text is one expression."""
    if not EXPRESSION_PATTERN.search(text):
        return None
    return text.strip()[2:-1].strip()


def _lists(value: Json, path: Path) -> Iterator[tuple[Path, Sequence[Json]]]:
    """Give every list of tasks in a document."""
    if not isinstance(value, Mapping):
        if isinstance(value, Sequence) and not isinstance(value, str):
            for index, inner in enumerate(value):
                yield from _lists(inner, (*path, index))
        return
    for key, inner in value.items():
        if key in _LISTS and isinstance(inner, Sequence) and not isinstance(inner, str):
            yield (*path, key), inner
        if key not in ("with", "set", "schema", "metadata"):
            yield from _lists(inner, (*path, key))


def tasks_in(document: JsonObject) -> Iterator[tuple[Path, JsonObject]]:
    """Give every task of a document, with its place."""
    for place, tasks in _lists(document, ()):
        for index, item in enumerate(tasks):
            for name, task in object_of(item).items():
                yield (*place, index, name), object_of(task)
    functions = object_of(object_of(document.get("use")).get("functions"))
    for name, task in functions.items():
        yield ("use", "functions", name), object_of(task)
