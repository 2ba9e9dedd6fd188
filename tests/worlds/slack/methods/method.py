"""One Web API call as a method sees it, and how a method refuses it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.worlds.slack.directory import Channel, Team
from tests.worlds.slack.errors import SlackError
from tests.worlds.slack.messages import Stored
from tests.worlds.slack.payload import Json, Payload, is_true, number, text
from tests.worlds.slack.state import State
from tests.worlds.slack.validation.arguments import Problem
from tests.worlds.slack.validation.inspector import Inspector


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodCall:
    """A call whose token was accepted."""

    name: str
    arguments: Payload
    team: Team
    state: State
    inspector: Inspector
    base_url: str

    def get(self, name: str) -> Json:
        return self.arguments.get(name)

    def text(self, name: str) -> str:
        return text(self.arguments.get(name))

    def flag(self, name: str) -> bool:
        return is_true(self.arguments.get(name))

    def number(self, name: str, default: int) -> int:
        value = self.arguments.get(name)
        if isinstance(value, str) and value.isdigit():
            return int(value)
        return int(number(value)) if value else default

    def given(self, *names: str) -> Payload:
        """Give the arguments of these names that the app did pass."""
        return {name: self.arguments[name] for name in names if self.get(name) is not None}

    def require(self, problems: list[Problem]) -> None:
        """Record every problem.

        Raises:
            SlackError: the first problem that Slack does not let pass.
        """
        for problem in problems:
            self.state.violate(self.name, problem.error, problem.detail)
        grave = [problem for problem in problems if not problem.tolerated]
        if grave:
            raise SlackError(grave[0].error, messages=[problem.detail for problem in grave])

    def channel(self, name: str = "channel", *, error: str = "channel_not_found") -> Channel:
        """Give the channel an argument names, if the bot can see it."""
        found = self.state.directory.channels.get(self.text(name))
        if found is None or self.team.id not in (found.team, *found.connected_teams):
            raise SlackError(error)
        hidden = found.is_private or found.is_im or found.is_mpim
        if hidden and self.team.bot_user_id not in found.members:
            raise SlackError(error)
        return found

    def writable_channel(self, *, archived: str = "is_archived") -> Channel:
        """Give the channel named, if the bot may post to it."""
        found = self.channel()
        if found.is_archived:
            raise SlackError(archived)
        if self.team.bot_user_id not in found.members:
            raise SlackError("not_in_channel")
        return found

    def message(self, channel: Channel, ts: str) -> Stored:
        found = self.state.messages.find(channel.id, ts)
        if found is None:
            raise SlackError("message_not_found")
        return found

    def own_message(self, channel: Channel, ts: str, *, error: str) -> Stored:
        found = self.message(channel, ts)
        if found.raw.get("bot_id") != self.team.bot_id:
            raise SlackError(error)
        return found


Method = Callable[[MethodCall], Payload]
"""Gives the answer without its ``ok``; raises ``SlackError`` to refuse."""


def page(call: MethodCall, items: list[Payload], *, most: int) -> tuple[list[Payload], str]:
    """Give the asked-for part of a list, and the cursor of the next part."""
    limit = min(max(call.number("limit", most), 1), most)
    cursor = call.text("cursor")
    start = 0
    if cursor:
        if not cursor.startswith("next:") or not cursor[5:].isdigit():
            raise SlackError("invalid_cursor")
        start = int(cursor[5:])
    rest = start + limit
    return items[start:rest], f"next:{rest}" if rest < len(items) else ""
