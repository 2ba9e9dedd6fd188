"""The story of a run, or of a goal within one: plan, do, write, check; and once more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from runtime.agent.kit import Services
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
from runtime.orchestrator.goal import Pursuit, goal_of_run, goal_of_task
from runtime.orchestrator.judging import Draft, Verdict
from runtime.orchestrator.planning import make_plan, named_agent_plan, spelled
from runtime.outbox import unheard
from runtime.storage import approvals, deliveries, runs

KIND: Final = "run"
MOST_REVISIONS = 2


def conduct(ctx: Context, services: Services) -> Json:
    """Carry out a run. Gives ``{answer, sources, demonstration}``.

    Raises ``Incomplete`` with what is there when the request was not met, ``Refused`` when no
    sound plan was found.
    """
    return _pursue(
        Pursuit(
            ctx=ctx, services=services, kit=services.kits.of(ctx.run), goal=goal_of_run(ctx.run)
        )
    )


def conduct_goal(ctx: Context, services: Services) -> Json:
    """Reach a goal that is one task of a workflow; gives and raises what ``conduct`` does."""
    return _pursue(
        Pursuit(ctx=ctx, services=services, kit=services.kits.of(ctx.run), goal=goal_of_task(ctx))
    )


def _pursue(pursuit: Pursuit) -> Json:
    goal = pursuit.goal
    outcomes: list[Outcome] = []
    plan = _plan(pursuit, revision=1, addition=None, before=outcomes)
    revision = 1
    while True:
        _accept(pursuit, plan, revision=revision)
        before = {one.step.id: one.answer for one in outcomes if one.succeeded}
        outcomes += dispatch(pursuit, plan, revision=revision, before=before)
        said = _said(pursuit, revision, simple=judging.is_simple(plan))
        drafted, verdict = _judge(pursuit, plan, outcomes, revision=revision, said=said)
        if verdict.passed:
            return _result(drafted, outcomes)
        refusals = _refusals(pursuit, revision)
        if refusals:
            # What people turned down is the reason; the check only noticed what was missing.
            verdict = Verdict(passed=False, findings=refusals)
            break
        if goal.agent is not None or _hopeless(outcomes) or revision == MOST_REVISIONS:
            break
        addition = prompts.replanning(
            plan=spelled(plan), outcomes=told(outcomes), findings=verdict.findings, said=said
        )
        revision += 1
        try:
            plan = _plan(pursuit, revision=revision, addition=addition, before=outcomes)
        except BatonError as error:
            # No better plan is to be had; what the first one gave is not thrown away for that.
            verdict = Verdict(passed=False, findings=(*verdict.findings, error.public))
            break
    raise Incomplete(_why(verdict), partial=_result(drafted, outcomes))


def _plan(
    pursuit: Pursuit, *, revision: int, addition: Turn | None, before: Sequence[Outcome]
) -> Plan:
    goal = pursuit.goal
    if goal.agent is not None:
        pursuit.kit.catalog.agent(goal.agent)
        return named_agent_plan(goal, goal.agent)
    finished = [one.step.id for one in before if one.succeeded]
    return make_plan(pursuit, revision=revision, addition=addition, finished=finished)


def _accept(pursuit: Pursuit, plan: Plan, *, revision: int) -> None:
    """Put the plan on record before anything of it is done."""
    ctx, services = pursuit.ctx, pursuit.services
    facts: dict[str, Json] = {"revision": revision, "plan": spelled(plan)}
    if not pursuit.goal.is_run:
        facts["step"] = ctx.step.path

    def record() -> Json:
        now = services.clock.now()
        with services.database.write() as connection:
            if pursuit.goal.is_run:
                runs.set_plan(connection, ctx.run.id, goal=plan.goal, revision=revision)
            chain.append(connection, ctx.run.id, "PlanAccepted", facts, now=now)
            deliveries.touch(connection, ctx.run.id, now=now)
        return spelled(plan)

    ctx.do(f"plan/{revision}/accepted", record, Leaf(kind="plan", title=plan.goal))


def _said(pursuit: Pursuit, revision: int, *, simple: bool) -> list[Json]:
    """Take what people said in the thread since the run began.

    Where the one agent's answer is the answer, what it has heard is in there; the rest makes an
    answer of its own necessary.
    """
    ctx, last = pursuit.ctx, ""
    if simple:
        with pursuit.services.database.read() as connection:
            last = unheard.last_heard(connection, ctx.run.id)
    signals = ctx.take_signals(f"said/{revision}", of=unheard.REPLY, last=last)
    return [{"name": signal.get("name"), "text": signal.get("text")} for signal in signals]


def _judge(
    pursuit: Pursuit,
    plan: Plan,
    outcomes: Sequence[Outcome],
    *,
    revision: int,
    said: Sequence[Json],
) -> tuple[Draft, Verdict]:
    if not any(one.succeeded for one in outcomes):
        drafted = judging.plain(outcomes)
    else:
        try:
            drafted = judging.draft(pursuit, plan, outcomes, revision=revision, said=said)
        except BatonError:
            # No budget or no model to word it: what is there is shown as it is.
            drafted = judging.plain(outcomes)
    return drafted, judging.check(pursuit, plan, outcomes, drafted, revision=revision)


def _refusals(pursuit: Pursuit, revision: int) -> tuple[str, ...]:
    """Tell what people turned down, in words: another plan would only ask them again."""
    ctx = pursuit.ctx
    below = f"{ctx.step.id.rstrip('/')}/"

    def look() -> Json:
        with pursuit.services.database.read() as connection:
            refused = approvals.turned_down(connection, ctx.run.id)
        return [_refusal(one) for one in refused if one.step_id.startswith(below)]

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
