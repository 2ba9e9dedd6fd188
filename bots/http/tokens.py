"""Whose token a request carries. A token stands for a person, and may do what that person may."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence

from aiohttp import web
from pydantic import SecretStr

from bots.http.problem import Unknown
from bots.loopback import is_local
from runtime.domain.conversation import Person
from runtime.domain.errors import Misconfigured

_SHORTEST = 24
_PRINCIPAL = re.compile(r"([a-z]+):([^/\s=]+)/([^/\s=]+)")
SIGNATURE = "X-Hub-Signature-256"
LOCAL = Person(channel="http", workspace="local", external_id="local", name="this machine")
"""Who sends events from this machine where no token is set."""


class Tokens:
    """The tokens of an installation, each with the person it stands for."""

    def __init__(self, people: Mapping[str, Person]) -> None:
        self._known = [(_hash(token), token.encode(), one) for token, one in people.items()]

    def holder(self, request: web.Request) -> Person:
        """Give whom the request's bearer token stands for. Raises ``Unknown``."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token.strip():
            given = _hash(token.strip())
            for known, _, person in self._known:
                if hmac.compare_digest(known, given):
                    return person
        raise Unknown(
            "send a token as 'Authorization: Bearer TOKEN'; tokens are set in BATON_API_TOKENS"
        )

    def sender(self, request: web.Request, body: bytes) -> Person:
        """Give who sent a webhook: by token, or by a signature of its body with one.

        Where no token is set at all, this machine itself may send. Raises ``Unknown``.
        """
        signed = request.headers.get(SIGNATURE, "")
        if signed:
            return self._signer(signed, body)
        if not self._known and "Authorization" not in request.headers:
            if is_local(request) and "Origin" not in request.headers:
                return LOCAL
            raise Unknown("only this machine may send events while BATON_API_TOKENS is not set")
        return self.holder(request)

    def _signer(self, signed: str, body: bytes) -> Person:
        for _, token, person in self._known:
            right = "sha256=" + hmac.new(token, body, hashlib.sha256).hexdigest()
            if hmac.compare_digest(right.encode(), signed.strip().lower().encode()):
                return person
        raise Unknown(f"{SIGNATURE} is no signature of this body with a token that is known here")


def read_tokens(pairs: Sequence[SecretStr]) -> Tokens:
    """Read the setting. Raises ``Misconfigured``, without a token in its words."""
    people: dict[str, Person] = {}
    for number, pair in enumerate(pairs, 1):
        token, _, principal = pair.get_secret_value().rpartition("=")
        named = _PRINCIPAL.fullmatch(principal)
        if named is None:
            raise Misconfigured(
                f"BATON_API_TOKENS: pair {number} names no person; write TOKEN=slack:T024/U061, or"
                " TOKEN=http:local/NAME for a program of its own"
            )
        if len(token) < _SHORTEST:
            raise Misconfigured(
                f"BATON_API_TOKENS: the token of {principal!r} has {len(token)} characters; use"
                f" {_SHORTEST} or more"
            )
        channel, workspace, external_id = named.groups()
        people[token] = Person(
            channel=channel, workspace=workspace, external_id=external_id, name=external_id
        )
    return Tokens(people)


def _hash(token: str) -> bytes:
    return hashlib.sha256(b"baton api " + token.encode()).digest()
