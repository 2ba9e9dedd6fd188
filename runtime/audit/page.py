"""An evidence pack as one page for people: no script, no request, nothing outside of the file.

The page is a function of the pack alone, and holds the pack. So it is checked by taking the pack
out, checking that, and drawing the page again: a changed letter anywhere shows.
"""

from __future__ import annotations

import base64
import json
import re
from html import escape
from typing import Final

from runtime.audit import personal, words
from runtime.audit.style import STYLE
from runtime.audit.verify import Checked, check_pack
from runtime.domain.json import Json, JsonObject, object_of

_PACK: Final = re.compile(rb'<template id="pack">([A-Za-z0-9+/=\s]*)</template>')
_LINE: Final = 76
_DECISIVE: Final = frozenset(
    {"ApprovalRequested", "ApprovalDecided", "ApprovalExpired", "DecisionRefused", "CardShown"}
)
_PEOPLE: Final = frozenset({"RunAccepted", "QuestionAnswered", "RunCancelled", "RunPaused"})


def draw(pack: bytes) -> bytes:
    """Give the page of a pack; a pack that does not hold is drawn as well, and says so."""
    checked = check_pack(pack)
    records = [_open(record, checked) for record in checked.records]
    encoded = base64.b64encode(pack).decode()
    carried = "\n".join(encoded[i : i + _LINE] for i in range(0, len(encoded), _LINE))
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>Evidence of run {escape(str(checked.statement.get('number')))}</title>",
        f"<style>{STYLE}</style></head><body><main>",
        *_heading(checked, records),
        *_summary(records),
        *_decisions(records),
        *_timeline(records),
        *_proof(checked),
        f'<template id="pack">{carried}</template>',
        "</main></body></html>",
    ]
    return ("\n".join(parts) + "\n").encode()


def pack_in(page: bytes) -> bytes | None:
    """Take the pack out of a page; None where there is none."""
    found = _PACK.search(page)
    try:
        return base64.b64decode(b"".join(found[1].split()), validate=True) if found else None
    except ValueError:
        return None


def check_page(page: bytes, *, key: str | None = None) -> Checked:
    """Check a page and the pack in it."""
    pack = pack_in(page)
    if pack is None:
        return Checked(problems=("there is no evidence pack in this page",))
    checked = check_pack(pack, key=key)
    again = draw(pack)
    if again == page:
        return checked
    pairs = zip(again.splitlines(), page.splitlines(), strict=False)
    line = next((n for n, (one, other) in enumerate(pairs, start=1) if one != other), None)
    where = f"line {line} of the page" if line else "the end of the page"
    problem = f"{where} is not what this version draws from the pack; trust the pack in it alone"
    return Checked(
        problems=(*checked.problems, problem),
        records=checked.records,
        statement=checked.statement,
        keys=checked.keys,
        expired=checked.expired,
    )


def _open(record: JsonObject, checked: Checked) -> JsonObject:
    run_id = str(record.get("run"))
    facts = personal.opened(record.get("facts"), run_id=run_id, keys=checked.keys)
    return {**record, "facts": facts}


def _heading(checked: Checked, records: list[JsonObject]) -> list[str]:
    began, ended = _moment(records[:1]), _moment(records[-1:])
    request = next((_facts(one).get("request") for one in records), None)
    state = (
        '<p class="state holds">The records fit together and are signed.</p>'
        if checked.holds
        else f'<p class="state broken">This pack was changed: {escape(checked.problems[0])}.</p>'
    )
    return [
        f"<header><p class=kind>Evidence pack</p><h1>Run {_text(checked.statement.get('number'))}"
        f"</h1><blockquote>{_text(request or 'The request is not on record.')}</blockquote>",
        f"<p>{len(records)} records, from {began} to {ended}.</p>{state}</header>",
    ]


def _summary(records: list[JsonObject]) -> list[str]:
    accepted = _first(records, "RunAccepted")
    end = _first(records[::-1], "RunEnded")
    plans = [one for one in records if one.get("event") == "PlanAccepted"]
    calls = [one for one in records if one.get("event") == "ToolCalled"]
    asked = [one for one in records if one.get("event") == "ModelAsked"]
    models = sorted({str(_facts(one).get("model") or "unknown") for one in asked})
    usd = end.get("usd")
    rows: list[tuple[str, Json]] = [
        ("Asked by", accepted.get("requester")),
        ("In", accepted.get("channel")),
        ("Outcome", end.get("status") or "still under way"),
        ("Plans", len(plans)),
        ("Calls of tools", len(calls)),
        ("Questions to models", f"{len(asked)} ({', '.join(models)})" if asked else 0),
        ("Cost", f"${usd:.4f}" if isinstance(usd, int | float) else None),
        ("Tokens", end.get("tokens")),
        ("Agents, policy and tools", accepted.get("catalog")),
    ]
    cells = "".join(f"<div><dt>{name}</dt><dd>{_text(told)}</dd></div>" for name, told in rows)
    return [f"<section><h2>In short</h2><dl class=short>{cells}</dl></section>"]


def _decisions(records: list[JsonObject]) -> list[str]:
    """Show what people were asked and said, call by call."""
    asked: dict[str, list[JsonObject]] = {}
    for one in records:
        if one.get("event") in _DECISIVE:
            asked.setdefault(str(_facts(one).get("approval")), []).append(one)
    if not asked:
        return ["<section><h2>Decisions</h2><p>Nothing was put to people.</p></section>"]
    cards: list[str] = []
    for several in asked.values():
        opening = _facts(several[0])
        eligible = opening.get("eligible")
        rows = "".join(f"<li>{_line(one)}</li>" for one in several)
        cards.append(
            f"<article><h3>{_text(opening.get('tool'))}</h3>"
            f"<p>Could decide: {_text(_names(eligible))}. Rule: {_text(opening.get('rule'))}.</p>"
            f"{_json('What would be done', opening.get('arguments'))}<ol>{rows}</ol></article>"
        )
    return ["<section><h2>Decisions</h2>", *cards, "</section>"]


def _timeline(records: list[JsonObject]) -> list[str]:
    rows = [
        f'<li class="{_kind(one)}"><details><summary>{_line(one)}</summary>'
        f"{_table(one)}</details></li>"
        for one in records
    ]
    return [
        "<section><h2>Everything, in order</h2>",
        "<p>Open a line to see all that was recorded.</p>",
        '<ol class="timeline">',
        *rows,
        "</ol></section>",
    ]


def _proof(checked: Checked) -> list[str]:
    statement = checked.statement
    head = object_of(statement.get("head"))
    rows: list[tuple[str, Json]] = [
        ("Records in this pack", statement.get("records")),
        ("Hash of the last", statement.get("last")),
        ("Records in the whole log", head.get("size")),
        ("Root of the log", head.get("root")),
        ("Log signed at", head.get("at")),
        ("Signed with", statement.get("key")),
    ]
    cells = "".join(f"<dt>{name}</dt><dd><code>{_text(told)}</code></dd>" for name, told in rows)
    return [
        "<section><h2>How to check this</h2>",
        "<p>Type <code>baton audit verify FILE</code> with this page or with the pack beside it."
        " It needs no network and no database. Compare the key below with the one that whoever"
        " runs this installation gave you by another way.</p>",
        f'<dl class="proof">{cells}</dl></section>',
    ]


def _line(record: JsonObject) -> str:
    event, facts = str(record.get("event")), _facts(record)
    told = words.sentence(event, facts) if facts else f"{event}, whose facts have expired"
    return (
        f"<time>{_moment([record])}</time> <span class=n>{_text(record.get('sequence'))}</span>"
        f" {_text(told)}"
    )


def _table(record: JsonObject) -> str:
    facts = _facts(record)
    cells = "".join(
        f"<dt>{_text(words.label(name))}</dt><dd>{_shown(told)}</dd>"
        for name, told in sorted(facts.items())
    )
    return f"<dl class=facts>{cells}</dl>"


def _shown(told: Json) -> str:
    if isinstance(told, dict | list):
        return f"<pre>{_text(json.dumps(told, ensure_ascii=False, indent=1))}</pre>"
    return _text(words.value(told))


def _json(name: str, told: Json) -> str:
    return f"<h4>{name}</h4>{_shown(told)}" if told else ""


def _names(eligible: Json) -> str:
    stages = eligible if isinstance(eligible, list) else []
    spelled = [", ".join(map(str, one)) if isinstance(one, list) else str(one) for one in stages]
    return "; then ".join(one or "nobody" for one in spelled) or "nobody"


def _kind(record: JsonObject) -> str:
    event = record.get("event")
    return "decision" if event in _DECISIVE else "person" if event in _PEOPLE else "work"


def _facts(record: JsonObject) -> JsonObject:
    return object_of(record.get("facts"))


def _first(records: list[JsonObject], event: str) -> JsonObject:
    found = [_facts(one) for one in records if one.get("event") == event]
    return found[0] if found else object_of(None)


def _moment(records: list[JsonObject]) -> str:
    at = str(records[0].get("at")) if records else ""
    return _text(at[:19].replace("T", " ") + " UTC" if len(at) >= 19 else at)


def _text(told: Json) -> str:
    """Spell text for the page, with what turns or hides letters made visible."""
    visible = "".join(
        letter if letter.isprintable() or letter in "\n\t" else f"\\u{ord(letter):04x}"
        for letter in words.value(told)
    )
    return escape(visible)
