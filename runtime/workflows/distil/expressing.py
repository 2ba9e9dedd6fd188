"""What a plan says and passes on, as data and expressions of a workflow."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from runtime.catalog.workflow.sound import inner_of
from runtime.domain.json import Json
from runtime.domain.plan import REFERENCE
from runtime.workflows.distil.lifting import Parameter

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expressing:
    """Spells values: references as parts of the context, values of the request as inputs."""

    parameters: Sequence[Parameter]
    known: Collection[str]
    """Ids of the steps whose outputs are in the context."""

    def value(self, value: Json) -> Json:
        """Spell any value."""
        if isinstance(value, str):
            found = REFERENCE.match(value)
            if found is None:
                return self.text(value)
            if found.group(1) not in self.known:
                # A step that failed or was skipped: its output was nothing in the run as well.
                return None
            path = found.group(2).split(".")[1:]
            return f"${{ {of_context(found.group(1), *path)} }}"
        if isinstance(value, Mapping):
            return {name: self.value(inner) for name, inner in value.items()}
        if isinstance(value, Sequence):
            return [self.value(inner) for inner in value]
        same = next((one for one in self.parameters if _same(one.value, value)), None)
        return value if same is None else f"${{ {of_input(same.name)} }}"

    def text(self, text: str) -> str:
        """Spell a text, with inputs in place of the request's values."""
        parts = self._parts(text)
        if len(parts) == 1 and isinstance(parts[0], Parameter):
            return f"${{ {of_input(parts[0].name)} }}"
        if not any(isinstance(part, Parameter) for part in parts) and inner_of(text) is None:
            return text
        spelled = "".join(
            f"\\({of_input(part.name)})"
            if isinstance(part, Parameter)
            else json.dumps(part, ensure_ascii=False)[1:-1]
            for part in parts
        )
        return f'${{ "{spelled}" }}'

    def _parts(self, text: str) -> list[str | Parameter]:
        parts: list[str | Parameter] = [text]
        # The longest first, so that no value is found within another.
        for one in sorted(self.parameters, key=lambda one: -len(str(one.value))):
            pattern = one.mentions
            if pattern is not None:
                parts = [piece for part in parts for piece in _split(part, pattern, one)]
        return parts


def _split(
    part: str | Parameter, pattern: re.Pattern[str], one: Parameter
) -> list[str | Parameter]:
    if isinstance(part, Parameter):
        return [part]
    pieces: list[str | Parameter] = []
    at = 0
    for match in pattern.finditer(part):
        pieces += [part[at : match.start()], one]
        at = match.end()
    pieces.append(part[at:])
    return [piece for piece in pieces if piece != ""]


def of_input(name: str) -> str:
    """Spell where an input of the workflow is found."""
    return f"$workflow.input{_part(name)}"


def of_context(*path: str) -> str:
    """Spell where the output of a step, or a part of it, is found."""
    return f"$context{''.join(_part(part) for part in path)}"


def _part(name: str) -> str:
    if name.isdigit():
        return f"[{name}]"
    return f".{name}" if _PLAIN.fullmatch(name) else f"[{json.dumps(name)}]"


def _same(one: Json, other: Json) -> bool:
    return type(one) is type(other) and one == other and not isinstance(other, bool | None)
