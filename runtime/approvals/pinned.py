"""The policies that bind a run: the one it began under, and the one of today."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from runtime.catalog.catalog import Catalog
from runtime.catalog.policy_of import policy_of
from runtime.expressions.evaluator import Evaluator
from runtime.policy.decision import Decision, Proposal, stricter
from runtime.policy.policy import Policy
from runtime.storage import definitions, runs
from runtime.storage.connection import Connection

_KEPT = 32


class Policies:
    """Judges by both: what either forbids is forbidden, who either asks is asked."""

    def __init__(self, current: Callable[[], Policy], evaluator: Evaluator | None = None) -> None:
        self.current = current
        self._evaluator = evaluator
        self._parsed: OrderedDict[str, Policy] = OrderedDict()

    def judge(self, connection: Connection, run_id: str, proposal: Proposal) -> Decision:
        """Give the stricter decision of the two."""
        today = self.current().decide(proposal, self._evaluator)
        pinned = self._pinned(connection, run_id)
        if pinned is None:
            return today
        return stricter(pinned.decide(proposal, self._evaluator), today)

    def _pinned(self, connection: Connection, run_id: str) -> Policy | None:
        run = runs.read(connection, run_id)
        if run is None:
            return None
        known = self._parsed.get(run.catalog)
        if known is not None:
            return known
        stored = definitions.read(connection, run.catalog)
        if stored is None:
            return None
        policy = self._parsed[run.catalog] = policy_of(Catalog.from_json(stored))
        # Threads may meet here: at worst one is parsed twice, and one too many is forgotten.
        while len(self._parsed) > _KEPT:
            self._parsed.popitem(last=False)
        return policy
