"""Keep the secrets of workspaces that installed a channel's app, sealed."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from runtime.domain.errors import Misconfigured
from runtime.domain.json import JsonObject
from runtime.domain.ports import Clock
from runtime.storage import installations
from runtime.storage.database import Database, again_when_contended
from runtime.storage.seal import Seal

_STATE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Installing:
    """Each call is one transaction. Without a seal nothing is kept: secrets do not lie open."""

    database: Database
    clock: Clock
    seal: Seal | None

    @again_when_contended
    def begin(self, channel: str) -> str:
        """Give a state for an installation: good once, for ten minutes."""
        state = secrets.token_urlsafe(32)
        with self.database.write() as connection:
            until = self.clock.now() + _STATE
            installations.begin(connection, channel, state, until=until)
        return state

    @again_when_contended
    def end(self, channel: str, state: str) -> bool:
        """Take a state; False where it is unknown, too old, or was taken before."""
        with self.database.write() as connection:
            return installations.end(connection, channel, state, now=self.clock.now())

    @again_when_contended
    def keep(self, channel: str, workspace: str, secret: JsonObject, *, by: str) -> None:
        """Keep a workspace's secret. Raises ``Misconfigured`` without a key to seal it with."""
        sealed = self._sealing().close(secret)
        with self.database.write() as connection:
            installations.keep(
                connection, channel, workspace, sealed=sealed, by=by, now=self.clock.now()
            )

    def find(self, channel: str, workspaces: Sequence[str]) -> JsonObject | None:
        """Give the secret of the first of these workspaces that has installed the app.

        What an older key has sealed is sealed anew, so that the key can be dropped in time.
        """
        with self.database.read() as connection:
            found = installations.find(connection, channel, workspaces)
        if found is None:
            return None
        workspace, sealed = found
        seal = self._sealing()
        secret = seal.open(sealed)
        if not seal.is_newest(sealed):
            self._reseal(channel, workspace, before=sealed, sealed=seal.close(secret))
        return secret

    def listed(self, channel: str) -> list[str]:
        """Name the workspaces that have installed the app, the latest first."""
        with self.database.read() as connection:
            return installations.listed(connection, channel)

    @again_when_contended
    def drop(self, channel: str, workspace: str) -> bool:
        """Forget a workspace's secret; False where there was none."""
        with self.database.write() as connection:
            return installations.drop(connection, channel, workspace)

    @again_when_contended
    def _reseal(self, channel: str, workspace: str, *, before: str, sealed: str) -> None:
        with self.database.write() as connection:
            installations.reseal(connection, channel, workspace, before=before, sealed=sealed)

    def _sealing(self) -> Seal:
        if self.seal is None:
            raise Misconfigured(
                "BATON_SECRET_KEYS is not set: the secrets of installations would lie open in the"
                " database; make a key with: openssl rand -hex 32"
            )
        return self.seal
