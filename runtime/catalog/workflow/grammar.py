"""The rules of the language, as shapes: what stands where in a document.

After the schema of the specification, version 1.0.3. One rule is stricter: a key that is not known
at the top of a document is refused too, because it is a mistake in every case we know of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from runtime.catalog.located import Path
from runtime.catalog.workflow.calls import FUNCTION, calls
from runtime.catalog.workflow.own_calls import OWN_CALLS
from runtime.catalog.workflow.parts import (
    DURATION,
    ENDPOINT,
    ERROR,
    EVENT,
    EVENT_TYPED,
    EXTERNAL,
    FILTER_OF_ERRORS,
    POLICY,
    RETRY,
    TIMEOUT,
    TRANSFORM_IN,
    TRANSFORM_OUT,
)
from runtime.catalog.workflow.shape import (
    Anything,
    Chosen,
    Complaint,
    Either,
    Listing,
    Named,
    Record,
    Shape,
    Single,
    Text,
    Truth,
    Word,
)
from runtime.domain.json import Json, object_of

ANYTHING: Final = Anything()
TEXT: Final = Text()
OBJECT: Final = Named(value=ANYTHING)
TASK: Final = Chosen(of=lambda value: _task(value))
TASKS: Final = Listing(item=Single(value=TASK))
CALLS: Final[Mapping[str, Record]] = {**calls(TASKS), **OWN_CALLS}

_SEMVER = re.compile(
    r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$"
)
_VERSION = Text(pattern=_SEMVER, write="a version such as 1.0.0, in quotes")
_NAME = Text(
    pattern=re.compile(r"^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$"),
    write="letters, digits and dashes, at most 63",
)
_TIMEOUT = Either(text=TEXT, mapping=TIMEOUT)

_BASE: Mapping[str, Shape] = {
    "if": TEXT,
    "input": TRANSFORM_IN,
    "output": TRANSFORM_OUT,
    "export": TRANSFORM_OUT,
    "timeout": _TIMEOUT,
    "then": TEXT,
    "metadata": OBJECT,
}

_FILTER = Record(
    fields={
        "with": EVENT,
        "correlate": Named(
            value=Record(fields={"from": TEXT, "expect": TEXT}, required=("from",), others=ANYTHING)
        ),
    },
    required=("with",),
)
_FILTERS = Listing(item=_FILTER)
_UNTIL_EVENTS = Record(
    fields={"all": _FILTERS, "any": _FILTERS, "one": _FILTER}, one_of=("all", "any", "one")
)


class _Strategy:
    """Which events are awaited: ``until`` goes with ``any`` alone."""

    def wrong(self, value: Json, path: Path) -> Iterator[Complaint]:
        fields: dict[str, Shape] = {"all": _FILTERS, "any": _FILTERS, "one": _FILTER}
        if isinstance(value, Mapping) and "any" in value:
            fields["until"] = Either(text=TEXT, mapping=_UNTIL_EVENTS)
        yield from Record(fields=fields, one_of=("all", "any", "one")).wrong(value, path)


STRATEGY: Final = _Strategy()
_ITERATOR = Record(
    fields={
        "item": TEXT,
        "at": TEXT,
        "do": TASKS,
        "output": TRANSFORM_OUT,
        "export": TRANSFORM_OUT,
    }
)
_ENVIRONMENT = Named(value=ANYTHING)
_LIFETIME = Chosen(
    of=lambda value: (
        Record(
            fields={"cleanup": Word(words=("always", "never", "eventually")), "after": DURATION},
            required=("cleanup", "after"),
        )
        if isinstance(value, Mapping) and value.get("cleanup") == "eventually"
        else Record(
            fields={"cleanup": Word(words=("always", "never", "eventually"))},
            required=("cleanup",),
        )
    )
)
_CONTAINER = Record(
    fields={
        **dict.fromkeys(("image", "name", "command", "stdin"), TEXT),
        **dict.fromkeys(("ports", "volumes", "environment"), OBJECT),
        "arguments": Listing(item=TEXT),
        "lifetime": _LIFETIME,
        "pullPolicy": Word(words=("ifNotPresent", "always", "never")),
    },
    required=("image",),
)
_SCRIPT = Record(
    fields={
        **dict.fromkeys(("language", "stdin", "code"), TEXT),
        "arguments": Listing(item=TEXT),
        "environment": _ENVIRONMENT,
        "source": EXTERNAL,
    },
    required=("language",),
    one_of=("code", "source"),
)
_SHELL = Record(
    fields={
        **dict.fromkeys(("command", "stdin"), TEXT),
        "arguments": Listing(item=TEXT),
        "environment": _ENVIRONMENT,
    },
    required=("command",),
)
_SUBFLOW = Record(
    fields={**dict.fromkeys(("namespace", "name", "version"), TEXT), "input": OBJECT},
    required=("namespace", "name", "version"),
)
_CATCH = Record(
    fields={
        "errors": Record(fields={"with": FILTER_OF_ERRORS}, others=ANYTHING),
        **dict.fromkeys(("as", "when", "exceptWhen", "then"), TEXT),
        "retry": Either(text=TEXT, mapping=RETRY),
        "do": TASKS,
    }
)

KINDS: Final[Mapping[str, Record]] = {
    "do": Record(fields={"do": TASKS}, required=("do",)),
    "fork": Record(
        fields={
            "fork": Record(fields={"branches": TASKS, "compete": Truth()}, required=("branches",))
        },
        required=("fork",),
    ),
    "for": Record(
        fields={
            "for": Record(
                fields={
                    "each": TEXT,
                    "in": Either(text=TEXT, listing=Listing(item=OBJECT)),
                    "at": TEXT,
                },
                required=("in",),
            ),
            "while": TEXT,
            "do": TASKS,
        },
        required=("for", "do"),
    ),
    "switch": Record(
        fields={
            "switch": Listing(
                item=Single(value=Record(fields={"when": TEXT, "then": TEXT}, required=("then",))),
                least=1,
            )
        },
        required=("switch",),
    ),
    "try": Record(fields={"try": TASKS, "catch": _CATCH}, required=("try", "catch")),
    "raise": Record(
        fields={
            "raise": Record(fields={"error": Either(text=TEXT, mapping=ERROR)}, required=("error",))
        },
        required=("raise",),
    ),
    "set": Record(
        fields={"set": Either(text=TEXT, mapping=Named(value=ANYTHING, least=1))},
        required=("set",),
    ),
    "wait": Record(fields={"wait": DURATION}, required=("wait",)),
    "emit": Record(
        fields={
            "emit": Record(
                fields={"event": Record(fields={"with": EVENT_TYPED}, others=ANYTHING)},
                required=("event",),
            )
        },
        required=("emit",),
    ),
    "listen": Record(
        fields={
            "listen": Record(
                fields={"to": STRATEGY, "read": Word(words=("data", "envelope", "raw"))},
                required=("to",),
            ),
            "foreach": _ITERATOR,
        },
        required=("listen",),
    ),
    "run": Record(
        fields={
            "run": Record(
                fields={
                    "await": Truth(),
                    "return": Word(words=("stdout", "stderr", "code", "all", "none")),
                    "container": _CONTAINER,
                    "script": _SCRIPT,
                    "shell": _SHELL,
                    "workflow": _SUBFLOW,
                },
                one_of=("container", "script", "shell", "workflow"),
            )
        },
        required=("run",),
    ),
}
"""What each kind of task holds beside what every task may hold. ``call`` is in ``calls.py``."""


def _task(value: Json) -> Shape:
    """Find out which kind of task this is meant to be, so that complaints speak of that kind."""
    keys = object_of(value)
    if "call" in keys:
        function = keys["call"]
        call = CALLS.get(function, FUNCTION) if isinstance(function, str) else FUNCTION
        return Record(fields={**_BASE, **call.fields}, required=call.required)
    for name in ("for", "try", "listen", *KINDS):
        if name in keys:
            kind = KINDS[name]
            return Record(fields={**_BASE, **kind.fields}, required=kind.required)
    return Record(fields=_BASE, one_of=("call", *KINDS), others=ANYTHING)


_USE = Record(
    fields={
        "authentications": Named(value=POLICY),
        "errors": Named(value=ERROR),
        "extensions": Listing(
            item=Single(
                value=Record(
                    fields={
                        "extend": Word(
                            words=(
                                *("call", "composite", "emit", "for", "listen", "raise", "run"),
                                *("set", "switch", "try", "wait", "all"),
                            )
                        ),
                        "when": TEXT,
                        "before": TASKS,
                        "after": TASKS,
                    },
                    required=("extend",),
                )
            )
        ),
        "functions": Named(value=TASK),
        "retries": Named(value=RETRY),
        "secrets": Listing(item=TEXT),
        "timeouts": Named(value=TIMEOUT),
        "catalogs": Named(value=Record(fields={"endpoint": ENDPOINT}, required=("endpoint",))),
    }
)


class _Schedule:
    """When a workflow starts by itself."""

    def wrong(self, value: Json, path: Path) -> Iterator[Complaint]:
        fields: dict[str, Shape] = {
            "every": DURATION,
            "cron": TEXT,
            "after": DURATION,
            "on": STRATEGY,
            "read": Word(words=("data", "envelope", "raw")),
        }
        yield from Record(fields=fields).wrong(value, path)
        if isinstance(value, Mapping) and "read" in value and "on" not in value:
            yield (*path, "read"), "'read' says how events are read; add 'on', or remove it"


DOCUMENT: Final = Record(
    fields={
        "document": Record(
            fields={
                "dsl": _VERSION,
                "namespace": _NAME,
                "name": _NAME,
                "version": _VERSION,
                "title": TEXT,
                "summary": TEXT,
                "tags": OBJECT,
                "metadata": OBJECT,
            },
            required=("dsl", "namespace", "name", "version"),
        ),
        "input": TRANSFORM_IN,
        "use": _USE,
        "do": TASKS,
        "timeout": _TIMEOUT,
        "output": TRANSFORM_OUT,
        "schedule": _Schedule(),
        "evaluate": Record(
            fields={"language": TEXT, "mode": Word(words=("strict", "loose"))},
        ),
    },
    required=("document", "do"),
)
