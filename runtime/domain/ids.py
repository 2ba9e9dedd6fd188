"""Identifiers: time-ordered, URL-safe, fit to be typed by a person."""

from __future__ import annotations

import os
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id(prefix: str) -> str:
    """Give a fresh id such as ``run_01k3v9c2s4d7e5f8g9h0``: 45 bits of time, 55 of chance.

    Ids made later sort later (to the millisecond), which keeps index pages warm.
    """
    value = (int(time.time() * 1000) << 55) | (int.from_bytes(os.urandom(7), "big") >> 1)
    letters = [_ALPHABET[(value >> shift) & 31] for shift in range(95, -1, -5)]
    return f"{prefix}_{''.join(letters)}"


def step_id(run_id: str, path: str) -> str:
    """Name a step for ever: the run and the path within it, ``run_…:/plan/1/research``."""
    return f"{run_id}:{path}"


def child_path(parent: str, name: str) -> str:
    """Give the path of ``name`` below ``parent``; the root's path is ``/``."""
    return f"/{name}" if parent == "/" else f"{parent}/{name}"
