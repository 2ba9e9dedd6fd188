"""Shapes of the parts that recur in a document: durations, endpoints, errors, events, schemas."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from runtime.catalog.workflow.shape import (
    Anything,
    Chosen,
    Either,
    Listing,
    Named,
    Record,
    Text,
    Whole,
    Word,
)

ANYTHING: Final = Anything()
_TEXT = Text()
_OBJECT = Named(value=ANYTHING)

EXPRESSION_PATTERN: Final = re.compile(r"^\s*\$\{.+\}\s*$", re.DOTALL)
_URI = re.compile(
    r"^(?!\s*\$\{)(?=\S)(([^:/?#]+):)?(//([^/?#\s]*))?([^?#\s]*)(\?([^#\s]*))?(#(\S*))?$"
)
ISO_DURATION: Final = re.compile(
    r"^P(?!$)((?P<years>\d+(?:\.\d+)?)Y)?((?P<months>\d+(?:\.\d+)?)M)?"
    r"((?P<weeks>\d+(?:\.\d+)?)W)?((?P<days>\d+(?:\.\d+)?)D)?"
    r"(T(?=\d)((?P<hours>\d+(?:\.\d+)?)H)?((?P<minutes>\d+(?:\.\d+)?)M)?"
    r"((?P<seconds>\d+(?:\.\d+)?)S)?)?$"
)

EXPRESSION: Final = Text(pattern=EXPRESSION_PATTERN, write="an expression such as ${ .name }")
URI_OR_EXPRESSION: Final = Text(
    pattern=re.compile(f"{EXPRESSION_PATTERN.pattern}|{_URI.pattern}", re.DOTALL),
    write="a URI such as https://example.com/{id}, or an expression ${ … }",
)
URI: Final = Text(pattern=_URI, write="a URI such as https://example.com/{id}")
DURATION: Final = Either(
    text=Text(
        pattern=re.compile(f"{EXPRESSION_PATTERN.pattern}|{ISO_DURATION.pattern}", re.DOTALL),
        write="a duration such as PT15M, or an expression ${ … } that gives one",
    ),
    mapping=Chosen(
        of=lambda value: (
            Record(
                fields=dict.fromkeys(
                    ("days", "hours", "minutes", "seconds", "milliseconds"), Whole()
                )
            )
            if value
            else Named(value=ANYTHING, least=1)
        )
    ),
)
TIMEOUT: Final = Record(fields={"after": DURATION}, required=("after",))

_SECRET = Record(
    fields={"use": Text(pattern=re.compile(r"."), write="a secret's name")}, required=("use",)
)


def _credentials(*names: str) -> Chosen:
    plain = Record(fields=dict.fromkeys(names, _TEXT), required=names)
    return Chosen(
        of=lambda value: _SECRET if isinstance(value, Mapping) and "use" in value else plain
    )


_GRANTS = (
    *("authorization_code", "client_credentials", "password", "refresh_token"),
    "urn:ietf:params:oauth:grant-type:token-exchange",
)
_TOKEN = Record(fields={"token": _TEXT, "type": _TEXT}, required=("token", "type"))
_OAUTH = Record(
    fields={
        "authority": URI,
        "grant": Word(words=_GRANTS),
        "client": Record(
            fields={
                **dict.fromkeys(("id", "secret", "assertion"), _TEXT),
                "authentication": Word(
                    words=(
                        *("client_secret_basic", "client_secret_post", "client_secret_jwt"),
                        *("private_key_jwt", "none"),
                    )
                ),
            }
        ),
        "request": Record(
            fields={
                "encoding": Word(words=("application/x-www-form-urlencoded", "application/json"))
            },
            others=ANYTHING,
        ),
        **dict.fromkeys(("issuers", "scopes", "audiences"), Listing(item=_TEXT)),
        **dict.fromkeys(("username", "password"), _TEXT),
        **dict.fromkeys(("subject", "actor"), _TOKEN),
    },
    required=("authority", "grant"),
)
_OAUTH2 = Record(
    fields={
        **_OAUTH.fields,
        "endpoints": Record(
            fields=dict.fromkeys(("token", "revocation", "introspection"), _TEXT), others=ANYTHING
        ),
    },
    required=_OAUTH.required,
)
_SCHEMES = {
    "basic": _credentials("username", "password"),
    "bearer": _credentials("token"),
    "digest": _credentials("username", "password"),
    "oauth2": Chosen(
        of=lambda value: _SECRET if isinstance(value, Mapping) and "use" in value else _OAUTH2
    ),
    "oidc": Chosen(
        of=lambda value: _SECRET if isinstance(value, Mapping) and "use" in value else _OAUTH
    ),
}
POLICY: Final = Record(fields=_SCHEMES, one_of=tuple(_SCHEMES), others=ANYTHING)
AUTHENTICATION: Final = Chosen(
    of=lambda value: (
        Record(
            fields={"use": Text(pattern=re.compile(r"."), write="the name of an authentication")},
            required=("use",),
        )
        if isinstance(value, Mapping) and "use" in value
        else Record(fields=_SCHEMES, one_of=tuple(_SCHEMES))
    )
)
ENDPOINT: Final = Either(
    text=URI_OR_EXPRESSION,
    mapping=Record(
        fields={"uri": URI_OR_EXPRESSION, "authentication": AUTHENTICATION}, required=("uri",)
    ),
)
EXTERNAL: Final = Record(fields={"name": _TEXT, "endpoint": ENDPOINT}, required=("endpoint",))

_SCHEMA = Record(
    fields={"format": _TEXT, "document": ANYTHING, "resource": EXTERNAL},
    one_of=("document", "resource"),
)
_MAPPED = Either(text=_TEXT, mapping=_OBJECT)
TRANSFORM_IN: Final = Record(fields={"schema": _SCHEMA, "from": _MAPPED})
TRANSFORM_OUT: Final = Record(fields={"schema": _SCHEMA, "as": _MAPPED})

ERROR: Final = Record(
    fields={
        "type": URI_OR_EXPRESSION,
        "status": Whole(),
        **dict.fromkeys(("instance", "title", "detail"), _TEXT),
    },
    required=("type", "status"),
)
FILTER_OF_ERRORS: Final = Chosen(
    of=lambda value: (
        Record(
            fields={
                **dict.fromkeys(("type", "instance", "title", "detail"), _TEXT),
                "status": Whole(),
            },
            others=ANYTHING,
        )
        if value or not isinstance(value, Mapping)
        else Named(value=ANYTHING, least=1)
    )
)

_BACKOFFS = ("constant", "exponential", "linear")
RETRY: Final = Record(
    fields={
        **dict.fromkeys(("when", "exceptWhen"), _TEXT),
        "delay": DURATION,
        "backoff": Record(fields=dict.fromkeys(_BACKOFFS, _OBJECT), one_of=_BACKOFFS),
        "limit": Record(
            fields={
                "attempt": Record(fields={"count": Whole(), "duration": DURATION}),
                "duration": DURATION,
            }
        ),
        "jitter": Record(fields={"from": DURATION, "to": DURATION}, required=("from", "to")),
    }
)

_ATTRIBUTES = {
    **dict.fromkeys(("id", "type", "subject", "datacontenttype"), _TEXT),
    **dict.fromkeys(("source", "dataschema"), URI_OR_EXPRESSION),
    "time": _TEXT,
    "data": ANYTHING,
}
EVENT: Final = Chosen(
    of=lambda value: (
        Record(fields=_ATTRIBUTES, others=ANYTHING)
        if value or not isinstance(value, Mapping)
        else Named(value=ANYTHING, least=1)
    )
)
EVENT_TYPED: Final = Record(fields=_ATTRIBUTES, others=ANYTHING, required=("type",))
