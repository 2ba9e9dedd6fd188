"""What a call does to the world, and so how it may be repeated."""

from __future__ import annotations

from enum import StrEnum


class Effect(StrEnum):
    """Declared on every tool; a tool that declares nothing is ``IRREVERSIBLE``."""

    READ = "read"
    """Changes nothing; repeated freely."""
    WRITE = "write"
    """Takes an idempotency key; repeated with the same key."""
    IRREVERSIBLE = "irreversible"
    """Never repeated blindly: after a doubt, its ``reconcile`` hook or a person decides."""
