"""``call: approval``: people say yes or no to something the workflow puts before them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from runtime.approvals.ask import Asked, opening
from runtime.catalog.workflow.durations import seconds_of
from runtime.domain.approval import OnExpiry, Preview, Question, Stage
from runtime.domain.effects import Effect
from runtime.domain.json import Json, JsonObject, object_of
from runtime.durable.context import Pending
from runtime.durable.leaf import Leaf
from runtime.policy.binding import call_digest
from runtime.policy.decision import Decision, Outcome
from runtime.workflows.doing import Doing
from runtime.workflows.flow import Passed
from runtime.workflows.problem import fault

_TOOL = "approval"


def approve(doing: Doing, given: JsonObject) -> Passed:
    """Ask people: ``{title, details, stages: [{eligible, quorum}], expires, on_expiry}``.

    Gives ``{approved, verdict, by, reason}``; a no is data here, for a switch to go by.
    """
    act = doing.act
    asked = _asked(doing, given)
    policy = act.outfit.services.current_policy()
    opened = opening(act.ctx.run, asked, now=act.outfit.services.clock.now(), policy=policy)
    leaf = Leaf(
        kind="approval",
        title=f"approval of {given['title']}",
        actor=act.workflow.actor,
        input=asked.arguments,
    )
    answer = act.ctx.open(f"{doing.name}/approval", leaf, opened)
    if isinstance(answer, Pending):
        act.ctx.suspend(f"approval of {given['title']}")
    told = object_of(answer)
    return doing.gives(
        {
            "approved": told.get("verdict") == "approved",
            "verdict": told.get("verdict"),
            "by": told.get("by"),
            "reason": told.get("reason"),
        }
    )


def _asked(doing: Doing, given: JsonObject) -> Asked:
    act = doing.act
    title = str(given["title"])
    details = object_of(given.get("details"))
    digest = call_digest(
        tool=_TOOL,
        arguments={"title": title, "details": details},
        agent=act.workflow.actor,
        policy=act.kit.policy.digest,
        fingerprint="",
    )
    return Asked(
        question=Question.CALL,
        tool=_TOOL,
        arguments={"title": title, **details},
        digest=digest,
        agent=act.workflow.actor,
        preview=Preview(what=title, where=act.workflow.title, reversible=True),
        decision=_decision(doing, given),
        effect=Effect.WRITE,
    )


def _decision(doing: Doing, given: JsonObject) -> Decision:
    act = doing.act
    stages = [
        _stage(doing, object_of(one)) for one in cast("list[Json]", given.get("stages") or [])
    ]
    if not stages:
        stages = [Stage(eligible=tuple(act.outfit.services.current_policy().default_eligible))]
    expires = given.get("expires")
    return Decision(
        outcome=Outcome.ASK,
        rule=f"workflow:{act.workflow.name}{doing.task.reference}",
        policy=act.kit.policy.digest,
        reason=str(given.get("reason") or f"The workflow {act.workflow.title!r} asks for it."),
        stages=tuple(stages),
        on_expiry=OnExpiry(str(given.get("on_expiry") or OnExpiry.HOLD.value)),
        expires_after_seconds=_seconds(doing, expires) if expires is not None else None,
    )


def _stage(doing: Doing, given: Mapping[str, Json]) -> Stage:
    eligible = given.get("eligible")
    if isinstance(eligible, str):
        eligible = [eligible]
    if not isinstance(eligible, list) or not eligible:
        words = "a stage of an approval needs 'eligible', such as [\"role:approver\"]"
        raise fault("configuration", words, at=doing.task.reference)
    quorum = given.get("quorum")
    return Stage(
        eligible=tuple(str(one) for one in eligible),
        quorum=quorum if isinstance(quorum, int) else 1,
    )


def _seconds(doing: Doing, value: Json) -> float:
    seconds = seconds_of(value)
    if seconds is None:
        words = f"'expires' is {value!r}, which is no duration such as PT4H"
        raise fault("configuration", words, at=doing.task.reference)
    return seconds
