"""What agents' ``tools.py`` declare, read from their text: nothing of it is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Final

from runtime.catalog.agent import Agent
from runtime.domain.effects import Effect
from runtime.domain.json import JsonObject

_TYPES: Final[Mapping[str, JsonObject]] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
}


def declared_tools(agent: Agent) -> dict[str, Effect]:
    """Give the tools of an agent by name, with their effects."""
    return {} if agent.tools_source is None else declared_in(agent.tools_source)


def declared_in(source: str) -> dict[str, Effect]:
    """Give the tools that a text declares, with their effects; none where it is no Python.

    What declares no effect is irreversible, as for whoever runs it; so is what cannot be read off.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    return {name: effect for name, effect, _ in _tools(tree)}


def declared_arguments(agent: Agent) -> dict[str, JsonObject]:
    """Give the tools of an agent by name, with a schema of their arguments: names and plain types.

    What else an annotation says is not read, and allowed.
    """
    try:
        tree = ast.parse(agent.tools_source or "")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    return {name: _arguments(node) for name, _, node in _tools(tree)}


def _arguments(node: ast.FunctionDef) -> JsonObject:
    taken = node.args
    named = [*taken.posonlyargs, *taken.args, *taken.kwonlyargs]
    properties = {
        one.arg: _type(one.annotation) for one in named if _spelled(one.annotation) != "Call"
    }
    return {
        "type": "object",
        "properties": properties,
        "additionalProperties": taken.kwarg is not None,
    }


def _type(annotation: ast.expr | None) -> JsonObject:
    return _TYPES.get(_spelled(annotation), {})


def _spelled(annotation: ast.expr | None) -> str:
    if isinstance(annotation, ast.Constant):
        return str(annotation.value).rpartition(".")[2]
    return _last(annotation) if isinstance(annotation, ast.Name | ast.Attribute) else ""


def _tools(tree: ast.Module) -> Iterator[tuple[str, Effect, ast.FunctionDef]]:
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef):
            continue
        for decorator in node.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if not isinstance(called, ast.Name | ast.Attribute) or _last(called) != "tool":
                continue
            keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
            given = {one.arg: one.value for one in keywords}
            name = given.get("name")
            named = name.value if isinstance(name, ast.Constant) else None
            yield str(named or node.name), _effect(given.get("effect")), node


def _effect(value: ast.expr | None) -> Effect:
    if isinstance(value, ast.Attribute) and value.attr in Effect.__members__:
        return Effect[value.attr]
    return Effect.IRREVERSIBLE


def _last(called: ast.Name | ast.Attribute) -> str:
    return called.id if isinstance(called, ast.Name) else called.attr
