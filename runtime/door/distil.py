"""Make a workflow of a run that worked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from runtime.catalog.agent import Role
from runtime.catalog.catalog import Catalog
from runtime.domain.approval import Approval
from runtime.domain.effects import Effect
from runtime.domain.errors import NotFound, Refused
from runtime.domain.json import Json, JsonObject, object_of
from runtime.domain.plan import Plan, PlanStep, StepKind, plan_of
from runtime.domain.run import Run
from runtime.domain.states import ApprovalStatus, RunStatus, StepStatus
from runtime.domain.step import Step
from runtime.orchestrator import prompts
from runtime.storage import approvals, blobs, definitions, runs, trees
from runtime.storage.connection import Connection
from runtime.storage.database import Database
from runtime.workflows.distil.document import Distilled, Source, distil
from runtime.workflows.distil.lifting import lift


@dataclass(frozen=True, slots=True, kw_only=True)
class Distilling:
    """Reads what a run did; nothing is changed."""

    database: Database

    def distil(self, ref: str, *, workspace: str | None, name: str = "") -> Distilled:
        """Give the workflow that does again what a run did.

        Raises ``NotFound``, or ``Refused`` where the run did not succeed or had no plan.
        """
        with self.database.read() as connection:
            run = runs.find(connection, ref, workspace=workspace)
            if run is None:
                raise NotFound(f"there is no run {ref!r}; `runs` lists the latest")
            if run.status != RunStatus.SUCCEEDED:
                raise Refused(
                    f"run #{run.number} has not succeeded; only what worked is worth repeating"
                )
            source = _source(connection, run)
        return distil(
            source,
            name=name,
            synthesis=prompts.synthesis_schema(None),
            check=prompts.CHECK_SCHEMA,
        )


def _source(connection: Connection, run: Run) -> Source:
    tree = trees.tree(connection, run.id)
    plans = list(_plans(connection, tree))
    if not plans:
        raise Refused(f"run #{run.number} had no plan: it was a workflow already")
    stored = definitions.read(connection, run.catalog)
    if stored is None:
        raise Refused(f"the agents that run #{run.number} had are not stored any more")
    catalog = Catalog.from_json(stored)
    by_path = {step.path: step for step in tree}
    steps = _succeeded(plans, by_path)
    passed = [object_of(step.input) for step in _calls(tree)] + [step.input for step in steps]
    goal = plans[-1]
    return Source(
        number=run.number,
        request=run.request,
        goal=goal.goal,
        criteria=goal.criteria,
        steps=steps,
        parameters=lift(
            run.request,
            run.input,
            passed,
            texts=list(_texts([step.input for step in steps])),
        ),
        actors=tuple(step.actor for step in tree if not step.leaf and step.parent_id is not None),
        approved=tuple(_told(one) for one in approvals.of_run(connection, run.id) if _is_yes(one)),
        workflows={
            flow.name: (flow.namespace, flow.version) for flow in catalog.workflows.values()
        },
        writer=_writer(plans, catalog),
        reviewer=next((one.name for one in catalog.with_role(Role.VALIDATOR)), None),
    )


def _plans(connection: Connection, tree: Sequence[Step]) -> Iterator[Plan]:
    """Give the plans of a run, one for each revision."""
    for step in tree:
        if step.leaf and step.kind == "plan" and step.parent_id == f"{step.run_id}:/":
            output = step.output
            if step.output_blob is not None:
                output = cast("Json", json.loads(blobs.get(connection, step.output_blob)))
            yield plan_of(output)


def _succeeded(plans: Sequence[Plan], by_path: Mapping[str, Step]) -> tuple[PlanStep, ...]:
    """Give the steps that succeeded, each once: of an id, the last."""
    found: dict[str, PlanStep] = {}
    for revision, plan in enumerate(plans, start=1):
        for step in plan.steps:
            done = by_path.get(f"/plan/{revision}/{step.id}")
            if done is not None and done.status == StepStatus.SUCCEEDED:
                found[step.id] = step
    return tuple(found.values())


def _calls(tree: Sequence[Step]) -> list[Step]:
    """Give the calls of tools, those that changed something first."""
    made = [step for step in tree if step.leaf and step.kind == "tool"]
    return sorted(made, key=lambda step: step.effect == Effect.READ)


def _writer(plans: Sequence[Plan], catalog: Catalog) -> str | None:
    """Name who worded the answer, as long as that is not the planner."""
    steps = [step for plan in plans for step in plan.steps]
    if len(steps) == 1 and steps[0].kind is StepKind.AGENT:
        return None
    return "writer" if "writer" in catalog.agents else None


def _texts(value: Json | Sequence[JsonObject]) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, Sequence):
        for inner in value:
            yield from _texts(inner)


def _is_yes(approval: Approval) -> bool:
    return approval.status == ApprovalStatus.APPROVED


def _told(approval: Approval) -> str:
    return f"{approval.tool} (#{approval.number}, rule {approval.rule})"
