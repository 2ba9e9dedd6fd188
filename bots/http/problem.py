"""Errors as problem documents: https://www.rfc-editor.org/rfc/rfc9457"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from aiohttp import web

from runtime.domain.errors import BatonError, Halted, NotFound, Refused, Upstream
from runtime.domain.form import InputNeeded
from runtime.domain.json import Json

_TITLES: Final[Mapping[int, str]] = {
    400: "Bad request",
    401: "Not authenticated",
    403: "Not allowed",
    404: "Not found",
    413: "Too large",
    422: "Not the same request",
    500: "Internal error",
    503: "Not available",
}


class Unknown(Refused):
    """The person must act: a request carries no token, or one that stands for nobody."""

    code = "unauthenticated"


class BadRequest(Refused):
    """The person must act: a request is not of the form that is read here."""

    code = "bad_request"


class TooLarge(Refused):
    """The person must act: a request is larger than what is taken."""

    code = "too_large"


class Reused(Refused):
    """The person must act: the same Idempotency-Key was sent with another input."""

    code = "key_reused"


def problem(error: BatonError) -> web.Response:
    """Give an error as the answer to a request."""
    further: dict[str, Json] = {}
    match error:
        case Unknown():
            status = 401
        case NotFound():
            status = 404
        case TooLarge():
            status = 413
        case InputNeeded():
            status = 400
            further["wrong"] = dict(error.wrong)
        case Upstream() | Halted():
            status = 503
        case BadRequest():
            status = 400
        case Reused():
            status = 422
        case _:
            status = 403
    response = written(status, error.code, error.public, **further)
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, Upstream):
        response.headers["Retry-After"] = str(round(error.retry_after_seconds or 2))
    return response


def written(status: int, code: str, detail: str, **further: Json) -> web.Response:
    """Write a problem document."""
    problem: dict[str, Json] = {
        "type": "about:blank",
        "title": _TITLES[status],
        "status": status,
        "detail": detail,
        "code": code,
        **further,
    }
    return web.Response(
        text=json.dumps(problem, ensure_ascii=False),
        status=status,
        content_type="application/problem+json",
    )
