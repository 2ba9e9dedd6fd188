"""One word people may start with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One word people may start with."""

    name: str
    usage: str
    summary: str
    target: str = ""
    """What it is about: ``run``, ``approval`` or ``question``; empty for none of them."""
    target_required: bool = False
    rest: str = ""
    """What follows: ``text``, ``reason``, ``question``, ``code`` …; empty for nothing."""
    rest_required: bool = False
