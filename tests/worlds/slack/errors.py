"""An answer of ``ok: false``."""

from __future__ import annotations

from collections.abc import Sequence

from tests.worlds.slack.payload import Json, Payload


class SlackError(Exception):
    """Slack refuses a call, with the error word it documents."""

    def __init__(self, error: str, *, messages: Sequence[str] = ()) -> None:
        super().__init__(error)
        self.error = error
        self.messages = tuple(messages)

    def payload(self) -> Payload:
        """Give the answer's body."""
        answer: Payload = {"ok": False, "error": self.error}
        if self.messages:
            explained: list[Json] = [*self.messages]
            answer["errors"] = explained
            answer["response_metadata"] = {"messages": [f"[ERROR] {line}" for line in explained]}
        return answer


class UnknownThingError(Exception):
    """A test names a person, channel, message or button that the world does not have."""
