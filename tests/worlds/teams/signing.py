"""Microsoft's signature: keys that can be rolled, and tokens as right or wrong as a test wants."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests.worlds.teams.cast import APP_ID

ISSUER = "https://api.botframework.com"


@dataclass(slots=True)
class Key:
    """One key pair."""

    id: str
    endorsements: list[str] | None = field(default_factory=lambda: ["msteams", "webchat"])
    private: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )

    @property
    def public(self) -> dict[str, Any]:
        """Spell the key as the key endpoint does."""
        spelled: dict[str, Any] = json.loads(RSAAlgorithm.to_jwk(self.private.public_key()))
        spelled |= {"kid": self.id, "use": "sig", "alg": "RS256"}
        if self.endorsements is not None:
            spelled["endorsements"] = self.endorsements
        return spelled


class Signer:
    """The connector's keys; the last one signs."""

    def __init__(self) -> None:
        self.keys = [Key("key-1")]

    def roll(self) -> None:
        """Sign with a new key from now on; the old one is not published any more."""
        self.keys = [Key(f"key-{int(self.keys[-1].id.partition('-')[2]) + 1}")]

    def published(self) -> dict[str, Any]:
        """Give the key set."""
        return {"keys": [key.public for key in self.keys]}

    def token(
        self,
        service_url: str,
        *,
        key: Key | None = None,
        key_id: str | None = None,
        without: tuple[str, ...] = (),
        algorithm: str = "RS256",
        **claims: Any,
    ) -> str:
        """Sign an activity's token; ``claims`` replace the right ones."""
        signing = key or self.keys[-1]
        now = time.time()
        said: dict[str, Any] = {
            "iss": ISSUER,
            "aud": APP_ID,
            "serviceurl": service_url,
            "nbf": now - 10,
            "exp": now + 3_600,
            **claims,
        }
        return jwt.encode(
            {name: value for name, value in said.items() if name not in without},
            signing.private if algorithm == "RS256" else "a-shared-secret-of-thirty-two-bytes!!",
            algorithm=algorithm,
            headers={"kid": key_id or signing.id},
        )
