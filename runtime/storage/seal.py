"""Secrets at rest: what is stored of them is of no use without a key from the settings."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from typing import cast

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from runtime.domain.errors import Misconfigured
from runtime.domain.json import JsonObject

SHORTEST_KEY = 32


class Seal:
    """Seals with the first key, and opens with any: so keys can be changed one after another."""

    def __init__(self, keys: Sequence[str]) -> None:
        short = [key for key in keys if len(key) < SHORTEST_KEY]
        if short or not keys:
            raise Misconfigured(
                f"BATON_SECRET_KEYS needs keys of at least {SHORTEST_KEY} characters, separated by"
                " commas, the newest first; make one with: openssl rand -hex 32"
            )
        self._boxes = [Fernet(_spread(key)) for key in keys]

    def close(self, secret: JsonObject) -> str:
        """Seal a secret."""
        return self._boxes[0].encrypt(json.dumps(secret).encode()).decode()

    def open(self, sealed: str) -> JsonObject:
        """Open what was sealed.

        Raises:
            Misconfigured: with none of the keys.
        """
        try:
            opened = MultiFernet(self._boxes).decrypt(sealed.encode())
        except InvalidToken:
            raise Misconfigured(
                "a stored secret cannot be opened: put the key it was sealed with back into"
                " BATON_SECRET_KEYS, behind the newest one"
            ) from None
        return cast("JsonObject", json.loads(opened))

    def is_newest(self, sealed: str) -> bool:
        """Tell whether something is sealed with the first key; if not, it is to be sealed anew."""
        try:
            self._boxes[0].decrypt(sealed.encode())
        except InvalidToken:
            return False
        return True


def _spread(key: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest())
