"""Give leave in advance, bounded and revocable; there is no "always allow"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from runtime.audit import chain
from runtime.domain.approval import Stage
from runtime.domain.conversation import Person
from runtime.domain.errors import NotFound, Refused
from runtime.domain.grant import Bound, Grant, Wanted
from runtime.domain.ids import new_id
from runtime.domain.json import Json, JsonObject
from runtime.domain.ports import Clock
from runtime.domain.run import Run
from runtime.domain.states import RunStatus
from runtime.observability.personal_data import Clean, cleaner, unclean
from runtime.policy.access import Right
from runtime.policy.case import Case
from runtime.policy.condition import Comparison, Condition, value_at
from runtime.policy.decision import Decision, Outcome
from runtime.policy.eligibility import may_decide
from runtime.policy.policy import Policy
from runtime.storage import approvals, conversations, grants, runs
from runtime.storage.connection import Connection
from runtime.storage.database import Database, again_when_contended

_MOST_USES = 1000
_LONGEST = timedelta(days=7)
_USUAL = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grants:
    """What people have given leave for."""

    database: Database
    clock: Clock
    policy: Callable[[], Policy]
    clean: Clean = field(default_factory=cleaner)
    """Knows what may not be kept of what people write."""

    @again_when_contended
    def give(self, wanted: Wanted, person: Person, *, workspace: str | None) -> Grant:
        """Give leave for calls of one run.

        Whether this person may approve such a call is asked again each time one is made. Raises
        ``Refused`` where they never could, or where it has no bounds.
        """
        now = self.clock.now()
        expires_at = wanted.until or now + _USUAL
        if not 1 <= wanted.uses <= _MOST_USES:
            raise Refused(f"say how often, from 1 to {_MOST_USES} times")
        if not now < expires_at <= now + _LONGEST:
            raise Refused(f"a grant lasts {_LONGEST.days} days at most; name an earlier end")
        if unclean([bound.value for bound in wanted.where], self.clean):
            raise Refused(
                "the bounds hold a key or personal data, which is not kept here and in no call;"
                " bound something else"
            )
        with self.database.write() as connection:
            run = runs.find(connection, wanted.run, workspace=workspace)
            if run is None:
                raise NotFound(f"there is no run {wanted.run!r}; `runs` lists the latest")
            runs.lock(connection, run.id)
            if run.status != RunStatus.ACTIVE:
                raise Refused(f"run #{run.number} has {run.status}; nothing is left to grant")
            self._require(connection, run, wanted.tool, person, now)
            conversations.meet(connection, person, now=now)
            grant = grants.add(
                connection,
                Grant(
                    id=new_id("grt"),
                    number=0,
                    run_id=run.id,
                    run_number=run.number,
                    tool=wanted.tool,
                    where=wanted.where,
                    uses=wanted.uses,
                    used=0,
                    sum_path=wanted.sum_path,
                    sum_limit=wanted.sum_limit,
                    sum_used=0.0,
                    given_by=person.principal,
                    given_by_name=person.name or person.principal,
                    given_at=now,
                    expires_at=expires_at,
                    revoked_at=None,
                    revoked_by_name="",
                ),
                workspace=run.workspace,
            )
            chain.append(connection, run.id, "GrantGiven", _facts(grant), now=now)
        return grant

    def listed(self, *, run: str | None, workspace: str | None) -> list[Grant]:
        """Give the grants of runs at work, or all of one run."""
        with self.database.read() as connection:
            found = runs.find(connection, run, workspace=workspace) if run else None
            if run and found is None:
                raise NotFound(f"there is no run {run!r}; `runs` lists the latest")
            return grants.listed(
                connection, workspace=workspace, run_id=found.id if found else None
            )

    @again_when_contended
    def revoke(self, ref: str, person: Person, *, workspace: str | None) -> Grant:
        """Take a grant back: its giver, the requester, or who could have given it."""
        now = self.clock.now()
        with self.database.write() as connection:
            grant = grants.find(connection, ref, workspace=workspace)
            if grant is None:
                raise NotFound(f"there is no grant {ref!r}; `grants` lists them")
            run = runs.read(connection, grant.run_id)
            assert run is not None
            if person.principal not in (grant.given_by, run.requester):
                self._require(connection, run, grant.tool, person, now)
            name = person.name or person.principal
            if not grants.revoke(connection, grant, name=name, now=now):
                raise Refused(f"grant {grant.number} was revoked already")
            facts: JsonObject = {"grant": grant.id, "by": person.principal}
            chain.append(connection, run.id, "GrantRevoked", facts, now=now)
            found = grants.find(connection, ref, workspace=workspace)
            assert found is not None
        return found

    def _require(
        self, connection: Connection, run: Run, tool: str, person: Person, now: datetime
    ) -> None:
        policy = self.policy()
        lacking = policy.lacks(person, Right.GRANT)
        if lacking is not None:
            raise Refused(lacking)
        case = _case(connection, run, now)
        refusals = [may_decide(policy, stage, person, case) for stage in policy.stages_for(tool)]
        if None not in refusals:
            raise Refused(
                f"you could not approve calls of {tool!r}, so you can grant none: {refusals[0]}"
            )


def take(
    connection: Connection,
    run: Run,
    decision: Decision,
    *,
    policy: Policy,
    tool: str,
    arguments: JsonObject,
    key: str,
    now: datetime,
) -> Grant | None:
    """Use up a grant for one call that people would be asked about; None where none fits.

    Only where one person's word would be enough, and the giver is such a person now. Asked again
    for the same key, it gives the same grant and uses nothing.
    """
    used = grants.used_for(connection, key)
    found = grants.usable(connection, run_id=run.id, tool=tool, now=now)
    if used is not None:
        every = grants.listed(connection, workspace=None, run_id=run.id)
        return next((one for one in every if one.id == used), None)
    if not found or decision.outcome != Outcome.ASK or not _one_word_is_enough(decision.stages):
        return None
    case = _case(connection, run, now)
    for grant in found:
        giver = conversations.person(connection, grant.given_by)
        amount = _amount(grant, arguments)
        if (
            amount is None
            or giver is None
            or may_decide(policy, decision.stages[0], giver, case) is not None
            or not all(_holds(bound, arguments) for bound in grant.where)
            or not grants.use(connection, grant, key=key, amount=amount, now=now)
        ):
            continue
        facts: JsonObject = {**_facts(grant), "key": key, "arguments": arguments}
        chain.append(connection, run.id, "GrantUsed", facts, now=now)
        return grant
    return None


def _one_word_is_enough(stages: Sequence[Stage]) -> bool:
    # Nor is leave given in advance a fresh proof of who gives it.
    return len(stages) == 1 and stages[0].quorum == 1 and not stages[0].assurance.rank


def _case(connection: Connection, run: Run, now: datetime) -> Case:
    return Case(
        requester=run.requester,
        thread_owner=approvals.thread_owner(connection, run.conversation_id),
        at=now,
    )


def _holds(bound: Bound, arguments: JsonObject) -> bool:
    condition = Condition(path=bound.path, test=Comparison(bound.test), value=bound.value)
    return condition.holds(arguments) is True


def _amount(grant: Grant, arguments: JsonObject) -> float | None:
    """Give what this call adds to the sum; None where it cannot be told or is not positive."""
    if not grant.sum_path:
        return 0.0
    value: Json = value_at(arguments, grant.sum_path)
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        return None
    return float(value)


def _facts(grant: Grant) -> JsonObject:
    return {
        "grant": grant.id,
        "tool": grant.tool,
        "where": [[bound.path, bound.test, bound.value] for bound in grant.where],
        "uses": grant.uses,
        "sum": [grant.sum_path, grant.sum_limit] if grant.sum_path else None,
        "by": grant.given_by,
        "until": grant.expires_at.isoformat(),
    }
