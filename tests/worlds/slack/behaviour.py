"""What a test can set about how the world treats the app."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.worlds.slack.cast import SIGNING_SECRET

ALL_EVENTS = frozenset({"*"})


@dataclass(slots=True, kw_only=True)
class Behaviour:
    """Settings of one world."""

    target_url: str = ""
    """Where the app takes HTTP deliveries; unused while a Socket Mode connection is open.
    Several addresses, a space between, take turns."""
    signing_secret: str = SIGNING_SECRET
    retries: bool = False
    """Whether events are delivered again when the app does not answer 2xx in time."""
    retry_delays_seconds: list[float] = field(default_factory=lambda: [0.0, 0.05, 0.1])
    """Slack itself waits nothing, then one minute, then five."""
    answer_within_seconds: float = 3.0
    subscriptions: list[str] = field(default_factory=lambda: list(ALL_EVENTS))
    """Event types as the manifest names them (``message.im``); ``*`` for all."""
    echo: bool = False
    """Whether the app's own messages come back to it as events, as Slack sends them."""
    rate_limits: bool = False
    """Whether the published rate limits hold."""
    response_url_base: str = ""
    """What response URLs start with; empty for the world's own address."""

    def subscribes(self, event: str) -> bool:
        return "*" in self.subscriptions or event in self.subscriptions
