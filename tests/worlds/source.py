"""The project's own source, parsed, for tests that read code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_MADE_BY_MACHINES = {"__pycache__", "node_modules", "build", "dist"}


@dataclass(frozen=True, kw_only=True)
class Source:
    """One Python file."""

    path: Path

    @property
    def name(self) -> str:
        """Give the path as people write it: ``runtime/service.py``."""
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        """Give the whole file."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        """Give the parsed file."""
        return ast.parse(self.text, filename=self.name)

    def walk(self) -> Iterator[ast.AST]:
        """Give every node."""
        return ast.walk(self.tree)

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Give every function, methods and inner ones included."""
        for node in self.walk():
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node


def sources(*folders: str) -> list[Source]:
    """Give the Python files below some folders of the project."""
    return [Source(path=path) for path in files(*folders) if path.suffix == ".py"]


def files(*folders: str) -> list[Path]:
    """Give the files below some folders of the project, without what machines left there."""
    return sorted(
        path
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and not _MADE_BY_MACHINES & set(path.parts)
    )


def written_files() -> list[Path]:
    """Give every file of the project that people wrote."""
    folders = [
        path.name
        for path in ROOT.iterdir()
        if path.is_dir() and (not path.name.startswith(".") or path.name == ".ci")
    ]
    beside = [
        path
        for path in ROOT.iterdir()
        if (path.is_file() and not path.name.startswith((".env", ".git")))
        or path.name in (".env.example", ".gitignore")
    ]
    return sorted([*beside, *files(*folders)])
