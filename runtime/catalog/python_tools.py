"""Makes tools of the Python text an agent brings."""

from __future__ import annotations

import ast
import dataclasses
import sys
import traceback
from types import ModuleType

from runtime.catalog.agent import Agent
from runtime.domain.errors import BatonError, Misconfigured
from runtime.tools.tool import Tool


def python_tools(agent: Agent) -> list[Tool]:
    """Compile the agent's ``tools.py`` as it was pinned, and give every tool its module holds.

    The text runs: call this only where tools may run. Raises ``Misconfigured`` with the line.
    """
    if agent.tools_source is None:
        return []
    file = agent.tools_file
    module = _run(agent.tools_source, name=f"baton_tools_{agent.name}_{agent.version}", file=file)
    found: dict[str, Tool] = {}
    for name, value in vars(module).items():
        if not isinstance(value, Tool):
            continue
        known = found.get(value.name)
        if known is not None and known is not value:
            raise Misconfigured(
                f"{file}:{_defined_at(agent.tools_source, name)}: "
                f"there are two tools called {value.name!r}; rename one"
            )
        found[value.name] = value
    return [dataclasses.replace(tool, source=file) for tool in found.values()]


def _run(source: str, *, name: str, file: str) -> ModuleType:
    try:
        code = compile(source, file, "exec", dont_inherit=True)
    except SyntaxError as error:
        raise Misconfigured(
            f"{file}:{error.lineno or 1}: this is not Python: {error.msg}; mend it"
        ) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise Misconfigured(f"{file}:1: this is not Python: {error}; mend it") from error
    module = ModuleType(name)
    module.__file__ = file
    # Dataclasses and type hints look their module up here; the name holds the version, so that
    # versions pinned by different runs live side by side.
    sys.modules[name] = module
    try:
        exec(code, vars(module))  # noqa: S102 - an agent folder is the operator's own code
    except (Exception, SystemExit) as error:
        # Whatever the text does wrong is for the operator: nothing of a run has begun yet.
        sys.modules.pop(name, None)
        raise Misconfigured(_words(error, file)) from error
    return module


def _words(error: BaseException, file: str) -> str:
    if isinstance(error, BatonError) and error.public.startswith(f"{file}:"):
        return error.public
    return f"{file}:{_line(error, file)}: {type(error).__name__}: {error}; mend this line"


def _line(error: BaseException, file: str) -> int:
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == file and frame.lineno]
    return lines[-1] if lines else 1


def _defined_at(source: str, name: str) -> int:
    for node in reversed(ast.parse(source).body):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return node.lineno
        targets = node.targets if isinstance(node, ast.Assign) else []
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return node.lineno
    return 1
