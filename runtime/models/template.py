"""Fill ``${path}`` in scripted answers and arguments."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from runtime.domain.json import Json

MISSING = "(not found)"

_PATH = re.compile(r"\$\{([^}]*)\}")


class _Absent:
    """What a path leads to when it leads nowhere; null is something that was found."""


_ABSENT = _Absent()


def render(value: Json, scope: Mapping[str, Json]) -> Json:
    """Fill every template within ``value``; never raises.

    A text that is one template and nothing else becomes the value itself, with its JSON type; a
    path that leads nowhere becomes ``(not found)``, in plain sight.
    """
    if isinstance(value, str):
        whole = _PATH.fullmatch(value)
        if whole is None:
            return _PATH.sub(lambda found: _spell(_look_up(found[1], scope)), value)
        found = _look_up(whole[1], scope)
        return MISSING if isinstance(found, _Absent) else found
    if isinstance(value, Mapping):
        return {key: render(entry, scope) for key, entry in value.items()}
    if isinstance(value, Sequence):
        return [render(entry, scope) for entry in value]
    return value


def _look_up(path: str, scope: Mapping[str, Json]) -> Json | _Absent:
    here: Json = scope
    for part in path.strip().split("."):
        if isinstance(here, Mapping) and part in here:
            here = here[part]
        elif isinstance(here, Sequence) and not isinstance(here, str) and _reaches(part, here):
            here = here[int(part)]
        else:
            return _ABSENT
    return here


def _reaches(part: str, entries: Sequence[Json]) -> bool:
    return part.isascii() and part.isdigit() and len(part) < 10 and int(part) < len(entries)


def _spell(value: Json | _Absent) -> str:
    if isinstance(value, _Absent):
        return MISSING
    if isinstance(value, str):
        return value
    return "(none)" if value is None else json.dumps(value, ensure_ascii=False)
