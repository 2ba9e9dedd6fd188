"""What those do who decide and those who answer for it; ``Runtime.governing``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from runtime.approvals.grants import Grants
from runtime.approvals.hand_over import HandOvers
from runtime.domain.absence import Absence
from runtime.domain.approval import Approval, Reassign
from runtime.domain.conversation import Person
from runtime.domain.errors import Refused
from runtime.domain.grant import Grant, Wanted
from runtime.domain.halt import Halt, HaltScope
from runtime.door.factors import Factors
from runtime.door.granting import check_bounds
from runtime.door.halting import Halting
from runtime.door.handing import Handing
from runtime.door.people import People
from runtime.door.rules import Rules
from runtime.policy.access import Right
from runtime.policy.explained import Explained, WhatIf


@dataclass(frozen=True, slots=True, kw_only=True)
class Governing:
    """Hand-overs, second factors, grants, halts. ``workspace`` limits as in ``Runtime``."""

    people: People
    factors: Factors
    hand_overs: HandOvers
    handing: Handing
    leave: Grants
    rules: Rules
    switch: Halting

    def has_factor(self, person: Person) -> bool:
        """Tell whether a person has a second factor that counts."""
        return self.factors.has(person)

    def begin_factor(self, person: Person, code: str) -> str:
        """Give the address of a new one; with the code of the old one, where there is one."""
        return self.factors.begin(person, code)

    def confirm_factor(self, person: Person, code: str) -> None:
        """Let the new one count."""
        self.factors.confirm(person, code)

    def remove_factor(self, person: Person, code: str) -> None:
        """Forget one's own."""
        self.factors.remove(person, code)

    def reset_factor(self, principal: str, person: Person) -> bool:
        """Forget somebody's who has lost it; ``person`` answers for it."""
        self.require(person, Right.ADMINISTER)
        return self.factors.reset(principal)

    def away(
        self, person: Person, *, until: datetime | None, to: str | None, present: bool
    ) -> Absence:
        """Be away, or (``present``) only let ``to`` decide as well."""
        return self.hand_overs.away(person, until=until, to=to, present=present)

    def back(self, person: Person) -> int:
        """Decide for oneself again; give how much was ended."""
        return self.hand_overs.back(person)

    def absences(self, person: Person) -> list[Absence]:
        """Give what a person has said about their own decisions."""
        return self.hand_overs.of(person)

    def reassign(self, wanted: Reassign) -> Approval:
        """Let somebody else decide one approval in a person's place."""
        return self.handing.reassign(wanted)

    def grant(self, wanted: Wanted, person: Person, *, workspace: str | None) -> Grant:
        """Give leave for a bounded set of calls of one run."""
        self.require(person, Right.GRANT)
        check_bounds(
            wanted, database=self.leave.database, tools=self.rules.tools, workspace=workspace
        )
        return self.leave.give(wanted, self.people.whole(person), workspace=workspace)

    def grants(self, *, run: str | None, workspace: str | None) -> list[Grant]:
        """Give the grants of runs at work, or all of one run."""
        return self.leave.listed(run=run, workspace=workspace)

    def revoke(self, ref: str, person: Person, *, workspace: str | None) -> Grant:
        """Take a grant back."""
        return self.leave.revoke(ref, self.people.whole(person), workspace=workspace)

    def lacks(self, person: Person, right: Right) -> str | None:
        """Say which grant a person lacks to use Baton so; None where they have it."""
        return self.rules.lacks(self.people.whole(person), right)

    def require(self, person: Person, right: Right) -> None:
        """Raise ``Refused``, naming the grant, where a person may not use Baton so."""
        lacking = self.lacks(person, right)
        if lacking is not None:
            raise Refused(lacking)

    def check_policy(self) -> list[str]:
        """Say what is wrong with the policy as it is written now; with file and line."""
        return self.rules.check()

    def explain(self, asked: WhatIf) -> Explained:
        """Say what the policy would do about a call, and why."""
        return self.rules.explain(asked)

    def halt(
        self, scope: HaltScope, name: str, person: Person, *, reason: str, drill: bool
    ) -> Halt:
        """Stop at once what is named."""
        return self.switch.halt(scope, name, person, reason=reason, drill=drill)

    def lift(self, number: str, person: Person, *, workspace: str | None) -> Halt:
        """Agree to end a halt; two people must."""
        return self.switch.lift(number, self.people.whole(person), workspace=workspace)

    def halts(self, *, workspace: str | None) -> list[Halt]:
        """Give what is halted now."""
        return self.switch.standing(workspace=workspace)
