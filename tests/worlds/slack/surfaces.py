"""Modals and Home tabs, and the one-use tickets that open them."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field

from tests.worlds.slack.clock import WorldClock
from tests.worlds.slack.errors import SlackError
from tests.worlds.slack.payload import Json, Payload, encode, text

TRIGGER_SECONDS = 3.0
MODAL_STACK = 3


@dataclass(slots=True, kw_only=True)
class Ticket:
    """A ``trigger_id``: lets the app open one view for one person, soon."""

    user: str
    issued_at: float
    used: bool = False


class Triggers:
    """Issues trigger ids and takes each back once."""

    def __init__(self, clock: WorldClock) -> None:
        self._clock = clock
        self._tickets: dict[str, Ticket] = {}

    def issue(self, user: str) -> str:
        name = f"{len(self._tickets) + 1}.{uuid.uuid4().int % 10**12}.{uuid.uuid4().hex}"
        self._tickets[name] = Ticket(user=user, issued_at=self._clock.expiry_now())
        return name

    def exchange(self, name: str) -> str:
        """Give the person the ticket was issued for.

        Raises:
            SlackError: unknown, used already, or older than three seconds.
        """
        ticket = self._tickets.get(name)
        if ticket is None:
            raise SlackError("invalid_trigger_id")
        if ticket.used:
            raise SlackError("exchanged_trigger_id")
        if self._clock.expiry_now() - ticket.issued_at > TRIGGER_SECONDS:
            raise SlackError("expired_trigger_id")
        ticket.used = True
        return ticket.user


@dataclass(slots=True, kw_only=True)
class View:
    """A modal or a Home tab that somebody looks at."""

    id: str
    team: str
    app: str
    bot: str
    user: str
    content: Payload
    root: str
    previous: str | None = None
    state: Payload = field(default_factory=dict[str, Json])

    @property
    def hash(self) -> str:
        digest = hashlib.sha256(encode(self.content).encode()).hexdigest()
        return f"{self.id[-6:]}.{digest[:10]}"

    def payload(self) -> Payload:
        """Give the view as Slack shows it in answers and interactions."""
        content = self.content
        shown: Payload = {
            "id": self.id,
            "team_id": self.team,
            "type": content.get("type"),
            "blocks": content.get("blocks"),
            "private_metadata": text(content.get("private_metadata")),
            "callback_id": text(content.get("callback_id")),
            "external_id": text(content.get("external_id")),
            "state": {"values": self.state},
            "hash": self.hash,
            "title": content.get("title"),
            "close": content.get("close"),
            "submit": content.get("submit"),
            "clear_on_close": content.get("clear_on_close") is True,
            "notify_on_close": content.get("notify_on_close") is True,
            "root_view_id": self.root,
            "previous_view_id": self.previous,
            "app_id": self.app,
            "app_installed_team_id": self.team,
            "bot_id": self.bot,
        }
        return shown


class Views:
    """Every open modal and published Home tab."""

    def __init__(self) -> None:
        self.by_id: dict[str, View] = {}
        self.homes: dict[tuple[str, str], View] = {}
        self._stacks: dict[str, list[str]] = {}
        self._made = 0

    def stack(self, user: str) -> list[View]:
        """Give a person's open modals, the topmost last."""
        return [self.by_id[view] for view in self._stacks.get(user, [])]

    def open(self, view: View) -> View:
        """Show a modal on its own, closing what was open."""
        self.close_all(view.user)
        self.by_id[view.id] = view
        self._stacks[view.user] = [view.id]
        return view

    def push(self, view: View) -> View:
        """Show a modal on top of the open ones.

        Raises:
            SlackError: nothing is open, or three are.
        """
        stack = self._stacks.get(view.user, [])
        if not stack:
            raise SlackError("not_found")
        if len(stack) >= MODAL_STACK:
            raise SlackError("push_limit_reached")
        view.root, view.previous = stack[0], stack[-1]
        self.by_id[view.id] = view
        stack.append(view.id)
        return view

    def publish(self, view: View) -> View:
        """Show a Home tab, keeping the id of the one it replaces."""
        present = self.homes.get((view.team, view.user))
        if present:
            present.content = view.content
            return present
        self.by_id[view.id] = view
        self.homes[view.team, view.user] = view
        return view

    def close(self, view: View) -> None:
        """Take a modal off its stack."""
        self._stacks[view.user] = [item for item in self._stacks[view.user] if item != view.id]
        del self.by_id[view.id]

    def close_all(self, user: str) -> None:
        for view in self._stacks.pop(user, []):
            del self.by_id[view]

    def find(self, *, view_id: str, external_id: str) -> View | None:
        if view_id:
            return self.by_id.get(view_id)
        return next(
            (
                view
                for view in self.by_id.values()
                if external_id and view.content.get("external_id") == external_id
            ),
            None,
        )

    def next_id(self) -> str:
        self._made += 1
        return f"V0{self._made:06d}"
