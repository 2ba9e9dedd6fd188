"""What no grammar can say: that names lead somewhere, and that expressions can be read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from runtime.catalog.located import Path
from runtime.catalog.problems import near
from runtime.catalog.workflow.grammar import CALLS
from runtime.catalog.workflow.parts import EXPRESSION_PATTERN
from runtime.catalog.workflow.shape import Complaint
from runtime.domain.json import Json, JsonObject, object_of
from runtime.expressions import names

OWN_FUNCTIONS = ("agent", "approval", "ask", "post", "tool")
"""What a workflow may call of Baton itself."""

_DIRECTIVES = ("continue", "exit", "end")
_ALWAYS_EXPRESSIONS = ("if", "while", "when", "exceptWhen", "from", "as", "until", "expect")
_ELSEWHERE = re.compile(r"^[a-z][a-z0-9+.-]*://|^[^@]+@[^@]+$", re.IGNORECASE)
_LISTS = ("do", "try", "branches", "before", "after")


def complaints(document: JsonObject) -> Iterator[Complaint]:
    """Give what is wrong with a document that fits the grammar."""
    use = object_of(document.get("use"))
    for path, tasks in _lists(document, ()):
        yield from _flow(tasks, path)
    for path, task in _tasks(document, ()):
        yield from _references(task, path, use)
    yield from _expressions(document, ())


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
        known = (*CALLS, *OWN_FUNCTIONS, *functions)
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


def _expressions(value: Json, path: Path) -> Iterator[Complaint]:
    """Check every expression as far as that needs no jq."""
    if isinstance(value, str):
        always = bool(path) and path[-1] in _ALWAYS_EXPRESSIONS
        program = inner_of(value)
        if program is None and always:
            program = value
        complaint = names.complaint(program) if program is not None else None
        if complaint is not None:
            yield path, f"the expression {value!r} cannot be read: {complaint}"
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if path[-1:] == ("input",) and key == "schema":
                continue
            yield from _expressions(inner, (*path, key))
    elif isinstance(value, Sequence):
        for index, inner in enumerate(value):
            yield from _expressions(inner, (*path, index))


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


def _tasks(document: JsonObject, path: Path) -> Iterator[tuple[Path, JsonObject]]:
    for place, tasks in _lists(document, path):
        for index, item in enumerate(tasks):
            for name, task in object_of(item).items():
                yield (*place, index, name), object_of(task)
    functions = object_of(object_of(document.get("use")).get("functions"))
    for name, task in functions.items():
        yield ("use", "functions", name), object_of(task)
