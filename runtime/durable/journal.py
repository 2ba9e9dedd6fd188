"""The journal of one step: what its handler has done so far, by name.

A handler is re-entered from its top and asks for the same names again; what is here is answered
from here. Names may be asked in any order within a group announced by ``expect``; otherwise a
handler that does something *new* while entries it once wrote are still unasked has changed under
a running run, and is stopped before the new effect.
"""

from __future__ import annotations

from collections.abc import Iterable

from runtime.domain.errors import HandlerChanged
from runtime.domain.step import Step


class Journal:
    """Entries by path. ``ask`` is O(1), so re-entry costs one read and no more."""

    def __init__(self, entries: Iterable[Step]) -> None:
        self._entries = {entry.path: entry for entry in entries}
        self._unasked = dict.fromkeys(self._entries)

    def ask(self, path: str, *, kind: str) -> Step | None:
        """Give the entry, or None where the handler is now to do something new.

        Raises:
            HandlerChanged: the journal holds something else at this point.
        """
        entry = self._entries.get(path)
        if entry is None:
            if self._unasked:
                raise self._changed(f"asks for {path!r}", next(iter(self._unasked)))
            return None
        if entry.kind != kind:
            raise self._changed(f"asks for {kind} {path!r}", f"{entry.kind} {path}")
        self._unasked.pop(path, None)
        return entry

    def expect(self, paths: Iterable[str]) -> None:
        """Announce a group whose members may be asked for in any order from here on."""
        for path in paths:
            self._unasked.pop(path, None)

    def leave(self, prefix: str) -> None:
        """Ask for nothing more below a path: what was done there is left as it is."""
        for path in [path for path in self._unasked if path.startswith(prefix)]:
            self._unasked.pop(path)

    @property
    def replaying(self) -> bool:
        """Tell whether the handler is still behind what it did before."""
        return bool(self._unasked)

    def finish(self) -> None:
        """Check that a handler that ends has asked for everything it once did."""
        if self._unasked:
            raise self._changed("ends", next(iter(self._unasked)))

    def put(self, entry: Step) -> None:
        """Remember what was written since the journal was read."""
        self._entries[entry.path] = entry

    def get(self, path: str) -> Step | None:
        """Give an entry without asking for it."""
        return self._entries.get(path)

    @staticmethod
    def _changed(does: str, held: str) -> HandlerChanged:
        return HandlerChanged(
            f"the handler {does} where the journal of this run holds {held!r}:"
            " its code changed under a running run; deploy the version the run began with"
        )
