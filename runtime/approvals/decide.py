"""Answer a question: authorised at the click, decided by one conditional update."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from runtime.approvals import schedule, standing
from runtime.approvals.asked_people import whom_to_ask
from runtime.approvals.edit import Edits, changes
from runtime.approvals.pinned import Policies
from runtime.approvals.standing import Denied, halt_of, stage_of
from runtime.approvals.substitute import voter
from runtime.audit import chain
from runtime.domain.approval import (
    HARMLESS,
    VERDICTS,
    Approval,
    Decide,
    Decided,
    OnExpiry,
    Question,
    Stage,
    Verdict,
)
from runtime.domain.assurance import Assurance
from runtime.domain.conversation import Person
from runtime.domain.errors import Refused
from runtime.domain.ids import new_id
from runtime.domain.json import Json, JsonObject
from runtime.domain.ports import Bell, Clock
from runtime.domain.states import ApprovalStatus, StepStatus
from runtime.durable import outside
from runtime.observability.personal_data import Clean, cleaned, cleaner
from runtime.outbox.surfaces import spread
from runtime.policy.eligibility import is_one_person, may_decide
from runtime.storage import approvals, deliveries
from runtime.storage.connection import Connection
from runtime.storage.database import Database, again_when_contended

_STATUS = {
    Verdict.APPROVE: ApprovalStatus.APPROVED,
    Verdict.REJECT: ApprovalStatus.REJECTED,
    Verdict.HAPPENED: ApprovalStatus.APPROVED,
    Verdict.REPEAT: ApprovalStatus.APPROVED,
    Verdict.ABORT: ApprovalStatus.REJECTED,
    Verdict.EDIT: ApprovalStatus.SUPERSEDED,
}
_UNLINKED = "it needs an account that is linked to one in another chat; see: link"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """The only way to decide. Who may is told by the policy of this moment."""

    database: Database
    clock: Clock
    bell: Bell
    policies: Policies
    clean: Clean = field(default_factory=cleaner)
    """Takes keys and the like out of what people write."""

    @again_when_contended
    def decide(self, decide: Decide, *, workspace: str | None) -> Decided:
        """Record one person's verdict.

        Raises:
            NotFound: no such approval in this workspace.
            Refused: this person may not, the card is stale, or the time is up. Recorded as well.
        """
        now = self.clock.now()
        decide = replace(
            decide, reason=self.clean(decide.reason), result=cleaned(decide.result, self.clean)
        )
        with standing.deciding(
            self.database,
            person=decide.person,
            what=decide.verdict,
            surface=decide.surface,
            now=now,
        ) as connection:
            approval = standing.locked(connection, decide.approval, workspace)
            if approval.status != ApprovalStatus.PENDING:
                return Decided(won=False, final=True, approval=approval)
            _refuse_while_halted(connection, approval)
            behalf = self._authorise(connection, approval, decide, now)
            final, rings = self._take(connection, approval, decide, behalf, now)
            spoken_to = deliveries.touch(connection, approval.id, now=now)
            spoken_to += deliveries.touch(connection, approval.run_id, now=now)
            approval = approvals.find(connection, approval.id, workspace=None) or approval
        # A crash before these rings leaves ready steps and due deliveries to the sweep.
        self.bell.ring(steps=rings, conversations=spoken_to)
        return Decided(won=True, final=final, approval=approval)

    def _authorise(
        self, connection: Connection, approval: Approval, decide: Decide, now: datetime
    ) -> str | None:
        """Give on whose behalf the person speaks, None for their own. Raises where they may not."""
        if decide.verdict not in VERDICTS[approval.question]:
            words = ", ".join(sorted(VERDICTS[approval.question]))
            raise Refused(f"{decide.verdict!r} does not answer this question; say one of {words}")
        if decide.nonce is not None and decide.nonce != approval.nonce:
            raise Denied("this card is not the current one; decide on the newest", approval)
        if (
            approval.expires_at is not None
            and approval.expires_at <= now
            and approval.on_expiry == OnExpiry.DENY
        ):
            raise Denied("the time to decide is over", approval)
        if decide.verdict in stage_of(approval).reasons_for and not decide.reason.strip():
            raise Refused(f"policy wants a reason to {decide.verdict} this; say why")
        _require_proof(approval, decide)
        if decide.verdict == Verdict.REJECT and self._vetoes(approval, decide.person, now):
            return None
        return voter(connection, self.policies.current(), approval, decide.person, now)

    def _vetoes(self, approval: Approval, person: Person, now: datetime) -> bool:
        """Tell whether this person's no ends it, whoever else is asked."""
        veto = Stage(eligible=stage_of(approval).veto)
        case = replace(standing.case_of(approval, now), added=())
        return bool(veto.eligible) and (
            may_decide(self.policies.current(), veto, person, case) is None
        )

    def _take(
        self,
        connection: Connection,
        approval: Approval,
        decide: Decide,
        behalf: str | None,
        now: datetime,
    ) -> tuple[bool, list[str]]:
        """Record the verdict; give whether it settles the question, and what to ring."""
        if changes(approval, decide) is None:
            final = self._say(connection, approval, decide, behalf, now)
            return final, _close(connection, approval, decide, now) if final else []
        if decide.verdict != Verdict.APPROVE:
            raise Refused("arguments are changed by approving with others; leave them out here")
        Edits(policies=self.policies, clean=self.clean).check(connection, approval, decide, now)
        edit = replace(decide, verdict=Verdict.EDIT)
        self._say(connection, approval, edit, behalf, now)
        return True, _close(connection, approval, edit, now)

    def _say(
        self,
        connection: Connection,
        approval: Approval,
        decide: Decide,
        behalf: str | None,
        now: datetime,
    ) -> bool:
        """Record the verdict; give whether it settles the question."""
        first = approvals.say(
            connection,
            id=new_id("dec"),
            approval_id=approval.id,
            stage=approval.stage,
            principal=decide.person.principal,
            same_person=decide.person.also,
            name=decide.person.name,
            verdict=decide.verdict,
            reason=decide.reason[:2000],
            surface=decide.surface,
            at=now,
            arguments=decide.arguments if decide.verdict == Verdict.EDIT else None,
            on_behalf_of=behalf,
        )
        if not first:
            raise Denied("you have decided already; the others must agree too", approval)
        if decide.verdict == Verdict.REJECT:
            return self._ends(connection, approval, decide.person, now)
        if decide.verdict != Verdict.APPROVE:
            return True
        stage = approval.stages[approval.stage]
        if _count(connection, approval, Verdict.APPROVE) < stage.quorum:
            return False
        if approval.stage + 1 < len(approval.stages):
            further = schedule.entering(approval, approval.stage + 1, now)
            approvals.change(
                connection,
                approval,
                expected_version=approval.version,
                **schedule.columns(further),
            )
            people = whom_to_ask(connection, self.policies.current(), further, now)
            spread(connection, further, people, now=now)
            return False
        return True

    def _ends(
        self, connection: Connection, approval: Approval, person: Person, now: datetime
    ) -> bool:
        """Tell whether a no ends it: everybody's does, unless the stage names whose."""
        stage = stage_of(approval)
        if not stage.veto or self._vetoes(approval, person, now):
            return True
        noes = _count(connection, approval, Verdict.REJECT)
        names = self.policies.current().eligible_names(stage, standing.case_of(approval, now))
        within_reach = len(names) - noes if all(map(is_one_person, names)) else stage.quorum
        return noes >= stage.quorum or within_reach < stage.quorum


def _require_proof(approval: Approval, decide: Decide) -> None:
    """Refuse to let something happen on the word of somebody who may be somebody else."""
    wanted = stage_of(approval).assurance
    if decide.verdict in HARMLESS or changes(approval, decide) is not None:
        return
    if decide.assurance.rank < wanted.rank:
        words = decide.unproven if wanted is Assurance.STEPPED_UP else _UNLINKED
        raise Denied(words or "it needs a fresh code from your device", approval)


def _refuse_while_halted(connection: Connection, approval: Approval) -> None:
    """Let nobody decide about what the red switch has stopped; the question stays open."""
    halt = halt_of(connection, approval)
    if halt is not None:
        raise Denied(
            f"{halt.words}; nobody decides about it until two people lift halt {halt.number}",
            approval,
        )


def _count(connection: Connection, approval: Approval, verdict: Verdict) -> int:
    """Count the votes for a verdict in the present stage; each row is another person's."""
    said = approvals.history(connection, [approval.id]).get(approval.id, [])
    return sum(one.stage == approval.stage and one.verdict == verdict for one in said)


def _close(connection: Connection, approval: Approval, decide: Decide, now: datetime) -> list[str]:
    """Make the verdict final, answer the waiting step, record it: all or nothing."""
    approvals.change(
        connection,
        approval,
        expected_version=approval.version,
        status=_STATUS[decide.verdict],
        decided_by=decide.person.principal,
        decided_by_name=decide.person.name,
        decided_at=now,
        decided_on=decide.surface,
        decision_reason=decide.reason[:2000],
        verdict=decide.verdict,
    )
    facts: dict[str, Json] = {
        "approval": approval.id,
        "tool": approval.tool,
        "digest": approval.digest,
        "verdict": decide.verdict,
        "by": decide.person.principal,
        "surface": decide.surface,
        "reason": decide.reason[:2000],
        "policy": approval.policy,
        "rule": approval.rule,
        "assurance": decide.assurance,
        "seconds": round((now - approval.created_at).total_seconds(), 3),
    }
    if decide.person.also:
        facts["also"] = list(decide.person.also)
    if decide.verdict == Verdict.EDIT:
        facts["arguments"] = decide.arguments
    chain.append_all(connection, approval.run_id, [(now, "ApprovalDecided", facts)], now=now)
    if approval.question == Question.OUTCOME:
        return _settle_doubt(connection, approval, decide, now)
    by = decide.person.name or decide.person.principal
    if decide.verdict == Verdict.EDIT:
        changed: dict[str, Json] = {
            "arguments": decide.arguments,
            "principals": list(decide.person.principals),
        }
        return answer_call(
            connection, approval, verdict=Verdict.EDIT, reason=decide.reason, by=by, now=now,
            more=changed,
        )  # fmt: skip
    return answer_call(
        connection, approval, verdict=_STATUS[decide.verdict], reason=decide.reason, by=by, now=now
    )


def answer_call(
    connection: Connection,
    approval: Approval,
    *,
    verdict: ApprovalStatus | Verdict,
    reason: str,
    by: str,
    now: datetime,
    more: JsonObject | None = None,
) -> list[str]:
    """Tell the step that waits how its call was decided; name what to ring."""
    output: dict[str, Json] = {
        "approval": approval.id,
        "digest": approval.digest,
        "verdict": verdict,
        "reason": reason,
        "by": by,
        **(more or {}),
    }
    rings = outside.answer(
        connection, approval.step_id, status=StepStatus.SUCCEEDED, output=output, now=now
    )
    return rings or []


def _settle_doubt(
    connection: Connection, approval: Approval, decide: Decide, now: datetime
) -> list[str]:
    status, output, error = _outcome(approval, decide)
    rings = outside.answer(
        connection, approval.step_id, status=status, output=output, error=error, now=now
    )
    return rings or []


def _outcome(approval: Approval, decide: Decide) -> tuple[StepStatus, Json, Json]:
    who = decide.person.name or decide.person.principal
    if decide.verdict == Verdict.HAPPENED:
        note = f"{who} confirmed that it happened"
        return StepStatus.SUCCEEDED, decide.result or {"confirmed": note}, None
    if decide.verdict == Verdict.REPEAT:
        return StepStatus.READY, None, None
    words = f"{who} stopped {approval.tool}: nobody knows whether it happened; do not repeat it"
    return StepStatus.FAILED, None, {"code": "tool_failed", "message": words}
