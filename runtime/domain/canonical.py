"""One spelling for equal values, so that a digest means equality."""

from __future__ import annotations

import hashlib
import json

from runtime.domain.json import Json


def canonical(value: Json) -> str:
    """Spell ``value`` as JSON with sorted keys and no spaces; NaN and infinity are refused."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def digest(value: Json) -> str:
    """Give the SHA-256 of the canonical spelling, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()
