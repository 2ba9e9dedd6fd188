"""The smaller things a workspace keeps: files, agent sessions, statuses, function runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.worlds.slack.clock import WorldClock
from tests.worlds.slack.payload import Json, Payload

STATUS_SECONDS = 120.0
RESPONSE_URL_SECONDS = 1800.0
RESPONSE_URL_USES = 5


@dataclass(slots=True, kw_only=True)
class File:
    """An uploaded file, from the moment its upload URL is given out."""

    id: str
    team: str
    ticket: str
    name: str
    length: int
    title: str = ""
    alt_text: str = ""
    content: bytes | None = None
    channels: list[str] = field(default_factory=list[str])

    def payload(self, base_url: str) -> Payload:
        shared: list[Json] = [*self.channels]
        return {
            "id": self.id,
            "name": self.name,
            "title": self.title or self.name,
            "size": len(self.content or b""),
            "mode": "hosted",
            "is_external": False,
            "channels": shared,
            "url_private": f"{base_url}/files/{self.id}",
            "url_private_download": f"{base_url}/files/{self.id}",
        }


@dataclass(slots=True, kw_only=True)
class Session:
    """An agent session: one thread's lifecycle as the person sees it."""

    channel: str
    thread_ts: str
    title: str
    status: str
    history: list[str] = field(default_factory=list[str])

    def payload(self) -> Payload:
        history: list[Json] = [*self.history]
        return {
            "channel": self.channel,
            "thread_ts": self.thread_ts,
            "title": self.title,
            "status": self.status,
            "history": history,
        }


@dataclass(slots=True, kw_only=True)
class StatusLine:
    """What the app says it does right now, under a thread."""

    text: str
    loading_messages: list[str]
    set_at: float


class StatusLines:
    """Short status lines; each goes when a message is posted, or after two minutes."""

    def __init__(self, clock: WorldClock) -> None:
        self._clock = clock
        self._lines: dict[tuple[str, str], StatusLine] = {}

    def put(self, channel: str, thread_ts: str, status: str, loading: list[str]) -> None:
        if not status:
            self.clear(channel, thread_ts)
            return
        self._lines[channel, thread_ts] = StatusLine(
            text=status, loading_messages=loading, set_at=self._clock.expiry_now()
        )

    def clear(self, channel: str, thread_ts: str) -> None:
        self._lines.pop((channel, thread_ts), None)

    def get(self, channel: str, thread_ts: str) -> str:
        """Give the line people see now; empty without one."""
        line = self._lines.get((channel, thread_ts))
        if line is None or self._clock.expiry_now() - line.set_at > STATUS_SECONDS:
            return ""
        return line.text


@dataclass(slots=True, kw_only=True)
class Execution:
    """One run of a custom workflow step."""

    id: str
    status: str = "running"
    outputs: Payload = field(default_factory=dict[str, Json])
    error: str = ""

    def payload(self) -> Payload:
        return {
            "id": self.id,
            "status": self.status,
            "outputs": self.outputs,
            "error": self.error,
        }


@dataclass(slots=True, kw_only=True)
class ResponseUrl:
    """Where the app may answer an interaction, five times within half an hour."""

    ticket: str
    team: str
    channel: str
    user: str
    message_ts: str
    """The message it may replace; empty for a slash command."""
    thread_ts: str
    issued_at: float
    uses: int = 0
