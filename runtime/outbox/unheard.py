"""Replies that came when a run no longer listened. Nobody's words vanish without a word.

An agent takes replies at each of its turns, and whoever writes the answer takes what came since.
What comes later still, while the answer is checked, is told to the thread when the run ends.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast

from runtime.domain.json import Json
from runtime.storage import blobs, signals, trees
from runtime.storage.connection import Connection

REPLY = "reply"
SIGNAL = "signal"
_MOST_WORDS = 200
_MOST_REPLIES = 5


def last_heard(connection: Connection, run_id: str) -> str:
    """Name the latest reply that a step of a run has taken; empty where none was."""
    heard = ""
    for leaf in trees.leaves(connection, run_id, kind=SIGNAL):
        taken: Json = leaf.output
        if leaf.output_blob is not None:
            taken = cast("Json", json.loads(blobs.get(connection, leaf.output_blob)))
        for one in taken if isinstance(taken, list) else []:
            heard = max(heard, str(one.get("id")) if isinstance(one, Mapping) else "")
    return heard


def too_late(connection: Connection, run_id: str, *, number: int) -> str:
    """Say which replies a run that ends has not taken; empty where it took all."""
    last = last_heard(connection, run_id)
    left = signals.after(connection, run_id=run_id, name=REPLY, last=last)
    if not left:
        return ""
    lines = [_line(one) for one in left[:_MOST_REPLIES]]
    if len(left) > _MOST_REPLIES:
        lines.append(f"… and {len(left) - _MOST_REPLIES} more")
    told = "\n".join(lines)
    return (
        f"Run #{number} had ended its work when this came, so it was not taken into account:"
        f"\n{told}"
        "\nAsk again if it still matters; that begins a new run."
    )


def _line(signal: Mapping[str, Json]) -> str:
    text = " ".join(str(signal.get("text") or "").split())
    short = text if len(text) <= _MOST_WORDS else f"{text[:_MOST_WORDS]}…"
    return f"{signal.get('name') or 'Somebody'}: {short}"
