"""A message of somebody's, handed to Baton from the menu of any message. Pure."""

from __future__ import annotations

import hashlib
import html
import re
from dataclasses import dataclass

from bots.spelling import cut, one_line
from bots.teams.elements import button, card, line, run, small, text_input
from bots.teams.inbound import reference_in
from bots.teams.manifest import HAND
from bots.teams.payload import Payload
from bots.teams.people import Claim, claim_of
from bots.teams.reference import CHANNEL, Reference
from runtime.domain.conversation import Message, Person
from runtime.domain.json import Json, JsonObject

REQUEST = "request"
LONGEST_REQUEST = 2_000
_LONGEST_QUOTE = 8_000
_LONGEST_NAME = 100
_BREAK = re.compile(r"<(?:br|/p|/div|/li|/tr)[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_CARD = "application/vnd.microsoft.card.adaptive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """Which message, by whom, and what is wanted of it."""

    claim: Claim
    """Who hands it over: whose request it becomes."""
    reference: Reference
    author: str
    """A name, as the client spells it; it is quoted and decides nothing."""
    quoted: str
    request: str
    """What was typed into the form; empty before that."""
    event_key: str

    def message(self, person: Person) -> Message:
        """Give what the runtime receives: the request, and the message as a quotation."""
        quotation = "\n".join(f"> {one}" for one in self.quoted.split("\n"))
        said = f"{self.author or 'somebody'} wrote:\n{quotation}"
        return Message(
            event_key=self.event_key,
            person=person,
            place=self.reference.place,
            text=f"{self.request}\n\n{said}",
            addressed=True,
        )


def read_handed(body: Payload) -> Handed | None:
    """Read ``composeExtension/fetchTask`` or ``/submitAction``; None where it is another action."""
    reference = reference_in(body)
    value = body.at("value")
    if reference is None or value.text("commandId") != HAND:
        return None
    payload = value.at("messagePayload")
    root = payload.identifier("replyToId") or payload.identifier("id")
    if reference.kind == CHANNEL and not reference.thread and root:
        reference = reference.in_thread(root)
    request = value.text("data", REQUEST).strip()[:LONGEST_REQUEST]
    key = f"{reference.tenant}:{reference.conversation}:{body.text('id')}:{body.text('timestamp')}"
    return Handed(
        claim=claim_of(body, tenant=reference.tenant),
        reference=reference,
        author=one_line(payload.text("from", "user", "displayName"), _LONGEST_NAME),
        quoted=cut(_words(payload.at("body")), _LONGEST_QUOTE),
        request=request,
        event_key=f"teams:handed:{hashlib.sha256(key.encode()).hexdigest()[:40]}",
    )


def form(handed: Handed) -> JsonObject:
    """Ask what is wanted of the message."""
    quoted = cut(handed.quoted or "(a message without words)", 600)
    content = card(
        [
            line(run(f"{handed.author or 'Somebody'} wrote:", bold=True)),
            *(line(run(one), spacing="None") for one in quoted.split("\n")[:12] if one.strip()),
            text_input(
                REQUEST,
                label="What should Baton do with it?",
                placeholder="Answer it, compare the offers in it, …",
                error="Say in a few words what you want done",
                limit=LONGEST_REQUEST,
            ),
            *small("The run is shown where the message stands, to everybody there."),
        ],
        [_submit()],
    )
    value: JsonObject = {
        "title": "Hand to Baton",
        "height": "medium",
        "width": "medium",
        "card": {"contentType": _CARD, "content": content},
    }
    return {"task": {"type": "continue", "value": value}}


def closing(words: str) -> JsonObject:
    """End the dialog with a sentence."""
    return {"task": {"type": "message", "value": cut(words, 1_000)}}


def _submit() -> Json:
    made = button("Hand to Baton", verb=HAND, data={}, style="positive", inputs=True)
    assert isinstance(made, dict)
    # Dialogs send what was typed by Action.Submit only.
    return made["fallback"]


def _words(spoken: Payload) -> str:
    content = spoken.text("content")
    if spoken.text("contentType").lower() == "html":
        content = html.unescape(_TAG.sub("", _BREAK.sub("\n", content)))
    return content.replace("\xa0", " ").strip()
