"""Where a conversation is, as our own JSON: stored for as long as runs live, whatever the SDK."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from bots.teams.payload import Payload
from runtime.domain.conversation import Place
from runtime.domain.json import JsonObject

PERSONAL, GROUP, CHANNEL = "personal", "groupChat", "channel"
_THREAD = ";messageid="


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
    begins: str = ""
    """What caused the thread that the first message said here begins; empty where there is one."""

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
            begins=stored.identifier("begins"),
        )
        if stored.text("apart") == "true":
            whole = found.conversation.partition(_THREAD)[0]
            found = replace(found, conversation=whole, begins="")
        return found if found.service_url and found.conversation else None

    @property
    def personal(self) -> bool:
        """Say whether one person and the bot are alone here."""
        return self.kind == PERSONAL

    @property
    def thread(self) -> str:
        """Give the id of the message that began this thread; empty where it is none."""
        return self.conversation.partition(_THREAD)[2]

    def in_thread(self, message_id: str) -> Self:
        """Give the thread below a message of the same channel."""
        channel = self.conversation.partition(_THREAD)[0]
        return replace(self, conversation=f"{channel}{_THREAD}{message_id}", begins="")

    def new_thread(self, cause: str) -> Self:
        """Give a thread that is still to be begun in the same channel; ``cause`` tells it from
        others. Elsewhere there are no threads, and this is the place."""
        if self.kind != CHANNEL:
            return self
        return replace(self, conversation=self.conversation.partition(_THREAD)[0], begins=cause)

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
        key = self.conversation
        if self.begins:
            address["begins"] = self.begins
            key = f"{key}/begun-by/{self.begins}"
        return Place(channel="teams", workspace=self.tenant, key=key, address=address)
