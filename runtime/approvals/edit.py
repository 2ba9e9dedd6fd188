"""Approve with other arguments: a new call, checked and judged as one, agreed to by others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from runtime.approvals.pinned import Policies
from runtime.approvals.standing import case_of
from runtime.domain.approval import Approval, Decide, Question
from runtime.domain.canonical import canonical
from runtime.domain.errors import Refused
from runtime.domain.json import JsonObject
from runtime.observability.personal_data import Clean, unclean
from runtime.policy.case import Case
from runtime.policy.decision import Outcome, Proposal
from runtime.policy.eligibility import unmeetable
from runtime.storage.connection import Connection
from runtime.tools.schema import complaint_about


def changes(approval: Approval, decide: Decide) -> JsonObject | None:
    """Give the arguments a person wants instead; None where they are those that were asked about.

    Raises:
        Refused: nothing can be changed here.
    """
    if decide.arguments is None:
        return None
    if approval.question != Question.CALL or approval.editable_schema is None:
        raise Refused(f"the arguments of #{approval.number} cannot be changed; approve or reject")
    try:
        same = canonical(decide.arguments) == canonical(approval.arguments)
    except ValueError:
        raise Refused("the arguments hold a number that JSON does not know; change it") from None
    return None if same else decide.arguments


@dataclass(frozen=True, slots=True, kw_only=True)
class Edits:
    """Looks at a change before it is taken, so that the person hears at once what is wrong."""

    policies: Policies
    clean: Clean

    def check(
        self, connection: Connection, approval: Approval, decide: Decide, now: datetime
    ) -> None:
        """Refuse arguments that do not fit, that policy forbids, or that nobody else may agree to.

        Nor may they bring in what is not kept here: left out silently, the call would be another.

        The worker judges them again, with a preview of what they would do. Raises ``Refused``.
        """
        assert decide.arguments is not None
        assert approval.editable_schema is not None
        if unclean(decide.arguments, self.clean) - unclean(approval.arguments, self.clean):
            raise Refused(
                "your arguments hold a key or personal data that is not kept here; leave it out,"
                " or ask an operator to change BATON_HIDE"
            )
        _, complaint = complaint_about(
            decide.arguments, name=approval.tool, schema=approval.editable_schema
        )
        if complaint is not None:
            raise Refused(complaint)
        decision = self.policies.judge(
            connection, approval.run_id, _proposal(approval, decide.arguments, now)
        )
        if decision.outcome == Outcome.DENY:
            raise Refused(f"policy denies it with these arguments: {decision.reason}")
        if decision.outcome == Outcome.ALLOW:
            return
        before = case_of(approval, now)
        case = Case(
            requester=before.requester,
            thread_owner=before.thread_owner,
            kept_out=(*before.kept_out, *decide.person.principals),
            at=now,
        )
        problem = unmeetable(self.policies.current(), decision.stages, case)
        if problem is not None:
            raise Refused(
                "somebody else must agree to arguments that you changed, and nobody could"
                f" ({problem}); reject the call instead and say what should be different"
            )


def _proposal(approval: Approval, arguments: JsonObject, now: datetime) -> Proposal:
    return Proposal(
        tool=approval.tool,
        effect=approval.effect,
        arguments=arguments,
        agent=approval.agent.split("@", 1)[0],
        requester=approval.requester,
        channel=approval.requester.split(":", 1)[0],
        at=now,
    )
