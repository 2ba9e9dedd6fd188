"""The app's two icons, drawn by code: a conductor's baton."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Callable

COLOR_SIZE, OUTLINE_SIZE = 192, 32
_GROUND = (45, 76, 139)
_WOOD = (250, 246, 236)
_CORK = (232, 163, 61)
Pixel = tuple[int, int, int, int]


def color_icon() -> bytes:
    """Give the icon for lists and the store: 192 pixels square, PNG, nothing transparent."""
    size = COLOR_SIZE

    def pixel(x: float, y: float) -> Pixel:
        stick, cork = _stick(x, y, size), _cork(x, y, size)
        red, green, blue = _over(_over(_GROUND, _WOOD, stick), _CORK, cork)
        return red, green, blue, 255

    return _png(size, pixel)


def outline_icon() -> bytes:
    """Give the icon for bars: 32 pixels square, PNG, white on nothing, as Teams wants it."""
    size = OUTLINE_SIZE

    def pixel(x: float, y: float) -> Pixel:
        covered = max(_stick(x, y, size, thick=1.6), _cork(x, y, size))
        return 255, 255, 255, round(255 * covered)

    return _png(size, pixel)


def _stick(x: float, y: float, size: int, *, thick: float = 1.0) -> float:
    """Say how much of a pixel the stick covers; it grows thinner towards its tip."""
    ax, ay, bx, by = 0.30 * size, 0.70 * size, 0.82 * size, 0.18 * size
    along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2)
    along = min(max(along, 0.0), 1.0)
    away = math.hypot(x - (ax + along * (bx - ax)), y - (ay + along * (by - ay)))
    half = size * thick * (0.030 - 0.016 * along)
    return min(max(half - away + 0.5, 0.0), 1.0)


def _cork(x: float, y: float, size: int) -> float:
    away = math.hypot(x - 0.27 * size, y - 0.73 * size)
    return min(max(0.10 * size - away + 0.5, 0.0), 1.0)


def _over(
    below: tuple[int, int, int], above: tuple[int, int, int], covered: float
) -> tuple[int, int, int]:
    red, green, blue = (
        round(one * (1 - covered) + other * covered)
        for one, other in zip(below, above, strict=True)
    )
    return red, green, blue


def _png(size: int, pixel: Callable[[float, float], Pixel]) -> bytes:
    rows = (
        b"\0" + bytes(part for x in range(size) for part in pixel(x + 0.5, y + 0.5))
        for y in range(size)
    )
    head = struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", head),
            _chunk(b"IDAT", zlib.compress(b"".join(rows), 9)),
            _chunk(b"IEND", b""),
        ]
    )


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
