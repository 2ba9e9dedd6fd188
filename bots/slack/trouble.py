"""Unexpected errors, logged without what people wrote."""

from __future__ import annotations

import traceback


def spell_trouble(error: BaseException) -> str:
    """Say what kind of error it was and where it came from.

    Its own words are left out: a database's error quotes the values of its statement, which are
    somebody's message.
    """
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    path = " < ".join(
        f"{frame.name} ({frame.filename}:{frame.lineno})" for frame in reversed(frames)
    )
    return f"{type(error).__name__} in {path or 'an unknown place'}"
