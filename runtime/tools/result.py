"""What a tool returned, as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Final, cast
from uuid import UUID

from pydantic import BaseModel

from runtime.domain.json import Json

DEEPEST: Final = 64


class NotJson(Exception):
    """A value without a JSON form; the message says where it stands."""


def as_json(value: object) -> Json:
    """Give the JSON form of a result: dataclasses, models, dates and decimals included.

    Decimals become text, so that no digit is lost. Raises ``NotJson`` for anything else.
    """
    return _convert(value, "result", 0)


def _convert(value: object, path: str, depth: int) -> Json:
    if depth > DEEPEST:
        raise NotJson(f"{path} is nested deeper than {DEEPEST} levels")
    if isinstance(value, Enum):
        return _convert(cast("object", value.value), path, depth + 1)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return _text(value, path)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise NotJson(f"{path} is {value}, which JSON cannot say")
        return value
    if isinstance(value, Decimal | UUID | PurePath):
        return str(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return _composite(value, path, depth)


def _composite(value: object, path: str, depth: int) -> Json:
    if isinstance(value, BaseModel):
        return _convert(value.model_dump(mode="json"), path, depth + 1)
    if is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: _convert(
                cast("object", getattr(value, field.name)), f"{path}.{field.name}", depth + 1
            )
            for field in fields(value)
        }
    if isinstance(value, Mapping):
        entries: dict[str, Json] = {}
        for key, entry in cast("Mapping[object, object]", value).items():
            if not isinstance(key, str):
                raise NotJson(f"{path} has the key {key!r}, and keys are text")
            entries[_text(key, path)] = _convert(entry, f"{path}.{key}", depth + 1)
        return entries
    if isinstance(value, list | tuple):
        items = cast("Sequence[object]", value)
        return [_convert(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(items)]
    raise NotJson(f"{path} is a {type(value).__name__}, which has no JSON form")


def _text(value: str, path: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise NotJson(f"{path} holds half a character pair, which is no text") from error
    return value
