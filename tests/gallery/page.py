"""The page that Microsoft's renderer draws one card on, and what it notes while it does."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from tests.gallery.shown import Drawing

WIDTH = 608
_TEAMS_ONLY = frozenset({"ProgressBar"})
_STYLE = """
body { margin: 0; width: WIDTHpx; background: #f5f5f5;
  font: 14px 'Segoe UI', 'Liberation Sans', sans-serif; }
#card { background: #fff; border: 1px solid #d1d1d1; border-radius: 8px; overflow: hidden; }
.ac-pushButton { font: 600 14px 'Segoe UI', 'Liberation Sans', sans-serif; padding: 5px 12px;
  border: 1px solid #d1d1d1; border-radius: 4px; background: #fff; }
.ac-pushButton.style-positive { background: #5b5fc7; border-color: #5b5fc7; color: #fff; }
.ac-pushButton.style-destructive { color: #c4314b; }
.ac-pushButton.expanded { background: #ebebeb; }
.ac-input { font: inherit; padding: 5px; border: 1px solid #d1d1d1; border-radius: 4px;
  box-sizing: border-box; width: 100%; }
.ac-toggleInput input { width: auto; }
"""
_SCRIPT = """
const noted = {events: [], titles: [], fields: 0, height: 0};
const context = new AdaptiveCards.SerializationContext(new AdaptiveCards.Version(1, 5));
const card = new AdaptiveCards.AdaptiveCard();
card.hostConfig = new AdaptiveCards.HostConfig(HOST);
card.parse(CARD, context);
for (let at = 0; at < context.eventCount; at++) noted.events.push(context.getEventAt(at).message);
document.getElementById('card').appendChild(card.render());
const opened = [...document.querySelectorAll('.ac-pushButton')].find(one => one.title === OPENS
  || one.innerText.trim() === OPENS);
if (opened) opened.click();
else if (OPENS) noted.events.push('there is no button ' + OPENS);
noted.titles = [...document.querySelectorAll('.ac-pushButton')].map(one => one.innerText.trim());
noted.fields = document.querySelectorAll('.ac-input').length;
noted.height = Math.ceil(document.getElementById('card').getBoundingClientRect().height);
document.getElementById('noted').textContent = JSON.stringify(noted);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """What the renderer says of a card: nothing is wrong where ``events`` is empty."""

    events: list[str]
    titles: list[str]
    """Of every button on the card and in what was opened."""
    fields: int
    height: int


def without_teams_only(value: Any) -> Any:
    """Give a card as it is where nobody knows Teams' own elements."""
    if isinstance(value, list):
        kept = [one for one in cast("list[Any]", value) if not _is_teams_only(one)]
        return [without_teams_only(one) for one in kept]
    if not isinstance(value, dict):
        return value
    return {
        name: without_teams_only(one)
        for name, one in cast("dict[str, Any]", value).items()
        if name != "msteams"
    }


def page(drawing: Drawing, *, renderer: Path, host_config: Path) -> str:
    """Give the page as HTML."""
    host = host_config.read_text(encoding="utf-8")
    values = {
        "HOST": host,
        "CARD": json.dumps(without_teams_only(drawing.card)),
        "OPENS": json.dumps(drawing.opens),
    }
    script = re.sub("HOST|CARD|OPENS", lambda found: values[found.group()], _SCRIPT)
    return (
        f"<!doctype html><meta charset=utf-8><style>{_STYLE.replace('WIDTH', str(WIDTH))}</style>"
        f"<div id=card></div><script id=noted type=application/json></script>"
        f"<script src='{renderer.as_uri()}'></script>"
        f"<script>{script.replace('</', '<' + chr(92) + '/')}</script>"
    )


def read_noted(dom: str) -> Noted:
    """Read what the page noted from its document after it was drawn."""
    found = re.search(r'<script id="noted"[^>]*>(.*?)</script>', dom, re.DOTALL)
    if found is None or not found.group(1):
        return Noted(events=["the renderer did not get to its end"], titles=[], fields=0, height=0)
    noted: dict[str, Any] = json.loads(found.group(1))
    return Noted(**noted)


def _is_teams_only(value: Any) -> bool:
    return isinstance(value, dict) and cast("dict[str, Any]", value).get("type") in _TEAMS_ONLY
