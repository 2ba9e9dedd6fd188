"""What Teams delivers, read into our own values. Pure: no clock, no network, no database."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from bots.teams.mentions import mentions_bot, spoken
from bots.teams.payload import Payload
from bots.teams.people import Claim, claim_of
from bots.teams.reference import CHANNEL, GROUP, PERSONAL, Reference
from runtime.domain.approval import Decide, Verdict
from runtime.domain.conversation import Message, Person
from runtime.domain.json import JsonObject

LOOPBACK_TENANT = "loopback"
"""The tenant of activities that name none; only this machine's own can lack one."""
_KINDS = {kind.lower(): kind for kind in (PERSONAL, GROUP, CHANNEL)}
_PRESSED = [verdict for verdict in Verdict if verdict is not Verdict.EDIT]
VERDICT_VERBS = {f"approval.{verdict.value}": verdict for verdict in _PRESSED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Something said to Baton, by somebody who has still to be looked up."""

    claim: Claim
    reference: Reference
    text: str
    addressed: bool
    event_key: str
    also_known_as: str | None
    targeted: bool = False
    """Only its author sees it, and only they may see the answer: a slash command."""
    threadless: bool = False
    """Nothing can be said beneath it: what it begins has to begin a thread of its own."""

    def message(self, person: Person) -> Message:
        """Give what the runtime receives."""
        return Message(
            event_key=self.event_key,
            also_known_as=self.also_known_as,
            person=person,
            place=self.reference.place,
            text=self.text,
            addressed=self.addressed,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """A button of a card. Whatever it carries was in the client's hands and proves nothing."""

    claim: Claim
    reference: Reference
    verb: str
    data: Payload
    """Ids, and what was typed into the card."""
    card_id: str
    """The message the card is in; empty where Teams does not say."""
    automatic: bool
    """The client drew the card anew; nobody pressed anything."""

    def verdict(
        self,
        person: Person,
        *,
        reason: str = "",
        code: str = "",
        arguments: JsonObject | None = None,
    ) -> Decide | None:
        """Give the decision this click stands for; None where its data names no approval.

        ``arguments`` are those to approve instead.
        """
        approval, nonce = self.data.identifier("id"), self.data.text("nonce")
        verdict = Verdict.APPROVE if arguments is not None else VERDICT_VERBS.get(self.verb)
        if verdict is None or not approval or not nonce or self.automatic:
            return None
        return Decide(
            approval=approval,
            person=person,
            verdict=verdict,
            surface="teams",
            reason=reason,
            code=code,
            nonce=nonce,
            arguments=arguments,
        )


def tenant_of(body: Payload) -> str | None:
    """Give the tenant an activity comes from; None where it names two."""
    named = {
        body.directory_id("channelData", "tenant", "id"),
        body.directory_id("conversation", "tenantId"),
    } - {""}
    if len(named) > 1:
        return None
    return next(iter(named), LOOPBACK_TENANT)


def reference_in(body: Payload) -> Reference | None:
    """Say where an activity was said; None where it does not say so itself."""
    tenant = tenant_of(body)
    conversation = body.identifier("conversation", "id")
    service_url = body.identifier("serviceUrl")
    if tenant is None or not conversation or not service_url:
        return None
    kind = _KINDS.get(body.text("conversation", "conversationType").lower(), "")
    team = body.identifier("channelData", "team", "id")
    return Reference(
        service_url=service_url,
        conversation=conversation,
        kind=kind or (CHANNEL if team else PERSONAL),
        tenant=tenant,
        bot=body.identifier("recipient", "id"),
        team=team,
    )


def _thread(there: Reference, body: Payload) -> Reference:
    """Name the thread of a channel where the client did not: its first message's id is its own."""
    first = body.identifier("replyToId") or body.identifier("id")
    if there.kind != CHANNEL or ";messageid=" in there.conversation:
        return there
    return replace(there, conversation=f"{there.conversation};messageid={first}")


def read_message(body: Payload) -> Heard | None:
    """Read a message; None where Baton has nothing to hear in it.

    Outside a personal chat only what mentions the bot, or is meant for it alone, is heard, also
    where an administrator lets the bot read everything: talk among people is nobody's request.
    """
    reference = reference_in(body)
    activity_id = body.identifier("id")
    if reference is None or not activity_id:
        return None
    targeted = body.at("recipient", "isTargeted").value is True
    if not reference.personal and not targeted and not mentions_bot(body):
        return None
    threadless = targeted and reference.kind == CHANNEL and reference.thread in ("", activity_id)
    if not threadless:
        reference = _thread(reference, body)
    claim = claim_of(body, tenant=reference.tenant)
    if not claim.user_id or claim.user_id == reference.bot:
        return None
    text = _with_files(spoken(body), body)
    root = f"teams:{reference.tenant}:{reference.conversation}"
    return Heard(
        claim=claim,
        reference=reference,
        text=text,
        addressed=True,
        event_key=_key(f"{root}:{activity_id}"),
        also_known_as=_second_key(root, body, text),
        targeted=targeted,
        threadless=threadless,
    )


def read_click(body: Payload) -> Click | None:
    """Read ``adaptiveCard/action``, or the message that ``Action.Submit`` sends instead."""
    reference = reference_in(body)
    if reference is None:
        return None
    value = body.at("value")
    action = value.at("action")
    executed = body.text("type") == "invoke"
    data = action.at("data") if executed else value
    return Click(
        claim=claim_of(body, tenant=reference.tenant),
        reference=reference,
        verb=action.text("verb") if executed else value.text("verb"),
        data=data,
        card_id=body.identifier("replyToId"),
        automatic=value.text("trigger").lower() == "automatic",
    )


def is_submitted(body: Payload) -> bool:
    """Say whether a message is a button in truth: it has a value, and no words."""
    return isinstance(body.at("value").value, dict) and not body.text("text").strip()


def _second_key(root: str, body: Payload, text: str) -> str | None:
    """Name the message by its moment: Teams has been seen to deliver one again with a new id.

    https://github.com/microsoft/botbuilder-dotnet/issues/5005
    """
    moment = body.text("timestamp")
    if not moment:
        return None
    author = body.text("from", "id")
    return _key(f"{root}:{author}:{moment}:{text}")


def _key(spelled: str) -> str:
    # Conversation ids are long; a key is compared, never read.
    return f"teams:{hashlib.sha256(spelled.encode()).hexdigest()[:40]}"


def _with_files(text: str, body: Payload) -> str:
    files = [one.text("name") for one in body.items("attachments") if one.text("name")]
    if not files:
        return text
    return f"{text}\n\n(attached: {', '.join(files)})".strip()
