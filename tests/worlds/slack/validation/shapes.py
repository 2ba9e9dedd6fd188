"""Blocks and views against the schemas of Slack's own type definitions."""

from __future__ import annotations

import copy
from collections.abc import Iterator

from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError

from tests.worlds.slack.payload import Json, Payload, table, tables, text, texts
from tests.worlds.slack.validation.reference import Reference

_NEWER_THAN_SCHEMA = {"button": {"visible_to_user_ids", "agent_prompt", "agent_prompt_display"}}
"""Properties that Slack takes and the schemas do not know yet."""

_BLOCKS_NEWER_THAN_SCHEMA = frozenset({"auth_provider", "call"})
_NOT_IN_MESSAGES = frozenset({"alert"})
_NOT_IN_VIEWS = frozenset({"markdown", "plan", "task_card", "table", "file"})


class Shapes:
    """Checks the shape of blocks and views; lengths and counts are not its business."""

    def __init__(self, reference: Reference) -> None:
        self._reference = reference
        self._validators: dict[tuple[str, str], Draft7Validator | None] = {}

    def block_faults(self, block: Json, *, surface: str) -> Iterator[str]:
        """Give what is wrong with one block on a ``message``, ``modal`` or ``home``."""
        if not isinstance(block, dict):
            yield f"a block must be an object, not {block!r}"
            return
        kind = text(block.get("type"))
        if kind in (_NOT_IN_MESSAGES if surface == "message" else _NOT_IN_VIEWS):
            yield f"block of type {kind} is not allowed on this surface ({surface})"
            return
        yield from _confirms(block)
        schema = self._reference.schema(surface)
        if schema is None or kind in _BLOCKS_NEWER_THAN_SCHEMA:
            return
        definition = _definition_of(schema, kind)
        if not definition:
            yield f"unknown block type {kind!r}"
            return
        yield from self._schema_faults(surface, definition, _without_newer(block))

    def view_faults(self, view: Payload, *, surface: str) -> Iterator[str]:
        """Give what is wrong with a view, apart from its blocks."""
        if self._reference.schema(surface) is None:
            return
        bare: Payload = view if not isinstance(view.get("blocks"), list) else {**view, "blocks": []}
        yield from self._schema_faults(surface, surface.capitalize(), bare)

    def _schema_faults(self, surface: str, definition: str, value: Json) -> Iterator[str]:
        validator = self._validator(surface, definition)
        if validator is None:
            return
        found: Iterator[ValidationError] = validator.iter_errors(value)
        deepest = max(found, key=_depth, default=None)
        if deepest is not None:
            yield _explained(deepest)

    def _validator(self, surface: str, definition: str) -> Draft7Validator | None:
        key = (surface, definition)
        if key not in self._validators:
            schema = self._reference.schema(surface)
            self._validators[key] = (
                Draft7Validator({**schema, "$ref": f"#/definitions/{definition}"})
                if schema
                else None
            )
        return self._validators[key]


def _definition_of(schema: Payload, kind: str) -> str:
    """Find the definition of a block type: whole unions make unreadable errors."""
    definitions = table(schema.get("definitions"))
    union = table(definitions.get("KnownBlock")).get("anyOf")
    for item in union if isinstance(union, list) else []:
        name = text(table(item).get("$ref")).rpartition("/")[2]
        if _describes(table(definitions.get(name)), kind):
            return name
    return ""


def _describes(definition: Payload, kind: str) -> bool:
    """Whether a definition, or a branch of it, is that of the type."""
    own = table(table(definition.get("properties")).get("type")).get("const")
    branches = [*tables(definition.get("anyOf")), *tables(definition.get("allOf"))]
    return own == kind or any(_describes(branch, kind) for branch in branches)


def _without_newer(node: Json) -> Json:
    if isinstance(node, list):
        return [_without_newer(item) for item in node]
    if not isinstance(node, dict):
        return copy.copy(node)
    newer = _NEWER_THAN_SCHEMA.get(text(node.get("type")), set[str]())
    return {name: _without_newer(value) for name, value in node.items() if name not in newer}


def _confirms(node: Json) -> Iterator[str]:
    """Check confirmation dialogs: the schema takes one without its ``deny``."""
    if isinstance(node, list):
        for item in node:
            yield from _confirms(item)
    elif isinstance(node, dict):
        confirm = node.get("confirm")
        if isinstance(confirm, dict) and "type" in node:
            lacking = [name for name in ("title", "text", "confirm", "deny") if name not in confirm]
            if lacking:
                yield f"confirm dialog lacks {', '.join(lacking)}"
        visible = node.get("visible_to_user_ids")
        if visible is not None and (not visible or texts(visible) != visible):
            yield "visible_to_user_ids must be a list of user ids"
        for value in node.values():
            yield from _confirms(value)


def _depth(error: ValidationError) -> int:
    return len(error.absolute_path)


def _explained(error: ValidationError) -> str:
    """Say what is wrong; of a union's branches, the one that came furthest."""
    while error.context:
        error = max(error.context, key=_depth)
    where = "/".join(str(part) for part in error.absolute_path)
    return f"{error.message[:300]} [json-pointer:/{where}]"
