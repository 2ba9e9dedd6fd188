"""A bell for a process that no worker listens to: a command beside an embedded server."""

from __future__ import annotations

import logging

from runtime.domain.errors import Upstream
from runtime.domain.ports import Clock
from runtime.storage import steps
from runtime.storage.database import Database

_log = logging.getLogger(__name__)


class UnheardBell:
    """Makes a ready step due at once, so that the server's next sweep takes it, not a later one."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def ring_step(self, step_id: str) -> None:
        """Let the sweep find the step."""
        try:
            with self._database.write() as connection:
                steps.make_due(connection, step_id, now=self._clock.now())
        except Upstream as error:
            _log.warning("a ring was lost (%s); a later sweep finds the step", error.public)

    def ring_conversation(self, conversation_id: str) -> None:
        """Nothing to do: what a conversation is owed is due from the start."""
