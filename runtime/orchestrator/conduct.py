"""The story of a run: plan, do, write, check; once more where that was not enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from runtime.agent.kit import Kit, Services
from runtime.audit import chain
from runtime.domain.approval import Approval
from runtime.domain.errors import BatonError, Incomplete
from runtime.domain.json import Json
from runtime.domain.plan import Plan
from runtime.domain.states import ApprovalStatus
from runtime.durable.context import Context
from runtime.durable.leaf import Leaf
from runtime.models.completion import Turn
from runtime.orchestrator import judging, prompts
from runtime.orchestrator.dispatch import Outcome, dispatch, told
from runtime.orchestrator.judging import Draft, Verdict
from runtime.orchestrator.planning import make_plan, named_agent_plan, spelled
from runtime.storage import approvals, deliveries, runs

KIND: Final = "run"
MOST_REVISIONS = 2


def conduct(ctx: Context, services: Services) -> Json:
    """Carry out a run. Gives ``{answer, sources, demonstration}``.

    Raises ``Incomplete`` with what is there when the request was not met, ``Refused`` when no
    sound plan was found.
    """
    kit = services.kits.of(ctx.run)
    outcomes: list[Outcome] = []
    plan = _plan(ctx, services, kit, revision=1, addition=None, before=outcomes)
    revision = 1
    while True:
        _accept(ctx, services, plan, revision=revision)
        before = {one.step.id: one.answer for one in outcomes if one.succeeded}
        outcomes += dispatch(ctx, kit, plan, revision=revision, before=before)
        said = _said(ctx, revision)
        drafted, verdict = _judge(ctx, services, kit, plan, outcomes, revision, said)
        if verdict.passed:
            return _result(drafted, outcomes)
        refusals = _refusals(ctx, services, revision)
        if refusals:
            # What people turned down is the reason; the check only noticed what was missing.
            verdict = Verdict(passed=False, findings=refusals)
            break
        if ctx.run.agent is not None or _hopeless(outcomes) or revision == MOST_REVISIONS:
            break
        addition = prompts.replanning(
            plan=spelled(plan), outcomes=told(outcomes), findings=verdict.findings, said=said
        )
        revision += 1
        try:
            plan = _plan(ctx, services, kit, revision=revision, addition=addition, before=outcomes)
        except BatonError as error:
            # No better plan is to be had; what the first one gave is not thrown away for that.
            verdict = Verdict(passed=False, findings=(*verdict.findings, error.public))
            break
    raise Incomplete(_why(verdict), partial=_result(drafted, outcomes))


def _plan(
    ctx: Context,
    services: Services,
    kit: Kit,
    *,
    revision: int,
    addition: Turn | None,
    before: Sequence[Outcome],
) -> Plan:
    if ctx.run.agent is not None:
        kit.catalog.agent(ctx.run.agent)
        return named_agent_plan(ctx)
    finished = [one.step.id for one in before if one.succeeded]
    return make_plan(ctx, services, kit, revision=revision, addition=addition, finished=finished)


def _accept(ctx: Context, services: Services, plan: Plan, *, revision: int) -> None:
    """Put the plan on record before anything of it is done."""

    def record() -> Json:
        now = services.clock.now()
        with services.database.write() as connection:
            runs.set_plan(connection, ctx.run.id, goal=plan.goal, revision=revision)
            chain.append(
                connection,
                ctx.run.id,
                "PlanAccepted",
                {"revision": revision, "plan": spelled(plan)},
                now=now,
            )
            deliveries.touch(connection, ctx.run.id, now=now)
        return spelled(plan)

    ctx.do(f"plan/{revision}/accepted", record, Leaf(kind="plan", title=plan.goal))


def _said(ctx: Context, revision: int) -> list[Json]:
    """Take what people said in the thread since the run began."""
    signals = ctx.take_signals(f"said/{revision}", of="reply", last="")
    return [{"name": signal.get("name"), "text": signal.get("text")} for signal in signals]


def _judge(
    ctx: Context,
    services: Services,
    kit: Kit,
    plan: Plan,
    outcomes: Sequence[Outcome],
    revision: int,
    said: Sequence[Json],
) -> tuple[Draft, Verdict]:
    if not any(one.succeeded for one in outcomes):
        drafted = judging.plain(outcomes)
    else:
        try:
            drafted = judging.draft(
                ctx, services, kit, plan, outcomes, revision=revision, said=said
            )
        except BatonError:
            # No budget or no model to word it: what is there is shown as it is.
            drafted = judging.plain(outcomes)
    return drafted, judging.check(ctx, kit, plan, outcomes, drafted, revision=revision)


def _refusals(ctx: Context, services: Services, revision: int) -> tuple[str, ...]:
    """Tell what people turned down, in words: another plan would only ask them again."""

    def look() -> Json:
        with services.database.read() as connection:
            refused = approvals.turned_down(connection, ctx.run.id)
        return [_refusal(approval) for approval in refused]

    told_before = ctx.do(f"refusals/{revision}", look)
    return tuple(str(words) for words in told_before) if isinstance(told_before, list) else ()


def _refusal(approval: Approval) -> str:
    if approval.status == ApprovalStatus.EXPIRED:
        return f"nobody decided about {approval.tool} in time"
    reason = f": {approval.decision_reason}" if approval.decision_reason else ""
    return f"{approval.decided_by_name or approval.decided_by} rejected {approval.tool}{reason}"


def _hopeless(outcomes: Sequence[Outcome]) -> bool:
    """Tell whether another plan would end the same way: no budget, no usable model."""
    codes = {str((one.error or {}).get("code")) for one in outcomes if not one.succeeded}
    return bool(codes & {"over_budget", "misconfigured"})


def _result(drafted: Draft, outcomes: Sequence[Outcome]) -> dict[str, Json]:
    paths: Mapping[str, str] = {one.step.id: one.path for one in outcomes}
    return {
        "answer": drafted.answer,
        "sources": [paths[source] for source in drafted.sources if source in paths],
        "demonstration": drafted.demonstration or any(one.demonstration for one in outcomes),
    }


def _why(verdict: Verdict) -> str:
    words = "; ".join(verdict.findings) or "the check did not pass"
    return f"not everything was done: {words}"[:2000]
