"""Unexpected errors, logged without what people wrote."""

from __future__ import annotations

import traceback


def spell_trouble(error: BaseException) -> str:
    """Say what kind of error it was and where it came from; its own words may quote a message."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    path = " < ".join(f"{one.name} ({one.filename}:{one.lineno})" for one in reversed(frames))
    return f"{type(error).__name__} in {path or 'an unknown place'}"
