"""Secret values, taken out of whatever leaves a tool."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Final
from urllib.parse import quote, quote_plus

from runtime.domain.json import Json

MARK: Final = "[secret]"
_SHORTEST_ENCODED: Final = 6
"""Shorter secrets have encodings so short that they would be found everywhere."""


class Scrubber:
    """Replaces secrets in plain, URL, base64, hexadecimal and JSON-escaped spelling."""

    def __init__(self, secrets: Iterable[str]) -> None:
        spellings = {form for secret in secrets if secret for form in _spellings(secret)}
        # Longest first, so that a secret within another leaves no rest of the longer one.
        self._spellings = sorted(spellings, key=lambda form: (-len(form), form))

    def text(self, text: str) -> str:
        """Give ``text`` without secrets."""
        for spelling in self._spellings:
            text = text.replace(spelling, MARK)
        return text

    def json(self, value: Json) -> Json:
        """Give ``value`` without secrets, in keys too."""
        if not self._spellings:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(key): self.json(entry) for key, entry in value.items()}
        if isinstance(value, list | tuple):
            return [self.json(entry) for entry in value]
        if isinstance(value, int | float) and not isinstance(value, bool):
            # A secret of digits may come back as a number.
            return MARK if str(value) in self._spellings else value
        return value


def _spellings(secret: str) -> set[str]:
    raw = secret.encode(errors="replace")
    forms = {secret}
    if len(raw) < _SHORTEST_ENCODED:
        return forms
    escaped = json.dumps(secret)[1:-1]
    forms |= {escaped, json.dumps(secret, ensure_ascii=False)[1:-1]}
    forms |= {quote(secret, safe=""), quote(secret), quote_plus(secret)}
    forms |= {raw.hex(), raw.hex().upper()}
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        forms |= _inside(encode, raw)
    return forms


def _inside(encode: Callable[[bytes], bytes], raw: bytes) -> set[str]:
    """Spell a secret as it looks inside longer base64, at each of the three alignments."""
    forms: set[str] = set()
    for shift in range(3):
        encoded = encode(b"\0" * shift + raw)
        # Letters that also hold bits of a neighbour differ from case to case; they stay out.
        first = (shift * 8 + 5) // 6
        last = (shift + len(raw)) * 8 // 6
        forms.add(encoded[first:last].decode())
    return forms
