"""Put the answer together, and have it checked by somebody who did none of the work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runtime.agent.kit import Kit
from runtime.agent.loop import KIND, ask_model
from runtime.agent.shape import check_output, misfit
from runtime.catalog.agent import Agent, Role
from runtime.domain.errors import BatonError
from runtime.domain.json import Json, JsonObject
from runtime.domain.plan import Plan
from runtime.durable.leaf import Child
from runtime.models.completion import Prompt, Turn
from runtime.orchestrator import prompts
from runtime.orchestrator.dispatch import Outcome, is_simple, told
from runtime.orchestrator.goal import Pursuit

_CONFIDENT = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An answer before it is checked. ``sources`` are step ids."""

    answer: Json
    """Text, except where the goal has a schema."""
    sources: tuple[str, ...]
    demonstration: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the check found."""

    passed: bool
    findings: tuple[str, ...]


def draft(
    pursuit: Pursuit,
    plan: Plan,
    outcomes: Sequence[Outcome],
    *,
    revision: int,
    said: Sequence[Json],
) -> Draft:
    """Write the answer from what the steps gave; without a model where that needs none."""
    ctx, kit, goal = pursuit.ctx, pursuit.kit, pursuit.goal
    if goal.schema is not None:
        fitting = _fitting(outcomes, goal.schema)
        if fitting is not None:
            return fitting
    elif is_simple(plan) and len(outcomes) == 1 and not said:
        return plain(outcomes)
    schema = prompts.synthesis_schema(goal.schema)
    # The planner writes where the catalogue has no writer of its own.
    writer = kit.catalog.agents.get("writer") or kit.planner
    task = prompts.synthesis(
        goal=goal.text, criteria=plan.criteria, outcomes=told(outcomes), said=said
    )
    turns = [
        Turn(role="system", text=writer.prompt),
        Turn(role="user", text=task),
    ]
    for attempt in range(2):
        prompt = Prompt(
            tier=writer.tier,
            turns=tuple(turns),
            schema=schema,
            schema_name="synthesis",
            labels={
                "run": ctx.run.id,
                "step": ctx.step.id,
                "agent": writer.name,
                "purpose": "synthesise",
            },
        )
        name = f"answer/{revision}/draft/{attempt}"
        completion = ask_model(ctx, pursuit.services, name, prompt, actor=writer.actor)
        value, problem = check_output(completion.text, schema)
        if problem is None and isinstance(value, Mapping):
            ids = {one.step.id for one in outcomes}
            named = value["sources"]
            assert isinstance(named, list)
            return Draft(
                answer=value["answer"],
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


def _fitting(outcomes: Sequence[Outcome], schema: JsonObject) -> Draft | None:
    """Give the last outcome that is what the goal asks for already: nobody need write it anew."""
    for one in reversed(outcomes):
        if one.succeeded and misfit(one.answer, schema) is None:
            return Draft(answer=one.answer, sources=(one.step.id,), demonstration=one.demonstration)
    return None


def check(
    pursuit: Pursuit,
    plan: Plan,
    outcomes: Sequence[Outcome],
    drafted: Draft,
    *,
    revision: int,
) -> Verdict:
    """Check the success criteria. A run cannot succeed without this having passed."""
    schema = pursuit.goal.schema
    # What an earlier revision failed at, this one was made to mend; the reviewer judges that.
    latest = outcomes[-len(plan.steps) :]
    missing = [one for one in latest if not one.succeeded and not one.waived]
    problems = tuple(f"{one.step.title}: {_reason(one)}" for one in missing)
    if schema is not None and (wrong := misfit(drafted.answer, schema)) is not None:
        return Verdict(passed=False, findings=(*problems, f"the answer does not fit: {wrong}"))
    if not drafted.answer or (isinstance(drafted.answer, str) and not drafted.answer.strip()):
        return Verdict(passed=False, findings=(*problems, "there is no answer"))
    if problems or (is_simple(plan) and len(outcomes) == 1):
        return Verdict(passed=not problems, findings=problems)
    return _reviewed(pursuit, plan, outcomes, drafted, revision=revision)


def _reviewed(
    pursuit: Pursuit,
    plan: Plan,
    outcomes: Sequence[Outcome],
    drafted: Draft,
    *,
    revision: int,
) -> Verdict:
    reviewer = _reviewer(pursuit.kit)
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
        output = pursuit.ctx.call(child)
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
