"""What expressions see, and their values: ``.`` and the arguments the specification names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from runtime.catalog.workflow.durations import seconds_of
from runtime.catalog.workflow.sound import inner_of
from runtime.catalog.workflow.task import Duration
from runtime.domain.errors import BadExpression
from runtime.domain.json import Json, JsonObject
from runtime.expressions import names
from runtime.expressions.program import Batch
from runtime.workflows.act import Act
from runtime.workflows.problem import fault
from runtime.workflows.secrets import secrets_of

_RUNTIME: JsonObject = {"name": "Baton", "version": "1", "metadata": {}}


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The scope of one task. ``at`` is its reference, which errors name as their instance."""

    act: Act
    at: str
    variables: Mapping[str, Json | Callable[[], Json]]
    """By name without the dollar; a function gives a value that is costly, when it is read."""
    moment: datetime | None = None
    """What ``now`` gives; set where the document asks for the time."""

    def with_(self, **variables: Json) -> View:
        """Give the scope with more names in it."""
        return replace(self, variables={**self.variables, **variables})

    def condition(self, text: str, on: Json) -> bool:
        """Tell whether an expression holds, as jq counts truth."""
        return self.expression(text, on) not in (None, False)

    def expression(self, text: str, on: Json) -> Json:
        """Give the value of a text that is an expression, with or without ``${ }``."""
        return self._evaluate([inner_of(text) or text], on)[0]

    def transform(self, value: Json, on: Json) -> Json:
        """Give what ``from``, ``as`` and ``in`` say: a text is an expression, else it is filled."""
        return self.expression(value, on) if isinstance(value, str) else self.fill(value, on)

    def fill(self, value: Json, on: Json) -> Json:
        """Put values in place of the expressions in some data; only texts in ``${ }`` are any."""
        loose = self.act.workflow.loose
        programs: list[str] = []
        _collect(value, programs, loose=loose)
        if not programs:
            return value
        found = self._tried(programs, on) if loose else self._evaluate(programs, on)
        return _filled(value, iter(found), loose=loose)

    def seconds(self, duration: Duration, on: Json) -> float:
        """Give how long a duration is."""
        if duration.expression is None:
            return duration.seconds
        value = self.expression(duration.expression, on)
        seconds = seconds_of(value)
        if seconds is None:
            words = f"{duration.expression!r} gives {value!r}, which is no duration such as PT5M"
            raise fault("expression", words, at=self.at)
        return seconds

    def _evaluate(self, programs: Sequence[str], on: Json) -> list[Json]:
        found: list[Json] = []
        for program, outcome in zip(programs, self._outcomes(programs, on), strict=True):
            if isinstance(outcome, BadExpression):
                if "secrets" in names.variables(program):
                    # jq quotes the data it stumbled over.
                    outcome = BadExpression(program, "it failed on secrets, so no more is told")
                raise fault("expression", outcome.public, at=self.at)
            found.append(outcome)
        return found

    def _tried(self, programs: Sequence[str], on: Json) -> list[Json]:
        """Evaluate texts of which nobody says that they are expressions: else they are texts."""
        found: list[Json] = []
        for program in programs:
            [outcome] = self._outcomes([program], on)
            found.append(program if isinstance(outcome, BadExpression) else outcome)
        return found

    def _outcomes(self, programs: Sequence[str], on: Json) -> list[Json | BadExpression]:
        variables = self._read_by(programs)
        try:
            batch = Batch(programs=tuple(programs), variables=tuple(variables))
            evaluator = self.act.outfit.evaluator
            outcomes = evaluator.batch(batch, on, variables=variables, now=self.moment)
        except BadExpression as error:
            return [error for _ in programs]
        return [one.error or one.value for one in outcomes]

    def _read_by(self, programs: Sequence[str]) -> dict[str, Json]:
        """Give the variables that programs read; the others are not even sent to the evaluator."""
        read = sorted({name for program in programs for name in names.variables(program)})
        found: dict[str, Json] = {}
        for name in read:
            if name in self.variables:
                value = self.variables[name]
                found[name] = value() if callable(value) else value
        return found


def scope(act: Act, variables: Mapping[str, Json], *, at: str, context: Json) -> View:
    """Give the scope of a workflow, before anything of a task is in it."""
    return View(
        act=act,
        at=at,
        variables={
            "context": context,
            "input": None,
            "output": None,
            "authorization": None,
            "task": None,
            "runtime": _RUNTIME,
            "workflow": lambda: _workflow(act),
            "secrets": lambda: secrets_of(act.workflow, act.outfit.secrets, at=at),
            **variables,
        },
    )


def _workflow(act: Act) -> JsonObject:
    return {
        "id": act.ctx.run.id,
        "definition": act.workflow.definition,
        "input": act.input,
        "startedAt": moment(act.started),
    }


def moment(iso: str) -> JsonObject:
    """Describe a moment as the specification does."""
    at = datetime.fromisoformat(iso).astimezone(UTC)
    whole = int(at.timestamp())
    return {
        "iso8601": at.isoformat().replace("+00:00", "Z"),
        "epoch": {"seconds": whole, "milliseconds": whole * 1000 + at.microsecond // 1000},
    }


def _collect(value: Json, programs: list[str], *, loose: bool) -> None:
    if isinstance(value, str):
        program = inner_of(value) or (value if loose else None)
        if program is not None:
            programs.append(program)
    elif isinstance(value, Mapping):
        for inner in value.values():
            _collect(inner, programs, loose=loose)
    elif isinstance(value, Sequence):
        for inner in value:
            _collect(inner, programs, loose=loose)


def _filled(value: Json, found: Iterator[Json], *, loose: bool) -> Json:
    if isinstance(value, str):
        return next(found) if loose or inner_of(value) is not None else value
    if isinstance(value, Mapping):
        return {name: _filled(inner, found, loose=loose) for name, inner in value.items()}
    if isinstance(value, Sequence):
        return [_filled(inner, found, loose=loose) for inner in value]
    return value
