"""The approval engine, broken in one place after another; random histories must notice each."""

from __future__ import annotations

from typing import Final

from tests.mutants.mutant import Mutant

MUTANTS: Final = (
    Mutant(
        name="who changed the arguments counts as one who agrees",
        module="runtime.agent.asking",
        before='kept_out=(*around.kept_out, *_names(told.get("principals"))),',
        after="kept_out=around.kept_out,",
    ),
    Mutant(
        name="a button of an older card is taken",
        module="runtime.approvals.decide",
        before="if decide.nonce is not None and decide.nonce != approval.nonce:",
        after="if False:",
    ),
    Mutant(
        name="a decision after the time is taken",
        module="runtime.approvals.decide",
        before="and approval.expires_at <= now\n",
        after="and False\n",
    ),
    Mutant(
        name="anybody decides",
        module="runtime.policy.eligibility",
        before="if is_named(names, person, case):",
        after="if True:",
    ),
    Mutant(
        name="the requester decides where policy keeps them out",
        module="runtime.policy.policy",
        before="return (*named, *case.kept_out)",
        after="return case.kept_out",
    ),
    Mutant(
        name="who is kept out comes back as a substitute",
        module="runtime.approvals.substitute",
        before="if shut_out or not is_plain_member:",
        after="if not is_plain_member:",
    ),
    Mutant(
        name="a decision counts although it is halted",
        module="runtime.approvals.decide",
        before="if halt is not None:",
        after="if False:",
    ),
    Mutant(
        name="a call is made although it is halted",
        module="runtime.agent.hold",
        before="if halt is not None:",
        after="if False:",
    ),
    Mutant(
        name="the first stage is enough",
        module="runtime.approvals.decide",
        before="if approval.stage + 1 < len(approval.stages):",
        after="if False:",
    ),
    Mutant(
        name="no is taken for yes",
        module="runtime.agent.asking",
        before='if verdict == "approved":',
        after='if verdict in ("approved", "rejected"):',
    ),
    Mutant(
        name="what was agreed to is not what is done",
        module="runtime.agent.asking",
        before="gated = replace(around.gated, arguments=arguments, sources=None)",
        after="gated = replace(around.gated, sources=None)",
    ),
    Mutant(
        name="leave of somebody who may not decide is used",
        module="runtime.approvals.grants",
        before="or may_decide(policy, decision.stages[0], giver, case) is not None",
        after="or False",
    ),
    Mutant(
        name="time agrees to what ran out",
        module="runtime.approvals.expire",
        before="verdict=ApprovalStatus.EXPIRED,",
        after="verdict=ApprovalStatus.APPROVED,",
    ),
    Mutant(
        name="what ran out is never ended",
        module="runtime.approvals.expire",
        before="return _end(connection, approval, now)",
        after="return []",
    ),
    Mutant(
        name="a decision wakes nobody",
        module="runtime.approvals.decide",
        before="rings = outside.answer(\n        connection, approval.step_id,"
        " status=StepStatus.SUCCEEDED, output=output, now=now\n    )",
        after="rings: list[str] = []",
    ),
    Mutant(
        name="what a cancelled run was asked stays open",
        module="runtime.outbox.announce",
        before="for approval_id in approvals.cancel_run(connection, run_id, now=now):",
        after="for approval_id in list[str]():",
    ),
    Mutant(
        name="a question that ran out stays open for ever",
        module="runtime.approvals.expire",
        before="status=ApprovalStatus.EXPIRED",
        after="status=ApprovalStatus.PENDING",
    ),
)
