"""The few Adaptive Card shapes that Baton draws, as plain dicts, version 1.5.

All text goes into runs of a RichTextBlock: unlike a TextBlock, a run knows no Markdown, so no
text can plant a link, a mention or bold words. Limits: Teams shows six actions in a row, and
takes 28 KB of card on its narrowest road.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from bots.spelling import cut, one_line, prose
from runtime.domain.json import Json, JsonObject

Element = Mapping[str, Json]
CARD_BYTES = 27_000
"""Below 28 KB by what the channel adds: which delivery a card is, for each of its buttons."""
MOST_ACTIONS = 6
_BUTTON_LIMIT = 60
# Renderers replace {{DATE(…)}} inside one string, and Teams reads <at> where entities allow it;
# in two neighbouring strings neither is there, and they read the same.
_LIVE = re.compile(r"(?<=\{)(?=\{)|(?<=<)(?=/?[aA][tT])")
_WIDTH = 60
_LONG_WORD = re.compile(rf"\S{{{_WIDTH + 1}}}")
FOLD = "↪"
_SPACES = re.compile(r"^ | (?= )| $")


def as_sent(said: Json) -> bytes:
    """Spell what goes to Teams. Half a surrogate pair, from somebody's broken JSON, becomes "?"."""
    return json.dumps(said, ensure_ascii=False).encode(errors="replace")


def size_bytes(card: JsonObject) -> int:
    """Measure a card as it is sent."""
    return len(as_sent(card))


def run(
    text: str,
    *,
    bold: bool = False,
    mono: bool = False,
    subtle: bool = False,
    italic: bool = False,
    size: str = "",
    color: str = "",
) -> list[Json]:
    """Give runs that read exactly as one line of ``text``; line ends become spaces."""
    style: dict[str, Json] = {}
    if bold:
        style["weight"] = "Bolder"
    if mono:
        style["fontType"] = "Monospace"
    if subtle:
        style["isSubtle"] = True
    if italic:
        style["italic"] = True
    if size:
        style["size"] = size
    if color:
        style["color"] = color
    line = prose(text).replace("\n", " ")
    if mono:
        # Renderers fold spaces; columns and indents are meant, and so is a tab in an argument.
        line = _SPACES.sub("\u00a0", line.replace("\t", "\\t"))
    return [{"type": "TextRun", "text": part, **style} for part in _LIVE.split(line) if part]


def line(*runs: list[Json], spacing: str = "") -> Element:
    """Give one paragraph of runs."""
    inlines = [one for several in runs for one in several]
    block: dict[str, Json] = {
        "type": "RichTextBlock",
        "inlines": inlines or [{"type": "TextRun", "text": "\u00a0"}],
    }
    if spacing:
        block["spacing"] = spacing
    return block


def fixed(text: str) -> list[Element]:
    """Give text in fixed width, line by line; nothing of it runs out of the card to the right.

    Clients break lines at spaces only. A longer word is folded, and what goes on begins with a
    mark in a colour that no text here can have, so that no line end looks like a fold.
    """
    blocks: list[Element] = []
    for one in text.split("\n"):
        first, *rest = _folded(one)
        blocks.append(line(run(first, mono=True), spacing="None"))
        blocks += [
            line(run(FOLD, mono=True, color="Accent"), run(part, mono=True), spacing="None")
            for part in rest
        ]
    return blocks


def _folded(text: str) -> list[str]:
    if not _LONG_WORD.search(text):
        return [text]
    return [text[at : at + _WIDTH] for at in range(0, len(text), _WIDTH)]


def header(text: str) -> Element:
    """Give a headline."""
    return line(run(one_line(text, 150), bold=True, size="Large"))


def small(*texts: str) -> list[Element]:
    """Give small print; empty texts are left out."""
    return [
        line(run(cut(text, 1_000), subtle=True, size="Small"), spacing="Small")
        for text in texts
        if text
    ]


def progress(done: int, of: int) -> Element:
    """Give a bar, where the client knows one; a line of text says the same elsewhere."""
    return {
        "type": "ProgressBar",
        "value": done,
        "max": max(of, 1),
        "spacing": "Small",
        "fallback": "drop",
    }


def text_input(
    name: str,
    *,
    label: str,
    placeholder: str,
    error: str,
    limit: int,
    value: str = "",
    must: bool = True,
) -> Element:
    """Give a field for a few words; ``value`` is what was typed into it before."""
    typed: dict[str, Json] = {"value": prose(value)[:limit]} if value else {}
    return {
        "type": "Input.Text",
        "id": name,
        "label": label,
        "placeholder": placeholder,
        "isMultiline": True,
        "maxLength": limit,
        "isRequired": must,
        "errorMessage": error,
        **typed,
    }


def choose(name: str, *, label: str, choices: Sequence[tuple[str, str]], error: str) -> Element:
    """Give a list to choose one entry from; each is a value and what people read."""
    return {
        "type": "Input.ChoiceSet",
        "id": name,
        "label": label,
        "style": "compact",
        "choices": [{"title": one_line(title, 100) or "–", "value": one} for one, title in choices],
        "value": choices[0][0],
        "isRequired": True,
        "errorMessage": error,
    }


def button(
    title: str,
    *,
    verb: str,
    data: JsonObject,
    style: str = "default",
    inputs: bool = False,
) -> Json:
    """Give a button; ``data`` holds ids only, since people can read and change it.

    Clients that know no ``Action.Execute`` send a message with the same verb and data instead.
    """
    shown = one_line(title, _BUTTON_LIMIT) or "…"
    common: dict[str, Json] = {
        "title": shown,
        "style": style,
        "associatedInputs": "auto" if inputs else "none",
    }
    return {
        "type": "Action.Execute",
        "verb": verb,
        "data": data,
        **common,
        "fallback": {"type": "Action.Submit", "data": {**data, "verb": verb}, **common},
    }


def link(title: str, url: str) -> Json:
    """Give a button that opens a page of ours; what others write never becomes one."""
    return {"type": "Action.OpenUrl", "title": one_line(title, _BUTTON_LIMIT), "url": url}


def disclose(title: str, *, body: Sequence[Element], actions: Sequence[Json]) -> Json:
    """Give a button that shows more before anything is done."""
    return {
        "type": "Action.ShowCard",
        "title": one_line(title, _BUTTON_LIMIT),
        "card": {"type": "AdaptiveCard", "body": list(body), "actions": list(actions)},
    }


def card(
    body: Sequence[Element], actions: Sequence[Json] = (), *, refresh: JsonObject | None = None
) -> JsonObject:
    """Put a card together. ``refresh`` is asked by clients whenever the card comes into view."""
    whole: dict[str, Json] = {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.5",
        "body": list(body),
        "msteams": {"width": "full"},
    }
    if actions:
        whole["actions"] = list(actions[:MOST_ACTIONS])
    if refresh is not None:
        whole["refresh"] = {"action": refresh}
    return whole
