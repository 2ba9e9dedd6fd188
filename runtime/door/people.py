"""One person, several accounts: linked with proof, and never because of a name.

Who has an account in Slack and one in Teams asks for a code with the one and says it with the
other. The code is worth an identity, so it is short-lived, used once, kept as a digest only, shown
to nobody else, and taken only after the person has read whose account it joins with theirs.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta

from runtime.domain.conversation import Linked, Person, PersonKind
from runtime.domain.errors import Refused
from runtime.domain.ports import Clock
from runtime.door.vouched import Vouching
from runtime.storage import people, vouches
from runtime.storage.database import Database, again_when_contended

_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_LENGTH = 12
_VALID = timedelta(minutes=10)
_CHATS = frozenset({"slack", "teams"})
_MOST_ACCOUNTS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Each call is one transaction."""

    database: Database
    clock: Clock
    domains: frozenset[str] = frozenset()
    """Whose addresses link accounts; see ``vouched``."""

    def vouch(self, person: Person, email: str) -> None:
        """Take a channel's word that its vendor has confirmed this address of a person's."""
        vouching = Vouching(database=self.database, clock=self.clock, domains=self.domains)
        vouching.vouch(person, email)

    def whole(self, person: Person) -> Person:
        """Give a person with the accounts that were linked to theirs."""
        if person.channel not in _CHATS or person.kind != PersonKind.MEMBER:
            return person
        with self.database.read() as connection:
            return replace(person, also=people.others(connection, person.principal))

    @again_when_contended
    def offer(self, person: Person) -> str:
        """Give a code that links this account, and take back any other given to it."""
        _check(person)
        code = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
        now = self.clock.now()
        with self.database.write() as connection:
            expires_at = now + _VALID
            people.keep_code(connection, _digest(code), person, expires_at=expires_at, now=now)
        return "-".join(code[at : at + 4] for at in range(0, _LENGTH, 4))

    @again_when_contended
    def link(self, person: Person, code: str, *, confirmed: bool) -> Linked:
        """Join the account that asked for a code with the one that says it.

        Raises:
            Refused: the code is nobody's, too old, used, or of the same account.
        """
        _check(person)
        digest = _digest(code)
        with self.database.write() as connection:
            now = self.clock.now()
            other = people.of_code(connection, digest, now=now)
            if other is None:
                raise Refused("this code is not known; ask for a new one with: link")
            if other[0] == person.principal:
                raise Refused("say this code with your other account, not with the same one")
            if confirmed:
                people.use_code(connection, digest)
                this = (person.principal, person.name)
                people.link(connection, other, this, how="code", now=now)
                if len(people.others(connection, person.principal)) >= _MOST_ACCOUNTS:
                    raise Refused("these are too many accounts for one person; see: unlink")
        return Linked(principal=other[0], name=other[1], done=confirmed)

    @again_when_contended
    def unlink(self, person: Person) -> bool:
        """Let this account stand by itself; False where it did already."""
        with self.database.write() as connection:
            vouches.decline(connection, person.principal)
            return people.unlink(connection, person.principal)


def _check(person: Person) -> None:
    if person.kind != PersonKind.MEMBER:
        raise Refused("only members of the organisation may link accounts")
    if person.channel not in _CHATS:
        raise Refused("accounts are linked from Slack or Teams; here nobody proves who they are")


def _digest(code: str) -> str:
    plain = "".join(one for one in code.upper() if one.isalnum())
    return hashlib.sha256(f"link {plain}".encode()).hexdigest()
