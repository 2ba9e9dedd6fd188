"""Shapes of ``call:`` tasks, by what they call."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from runtime.catalog.located import Path
from runtime.catalog.workflow.parts import (
    ANYTHING,
    AUTHENTICATION,
    DURATION,
    ENDPOINT,
    EXPRESSION,
    EXTERNAL,
    TRANSFORM_OUT,
)
from runtime.catalog.workflow.shape import (
    Complaint,
    Either,
    Listing,
    Named,
    Record,
    Shape,
    Text,
    Truth,
    Whole,
    Word,
)
from runtime.domain.json import Json

_TEXT = Text()
_TEXTS = Named(value=_TEXT)
_OBJECT = Named(value=ANYTHING)
_TEXTS_OR_EXPRESSION = Either(text=EXPRESSION, mapping=_TEXTS)
_OUTPUT = Word(words=("raw", "content", "response"))
_A2A_METHODS = (
    *("message/send", "message/stream", "tasks/get", "tasks/list", "tasks/cancel"),
    *("tasks/resubscribe", "tasks/pushNotificationConfig/set"),
    *("tasks/pushNotificationConfig/get", "tasks/pushNotificationConfig/list"),
    *("tasks/pushNotificationConfig/delete", "agent/getAuthenticatedExtendedCard"),
)
_MCP_METHODS = (
    *("tools/list", "tools/call", "prompts/list", "prompts/get"),
    *("resources/list", "resources/read", "resources/templates/list"),
)
_PROTOCOLS = (
    *("amqp", "amqp1", "anypointmq", "googlepubsub", "http", "ibmmq", "jms", "kafka", "mercure"),
    *("mqtt", "mqtt5", "nats", "pulsar", "redis", "sns", "solace", "sqs", "stomp", "ws"),
)

_HTTP = Record(
    fields={
        "method": _TEXT,
        "endpoint": ENDPOINT,
        "headers": _TEXTS_OR_EXPRESSION,
        "body": ANYTHING,
        "query": _TEXTS_OR_EXPRESSION,
        "output": _OUTPUT,
        "redirect": Truth(),
    },
    required=("method", "endpoint"),
)
_OPENAPI = Record(
    fields={
        "document": EXTERNAL,
        "operationId": _TEXT,
        "parameters": _OBJECT,
        "authentication": AUTHENTICATION,
        "output": _OUTPUT,
        "redirect": Truth(),
    },
    required=("document", "operationId"),
)
_A2A = Record(
    fields={
        "agentCard": EXTERNAL,
        "server": ENDPOINT,
        "method": Word(words=_A2A_METHODS),
        "parameters": Either(text=_TEXT, mapping=Named(value=ANYTHING, least=1)),
    },
    required=("method",),
)
_GRPC = Record(
    fields={
        "proto": EXTERNAL,
        "service": Record(
            fields={
                "name": _TEXT,
                "host": Text(
                    pattern=re.compile(r"^[a-zA-Z0-9](?:[a-zA-Z0-9-.]{0,61}[a-zA-Z0-9])?$"),
                    write="a host's name",
                ),
                "port": Whole(least=0, most=65535),
                "authentication": AUTHENTICATION,
            },
            required=("name", "host"),
        ),
        "method": _TEXT,
        "arguments": _OBJECT,
    },
    required=("proto", "service", "method"),
)
_MCP = Record(
    fields={
        "protocolVersion": _TEXT,
        "method": Word(words=_MCP_METHODS),
        "parameters": Either(text=_TEXT, mapping=_OBJECT),
        "timeout": DURATION,
        "transport": Record(
            fields={
                "http": Record(
                    fields={"endpoint": ENDPOINT, "headers": _TEXTS},
                    required=("endpoint",),
                    others=ANYTHING,
                ),
                "stdio": Record(
                    fields={
                        "command": _TEXT,
                        "arguments": Listing(item=_TEXT),
                        "environment": _TEXTS,
                    },
                    required=("command",),
                    others=ANYTHING,
                ),
                "options": _TEXTS,
            },
            one_of=("http", "stdio"),
            others=ANYTHING,
        ),
        "client": Record(
            fields={"name": _TEXT, "version": _TEXT},
            required=("name", "version"),
            others=ANYTHING,
        ),
    },
    required=("method", "transport"),
    others=ANYTHING,
)


@dataclass(frozen=True, slots=True)
class _AsyncApi:
    """A message to a channel or an operation, or a subscription to one."""

    tasks: Shape

    def wrong(self, value: Json, path: Path) -> Iterator[Complaint]:
        iterator = Record(
            fields={
                **dict.fromkeys(("item", "at"), _TEXT),
                "do": self.tasks,
                **dict.fromkeys(("output", "export"), TRANSFORM_OUT),
            }
        )
        subscription = Record(
            fields={"filter": EXPRESSION, "consume": _CONSUME, "foreach": iterator},
            required=("consume",),
        )
        fields = {**_ASYNCAPI.fields, "subscription": subscription}
        yield from Record(fields=fields, required=("document",)).wrong(value, path)
        if not isinstance(value, Mapping):
            return
        for one, other in (("operation", "channel"), ("message", "subscription")):
            if (one in value) == (other in value):
                yield path, f"write either {one!r} or {other!r}"


_CONSUME = Record(
    fields={"for": DURATION, "amount": Whole(), "while": EXPRESSION, "until": EXPRESSION},
    one_of=("amount", "while", "until"),
)
_ASYNCAPI = Record(
    fields={
        **dict.fromkeys(("channel", "operation"), _TEXT),
        "document": EXTERNAL,
        "server": Record(fields={"name": _TEXT, "variables": _OBJECT}, required=("name",)),
        "protocol": Word(words=_PROTOCOLS),
        "message": Record(fields={"payload": _OBJECT, "headers": _OBJECT}),
        "authentication": AUTHENTICATION,
    },
)


def _call(given: Shape) -> Record:
    return Record(fields={"call": _TEXT, "with": given}, required=("call", "with"))


def calls(tasks: Shape) -> Mapping[str, Record]:
    """Give the protocols a task may call; ``tasks`` is the shape of a list of tasks."""
    return {
        "http": _call(_HTTP),
        "openapi": _call(_OPENAPI),
        "a2a": _call(_A2A),
        "mcp": _call(_MCP),
        "grpc": _call(_GRPC),
        "asyncapi": _call(_AsyncApi(tasks)),
    }


FUNCTION: Final = Record(fields={"call": _TEXT, "with": _OBJECT}, required=("call",))
"""A call of a function by name: one of the document's, of Baton's, or of a catalogue."""
