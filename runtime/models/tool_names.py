"""Tool names as providers accept them, and back."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

_LONGEST = 64
_FORBIDDEN = re.compile(r"[^A-Za-z0-9_-]")


def encode(name: str) -> str:
    """Spell ``server.tool`` as ``server__tool``; providers allow 64 letters, digits, ``_``, ``-``.

    The same name always gives the same spelling, whatever other tools there are. A name that
    needs more than its dots replaced ends in a digest, so that two of them never meet.
    """
    dotted = name.replace(".", "__")
    spelled = _FORBIDDEN.sub("_", dotted)
    if spelled == dotted and len(spelled) <= _LONGEST:
        return spelled
    mark = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{spelled[: _LONGEST - 9]}_{mark}"


class ToolNames:
    """The two-way dictionary of one prompt."""

    def __init__(self, names: Iterable[str]) -> None:
        self._wire: dict[str, str] = {}
        self._own: dict[str, str] = {}
        for name in sorted(set(names), key=lambda name: ("." in name, name)):
            wire = encode(name)
            if wire in self._own:
                # ``a__b`` and ``a.b`` in one prompt: the dotted one takes the digest form.
                mark = hashlib.sha256(name.encode()).hexdigest()[:8]
                wire = f"{wire[: _LONGEST - 9]}_{mark}"
            self._wire[name] = wire
            self._own[wire] = name

    def to_wire(self, name: str) -> str:
        """Spell ``name`` for the provider; a name never seen before is encoded alike."""
        return self._wire.get(name) or encode(name)

    def to_own(self, wire: str) -> str:
        """Give the tool's name; what the model made up stays as it is, for the caller to refuse."""
        return self._own.get(wire, wire)
