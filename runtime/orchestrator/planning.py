"""Get a sound plan out of a model; an unsound one goes back once, with the reasons."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

from runtime.agent.kit import Kit
from runtime.agent.loop import ask_model
from runtime.agent.shape import check_output
from runtime.catalog.agent import Role
from runtime.domain.errors import Refused
from runtime.domain.json import Json, JsonObject
from runtime.domain.plan import Available, Plan, PlanStep, StepKind, plan_of, problems_of
from runtime.models.completion import Prompt, Turn
from runtime.orchestrator import prompts
from runtime.orchestrator.goal import Goal, Pursuit

_TRIES = 2


def named_agent_plan(goal: Goal, agent: str) -> Plan:
    """Give the plan of a request that names its agent: nothing to plan."""
    step = PlanStep(
        id=agent.lower(),
        title=goal.text[:120],
        kind=StepKind.AGENT,
        use=agent,
        input={"task": goal.text, **goal.inputs},
        needs=(),
        reason="The requester named this agent.",
    )
    return Plan(goal=goal.text, criteria=("The request is answered.",), steps=(step,))


def make_plan(
    pursuit: Pursuit, *, revision: int, addition: Turn | None, finished: Collection[str]
) -> Plan:
    """Ask the planner until its plan is sound. Raises ``Refused`` with what is wrong with it."""
    ctx, kit = pursuit.ctx, pursuit.kit
    planner = kit.planner
    turns = prompts.planning(kit, pursuit.goal)
    if addition is not None:
        turns.append(addition)
    available = available_in(kit, finished=finished, without=pursuit.goal.without)
    problems: Sequence[str] = ()
    for attempt in range(_TRIES):
        prompt = Prompt(
            tier=planner.tier,
            turns=tuple(turns),
            schema=prompts.PLAN_SCHEMA,
            schema_name="plan",
            labels={
                "run": ctx.run.id,
                "step": ctx.step.id,
                "agent": planner.name,
                "purpose": "plan" if revision == 1 else "replan",
            },
        )
        name = f"plan/{revision}/draft/{attempt}"
        told = ask_model(ctx, pursuit.services, name, prompt, actor=planner.actor)
        value, problem = check_output(told.text, prompts.PLAN_SCHEMA)
        if problem is None:
            plan = plan_of(value)
            problems = problems_of(plan, available)
            if not problems:
                return plan
        else:
            problems = [problem]
        turns += [Turn(role="assistant", text=told.text), prompts.refusal(problems)]
    raise Refused(f"no sound plan was found: {'; '.join(problems)}; say it in other words")


def available_in(
    kit: Kit, *, finished: Collection[str] = (), without: Collection[str] = ()
) -> Available:
    """Give what a plan may use. Validators are left out: who checks the work does none of it."""
    workers = [agent for agent in kit.catalog.agents.values() if agent.role == Role.WORKER]
    tools = [tool for tool in kit.registry.all() if "loop" not in tool.labels]
    required: dict[tuple[StepKind, str], Collection[str]] = {
        (StepKind.AGENT, agent.name): _required(agent.input_schema) for agent in workers
    }
    required.update({(StepKind.TOOL, tool.name): _required(tool.parameters) for tool in tools})
    workflows = kit.catalog.workflows.values()
    required.update({(StepKind.WORKFLOW, flow.name): flow.required for flow in workflows})
    return Available(
        agents=[agent.name for agent in workers],
        tools=[tool.name for tool in tools],
        workflows=[name for name in kit.catalog.workflows if name not in without],
        finished=finished,
        required=required,
    )


def _required(schema: JsonObject | None) -> tuple[str, ...]:
    names = (schema or {}).get("required")
    return tuple(str(name) for name in names) if isinstance(names, list) else ()


def spelled(plan: Plan) -> Json:
    """Give a plan as JSON, for the journal, the audit and the planner."""
    return {
        "goal": plan.goal,
        "criteria": list(plan.criteria),
        "steps": [
            {
                "id": step.id,
                "title": step.title,
                "kind": step.kind,
                "use": step.use,
                "input": json.loads(json.dumps(step.input)),
                "needs": list(step.needs),
                "reason": step.reason,
            }
            for step in plan.steps
        ],
    }
