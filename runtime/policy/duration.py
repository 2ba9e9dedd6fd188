"""Durations as people write them: ``45m``, ``12h``, ``3d``, ``1d12h``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_SECONDS: Final[Mapping[str, int]] = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def seconds_of(text: str) -> float | None:
    """Give how many seconds a duration is; None where it is none, or none at all."""
    if re.fullmatch(r"(\d{1,4}[smhdw])+", text) is None:
        return None
    total = sum(int(n) * _SECONDS[unit] for n, unit in re.findall(r"(\d+)([smhdw])", text))
    return float(total) if total > 0 else None
