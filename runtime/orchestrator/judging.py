"""Put the answer together, and have it checked by somebody who did none of the work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runtime.agent.kit import Kit, Services
from runtime.agent.loop import KIND, ask_model
from runtime.agent.shape import check_output
from runtime.catalog.agent import Agent, Role
from runtime.domain.errors import BatonError
from runtime.domain.json import Json
from runtime.domain.plan import Plan, StepKind
from runtime.durable.context import Context
from runtime.durable.leaf import Child
from runtime.models.completion import Prompt, Turn
from runtime.orchestrator import prompts
from runtime.orchestrator.dispatch import Outcome, told

_CONFIDENT = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An answer before it is checked. ``sources`` are step ids."""

    answer: str
    sources: tuple[str, ...]
    demonstration: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the check found."""

    passed: bool
    findings: tuple[str, ...]


def is_simple(plan: Plan) -> bool:
    """Tell whether the one step's own answer is the answer: no synthesis, a check by rule."""
    return len(plan.steps) == 1 and plan.steps[0].kind == StepKind.AGENT


def draft(
    ctx: Context,
    services: Services,
    kit: Kit,
    plan: Plan,
    outcomes: Sequence[Outcome],
    *,
    revision: int,
    said: Sequence[Json],
) -> Draft:
    """Write the answer from what the steps gave; without a model where that needs none."""
    if is_simple(plan) and len(outcomes) == 1:
        return plain(outcomes)
    # The planner writes where the catalogue has no writer of its own.
    writer = kit.catalog.agents.get("writer") or kit.planner
    task = prompts.synthesis(
        goal=ctx.run.request, criteria=plan.criteria, outcomes=told(outcomes), said=said
    )
    turns = [
        Turn(role="system", text=writer.prompt),
        Turn(role="user", text=task),
    ]
    for attempt in range(2):
        prompt = Prompt(
            tier=writer.tier,
            turns=tuple(turns),
            schema=prompts.SYNTHESIS_SCHEMA,
            schema_name="synthesis",
            labels={
                "run": ctx.run.id,
                "step": ctx.step.id,
                "agent": writer.name,
                "purpose": "synthesise",
            },
        )
        name = f"answer/{revision}/draft/{attempt}"
        completion = ask_model(ctx, services, name, prompt, actor=writer.actor)
        value, problem = check_output(completion.text, prompts.SYNTHESIS_SCHEMA)
        if problem is None and isinstance(value, Mapping):
            ids = {one.step.id for one in outcomes}
            named = value["sources"]
            assert isinstance(named, list)
            return Draft(
                answer=str(value["answer"]),
                sources=tuple(str(source) for source in named if source in ids),
                demonstration=completion.demonstration,
            )
        turns += [
            Turn(role="assistant", text=completion.text),
            Turn(role="user", text=f"That cannot be used: {problem}. Answer again."),
        ]
    return plain(outcomes)


def plain(outcomes: Sequence[Outcome]) -> Draft:
    """Give what the steps gave, one after another: the answer when no model can write one."""
    done = [one for one in outcomes if one.succeeded]
    if len(done) == 1:
        text = _text(done[0].answer)
    else:
        text = "\n\n".join(f"{one.step.title}:\n{_text(one.answer)}" for one in done)
    return Draft(
        answer=text,
        sources=tuple(one.step.id for one in done),
        demonstration=any(one.demonstration for one in done),
    )


def check(
    ctx: Context,
    kit: Kit,
    plan: Plan,
    outcomes: Sequence[Outcome],
    drafted: Draft,
    *,
    revision: int,
) -> Verdict:
    """Check the success criteria. A run cannot succeed without this having passed."""
    # What an earlier revision failed at, this one was made to mend; the reviewer judges that.
    latest = outcomes[-len(plan.steps) :]
    problems = tuple(f"{one.step.title}: {_reason(one)}" for one in latest if not one.succeeded)
    if not drafted.answer.strip():
        return Verdict(passed=False, findings=(*problems, "there is no answer"))
    if problems or (is_simple(plan) and len(outcomes) == 1):
        return Verdict(passed=not problems, findings=problems)
    return _reviewed(ctx, _reviewer(kit), plan, outcomes, drafted, revision=revision)


def _reviewed(
    ctx: Context,
    reviewer: Agent,
    plan: Plan,
    outcomes: Sequence[Outcome],
    drafted: Draft,
    *,
    revision: int,
) -> Verdict:
    child = Child(
        name=f"check/{revision}",
        kind=KIND,
        title="Check the result",
        actor=reviewer.actor,
        input={
            "agent": reviewer.name,
            "task": "Check whether the answer meets every criterion, judging by the outcomes.",
            "inputs": {
                "goal": plan.goal,
                "criteria": list(plan.criteria),
                "answer": drafted.answer,
                "outcomes": told(outcomes),
            },
            "purpose": "check",
            "schema": prompts.CHECK_SCHEMA,
        },
    )
    try:
        output = ctx.call(child)
    except BatonError as error:
        # No verdict is not a pass: the run goes on to a person or a new plan with this finding.
        return Verdict(passed=False, findings=(f"the check failed: {error.public}",))
    verdict = output.get("answer") if isinstance(output, Mapping) else None
    if not isinstance(verdict, Mapping):
        return Verdict(passed=False, findings=("the check gave no verdict",))
    found = verdict.get("findings")
    findings = tuple(str(one) for one in found) if isinstance(found, list) else ()
    confident = float(str(verdict.get("confidence") or 0)) >= _CONFIDENT
    return Verdict(passed=bool(verdict.get("passed")) and confident, findings=findings)


def _reviewer(kit: Kit) -> Agent:
    """Choose who checks: a validator, and the planner where there is none. Neither does work."""
    return next(iter(kit.catalog.with_role(Role.VALIDATOR)), kit.planner)


def _reason(one: Outcome) -> str:
    return str((one.error or {}).get("message") or one.status)


def _text(value: Json) -> str:
    """Spell an answer for people; where an agent put a summary into its answer, that is it."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        for name in ("answer", "summary", "text"):
            if isinstance(value.get(name), str):
                return str(value[name])
        return "\n".join(f"{name}: {_text(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return "\n".join(f"- {_text(inner)}" for inner in value)
    return str(value)
