"""What a server's process says on its error stream: logged, and its last words kept."""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from typing import Final, TextIO

from runtime.tools.scrubbing import Scrubber

_LOG = logging.getLogger(__name__)
_LONGEST_LINE: Final = 500


class ErrorStream:
    """A pipe that a process writes to, read by a thread of its own until the process ends."""

    def __init__(self, *, server: str, scrubber: Scrubber) -> None:
        reading, writing = os.pipe()
        self.writing: TextIO = os.fdopen(writing, "w")
        self._lines: deque[str] = deque(maxlen=5)
        self._server = server
        self._scrubber = scrubber
        self._thread = threading.Thread(
            target=self._read, args=(reading,), name=f"mcp-stderr-{server}", daemon=True
        )
        self._thread.start()

    def last_words(self) -> str:
        """Give the last lines, once our own end is closed and the process is gone."""
        self.close()
        self._thread.join(timeout=1)
        return " / ".join(self._lines)

    def close(self) -> None:
        """Close our end; the thread ends with the process."""
        if not self.writing.closed:
            self.writing.close()

    def _read(self, descriptor: int) -> None:
        with os.fdopen(descriptor, errors="replace") as stream:
            while line := stream.readline(_LONGEST_LINE):
                text = self._scrubber.text(line.strip())
                if text:
                    self._lines.append(text)
                    _LOG.info("mcp server %s: %s", self._server, text)
