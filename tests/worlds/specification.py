"""The specification's own schema, scenarios and examples, where this machine has them."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator

from runtime.catalog.located import read_yaml
from runtime.catalog.problems import Problems
from tests.worlds.slack.validation.reference import conformance_folder

FOLDER = conformance_folder() / "open-workflow"
needs_specification = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the specification's data is absent"
)
"""Marks what only the specification can decide."""


def examples() -> list[Path]:
    """Give the specification's examples; none where they are absent."""
    return sorted((FOLDER / "examples").glob("*.yaml"))


def features() -> list[Path]:
    """Give the files of the conformance kit; none where they are absent."""
    return sorted((FOLDER / "ctk").glob("*.feature"))


def schema() -> Draft202012Validator:
    """Give the specification's schema."""
    return Draft202012Validator(cast("dict[str, Any]", document(FOLDER / "workflow.yaml")))


def document(path: Path) -> Any:
    """Give a YAML file in which ``on`` is a word, as the specification means it."""
    located = read_yaml(path.read_text(encoding="utf-8"), file=path.name, problems=Problems())
    assert located is not None
    return located.value


def mutations(whole: Any) -> Iterator[tuple[str, Any]]:
    """Give documents with one thing changed, each with a word about the change."""
    for path in _paths(whole, ()):
        if not path:
            continue
        changes: list[tuple[str, object]] = [
            ("without", None),
            ("a text at", "surprise"),
            ("a number at", 7),
            ("nothing at", _NOTHING),
            ("an empty mapping at", {}),
            ("an empty list at", []),
            ("another key beside", _BESIDE),
        ]
        for name, change in changes:
            changed = copy.deepcopy(whole)
            if _apply(changed, path, change):
                yield f"{name} /{'/'.join(map(str, path))}", changed


_NOTHING = object()
_BESIDE = object()


def _apply(whole: Any, path: tuple[Any, ...], change: object) -> bool:
    parent = whole
    for part in path[:-1]:
        parent = parent[part]
    if change is _BESIDE:
        if not isinstance(parent, dict):
            return False
        parent["surprise"] = 1
    elif change is None:
        del parent[path[-1]]
    else:
        parent[path[-1]] = None if change is _NOTHING else change
    return True


def _paths(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict):
        for key, inner in cast("dict[str, Any]", value).items():
            yield from _paths(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(cast("list[Any]", value)):
            yield from _paths(inner, (*path, index))
