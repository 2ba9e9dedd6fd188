"""What the page is given: views as JSON, with texts read into safe trees. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict

from bots.as_json import moment
from bots.builders import shown_for
from bots.console.markdown import blocks
from bots.spelling import deciders, prose
from bots.views import Answer, ApprovalCard, Notice, QuestionCard, RunCard, Shown
from runtime.domain.approval import Approval
from runtime.domain.canonical import canonical
from runtime.domain.json import Json, JsonObject
from runtime.domain.run import OpenQuestion, RunView
from runtime.domain.thread import ThreadEntry

_KINDS: dict[type, str] = {
    RunCard: "run",
    ApprovalCard: "approval",
    QuestionCard: "question",
    Answer: "answer",
    Notice: "notice",
}


def spoken(entry: ThreadEntry) -> JsonObject:
    """Give a person's words in the thread."""
    return {
        "id": hashlib.sha256(f"{entry.at.isoformat()} {entry.text}".encode()).hexdigest()[:16],
        "kind": "said",
        "at": moment(entry.at),
        "text": prose(entry.text),
    }


def delivered(
    entry: ThreadEntry, row: RunView | Approval | OpenQuestion | None
) -> JsonObject | None:
    """Give what Baton says in the thread; None where nothing is left to show."""
    if entry.delivery is None:
        return None
    shown = shown_for(entry.delivery, row)
    if shown is None:
        return None
    return {"id": entry.delivery.id, "at": moment(entry.at), **card(shown)}


def card(shown: Shown) -> JsonObject:
    """Give one view, with ``kind`` saying which."""
    values: dict[str, Json] = {"kind": _KINDS[type(shown)], **asdict(shown)}
    if isinstance(shown, Answer):
        values["blocks"] = blocks(shown.text)
    if isinstance(shown, QuestionCard):
        values["blocks"] = blocks(shown.text)
    if isinstance(shown, ApprovalCard):
        values["expires_at"] = moment(shown.expires_at)
        values["may_decide"] = deciders(shown.eligible)
        for name, verdicts in (
            ("verdicts", shown.verdicts),
            ("code_for", shown.code_for),
            ("reasons_for", shown.reasons_for),
        ):
            values[name] = [verdict.value for verdict in verdicts]
    return values


def settled(entry: JsonObject) -> bool:
    """Say whether an entry stays as it is until its delivery gets a new revision."""
    match entry["kind"]:
        case "run":
            return entry["status"] in {"succeeded", "cancelled", "failed"}
        case "approval":
            return entry["status"] != "pending"
        case "question":
            return bool(entry["answered"] or entry["withdrawn"])
        case _:
            return True


def revision(entries: Iterable[JsonObject]) -> str:
    """Name a thread's state; time passing alone does not change it, the page counts itself."""
    return hashlib.sha256(canonical([_timeless(entry) for entry in entries]).encode()).hexdigest()


def _timeless(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _timeless(part) for key, part in value.items() if key != "elapsed_seconds"}
    if isinstance(value, list | tuple):
        return [_timeless(part) for part in value]
    return value
