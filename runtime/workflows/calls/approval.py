"""``call: approval``: people say yes or no to something the workflow puts before them."""

from __future__ import annotations

from runtime.approvals.ask import Asked, opening
from runtime.catalog.problems import near
from runtime.catalog.workflow.approving import rules_that_ask, stages_at_work
from runtime.catalog.workflow.durations import seconds_of
from runtime.catalog.workflow.own_calls import ENDS
from runtime.domain.approval import OnExpiry, Preview, Question, Stage
from runtime.domain.effects import Effect
from runtime.domain.errors import Misconfigured
from runtime.domain.json import Json, JsonObject, object_of
from runtime.durable.context import Pending
from runtime.durable.leaf import Leaf
from runtime.policy.binding import call_digest
from runtime.policy.decision import Decision, Outcome
from runtime.policy.rule import Rule
from runtime.workflows.doing import Doing
from runtime.workflows.flow import Passed
from runtime.workflows.origins import seen
from runtime.workflows.problem import fault

_TOOL = "approval"


def approve(doing: Doing, given: JsonObject) -> Passed:
    """Ask people, by stages of the task, of a rule of the policy, or whom it names by default.

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
    seen(act, [told.get("by"), told.get("reason")])
    if told.get("verdict") == "approved":
        seen(act, asked.arguments)
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
    rule = _rule(doing, given.get("policy"))
    stages = _stages(doing, given.get("stages")) or (rule.stages if rule else ())
    if not stages:
        stages = (Stage(eligible=tuple(act.outfit.services.current_policy().default_eligible)),)
    expires = given.get("expires")
    seconds = rule.expires_after_seconds if rule else None
    reason = given.get("reason") or (rule.reason if rule else "")
    return Decision(
        outcome=Outcome.ASK,
        rule=rule.id if rule else f"workflow:{act.workflow.name}{doing.task.reference}",
        policy=act.kit.policy.digest,
        reason=str(reason or f"The workflow {act.workflow.title!r} asks for it."),
        stages=stages,
        on_expiry=_end(doing, given.get("on_expiry"), rule),
        expires_after_seconds=_seconds(doing, expires) if expires is not None else seconds,
    )


def _rule(doing: Doing, name: Json) -> Rule | None:
    """Give the rule of the policy the run began under, by which people are asked."""
    if name is None:
        return None
    known = rules_that_ask(doing.act.kit.policy)
    rule = known.get(str(name))
    if rule is None:
        words = (
            f"policy.yaml has no rule {name!r} by which people are asked; {near(str(name), known)}"
        )
        raise fault("configuration", words, at=doing.task.reference)
    return rule


def _stages(doing: Doing, value: Json) -> tuple[Stage, ...]:
    if not value:
        return ()
    try:
        return stages_at_work(value, doing.act.kit.policy)
    except Misconfigured as error:
        raise fault("configuration", error.public, at=doing.task.reference) from error


def _end(doing: Doing, value: Json, rule: Rule | None) -> OnExpiry:
    if value is None:
        return rule.on_expiry if rule else OnExpiry.HOLD
    if value not in ENDS:
        words = f"'on_expiry' is {value!r}; write {' or '.join(ENDS)}"
        raise fault("configuration", words, at=doing.task.reference)
    return OnExpiry(str(value))


def _seconds(doing: Doing, value: Json) -> float:
    seconds = seconds_of(value)
    if seconds is None:
        words = f"'expires' is {value!r}, which is no duration such as PT4H"
        raise fault("configuration", words, at=doing.task.reference)
    return seconds
