"""The policy as it is at this moment."""

from __future__ import annotations

from runtime.catalog.policy_of import policy_of
from runtime.catalog.watch import Library
from runtime.policy.policy import Policy


class CurrentPolicy:
    """Gives the policy as the agents folder has it now, parsed again only where it changed."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._parsed: tuple[str, Policy] | None = None

    def __call__(self) -> Policy:
        """Give it. Threads may meet here: at worst the same text is parsed twice."""
        catalog = self._library.current()
        parsed = self._parsed
        if parsed is None or parsed[0] != catalog.digest:
            parsed = (catalog.digest, policy_of(catalog))
            self._parsed = parsed
        return parsed[1]
