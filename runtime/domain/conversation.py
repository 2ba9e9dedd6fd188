"""People and places, before any vendor's format."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from runtime.domain.json import Json, JsonObject

_APART = "/scheduled/"


class PersonKind(StrEnum):
    """What a chat account is; only members may decide anything."""

    MEMBER = "member"
    GUEST = "guest"
    EXTERNAL = "external"
    BOT = "bot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who did something, as a verified envelope says; never as a text or a button says."""

    channel: str
    """``slack``, ``teams``, ``console``, ``terminal`` or ``http``."""
    workspace: str
    """Slack team or enterprise id, Entra tenant id, ``local`` on this machine."""
    external_id: str
    name: str = ""
    kind: PersonKind = PersonKind.MEMBER
    groups: tuple[str, ...] = ()
    """Groups of the chat that the person is in at this moment, of those in question, named as in
    policies: ``slack:T024/S0123``, ``teams:TENANT/OBJECT-ID``. The channel looks them up at the
    click; who is in none of them, or whose groups nobody looked up, has none."""

    also: tuple[str, ...] = ()
    """Principals of the same person's other accounts, as far as they were linked with proof;
    filled in by the front door, never by a channel."""

    @property
    def principal(self) -> str:
        """Name the person everywhere: ``slack:T024/U061``; also how policies name people."""
        return f"{self.channel}:{self.workspace}/{self.external_id}"

    @property
    def principals(self) -> tuple[str, ...]:
        """Name all of the person's accounts, the one in use first."""
        return (self.principal, *self.also)

    @property
    def workspaces(self) -> frozenset[str]:
        """Name the workspaces the person has an account in."""
        return frozenset(
            principal.partition(":")[2].rpartition("/")[0] for principal in self.principals
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """What became of a code that links accounts; not ``done`` until the person has confirmed it."""

    principal: str
    """The other account."""
    name: str
    done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A conversation as its channel knows it."""

    channel: str
    workspace: str
    key: str
    """Unique within channel and workspace: for Slack ``C024/1700000000.000100``."""
    address: JsonObject
    """What the channel needs to speak there again; its own format, kept as it is. With ``apart``
    it is spoken beside the threads of that conversation, in none of them."""

    def apart(self, name: str) -> Place:
        """Give a conversation of its own in the same room."""
        return replace(self, key=f"{self.room}{_APART}{name}")

    @property
    def room(self) -> str:
        """Give the key of where it is said; several conversations may be held in one room."""
        return self.key.partition(_APART)[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A stored place."""

    id: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Something said to Baton, normalised by a channel."""

    event_key: str
    """Unique id of this delivery; the same event delivered twice has the same key."""
    also_known_as: str | None = None
    """A second key of the same message, where a vendor delivers one under two event ids."""
    person: Person
    place: Place
    text: str
    addressed: bool
    """It names the bot or is a direct message, so it may start a run."""
    agent: str | None = None
    """Skip planning and give the request to this agent."""
    workflow: str | None = None
    """Skip planning and carry out this workflow with ``input``."""
    input: JsonObject | None = None
    events: tuple[Json, ...] | None = None
    """What the workflow begins with instead, where events start it."""
    budget_usd: float | None = None
    """What the run may cost at most; it lowers the standing budget and never raises it."""


class Reception(StrEnum):
    """What became of a message."""

    STARTED = "started"
    REPLIED = "replied"
    """Delivered to the live run of this conversation."""
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    """Not addressed, and no live run listens here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """The answer to a message; ``run_id`` is set unless it was ignored."""

    reception: Reception
    run_id: str | None
    number: int | None
