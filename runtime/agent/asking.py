"""Ask people about one call, until what they agree to is exactly what would be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, cast

from runtime.agent.execution import Made, digest_of, execute, plain_preview
from runtime.agent.judge import Gated, from_journal, judge_now, spelled
from runtime.agent.kit import Services
from runtime.agent.sources import RULE as OUTSIDE
from runtime.approvals import differences, grants
from runtime.approvals.ask import Asked, opening
from runtime.domain.approval import Approval, Difference, Preview, Question, Verdict
from runtime.domain.canonical import canonical
from runtime.domain.errors import ToolFailed, TurnedDown
from runtime.domain.json import Json, JsonObject, object_of
from runtime.domain.states import ApprovalStatus
from runtime.durable.context import PENDING, Context, Pending
from runtime.durable.leaf import Leaf
from runtime.policy.decision import Outcome
from runtime.storage import approvals

MOST_ROUNDS: Final = 5
"""How often one call is asked about anew, because it was changed or the world was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    """One time of asking: the call as it is now, and what came before."""

    number: int
    gated: Gated
    preview: Preview
    replaces: str | None = None
    differences: tuple[Difference, ...] = ()
    kept_out: tuple[str, ...] = ()
    note: str = ""
    grant: str = ""
    """The leave given in advance that this call has used."""


def ask(ctx: Context, services: Services, gated: Gated) -> Made | Pending:
    """Ask people; what they agreed to is looked at again right before it is done."""
    around = _Round(number=0, gated=gated, preview=plain_preview(gated))
    for number in range(MOST_ROUNDS):
        around = _look(ctx, services, replace(around, number=number))
        if around.grant:
            return _make(ctx, services, around, around.grant)
        if around.gated.decision.outcome == Outcome.ALLOW:
            # Somebody who may decide changed it to what needs nobody's leave.
            return _make(ctx, services, around, around.replaces)
        answer = _open(ctx, services, around)
        if isinstance(answer, Pending):
            return PENDING
        told = object_of(answer)
        if told.get("verdict") == Verdict.EDIT:
            around = _changed(around, told)
            continue
        _raise_unless_approved(around.gated, told)
        seen = _look_again(ctx, services, around)
        if told.get("digest") == digest_of(around.gated, seen.preview) and not _tightened(
            around, seen
        ):
            return _make(ctx, services, around, str(told["approval"]))
        with services.database.write() as connection:
            approvals.supersede(connection, str(told["approval"]))
        around = replace(around, replaces=str(told["approval"]), differences=_drift(around, seen))
    raise ToolFailed(
        f"what {gated.tool.name!r} would change kept changing while people looked at it;"
        " say so and stop"
    )


def _make(ctx: Context, services: Services, around: _Round, approval: str | None) -> Made:
    result = execute(ctx, services, around.gated, approval=approval)
    return Made(result=result, note=around.note)


def _changed(around: _Round, told: JsonObject) -> _Round:
    """Go on with what a person made of the call; they do not count in agreeing to it."""
    arguments = object_of(told.get("arguments"))
    # What a person wrote came from nowhere else.
    gated = replace(around.gated, arguments=arguments, sources=None)
    reason = f" ({told['reason']})" if told.get("reason") else ""
    return replace(
        around,
        gated=gated,
        replaces=str(told["approval"]),
        differences=differences.of_arguments(around.gated.arguments, arguments),
        kept_out=(*around.kept_out, *_names(told.get("principals"))),
        note=f"{told.get('by')} changed the arguments before it was made{reason}; it was called"
        f" with {canonical(arguments)}. Do not make the original call as well.",
    )


def _names(told: Json) -> tuple[str, ...]:
    return tuple(str(one) for one in told) if isinstance(told, list) else ()


def _look(ctx: Context, services: Services, around: _Round) -> _Round:
    """Find out what the call would do, by which rule people are asked, and whether they were.

    Raises what the model must hear.
    """
    gated = around.gated
    name = f"{gated.name}/preview/{around.number}"

    def look() -> Json:
        preview = _preview_now(ctx, services, gated)
        with services.database.read() as connection:
            before = approvals.turned_away(
                connection, run_id=ctx.run.id, digest=digest_of(gated, preview)
            )
        decision = gated.decision
        if around.number:
            decision = judge_now(ctx, services, gated.kit, gated)
        refused = _refusal(before) if before is not None else None
        granted = None
        # Words from outside are seen by a person, whatever was granted before they came.
        if refused is None and around.number == 0 and decision.rule != OUTSIDE:
            granted = _granted(ctx, services, replace(gated, decision=decision))
        return {
            "preview": asdict(preview),
            "refused": refused,
            "decision": spelled(decision),
            "grant": granted,
        }

    found = object_of(ctx.do(name, look, _leaf(gated)))
    if found["refused"]:
        raise TurnedDown(str(found["refused"]))
    decision = from_journal(found.get("decision"), gated.decision)
    if decision.outcome == Outcome.DENY:
        raise ToolFailed(f"{gated.tool.name!r} is denied by policy: {decision.reason}")
    return replace(
        around,
        gated=replace(gated, decision=decision),
        preview=_as_preview(found["preview"]),
        grant=str(found.get("grant") or ""),
    )


def _granted(ctx: Context, services: Services, gated: Gated) -> str | None:
    """Use up leave that was given for such a call in advance; name it."""
    with services.database.write() as connection:
        grant = grants.take(
            connection,
            ctx.run,
            gated.decision,
            policy=services.current_policy(),
            tool=gated.tool.name,
            arguments=gated.arguments,
            key=ctx.key(gated.name),
            now=services.clock.now(),
        )
    return grant.id if grant else None


def _look_again(ctx: Context, services: Services, around: _Round) -> _Round:
    """Look at target and policy once more, after the yes and right before the effect."""
    gated = around.gated

    def look() -> Json:
        decision = judge_now(ctx, services, gated.kit, gated)
        preview = asdict(_preview_now(ctx, services, gated))
        return {"preview": preview, "refused": None, "decision": spelled(decision)}

    found = object_of(ctx.do(f"{gated.name}/recheck/{around.number}", look, _leaf(gated)))
    decision = from_journal(found.get("decision"), gated.decision)
    if decision.outcome == Outcome.DENY:
        raise ToolFailed(
            f"{gated.tool.name!r} was approved, but policy denies it by now: {decision.reason}"
        )
    return replace(
        around, gated=replace(gated, decision=decision), preview=_as_preview(found["preview"])
    )


def _drift(around: _Round, seen: _Round) -> tuple[Difference, ...]:
    was, now = around.gated.decision, seen.gated.decision
    return (
        *differences.of_previews(around.preview, seen.preview),
        *differences.of_rules((was.rule, was.reason), (now.rule, now.reason)),
    )


def _tightened(around: _Round, seen: _Round) -> bool:
    """Tell whether policy asks for more by now than what people were asked for."""
    return seen.gated.decision.strictness > around.gated.decision.strictness


def _preview_now(ctx: Context, services: Services, gated: Gated) -> Preview:
    key = ctx.key(gated.name)
    call = services.call(ctx.run, step_id=key, key=key)
    return services.runner.preview(gated.tool, gated.arguments, call) or plain_preview(gated)


def _leaf(gated: Gated) -> Leaf:
    return Leaf(kind="preview", title=gated.tool.name, actor=gated.actor)


def _as_preview(told: Json) -> Preview:
    assert isinstance(told, Mapping)
    return Preview(**cast("dict[str, Any]", told))


def _refusal(before: Approval) -> str:
    who = before.decided_by_name or before.decided_by
    if before.status != ApprovalStatus.REJECTED:
        return f"{who} changed that call to another one; the original is not asked about again"
    return (
        f"the identical call was rejected before by {who}"
        f" ({before.decision_reason or 'no reason given'}) and is not asked about again"
    )


def _open(ctx: Context, services: Services, around: _Round) -> Json | Pending:
    gated = around.gated
    asked = Asked(
        question=Question.CALL,
        tool=gated.tool.name,
        arguments=gated.arguments,
        digest=digest_of(gated, around.preview),
        agent=gated.actor,
        preview=around.preview,
        decision=gated.decision,
        effect=gated.tool.effect,
        schema=gated.tool.parameters,
        replaces=around.replaces,
        differences=around.differences,
        kept_out=around.kept_out,
    )
    opened = opening(ctx.run, asked, now=services.clock.now(), policy=services.current_policy())
    leaf = Leaf(kind="approval", title=f"approval of {gated.tool.name}", actor=gated.actor)
    return ctx.open(f"{gated.name}/approval/{around.number}", leaf, opened)


def _raise_unless_approved(gated: Gated, answer: JsonObject) -> None:
    verdict = str(answer.get("verdict"))
    if verdict == "approved":
        return
    reason = str(answer.get("reason") or "no reason given")
    if verdict == "rejected":
        # Models are told once, by their rules, not to try it again: these words reach people, too.
        raise TurnedDown(f"{answer.get('by')} rejected {gated.tool.name!r}: {reason}")
    raise TurnedDown(f"{gated.tool.name!r} was not approved ({verdict}): {reason}")
