"""URIs of a document: expressions, or templates such as ``https://example.com/{petId}``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from runtime.catalog.workflow.sound import inner_of
from runtime.domain.json import Json
from runtime.workflows.doing import Doing
from runtime.workflows.problem import fault

_VARIABLE = re.compile(r"\{([^{}]*)\}")


def uri_of(doing: Doing, value: str) -> str:
    """Give the URI that a text of the document stands for."""
    if inner_of(value) is not None:
        found = doing.view.expression(value, doing.data)
        if not isinstance(found, str):
            words = f"{value!r} gives {found!r:.80}, which is no URI"
            raise fault("expression", words, at=doing.task.reference)
        return found
    return _VARIABLE.sub(lambda match: _expanded(doing, match.group(1)), value)


def _expanded(doing: Doing, name: str) -> str:
    data: Json = doing.data
    value = data.get(name) if isinstance(data, Mapping) else None
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float):
        words = f"{{{name}}} stands for {value!r:.80}; only texts and numbers fit into a URI"
        raise fault("expression", words, at=doing.task.reference)
    return quote(str(value), safe="")
