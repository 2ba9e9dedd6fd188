"""What agents' ``tools.py`` declare, read from their text: nothing of it is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from runtime.catalog.agent import Agent
from runtime.domain.effects import Effect


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
    return dict(_tools(tree))


def _tools(tree: ast.Module) -> Iterator[tuple[str, Effect]]:
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
            yield str(named or node.name), _effect(given.get("effect"))


def _effect(value: ast.expr | None) -> Effect:
    if isinstance(value, ast.Attribute) and value.attr in Effect.__members__:
        return Effect[value.attr]
    return Effect.IRREVERSIBLE


def _last(called: ast.Name | ast.Attribute) -> str:
    return called.id if isinstance(called, ast.Name) else called.attr
