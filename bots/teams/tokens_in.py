"""Whether an activity is Microsoft's: the signed token every activity arrives with.

Every claim is required and compared here. The SDK lets a token without expiry, without
``serviceurl`` and with an unendorsed key pass, and answers 500 to most forgeries.
https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import jwt

from bots.teams.keys import KeyRing, SigningKey
from bots.teams.payload import Payload
from bots.teams.service import ServiceUrls
from runtime.domain.errors import Refused
from runtime.domain.ports import Clock

ISSUER = "https://api.botframework.com"
CHANNEL = "msteams"
_LEEWAY_SECONDS = 300.0
_MOST_TOKENS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class _Proven:
    """What a token says, and the key that proves it."""

    key_id: str
    key: SigningKey
    claims: Payload


class Unsigned(Refused):
    """The activity is not proven to be Microsoft's; ``public`` names what failed, in one word."""

    code = "unsigned"


class InboundTokens:
    """Checks the token of one activity."""

    def __init__(
        self, *, app_id: str, keys: KeyRing, clock: Clock, service_urls: ServiceUrls
    ) -> None:
        self._app_id = app_id
        self._keys = keys
        self._clock = clock
        self._service_urls = service_urls
        self._proven: OrderedDict[bytes, _Proven] = OrderedDict()

    async def check(self, authorization: str, body: Payload) -> None:
        """Let a proven activity pass.

        Raises:
            Unsigned: in every other case.
        """
        scheme, _, token = authorization.partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise Unsigned("no_token")
        claims = await self._signed_claims(token)
        self._check_time(claims)
        if body.text("channelId") != CHANNEL:
            raise Unsigned("wrong_channel")
        service_url = body.text("serviceUrl")
        if not service_url or claims.text("serviceurl") != service_url:
            raise Unsigned("wrong_service_url")
        if not self._service_urls.trusts(service_url):
            raise Unsigned("untrusted_service_url")

    async def _signed_claims(self, token: str) -> Payload:
        """Give the claims of a token whose signature is right; its time is compared elsewhere.

        Teams signs many activities with one token. What was proven once is proven, for as long as
        Microsoft publishes the key it was proven with.
        """
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        known = self._proven.get(digest)
        if known is not None and await self._keys.find(known.key_id) is known.key:
            self._proven.move_to_end(digest)
            return known.claims
        proven = await self._prove(token)
        self._proven[digest] = proven
        if len(self._proven) > _MOST_TOKENS:
            self._proven.popitem(last=False)
        return proven.claims

    async def _prove(self, token: str) -> _Proven:
        try:
            header = jwt.get_unverified_header(token)
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise Unsigned("malformed_token") from None
        key_id = cast("Mapping[str, object]", header).get("kid")
        if header.get("alg") != "RS256" or not isinstance(key_id, str):
            raise Unsigned("malformed_token")
        key = await self._keys.find(key_id)
        if key is None:
            raise Unsigned("unknown_key")
        if CHANNEL not in key.endorsements:
            raise Unsigned("unendorsed_key")
        try:
            claims = cast(
                "object",
                jwt.decode(
                    token,
                    key.key,
                    algorithms=["RS256"],
                    audience=self._app_id,
                    issuer=ISSUER,
                    options={
                        "require": ["exp", "iss", "aud"],
                        # Compared below, with the clock that everything else here goes by.
                        "verify_exp": False,
                        "verify_nbf": False,
                        "verify_iat": False,
                    },
                ),
            )
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            raise Unsigned("bad_token") from None
        return _Proven(key_id=key_id, key=key, claims=Payload(claims))

    def _check_time(self, claims: Payload) -> None:
        now = self._clock.now().timestamp()
        expires, begins = claims.at("exp").value, claims.at("nbf").value
        if not _is_moment(expires) or now > cast("float", expires) + _LEEWAY_SECONDS:
            raise Unsigned("expired")
        if begins is not None and (
            not _is_moment(begins) or now < cast("float", begins) - _LEEWAY_SECONDS
        ):
            raise Unsigned("not_yet_valid")


def _is_moment(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
