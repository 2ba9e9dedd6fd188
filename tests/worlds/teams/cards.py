"""Reading a card as people do: its words, its buttons, its fields; and what no card may be."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

CARD_BYTES = 28 * 1024
_ELEMENTS: dict[str, frozenset[str]] = {
    "AdaptiveCard": frozenset(
        {"$schema", "version", "body", "actions", "refresh", "msteams", "fallbackText"}
    ),
    "RichTextBlock": frozenset({"inlines", "spacing", "separator", "horizontalAlignment"}),
    "TextRun": frozenset({"text", "weight", "size", "color", "isSubtle", "fontType", "italic"}),
    "Input.Text": frozenset(
        {
            "id",
            "label",
            "placeholder",
            "isMultiline",
            "maxLength",
            "isRequired",
            "errorMessage",
            "value",
        }
    ),
    "Input.Number": frozenset(
        {"id", "label", "min", "max", "value", "isRequired", "errorMessage", "placeholder"}
    ),
    "Input.Date": frozenset(
        {"id", "label", "min", "max", "value", "isRequired", "errorMessage", "placeholder"}
    ),
    "Input.Toggle": frozenset(
        {"id", "label", "title", "value", "valueOn", "valueOff", "isRequired", "errorMessage"}
    ),
    "Input.ChoiceSet": frozenset(
        {
            "id",
            "label",
            "style",
            "choices",
            "value",
            "isRequired",
            "errorMessage",
            "placeholder",
        }
    ),
    "Action.Execute": frozenset({"title", "verb", "data", "style", "associatedInputs", "fallback"}),
    "Action.Submit": frozenset({"title", "data", "style", "associatedInputs"}),
    "Action.OpenUrl": frozenset({"title", "url"}),
    "Action.ShowCard": frozenset({"title", "card"}),
}
"""The part of the 1.5 schema that is in use; Teams' own elements are not of it."""
_TEAMS_ONLY = frozenset({"ProgressBar"})
_ENUMS = {
    "spacing": {"None", "Small", "Default", "Medium", "Large", "ExtraLarge", "Padding"},
    "weight": {"Default", "Lighter", "Bolder"},
    "size": {"Default", "Small", "Medium", "Large", "ExtraLarge"},
    "color": {"Default", "Dark", "Light", "Accent", "Good", "Warning", "Attention"},
    "fontType": {"Default", "Monospace"},
    "style": {"default", "positive", "destructive", "compact", "expanded"},
    "associatedInputs": {"auto", "none"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """One action that tells the bot something."""

    title: str
    verb: str
    data: dict[str, Any]
    takes_inputs: bool
    fallback: Mapping[str, Any]


def card_of(activity: Mapping[str, Any]) -> dict[str, Any]:
    """Give the card a message carries; an empty one where it is words."""
    attachments: list[dict[str, Any]] = activity.get("attachments", [])
    for attachment in attachments:
        if attachment["contentType"] == "application/vnd.microsoft.card.adaptive":
            found: dict[str, Any] = attachment["content"]
            return found
    return {}


def file_of(activity: Mapping[str, Any]) -> dict[str, Any]:
    """Give the question about a file, or the file, that a message carries; empty for others."""
    for attachment in cast("list[dict[str, Any]]", activity.get("attachments", [])):
        if attachment["contentType"].startswith("application/vnd.microsoft.teams.card.file."):
            return attachment
    return {}


def walk(value: Any) -> Iterator[dict[str, Any]]:
    """Give every object in a card, outermost first."""
    if isinstance(value, dict):
        found = cast("dict[str, Any]", value)
        yield found
        for inner in found.values():
            yield from walk(inner)
    elif isinstance(value, list):
        for inner in cast("list[Any]", value):
            yield from walk(inner)


def readable(card: Mapping[str, Any]) -> str:
    """Give the words of a card, a paragraph a line."""
    lines = [
        "".join(run["text"] for run in one["inlines"])
        for one in walk(card)
        if one.get("type") == "RichTextBlock"
    ]
    return "\n".join(lines).replace("\u00a0", " ")


def buttons(card: Mapping[str, Any]) -> list[Button]:
    """Give what can be pressed, also where a first press only shows it."""
    return [
        Button(
            title=one["title"],
            verb=one["verb"],
            data=one["data"],
            takes_inputs=one.get("associatedInputs", "auto") == "auto",
            fallback=one["fallback"],
        )
        for one in walk({"body": card.get("body"), "actions": card.get("actions")})
        if one.get("type") == "Action.Execute"
    ]


def inputs_of(card: Mapping[str, Any], verb: str) -> list[dict[str, Any]]:
    """Give the fields whose values a press brings: those of its own card and of those around it."""
    for action in card.get("actions", []):
        inner = action.get("card")
        if inner is not None and any(one.verb == verb for one in buttons(inner)):
            return [*_fields(card.get("body")), *inputs_of(inner, verb)]
    return _fields(card.get("body"))


def _fields(body: Any) -> list[dict[str, Any]]:
    return [one for one in walk(body) if str(one.get("type", "")).startswith("Input.")]


def faults(card: Mapping[str, Any]) -> list[str]:
    """Say what Teams, or the schema, would refuse in a card."""
    found: list[str] = []
    size = len(json.dumps(card, ensure_ascii=False).encode())
    if size > CARD_BYTES:
        found.append(f"{size} bytes")
    if card.get("type") != "AdaptiveCard" or card.get("version") != "1.5":
        found.append("no card of version 1.5")
    _check(card, "", found)
    return found


def _check(value: Any, path: str, found: list[str]) -> None:
    if isinstance(value, list):
        for index, one in enumerate(cast("list[Any]", value)):
            _check(one, f"{path}/{index}", found)
        return
    if not isinstance(value, dict):
        return
    element = cast("dict[str, Any]", value)
    kind = element.get("type")
    if kind in _TEAMS_ONLY:
        if "fallback" not in element:
            found.append(f"{path}: {kind} has no fallback")
        return
    if kind not in _ELEMENTS:
        found.append(f"{path}: {kind!r} is no element")
        return
    for name, one in element.items():
        if name != "type" and name not in _ELEMENTS[kind]:
            found.append(f"{path}: {kind} has no {name!r}")
        if name in _ENUMS and one not in _ENUMS[name]:
            found.append(f"{path}: {name} is {one!r}")
    if kind == "RichTextBlock" and not element["inlines"]:
        found.append(f"{path}: no inlines")
    if len(element.get("actions") or []) > 6:
        found.append(f"{path}: more than six actions")
    for name in ("body", "actions", "inlines", "card", "fallback"):
        if name in element and element[name] != "drop":
            _check(element[name], f"{path}/{name}", found)
    if "refresh" in element:
        if len(element["refresh"].get("userIds", [])) > 60:
            found.append(f"{path}: more than sixty people have a view of their own")
        _check(element["refresh"]["action"], f"{path}/refresh", found)
