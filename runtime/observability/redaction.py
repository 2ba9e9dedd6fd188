"""Take secrets out of texts before anybody reads them: errors, logs, cards, journals."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, quote_plus, unquote

REDACTED = "[secret]"

_NAMES_A_SECRET = re.compile(
    r"(?i)(^|_)(api_?key|key|token|secret|password|passwd|credentials?|private_?key)(_|$)"
)
_NAMES_A_SETTING = re.compile(r"(?i)(_ID|_URL|_URI|_PATH|_FILE|_SECONDS|_LIMIT|_NAME)$")
# Bounded and anchored at the start of a word: texts may be long and meant to keep us busy.
_URL_PASSWORD = re.compile(
    r"(?P<before>(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,30}://[^/\s:@]{0,200}:)"
    r"(?P<password>[^@\s/]{1,500})(?=@)",
    re.IGNORECASE,
)

# Too short a value is too common a word: hiding "test" everywhere hides what went wrong.
_SHORTEST_SECRET = 6
_SHORTEST_UNMISTAKABLE = 8

# Formats of well-known keys; each needs a length that no ordinary word reaches.
_LOOKS_SECRET = re.compile(
    r"""
      \bsk-[A-Za-z0-9_\-*.]{6,}                      # OpenAI, Anthropic; masked ones too
    | \b[spr]k_(?:live|test)_[A-Za-z0-9]{6,}          # Stripe
    | \bxox[a-z]-[A-Za-z0-9-]{6,} | \bxapp-[A-Za-z0-9-]{6,}  # Slack
    | \bAIza[A-Za-z0-9_-]{20,}                               # Google
    | \bgh[pousr]_[A-Za-z0-9]{20,} | \bgithub_pat_\w{20,}    # GitHub
    | \bAKIA[A-Z0-9]{12,}                                    # AWS
    | (?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*              # JSON web tokens
    | -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----.*?(?:-----END\ [A-Z ]*PRIVATE\ KEY-----|\Z)
    """,
    re.VERBOSE | re.DOTALL,
)
_AFTER_A_LABEL = re.compile(
    r"""(?ix)
    (?P<label> \bbearer\s+ (?=\S{0,300}\d)             # "bearer of news" holds no digit
      | \bauthorization["']?\s*[=:]\s*["']?(?:(?:bearer|basic)\s+)?
      | \b(?:x-)?(?:api[-_ ]?key|access[-_]?token|client[-_]?secret|password)["']?\s*[=:]\s*["']?
        (?:bearer\s+)? )
    (?P<value> [A-Za-z0-9._~+/=*-]{6,} )
    """
)


class Redactor:
    """Hide known secret values and whatever looks like a key.

    Known values are found as they are, URL-quoted and in base64; build one per process from all
    the values it holds, and give every sink of text the same one.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for secret in secrets for form in _forms(secret)}
        # The longest first, so that a secret within another leaves no tail behind.
        ordered = sorted(forms, key=lambda form: (-len(form), form))
        self._known = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def __call__(self, text: str) -> str:
        """Give ``text`` with every secret replaced; applying it twice changes nothing more."""
        if self._known is not None:
            text = self._known.sub(REDACTED, text)
        text = _URL_PASSWORD.sub(rf"\g<before>{REDACTED}", text)
        text = _AFTER_A_LABEL.sub(rf"\g<label>{REDACTED}", text)
        return _LOOKS_SECRET.sub(REDACTED, text)


def secrets_of(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Pick the values of ``environment`` whose names say they are secret, and passwords in URLs."""
    named = {
        value
        for name, value in environment.items()
        if _NAMES_A_SECRET.search(name) and not _NAMES_A_SETTING.search(name)
    }
    in_urls = {
        unquote(found["password"])
        for value in environment.values()
        for found in _URL_PASSWORD.finditer(value)
    }
    return tuple(sorted(value for value in named | in_urls if len(value) >= _SHORTEST_SECRET))


def unmistakable(secrets: Iterable[str]) -> tuple[str, ...]:
    """Pick the secrets that nobody says by chance.

    A password that is a word would take that word out of all that is said here.
    """
    return tuple(one for one in secrets if len(one) >= _SHORTEST_UNMISTAKABLE and not one.isalpha())


def without_keys(text: str) -> str:
    """Give ``text`` without what has the form of a well-known key, whatever stands before it."""
    return _LOOKS_SECRET.sub(REDACTED, text)


def _forms(secret: str) -> set[str]:
    if len(secret) < _SHORTEST_SECRET:
        return set()
    encoded = base64.b64encode(secret.encode()).decode()
    # Padding is often cut off.
    return {secret, quote(secret, safe=""), quote_plus(secret), encoded, encoded.rstrip("=")}
