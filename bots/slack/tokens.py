"""Which bot token speaks for which installation."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Protocol

from bots.bridge import Bridge
from bots.slack.identity import Installation
from runtime.domain.json import JsonObject

_KNOWN_SECONDS = 60.0
"""How long an uninstalled workspace's token may still be tried; Slack refuses it at once."""
_MOST_KNOWN = 10_000


class Register(Protocol):
    """What the runtime keeps of those who installed the app; ``Runtime`` fits it by shape."""

    def begin_install(self, channel: str) -> str: ...
    def end_install(self, channel: str, state: str) -> bool: ...
    def keep_installation(
        self, channel: str, workspace: str, secret: JsonObject, *, by: str
    ) -> None: ...
    def installation(self, channel: str, workspaces: Sequence[str]) -> JsonObject | None: ...
    def drop_installation(self, channel: str, workspace: str) -> bool: ...


class Tokens(Protocol):
    """Gives tokens; an empty one where the app is not installed."""

    async def of(self, installation: Installation) -> str:
        """Give the token for an installation."""
        ...


class OneToken:
    """The token of the one workspace that the operator has set up."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def of(self, installation: Installation) -> str:
        """Give it, whoever is spoken for."""
        del installation
        return self._token


class InstalledTokens:
    """The tokens of all who have installed the app, remembered for a minute."""

    def __init__(
        self, register: Register, bridge: Bridge, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._register = register
        self._bridge = bridge
        self._now = now
        self._known: OrderedDict[Installation, tuple[float, str]] = OrderedDict()

    async def of(self, installation: Installation) -> str:
        """Give the workspace's own token, or the one of the organisation it belongs to."""
        known = self._known.get(installation)
        if known is not None and self._now() - known[0] <= _KNOWN_SECONDS:
            return known[1]
        workspaces = [one for one in (installation.team_id, installation.enterprise_id) if one]
        found = await self._bridge(self._register.installation, "slack", workspaces)
        token = found.get("token") if found else ""
        token = token if isinstance(token, str) else ""
        self._known[installation] = (self._now(), token)
        self._known.move_to_end(installation)
        if len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)
        return token

    def forget(self) -> None:
        """Look again: somebody has installed or removed the app."""
        self._known.clear()
