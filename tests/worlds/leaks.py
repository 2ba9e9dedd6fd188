"""Whether a short secret stands somewhere it must not."""

from __future__ import annotations

import re


def stands_in(code: str, told: object) -> bool:
    """Say whether a code is told as a word of its own.

    Within a longer run of letters and digits it says nothing: some digest holds any six digits once
    in a few thousand runs.
    """
    return re.search(rf"(?<![0-9A-Za-z]){re.escape(code)}(?![0-9A-Za-z])", str(told)) is not None
