"""A Merkle tree over a log, hashed and proved as RFC 9162, section 2.1, says.

Pure: nothing here knows where hashes are kept. https://www.rfc-editor.org/rfc/rfc9162#section-2.1
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

Range = Callable[[int, int], bytes]
"""Gives the root over the leaves from the first number up to, and without, the second."""


def from_hex(text: str) -> bytes:
    """Read the one spelling of a hash: small digits without anything between them.

    Raises:
        ValueError: it is spelled otherwise.
    """
    read = bytes.fromhex(text)
    if read.hex() != text:
        raise ValueError(f"{text[:80]!r} is not spelled as hashes are here")
    return read


def leaf_hash(content: bytes) -> bytes:
    """Hash what a leaf holds; its prefix keeps a leaf from passing as a node."""
    return hashlib.sha256(b"\0" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees to the one above them."""
    return hashlib.sha256(b"\1" + left + right).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Give the root over leaf hashes; that of no leaves is the hash of nothing."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    level = list(leaves)
    while len(level) > 1:
        above = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        # The last of an odd number goes up as it is, which is how the largest power of two splits.
        level = above + level[len(above) * 2 :]
    return level[0]


def split(size: int) -> int:
    """Give the largest power of two below ``size``, where a tree of that size is split."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion(position: int, size: int, over: Range) -> list[bytes]:
    """Give the hashes that lead from a leaf to the root of a tree of ``size`` leaves."""
    first, last, path = 0, size, list[bytes]()
    while last - first > 1:
        middle = first + split(last - first)
        if position < middle:
            path.append(over(middle, last))
            last = middle
        else:
            path.append(over(first, middle))
            first = middle
    return path[::-1]


def root_from_inclusion(
    leaf: bytes, *, position: int, size: int, path: Sequence[bytes]
) -> bytes | None:
    """Give the root that an inclusion path leads to; None where it cannot belong to that place."""
    if not 0 <= position < size:
        return None
    number, last, found = position, size - 1, leaf
    for one in path:
        if last == 0:
            return None
        if number & 1 or number == last:
            found = node_hash(one, found)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            found = node_hash(found, one)
        number, last = number >> 1, last >> 1
    return found if last == 0 else None
