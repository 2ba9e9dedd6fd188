"""The workflow that a run began with, read from what it pinned; the last few are kept ready."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, cast

from runtime.catalog.workflow.document import Workflow
from runtime.catalog.workflow.read import workflow_of
from runtime.domain.json import JsonObject, object_of
from runtime.domain.run import Run
from runtime.storage import definitions
from runtime.storage.connection import Connection

_KEPT: Final = 32


class PinnedWorkflows:
    """Workflows by catalog and name."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], Workflow] = OrderedDict()

    def of(self, connection: Connection, run: Run, name: str) -> Workflow | None:
        """Give the workflow of a name among those a run pinned; None where there is none."""
        key = (run.catalog, name)
        known = self._kept.get(key)
        if known is not None:
            return known
        stored = definitions.read(connection, run.catalog) or {}
        for definition in cast("list[JsonObject]", stored.get("workflows") or []):
            if object_of(definition.get("document")).get("name") != name:
                continue
            found = self._kept[key] = workflow_of(definition)
            # Threads may meet here: at worst one is read twice, and one too many is forgotten.
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return found
        return None
