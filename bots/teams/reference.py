"""Where a conversation is, as our own JSON: stored for as long as runs live, whatever the SDK."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from bots.teams.payload import Payload
from runtime.domain.conversation import Place
from runtime.domain.json import JsonObject

PERSONAL, GROUP, CHANNEL = "personal", "groupChat", "channel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A personal chat, a group chat, or one thread of a channel."""

    service_url: str
    """As a verified activity gave it."""
    conversation: str
    """The connector's id; of a thread it ends with ``;messageid=`` and the first message's id."""
    kind: str
    tenant: str
    bot: str
    team: str = ""

    @classmethod
    def of(cls, address: JsonObject) -> Self | None:
        """Read a stored address; None where it is none of ours."""
        stored = Payload(address)
        found = cls(
            service_url=stored.identifier("service_url"),
            conversation=stored.identifier("conversation"),
            kind=stored.text("kind"),
            tenant=stored.identifier("tenant"),
            bot=stored.identifier("bot"),
            team=stored.identifier("team"),
        )
        return found if found.service_url and found.conversation else None

    @property
    def personal(self) -> bool:
        """Say whether one person and the bot are alone here."""
        return self.kind == PERSONAL

    @property
    def roster(self) -> str:
        """Give the id under which the connector knows who is here: of a channel, the team's."""
        return self.team if self.kind == CHANNEL and self.team else self.conversation

    @property
    def place(self) -> Place:
        """Give the place the runtime knows."""
        address: dict[str, str] = {
            "service_url": self.service_url,
            "conversation": self.conversation,
            "kind": self.kind,
            "tenant": self.tenant,
            "bot": self.bot,
        }
        if self.team:
            address["team"] = self.team
        return Place(channel="teams", workspace=self.tenant, key=self.conversation, address=address)
