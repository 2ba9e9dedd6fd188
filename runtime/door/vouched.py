"""One person's accounts in two chats, found by an address that both vouch for.

An address says who somebody is only where the organisation owns its domain, and where the platform
has made sure of it: the operator names the domains, a channel tells only what its vendor confirmed.
An account whose address changes loses what the old one had linked; an address that the other side
has not confirmed for a week may have gone to somebody else; and who has said ``unlink`` is left
alone.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta

from runtime.audit import chain
from runtime.domain.conversation import Person, PersonKind
from runtime.domain.json import JsonObject
from runtime.domain.ports import Clock
from runtime.storage import mine, people, vouches
from runtime.storage.connection import Connection
from runtime.storage.database import Database, again_when_contended

HOW = "email"
_CHATS = frozenset({"slack", "teams"})
_GOOD_FOR = timedelta(days=7)
_ENOUGH_FOR = timedelta(days=1)
"""How long a vouch is taken as said again without being written down again."""
_ADDRESS = re.compile(r"[!-?A-~]{1,64}@([a-z0-9-]+(?:\.[a-z0-9-]+)+)")
_MOST_RUNS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouching:
    """Takes what channels vouch for. Without ``domains`` nobody is linked by an address."""

    database: Database
    clock: Clock
    domains: frozenset[str]

    @again_when_contended
    def vouch(self, person: Person, email: str) -> None:
        """Take the word of a person's channel that this is their address; empty where it has none.

        Saying it again costs one look.
        """
        if not self.domains or person.channel not in _CHATS or person.kind != PersonKind.MEMBER:
            return
        digest = self._digest(email)
        now = self.clock.now()
        with self.database.read() as connection:
            known = vouches.of(connection, person.principal)
        if known is None and not digest:
            return
        if known is not None and known.digest == digest and now - known.at < _ENOUGH_FOR:
            return
        with self.database.write() as connection:
            if known is not None and known.digest != digest:
                people.unlink(connection, person.principal, how=HOW)
            if not digest:
                vouches.forget(connection, person.principal)
                return
            vouches.keep(connection, person, digest, now=now)
            others = vouches.others(connection, person, digest, since=now - _GOOD_FOR)
            if len(others) == 1:
                self._link(connection, person, others[0])

    def _digest(self, email: str) -> str:
        """Give what is kept of an address; empty where it is not one of the organisation's."""
        address = email.strip().lower()
        found = _ADDRESS.fullmatch(address)
        if found is None or found.group(1) not in self.domains:
            return ""
        return hashlib.sha256(f"address {address}".encode()).hexdigest()

    def _link(self, connection: Connection, person: Person, other: tuple[str, str]) -> None:
        if other[0] in people.others(connection, person.principal):
            return
        now = self.clock.now()
        people.link(connection, other, (person.principal, person.name), how=HOW, now=now)
        facts: JsonObject = {"accounts": sorted([person.principal, other[0]]), "how": HOW}
        for principal in (person.principal, other[0]):
            for run in mine.runs_of(connection, principal, active=True, limit=_MOST_RUNS):
                chain.append(connection, run.id, "AccountsLinked", facts, now=now)
