"""What a link to a run or an approval shows in a chat: where it stands, and nothing of it.

Who reads the channel of a link need not be somebody who may read the run.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping

from slack_bolt.async_app import AsyncAck, AsyncApp

from bots.slack.api import CallError
from bots.slack.blocks import leaf, rich, section
from bots.slack.identity import Installation, identity_in_event
from bots.slack.payload import Payload
from bots.slack.people import claim_in_event
from bots.slack.switchboard import Switchboard
from runtime.domain.conversation import Person, PersonKind
from runtime.domain.errors import BatonError
from runtime.domain.json import Json

log = logging.getLogger(__name__)

_LINK = re.compile(r"#?/(runs|approvals)/(\d{1,12})$")
_MOST_LINKS = 10


class Unfurls:
    """Takes ``link_shared``; a link that is not told about stays a link."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._board = switchboard

    def register(self, app: AsyncApp) -> None:
        """Hear of links to our own pages."""
        app.event("link_shared")(self.shared)

    async def shared(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Say below each link how the thing stands."""
        payload = Payload(body)
        event = payload.at("event")
        identity = identity_in_event(payload, self._board.whoami())
        if identity is not None:
            try:
                await self._unfurl(payload, event, identity.installation)
            except (BatonError, CallError) as error:
                # Nothing depends on it.
                log.info("links were left as they are: %s", type(error).__name__)
        await ack()

    async def _unfurl(self, body: Payload, event: Payload, installation: Installation) -> None:
        person = await self._board.speaker(claim_in_event(body, installation), installation)
        if person.kind is not PersonKind.MEMBER:
            return
        told: dict[str, Json] = {}
        for link in event.items("links")[:_MOST_LINKS]:
            url = link.text("url")
            words = await self._words(url, person)
            if words:
                told[url] = {"blocks": [rich(section(leaf(words)))]}
        if told:
            await self._board.api.call(
                "chat.unfurl",
                unfurl_id=event.text("unfurl_id"),
                source=event.text("source"),
                unfurls=told,
            )

    async def _words(self, url: str, person: Person) -> str:
        match = _LINK.search(url)
        if match is None:
            return ""
        kind, number = match.groups()
        sight = self._board.runtime.sight
        try:
            if kind == "runs":
                view = await self._board.bridge(sight.view, number, person)
                return f"Run {view.run.number} · {view.status}"
            approval = await self._board.bridge(sight.approval, number, person)
        except BatonError:
            return ""
        return f"Approval {approval.number} · {approval.status.value}"
