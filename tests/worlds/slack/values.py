"""What tests see: calls, violations, messages, buttons, deliveries."""

from __future__ import annotations

from dataclasses import dataclass

from tests.worlds.slack.payload import (
    Json,
    Payload,
    decode,
    maybe_text,
    number,
    table,
    tables,
    text,
    whole,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One Web API call that reached the world, refused ones included."""

    number: int
    method: str
    arguments: Payload
    """As decoded, without any token."""
    team: str
    """The workspace of the token; empty where the token was not accepted."""
    status: int
    """The HTTP status answered; 0 where the connection was reset."""
    error: str
    """Slack's error word; empty where the answer was ``ok``."""
    fault: str
    """The kind of fault that was played; empty without one."""
    at: float
    """Seconds since the epoch, when the call arrived."""
    milliseconds: float

    def to_json(self) -> Payload:
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, value: Payload) -> Call:
        return cls(
            number=whole(value["number"]),
            method=text(value["method"]),
            arguments=table(value["arguments"]),
            team=text(value["team"]),
            status=whole(value["status"]),
            error=text(value["error"]),
            fault=text(value["fault"]),
            at=number(value["at"]),
            milliseconds=number(value["milliseconds"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """Something the app sent that Slack's documentation forbids."""

    method: str
    """The method, ``response_url``, or ``reply:<kind>`` for the body of an acknowledgement."""
    rule: str
    """Slack's error word for it, or ``unknown_argument`` and the like."""
    detail: str

    def to_json(self) -> Payload:
        return {"method": self.method, "rule": self.rule, "detail": self.detail}

    @classmethod
    def from_json(cls, value: Payload) -> Violation:
        return cls(
            method=text(value["method"]), rule=text(value["rule"]), detail=text(value["detail"])
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """Something to press in a message or view."""

    action_id: str
    block_id: str
    label: str
    value: str
    element: Payload
    """The whole element, as the app sent it."""
    option: Payload | None = None
    """The option, where the label is one of a menu."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message as Slack stores it."""

    channel: str
    raw: Payload

    @property
    def ts(self) -> str:
        return text(self.raw.get("ts"))

    @property
    def thread_ts(self) -> str | None:
        return maybe_text(self.raw.get("thread_ts"))

    @property
    def text(self) -> str:
        return text(self.raw.get("text"))

    @property
    def user(self) -> str:
        return text(self.raw.get("user"))

    @property
    def bot_id(self) -> str | None:
        """The bot that posted it; None for a person's message."""
        return maybe_text(self.raw.get("bot_id"))

    @property
    def blocks(self) -> list[Payload]:
        return tables(self.raw.get("blocks"))

    @property
    def metadata(self) -> Payload:
        return table(self.raw.get("metadata"))

    @property
    def edited(self) -> bool:
        return "edited" in self.raw

    @property
    def revision(self) -> int:
        """How often it was edited."""
        return whole(self.raw.get("revision"))

    @property
    def ephemeral_for(self) -> str | None:
        """Who alone sees it; None for a stored message."""
        return maybe_text(self.raw.get("ephemeral_for"))

    @property
    def files(self) -> list[Payload]:
        return tables(self.raw.get("files"))

    @property
    def reactions(self) -> list[Payload]:
        return tables(self.raw.get("reactions"))

    def to_json(self) -> Payload:
        return {"channel": self.channel, "raw": self.raw}

    @classmethod
    def from_json(cls, value: Payload) -> Message:
        return cls(channel=text(value["channel"]), raw=table(value["raw"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at handing something to the app."""

    status: int
    """The app's HTTP status; over Socket Mode 200 for an acknowledgement; 0 for no answer."""
    body: str
    milliseconds: float
    error: str
    """Empty, or why there is no answer: ``http_timeout``, ``connection_failed``, ``no_ack``."""
    retry_number: int

    def to_json(self) -> Payload:
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, value: Payload) -> Attempt:
        return cls(
            status=whole(value["status"]),
            body=text(value["body"]),
            milliseconds=number(value["milliseconds"]),
            error=text(value["error"]),
            retry_number=whole(value["retry_number"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Something the world handed to the app, and how the app took it."""

    kind: str
    """``events_api``, ``interactive`` or ``slash_commands``."""
    carrier: str
    """``http`` or ``socket``; ``held`` while it waits for ``release``; ``none`` for an event
    that the app does not subscribe to."""
    attempts: tuple[Attempt, ...]
    payload: Payload
    message: Message | None = None
    """The message a person wrote to cause it."""
    also: tuple[Delivery, ...] = ()
    """Other events of the same deed: a mention arrives as a ``message`` too."""

    @property
    def status(self) -> int:
        """The last attempt's status."""
        return self.attempts[-1].status if self.attempts else 0

    @property
    def body(self) -> str:
        return self.attempts[-1].body if self.attempts else ""

    @property
    def milliseconds(self) -> float:
        return self.attempts[-1].milliseconds if self.attempts else 0.0

    @property
    def json(self) -> Json:
        """The answer's body, read as JSON; None where it is empty."""
        return decode(self.body) if self.body else None

    @property
    def ts(self) -> str:
        """The ts of the message behind it."""
        return self.message.ts if self.message else ""

    def to_json(self) -> Payload:
        return {
            "kind": self.kind,
            "carrier": self.carrier,
            "attempts": [attempt.to_json() for attempt in self.attempts],
            "payload": self.payload,
            "message": self.message.to_json() if self.message else None,
            "also": [delivery.to_json() for delivery in self.also],
        }

    @classmethod
    def from_json(cls, value: Payload) -> Delivery:
        message = value["message"]
        return cls(
            kind=text(value["kind"]),
            carrier=text(value["carrier"]),
            attempts=tuple(Attempt.from_json(item) for item in tables(value["attempts"])),
            payload=table(value["payload"]),
            message=Message.from_json(message) if isinstance(message, dict) else None,
            also=tuple(Delivery.from_json(item) for item in tables(value["also"])),
        )
