"""Memory over the database: facts of one workspace."""

from __future__ import annotations

import re

from runtime.domain.ports import Clock
from runtime.storage import memories
from runtime.storage.database import Database


class RunMemory:
    """What agents remember for the requester's workspace, and nobody else's."""

    def __init__(self, database: Database, clock: Clock, *, workspace: str, principal: str) -> None:
        self._database = database
        self._clock = clock
        self._workspace = workspace
        self._principal = principal

    def remember(self, name: str, value: str) -> None:
        """Store a fact; the same name again replaces it."""
        with self._database.write() as connection:
            memories.put(
                connection,
                workspace=self._workspace,
                name=name,
                value=value,
                by=self._principal,
                now=self._clock.now(),
            )

    def recall(self, query: str) -> list[tuple[str, str]]:
        """Give the facts that share most words with the query, at most ten."""
        wanted = _words(query)
        with self._database.read() as connection:
            facts = memories.all_of(connection, self._workspace)
        if not wanted:
            return facts[:10]
        scored = [(len(wanted & _words(f"{name} {value}")), name, value) for name, value in facts]
        best = sorted((one for one in scored if one[0]), key=lambda one: -one[0])
        return [(name, value) for _, name, value in best[:10]]

    def forget(self, name: str) -> bool:
        """Drop a fact; False where there was none."""
        with self._database.write() as connection:
            return memories.forget(connection, workspace=self._workspace, name=name)


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w{3,}", text.lower()))
