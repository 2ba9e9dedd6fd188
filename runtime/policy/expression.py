"""A condition in jq: one expression over the whole call, evaluated out of process.

Only ``true`` and ``false`` answer it. Whatever else happens (nothing, several values, an error, too
much time or memory) nobody can tell, which counts against the call as it does with conditions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC

from runtime.domain.errors import BadExpression
from runtime.domain.json import JsonObject
from runtime.expressions.evaluator import Evaluator
from runtime.expressions.program import Batch
from runtime.policy.decision import Proposal


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """What a rule says under ``when``."""

    text: str
    place: str = field(default="", compare=False)
    """File, line and rule, for complaints."""

    @property
    def program(self) -> str:
        """Give the program whose one value is what the text gives if it gives one value."""
        return f"[{self.text}\n\n] | if length == 1 then .[0] else null end"


def verdicts(
    expressions: Sequence[Expression], proposal: Proposal, evaluator: Evaluator | None
) -> list[bool | None]:
    """Evaluate all of them in one round trip. None where nobody can tell."""
    if evaluator is None or not expressions:
        return [None for _ in expressions]
    try:
        batch = Batch(programs=tuple(expression.program for expression in expressions))
        outcomes = evaluator.batch(batch, subject(proposal), now=proposal.at)
    except BadExpression:
        # Text that is no jq at all was refused when it was read; a pinned one may be older.
        return [None for _ in expressions]
    return [found.value if isinstance(found.value, bool) else None for found in outcomes]


def complaints(expressions: Sequence[Expression], evaluator: Evaluator) -> list[str]:
    """Say which of them cannot be used, each with its place."""
    found: list[str] = []
    for expression in expressions:
        try:
            # The text by itself first: what closes our own brackets must not count as closed.
            Batch(programs=(expression.text,))
            evaluator.check(Batch(programs=(expression.program,)))
        except BadExpression as error:
            found.append(f"{expression.place}: this is no usable jq: {error.complaint}")
    return found


def subject(proposal: Proposal) -> JsonObject:
    """Give what an expression reads as ``.``."""
    at = proposal.at
    return {
        "tool": proposal.tool,
        "effect": proposal.effect.value,
        "arguments": proposal.arguments,
        "agent": proposal.agent,
        "requester": proposal.requester,
        "channel": proposal.channel,
        "labels": list(proposal.labels),
        "time": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at is not None else None,
    }
