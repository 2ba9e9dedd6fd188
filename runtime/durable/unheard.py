"""A bell for a process that no worker listens to: a command beside an embedded server."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from runtime.domain.errors import Upstream
from runtime.domain.ports import Clock
from runtime.storage.database import Database
from runtime.storage.steps import make_due

_log = logging.getLogger(__name__)


class UnheardBell:
    """Makes a ready step due at once, so that the server's next sweep takes it, not a later one."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def ring(
        self,
        *,
        steps: Iterable[str] = (),
        conversations: Iterable[str] = (),  # noqa: ARG002 - what they are owed is due already
    ) -> None:
        """Let the sweep find the steps."""
        for step_id in dict.fromkeys(steps):
            self._make_due(step_id)

    def _make_due(self, step_id: str) -> None:
        try:
            with self._database.write() as connection:
                make_due(connection, step_id, now=self._clock.now())
        except Upstream as error:
            _log.warning("a ring was lost (%s); a later sweep finds the step", error.public)
