"""What people say when a budget is used up: said once, by somebody who may, and for good."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from runtime.agent.afford import Action, about_budget
from runtime.agent.question import KIND
from runtime.audit import chain
from runtime.domain.approval import Stage
from runtime.domain.conversation import Person
from runtime.domain.errors import Refused
from runtime.domain.json import Json, JsonObject
from runtime.domain.ports import Clock
from runtime.domain.run import Run
from runtime.domain.states import StepStatus
from runtime.domain.step import Step
from runtime.door.steer import end_now
from runtime.durable import outside
from runtime.policy.case import Case
from runtime.policy.eligibility import may_decide
from runtime.policy.policy import Policy
from runtime.storage import deliveries, spending, trees
from runtime.storage.connection import Connection


def settle(
    connection: Connection, run: Run, leaf: Step, person: Person, text: str,
    *, policy: Policy, clock: Clock,
) -> list[str] | None:  # fmt: skip
    """Take the answer; give whom to ring, or None where it was answered before.

    Caller holds the run's lock and commits. Raises ``Refused`` where this person may not say, or
    says something that was not offered.
    """
    about, now = about_budget(leaf), clock.now()
    assert about is not None
    action = _action(leaf, about, text)
    eligible = tuple(str(one) for one in cast("list[Json]", about["eligible"]))
    lacking = may_decide(
        policy, Stage(eligible=eligible), person, Case(requester=run.requester, at=now)
    )
    if lacking is not None:
        raise Refused(lacking)
    if leaf.status != StepStatus.WAITING:
        return None
    rings: list[str] = []
    for other in _alike(connection, run, about):
        rings += _answered(connection, other, person, text, action, now)
    facts = {"step": leaf.id, "by": person.principal, "text": text, "budget": about["cap"]}
    chain.append(connection, run.id, "QuestionAnswered", facts, now=now)
    if action is Action.STOP:
        end_now(connection, run, person, clock)
        return []
    if action is Action.ADD:
        addition = spending.Addition(
            usd=float(str(about["usd"])),
            tokens=int(str(about["tokens"])),
            seconds=float(str(about["seconds"])),
        )
        spending.add(
            connection, addition, cap=str(about["cap"]), key=str(about["key"]),
            run_id=run.id, by=person.principal, now=now,
        )  # fmt: skip
    deliveries.touch(connection, run.id, now=now)
    # Steps beside the one that asked wait for the same word.
    return list(dict.fromkeys([*rings, *outside.wake_all(connection, run.id, now=now)]))


def _action(leaf: Step, about: JsonObject, text: str) -> Action:
    """Take one of the choices, as it is written or by its number."""
    given = cast("JsonObject", leaf.input)
    choices = [str(one) for one in cast("list[Json]", given["choices"])]
    actions = [Action(str(one)) for one in cast("list[Json]", about["actions"])]
    said = text.strip().casefold()
    for number, (choice, action) in enumerate(zip(choices, actions, strict=True), start=1):
        if said in (choice.casefold(), str(number)):
            return action
    raise Refused(f"say one of: {'; '.join(choices)}")


def _alike(connection: Connection, run: Run, about: JsonObject) -> list[Step]:
    """Give the run's open questions about this budget: two steps may have asked at once."""
    found: list[Step] = []
    for leaf in trees.leaves(connection, run.id, kind=KIND):
        other = about_budget(leaf)
        if leaf.status == StepStatus.WAITING and other is not None:
            same = (other["cap"], other["key"]) == (about["cap"], about["key"])
            found += [leaf] if same else []
    return found


def _answered(
    connection: Connection, leaf: Step, person: Person, text: str, action: Action, now: datetime
) -> list[str]:
    output: Json = {"answer": text, "by": person.name or person.principal, "action": action.value}
    rings = outside.answer(connection, leaf.id, status=StepStatus.SUCCEEDED, output=output, now=now)
    deliveries.touch(connection, leaf.id, now=now)
    return rings or []
