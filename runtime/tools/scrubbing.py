"""Secret values, taken out of whatever leaves a tool."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import quote, quote_plus

from runtime.domain.json import Json
from runtime.observability.personal_data import Clean, PersonalData, cleaned

MARK: Final = "[secret]"
_SHORTEST_BROKEN: Final = 12
_BREAK: Final = r"[^A-Za-z0-9]{0,6}"
_SHORTEST_ENCODED: Final = 6
"""Shorter secrets have encodings so short that they would be found everywhere."""


class Scrubber:
    """Replaces secrets in plain, URL, base64, hexadecimal and JSON-escaped spelling, also where
    they were broken up by spaces, line ends or marks, or into the items of a list.

    ``hide`` takes out more, such as personal data.
    """

    def __init__(
        self,
        secrets: Iterable[str],
        *,
        hide: Clean = PersonalData(),  # noqa: B008 - it never changes
    ) -> None:
        spellings = {form for secret in secrets if secret for form in _spellings(secret)}
        # Longest first, so that a secret within another leaves no rest of the longer one.
        self._spellings = sorted(spellings, key=lambda form: (-len(form), form))
        long = [form for form in self._spellings if len(form) >= _SHORTEST_BROKEN]
        self._broken = re.compile("|".join(map(_broken_up, long))) if long else None
        self._hide = hide

    def text(self, text: str) -> str:
        """Give ``text`` without secrets."""
        for spelling in self._spellings:
            text = text.replace(spelling, MARK)
        if self._broken is not None:
            text = self._broken.sub(MARK, text)
        return self._hide(text)

    def json(self, value: Json) -> Json:
        """Give ``value`` without secrets, in keys too."""
        clean = cleaned(value, self.text)
        if self._broken is not None and self._broken.search(json.dumps(clean, ensure_ascii=False)):
            # Its parts are in several places; which ones, nobody can tell apart from the rest.
            return MARK
        return clean


def _broken_up(spelling: str) -> str:
    """Give a pattern that finds a spelling with something between any of its letters."""
    return _BREAK.join(re.escape(letter) for letter in spelling)


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
