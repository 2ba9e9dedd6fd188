"""A second factor: codes from a person's own device (RFC 6238), for what policy calls critical.

The secret is stored sealed, shown once to its owner alone, and counts after one of its codes came
back. A code counts once, for half a minute around its time; five wrong ones in a row lock it for a
quarter of an hour. Codes are looked at here and go no further: what decides is told only that one
was right.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from pyotp import random_base32
from pyotp.totp import TOTP

from runtime.domain.approval import Decide
from runtime.domain.assurance import Assurance
from runtime.domain.conversation import Person, PersonKind
from runtime.domain.errors import Refused
from runtime.domain.ports import Clock
from runtime.door.people import People
from runtime.storage import factors
from runtime.storage.connection import Connection
from runtime.storage.database import Database, again_when_contended
from runtime.storage.factors import Factor
from runtime.storage.seal import Seal

_STEP_SECONDS: Final = 30
_MOST_FAILURES: Final = 5
_LOCKED: Final = timedelta(minutes=15)
_ENROL: Final = "make one in a direct message to me with: factor new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """Each call is one transaction; what was tried stays on record whatever becomes of it."""

    database: Database
    clock: Clock
    people: People
    seal: Seal | None

    def proven(self, decide: Decide) -> Decide:
        """Give a verdict with its whole person and how sure that is, and without the code."""
        person = self.people.whole(decide.person)
        assurance = Assurance.LINKED if person.also else Assurance.MEMBER
        why = f"it needs a fresh code from your device; add it in front, or {_ENROL}"
        if decide.code:
            why = self._try(person, decide.code) or ""
            assurance = assurance if why else Assurance.STEPPED_UP
        return replace(decide, person=person, code="", assurance=assurance, unproven=why)

    def has(self, person: Person) -> bool:
        """Tell whether a person has a factor that counts."""
        with self.database.read() as connection:
            found = factors.of(connection, self.people.whole(person).principals)
        return found is not None and found.confirmed_at is not None

    @again_when_contended
    def begin(self, person: Person, code: str) -> str:
        """Give the address (``otpauth:``) of a new secret, to be shown to its owner alone.

        Raises:
            Refused: they have one already and did not say its code, or may have none.
        """
        if person.kind is not PersonKind.MEMBER:
            raise Refused("only members of the workspace have a second factor")
        if self.seal is None:
            raise Refused("secrets cannot be kept here yet: an operator must set BATON_SECRET_KEYS")
        if self.has(person):
            self._require(person, code)
        secret = random_base32()
        with self.database.write() as connection:
            sealed = self.seal.close({"secret": secret})
            factors.put(connection, person.principal, sealed=sealed, now=self.clock.now())
        name = person.name or person.external_id
        return TOTP(secret).provisioning_uri(name=name, issuer_name="Baton")

    def confirm(self, person: Person, code: str) -> None:
        """Let a factor count from now on. Raises ``Refused`` where the code is not its."""
        self._require(person, code, confirming=True)

    def remove(self, person: Person, code: str) -> None:
        """Forget a person's factor. Raises ``Refused`` without a fresh code of it."""
        self._require(person, code)
        with self.database.write() as connection:
            factors.remove(connection, self.people.whole(person).principals)

    def reset(self, principal: str) -> bool:
        """Forget somebody's factor who has lost it; the operator of this machine answers for it."""
        with self.database.write() as connection:
            return factors.remove(connection, [principal])

    def _require(self, person: Person, code: str, *, confirming: bool = False) -> None:
        why = self._try(self.people.whole(person), code, confirming=confirming)
        if why is not None:
            raise Refused(why)

    @again_when_contended
    def _try(self, person: Person, code: str, *, confirming: bool = False) -> str | None:
        """Use a code up; say why it does not count, None where it does."""
        now = self.clock.now()
        with self.database.write() as connection:
            found = factors.of(connection, person.principals, lock=True)
            if found is None or (found.confirmed_at is None and not confirming):
                return f"you have no second factor; {_ENROL}"
            if found.locked_until is not None and found.locked_until > now:
                return f"too many wrong codes; try again at {found.locked_until:%H:%M} UTC"
            step = self._step_of(found, code, now)
            if step is None:
                return _failed(connection, found, now)
            factors.change(
                connection,
                found.principal,
                last_step=step,
                failures=0,
                locked_until=None,
                confirmed_at=found.confirmed_at or now,
            )
        return None

    def _step_of(self, found: Factor, code: str, now: datetime) -> int | None:
        """Give the half minute a code is of; None where it is wrong, too old, or was used."""
        assert self.seal is not None
        totp = TOTP(str(self.seal.open(found.sealed)["secret"]))
        said = "".join(code.split())
        present = int(now.timestamp()) // _STEP_SECONDS
        for step in (present - 1, present, present + 1):
            if step > found.last_step and hmac.compare_digest(totp.generate_otp(step), said):
                return step
        return None


def _failed(connection: Connection, found: Factor, now: datetime) -> str:
    failures = found.failures + 1
    if failures < _MOST_FAILURES:
        factors.change(connection, found.principal, failures=failures)
        return "this code does not count; wait for the next one on your device"
    factors.change(connection, found.principal, failures=0, locked_until=now + _LOCKED)
    return f"too many wrong codes; try again at {now + _LOCKED:%H:%M} UTC"
