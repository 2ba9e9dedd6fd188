"""Who may use the console: this machine, or somebody with the console's token.

The console acts as the operator and asks for no password, so four things are checked: the caller
sits on this machine and was not forwarded here by a proxy or a tunnel, the page was addressed by
a local name (another site's name that resolves to this machine is somebody's attack), a change
comes from the page itself (same origin), and it carries the token this process gave the page.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from aiohttp import web

from bots.loopback import is_local
from runtime.domain.errors import Refused

CSRF_COOKIE = "baton_csrf"
CSRF_HEADER = "X-Baton-Csrf"
TOKEN_COOKIE = "baton_console"  # noqa: S105  # a cookie's name, no secret
_SAFE_METHODS = frozenset({"GET", "HEAD"})


class Forbidden(Refused):
    """This caller may not use the console."""

    code = "forbidden"


class StalePage(Refused):
    """The page was loaded before this process started; it fetches a new token and tries again."""

    code = "stale_page"


class Guard:
    """Checks every request of the console; lets through or raises."""

    def __init__(self, *, console_token: str | None = None) -> None:
        self._token_hash = _hash(console_token) if console_token else None
        self._csrf = secrets.token_urlsafe(24)

    def admit(self, request: web.Request) -> None:
        """Check one request.

        Raises:
            Forbidden: with words for whoever set this up.
            StalePage: the change carries no token, or one of an earlier process.
        """
        if not self._knows(request):
            self._check_local(request)
        if request.method not in _SAFE_METHODS:
            _check_same_origin(request)
            if not hmac.compare_digest(
                request.headers.get(CSRF_HEADER, "").encode(), self._csrf.encode()
            ):
                raise StalePage("this page is older than the server; reload it")

    def sign_in(self, token: str) -> str | None:
        """Give the cookie value for a right token, or None."""
        given = _hash(token)
        if self._token_hash is None or not hmac.compare_digest(given, self._token_hash):
            return None
        return given

    def hand_over(self, request: web.Request, response: web.StreamResponse) -> None:
        """Give the page the token that its changes must carry."""
        response.set_cookie(
            CSRF_COOKIE, self._csrf, samesite="Strict", path="/", secure=request.secure
        )

    def _knows(self, request: web.Request) -> bool:
        if self._token_hash is None:
            return False
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        offered = (request.cookies.get(TOKEN_COOKIE, ""), _hash(bearer) if bearer else "")
        return any(hmac.compare_digest(one.encode(), self._token_hash.encode()) for one in offered)

    def _check_local(self, request: web.Request) -> None:
        if not is_local(request):
            raise Forbidden(
                "The console has no login and therefore answers only on this machine, under "
                "http://localhost or http://127.0.0.1. To use it from elsewhere, set "
                "BATON_CONSOLE_TOKEN and open it once with /?token=<that token>."
            )


def _hash(token: str) -> str:
    return hashlib.sha256(b"baton console " + token.encode()).hexdigest()


def _check_same_origin(request: web.Request) -> None:
    origin = request.headers.get("Origin")
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    # Compared as text: a browser spells an origin in exactly one way.
    own = {f"{scheme}://{request.host}" for scheme in ("http", "https")}
    foreign = origin is not None and origin not in own
    if foreign or site not in {"same-origin", "none"}:
        raise Forbidden("This request came from another site's page and was not carried out.")
