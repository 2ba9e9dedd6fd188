"""What programs are given: arguments, standard input, environment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast

from runtime.domain.json import Json, JsonObject, object_of
from runtime.workflows.doing import Doing
from runtime.workflows.problem import fault


def arguments_of(given: JsonObject) -> list[str]:
    """Give the arguments as texts."""
    return [text_of(one) for one in cast("list[Json]", given.get("arguments") or [])]


def stdin_of(given: JsonObject) -> bytes:
    """Give the standard input; nothing where the task says none."""
    value = given.get("stdin")
    return b"" if value is None else text_of(value).encode()


def environment_of(doing: Doing, given: JsonObject) -> dict[str, str]:
    """Give the environment. Raises ``Faulted`` where it is no mapping."""
    environment = given.get("environment")
    if environment is not None and not isinstance(environment, Mapping):
        words = "'environment' is no mapping of names to texts"
        raise fault("configuration", words, at=doing.task.reference)
    return {name: text_of(value) for name, value in object_of(environment).items()}


def text_of(value: Json) -> str:
    """Spell a value: a text as it is, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
