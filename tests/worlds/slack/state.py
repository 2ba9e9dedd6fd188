"""Everything the world knows, in one place."""

from __future__ import annotations

import asyncio
import uuid

from tests.worlds.slack.cast import opening_directory
from tests.worlds.slack.clock import WorldClock
from tests.worlds.slack.directory import Channel, Team, User
from tests.worlds.slack.errors import UnknownThingError
from tests.worlds.slack.messages import Messages, Stored
from tests.worlds.slack.payload import Payload
from tests.worlds.slack.stores import Execution, File, ResponseUrl, Session, StatusLines
from tests.worlds.slack.surfaces import Triggers, Views
from tests.worlds.slack.values import Call, Violation


class State:
    """The world's memory. Touched only from the world's own event loop."""

    def __init__(self) -> None:
        self.clock = WorldClock()
        self.directory = opening_directory()
        self.messages = Messages(self.clock)
        self.triggers = Triggers(self.clock)
        self.views = Views()
        self.statuses = StatusLines(self.clock)
        self.files: dict[str, File] = {}
        self.sessions: dict[tuple[str, str], Session] = {}
        self.executions: dict[str, Execution] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.unfurls: list[Payload] = []
        self.prompts: list[Payload] = []
        self.codes_used: set[str] = set()
        self.calls: list[Call] = []
        self.violations: list[Violation] = []
        self.version = 0
        self._waiting: set[asyncio.Future[None]] = set()

    def touch(self) -> None:
        """Wake whoever waits for something to change."""
        self.version += 1
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)
        self._waiting.clear()

    async def changed_since(self, version: int, *, timeout_seconds: float) -> int:
        """Give the present version as soon as it is not the one named, or when time is up."""
        if self.version == version:
            waiting = asyncio.get_running_loop().create_future()
            self._waiting.add(waiting)
            try:
                await asyncio.wait_for(waiting, timeout_seconds)
            except TimeoutError:
                self._waiting.discard(waiting)
        return self.version

    def violate(self, method: str, rule: str, detail: str) -> None:
        self.violations.append(Violation(method=method, rule=rule, detail=detail))

    def team(self, team: str) -> Team:
        found = self.directory.teams.get(team)
        if found is None:
            raise UnknownThingError(f"no team {team!r}")
        return found

    def user(self, user: str) -> User:
        found = self.directory.users.get(user)
        if found is None:
            raise UnknownThingError(f"no user {user!r}")
        return found

    def channel(self, channel: str) -> Channel:
        found = self.directory.channels.get(channel)
        if found is None:
            raise UnknownThingError(f"no channel {channel!r}")
        return found

    def message(self, channel: str, ts: str) -> Stored:
        found = self.messages.find_shown(channel, ts)
        if found is None:
            raise UnknownThingError(f"no message {ts!r} in {channel!r}")
        return found

    def bot_message(self, team: Team, content: Payload) -> Payload:
        """Give the content as the team's bot signs it."""
        return {
            "user": team.bot_user_id,
            "bot_id": team.bot_id,
            "app_id": team.app_id,
            "team": team.id,
            "bot_profile": {
                "id": team.bot_id,
                "app_id": team.app_id,
                "name": "Baton",
                "team_id": team.id,
                "deleted": False,
            },
            **content,
        }

    def issue_response_url(
        self, *, team: str, channel: str, user: str, message: Stored | None
    ) -> str:
        """Give the ticket of a new response URL."""
        ticket = uuid.uuid4().hex
        self.response_urls[ticket] = ResponseUrl(
            ticket=ticket,
            team=team,
            channel=channel,
            user=user,
            message_ts=message.ts if message else "",
            thread_ts=message.root if message and message.root != message.ts else "",
            issued_at=self.clock.expiry_now(),
        )
        return ticket
