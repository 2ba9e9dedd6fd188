"""The present catalog, reread when its files change."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from runtime.catalog.catalog import Catalog
from runtime.catalog.folder import files_of
from runtime.catalog.load import load_catalog
from runtime.domain.errors import Misconfigured
from runtime.domain.ports import Clock

_log = logging.getLogger(__name__)
LOOK_EVERY = timedelta(seconds=1)

_Stamp = tuple[tuple[str, int, int, int], ...]


class Library:
    """Gives the last catalog that was sound. Safe to share between threads."""

    def __init__(
        self, path: Path, *, clock: Clock, check: Callable[[Catalog], object] | None = None
    ) -> None:
        """Read the folder once. Raises ``Misconfigured`` when there is no sound catalog yet.

        ``check`` sees every catalog before it is taken, and raises ``Misconfigured`` where it is
        not fit for use; a process that may run tools makes them there.
        """
        self._path = path
        self._clock = clock
        self._check = check
        self._lock = threading.Lock()
        self._reading = False
        # The stamp is taken before reading: a change in between shows as a new stamp later.
        self._stamp = _stamp(path)
        self._looked_at = clock.now()
        self._catalog = self._load()
        self._problem: str | None = None

    def current(self) -> Catalog:
        """Give the catalog of now; looks at the files at most once a second.

        Who finds them changed reads them, half a second for many agents, and is given what they
        say; whoever asks meanwhile goes on with the catalog before.
        """
        self._look()
        return self._catalog

    @property
    def problem(self) -> str | None:
        """What is wrong with the files as they are, while an older catalog is in use."""
        self._look()
        return self._problem

    @property
    def complaints(self) -> list[str]:
        """Say what is to be mended in the files, a line each, with file and line number."""
        problem, catalog = self.problem, self.current()
        return [*(problem.splitlines() if problem else ()), *catalog.warnings]

    def _load(self) -> Catalog:
        catalog = load_catalog(self._path)
        if self._check is not None:
            self._check(catalog)
        for warning in catalog.warnings:
            _log.warning("%s", warning)
        return catalog

    def _look(self) -> None:
        with self._lock:
            now = self._clock.now()
            if self._reading or now - self._looked_at < LOOK_EVERY:
                return
            self._looked_at = now
            stamp = _stamp(self._path)
            if stamp == self._stamp:
                return
            self._stamp = stamp
            self._reading = True
        try:
            self._read()
        finally:
            self._reading = False

    def _read(self) -> None:
        try:
            self._catalog = self._load()
        except Misconfigured as error:
            self._problem = error.public
            _log.warning("what was changed is not taken, what was before goes on: %s", error.public)
        except OSError as error:
            # A file went away while it was read; so the next look reads again.
            self._problem = f"{error.filename}:1: {error.strerror}; put the file back"
            self._stamp = ()
        else:
            self._problem = None


def _stamp(path: Path) -> _Stamp:
    found: list[tuple[str, int, int, int]] = []
    for file in files_of(path):
        try:
            status = file.stat()
        except OSError:
            continue
        found.append((str(file), status.st_mtime_ns, status.st_size, status.st_ino))
    return tuple(found)
