"""Errors, sorted by who must act on them."""

from __future__ import annotations

from typing import ClassVar

from runtime.domain.json import JsonObject

_MOST_QUOTED = 400


class BatonError(Exception):
    """The base of every error Baton raises on purpose.

    ``code`` is stable and documented; ``public`` is safe to show in a chat: it quotes values with
    ``!r``, ends with what to do, and never holds a secret.
    """

    code: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False

    def __init__(self, public: str) -> None:
        super().__init__(public)
        self.public = public


class Refused(BatonError):
    """The person must act: not allowed, or the input does not fit."""

    code = "refused"


class NotFound(Refused):
    """The person named something that is not there, or that they may not see."""

    code = "not_found"


class Halted(Refused):
    """Nobody must act but those who lift the halt: nothing may begin here until two people have."""

    code = "halted"


class Unreachable(Refused):
    """Nobody can be spoken to at this place any more: the app was blocked or removed there."""

    code = "unreachable"


class Misconfigured(BatonError):
    """The operator must act; raised at start-up, with file and line where there is one."""

    code = "misconfigured"


class Upstream(BatonError):
    """Nobody must act: a service Baton depends on failed; the step is tried again.

    ``ambiguous`` says the request may have taken effect although no answer came.
    """

    code = "upstream"
    retryable = True

    def __init__(
        self, public: str, *, retry_after_seconds: float | None = None, ambiguous: bool = True
    ) -> None:
        super().__init__(public)
        self.retry_after_seconds = retry_after_seconds
        self.ambiguous = ambiguous


class TimedOut(Upstream):
    """Nobody must act: a call exceeded its time limit; its late result goes nowhere."""

    code = "timed_out"


class Contended(Upstream):
    """Nobody must act: two transactions stood in each other's way and this one was undone."""

    code = "contended"


class LostLease(BatonError):
    """Nobody must act: another worker has the step, or the run was stopped."""

    code = "lost_lease"


class ToolFailed(BatonError):
    """The model must act: the call definitely did not do what was asked."""

    code = "tool_failed"


class TurnedDown(ToolFailed):
    """The model must act: people were asked about the call, and it is not to be made."""

    code = "turned_down"


class Faulted(ToolFailed):
    """The author must act: a workflow raised an error that nothing caught.

    ``problem`` is the problem document: ``{type, status, title, detail, instance}``.
    ``outside`` says which of its words came from outside, by label, where a step below raised it.
    """

    code = "faulted"

    def __init__(self, problem: JsonObject, *, outside: JsonObject | None = None) -> None:
        title = problem.get("title") or problem.get("type")
        detail = f": {problem['detail']}" if problem.get("detail") else ""
        super().__init__(f"{title}{detail} (in {problem.get('instance')})")
        self.problem = problem
        self.outside: JsonObject = outside or {}


class OverBudget(BatonError):
    """The requester must act: a limit in money, tokens or time is used up, with nothing added."""

    code = "over_budget"


class HandlerChanged(BatonError):
    """The operator must act: the code asks for other steps than the journal of this run holds."""

    code = "handler_changed"


class Incomplete(BatonError):
    """The requester must act: the run ends without all it was asked for; ``partial`` is what is
    there, as ``{answer, sources, demonstration}``."""

    code = "incomplete"

    def __init__(self, public: str, *, partial: JsonObject) -> None:
        super().__init__(public)
        self.partial = partial


class StepFailed(BatonError):
    """A child step ended without success; carries the child's own code and words."""

    code = "step_failed"

    def __init__(self, public: str, *, path: str, cause: str) -> None:
        super().__init__(public)
        self.path = path
        self.cause = cause


class BadExpression(BatonError):
    """The author must act: an expression cannot be evaluated, or takes too long."""

    code = "bad_expression"

    def __init__(self, program: str, complaint: str) -> None:
        quoted = program if len(program) <= _MOST_QUOTED else program[:_MOST_QUOTED] + "…"
        super().__init__(f"the expression {quoted!r} cannot be used: {complaint}")
        self.program = program
        self.complaint = complaint
