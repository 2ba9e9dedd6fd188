"""Turn the steps of a plan into tasks, and their ends into outcomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from runtime.agent.kit import Kit
from runtime.domain.json import Json, JsonObject, object_of
from runtime.domain.plan import Plan, PlanStep, StepKind, resolve
from runtime.durable.leaf import Child, Ended
from runtime.orchestrator.goal import Pursuit

CAP = 6
_SHOWN = 6000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one plan step ended."""

    step: PlanStep
    path: str
    status: str
    answer: Json
    error: JsonObject | None
    demonstration: bool

    @property
    def succeeded(self) -> bool:
        """Tell whether there is an answer to build on."""
        return self.status == "succeeded"

    waived: bool = False
    """A person chose to go on without it."""


def dispatch(
    pursuit: Pursuit, plan: Plan, *, revision: int, before: Mapping[str, Json]
) -> list[Outcome]:
    """Carry out a plan: each step once what it needs has succeeded, side by side up to a cap."""
    here = {step.id for step in plan.steps}
    # Where one step does it all, its answer is the answer, and so must look like it.
    schema = pursuit.goal.schema if is_simple(plan) else None
    children = [
        _child(pursuit.kit, step, revision=revision, here=here, before=before, schema=schema)
        for step in plan.steps
    ]
    ends = pursuit.ctx.gather(children, cap=CAP)
    return [_outcome(step, end) for step, end in zip(plan.steps, ends, strict=True)]


def is_simple(plan: Plan) -> bool:
    """Tell whether the one step's own answer is the answer: no synthesis, a check by rule."""
    return len(plan.steps) == 1 and plan.steps[0].kind == StepKind.AGENT


def _child(
    kit: Kit,
    step: PlanStep,
    *,
    revision: int,
    here: set[str],
    before: Mapping[str, Json],
    schema: JsonObject | None,
) -> Child:
    place = f"plan/{revision}"
    return Child(
        name=f"{place}/{step.id}",
        kind=step.kind.value,
        input=_input(kit, step, place=place, before=before, schema=schema),
        title=step.title,
        actor=_actor(kit, step),
        needs=tuple(f"{place}/{need}" for need in step.needs if need in here),
    )


def _input(
    kit: Kit,
    step: PlanStep,
    *,
    place: str,
    before: Mapping[str, Json],
    schema: JsonObject | None,
) -> Callable[[dict[str, Json]], Json]:
    def given(outputs: dict[str, Json]) -> Json:
        answers = dict(before)
        answers.update(
            {name.removeprefix(f"{place}/"): _answer(out) for name, out in outputs.items()}
        )
        resolved = resolve(step.input, answers)
        assert isinstance(resolved, Mapping)
        if step.kind == StepKind.TOOL:
            return {
                "tool": step.use,
                "arguments": resolved,
                "actor": _planner(kit),
                "refers": resolved != step.input,
            }
        if step.kind == StepKind.WORKFLOW:
            return {"workflow": step.use, "input": resolved}
        inputs = {name: value for name, value in resolved.items() if name != "task"}
        task = str(resolved.get("task") or "")
        shaped = {"schema": schema} if schema is not None else {}
        return {"agent": step.use, "task": task, "inputs": inputs, **shaped}

    return given


def _actor(kit: Kit, step: PlanStep) -> str:
    if step.kind == StepKind.AGENT:
        return kit.catalog.agent(step.use).actor
    if step.kind == StepKind.WORKFLOW:
        return kit.catalog.workflow(step.use).actor
    return "the requester" if step.kind == StepKind.HUMAN else step.use


def _planner(kit: Kit) -> str:
    return kit.planner.actor


def _outcome(step: PlanStep, end: Ended) -> Outcome:
    output = object_of(end.output)
    return Outcome(
        step=step,
        path=end.path,
        status=end.status,
        answer=_answer(end.output),
        error=end.error,
        demonstration=bool(output.get("demonstration")),
        waived=end.waived,
    )


def _answer(output: Json) -> Json:
    return output.get("answer") if isinstance(output, Mapping) else output


def told(outcomes: Sequence[Outcome]) -> dict[str, Json]:
    """Give outcomes for a model: titles, states, answers (cut where they are long), errors."""
    return {
        one.step.id: {
            "title": one.step.title,
            "status": one.status,
            "output": _cut(one.answer),
            "error": dict(one.error) if one.error else None,
        }
        for one in outcomes
    }


def _cut(value: Json) -> Json:
    text = value if isinstance(value, str) else None
    if text is not None and len(text) > _SHOWN:
        return text[:_SHOWN] + f" … ({len(text) - _SHOWN} more characters)"
    return value
