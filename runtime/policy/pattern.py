"""Patterns an operator may write: those that cannot run away on a value a model chose."""

from __future__ import annotations

import re
from typing import Final

LONGEST_PATTERN: Final = 200
MOST_OPEN_REPEATS: Final = 3
"""With values of at most 256 characters this bounds the work to some 16 million steps."""


def complaint_about(pattern: str) -> str | None:
    """Say what is wrong with a pattern and what to write instead; None when it is fine."""
    if len(pattern) > LONGEST_PATTERN:
        return f"the pattern is longer than {LONGEST_PATTERN} characters; shorten it"
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        return f"{pattern!r} is not a regular expression: {error}"
    opens, nested = _repeats(pattern)
    if nested:
        return (
            f"{pattern!r} repeats a group that itself repeats or chooses, which may never end; "
            "write it without the outer repeat"
        )
    if opens > MOST_OPEN_REPEATS:
        return f"{pattern!r} has more than {MOST_OPEN_REPEATS} open repeats (* + {{n,}}); use fewer"
    if re.search(r"\\[1-9]|\(\?P=", pattern):
        return f"{pattern!r} refers back to a group; compare without back-references"
    return None


def _repeats(pattern: str) -> tuple[int, bool]:
    """Count repeats, and say whether a group is repeated that repeats or has alternatives."""
    bare = re.sub(r"\\.", "a", pattern, flags=re.DOTALL)
    bare = re.sub(r"\[\^?\]?[^\]]*\]", "a", bare)
    opens, nested, restless = 0, False, [False]
    for index, letter in enumerate(bare):
        repeats = letter in "*+" or (letter == "{" and _is_quantifier(bare[index:]))
        if letter == "(":
            restless.append(False)
        elif letter == ")" and len(restless) > 1:
            inner = restless.pop()
            follows = bare[index + 1 : index + 2]
            if inner and follows and follows in "*+{":
                nested = True
            restless[-1] = restless[-1] or inner
        elif letter == "|":
            restless[-1] = True
        elif repeats:
            opens += 1
            restless[-1] = True
    return opens, nested


def _is_quantifier(rest: str) -> bool:
    return re.match(r"\{\d*,?\d*\}", rest) is not None
