"""Values for expressions: one, or many over the same input in one round trip."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from runtime.domain.errors import BadExpression
from runtime.domain.json import Json, JsonObject
from runtime.expressions.children import Child, Children, Died, Limits
from runtime.expressions.program import Batch

LIMITS = Limits()
_MOST_RUNAWAYS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one program of a batch gave."""

    value: Json = None
    """Its first value; None also where it gave none."""
    error: BadExpression | None = None
    """Set where it failed; a caller that guards something must then refuse."""


class Evaluator:
    """jq for the whole process. Any thread may ask; children start with the first question."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self._limits = limits
        self._children = Children(limits)

    def evaluate(
        self,
        program: str,
        value: Json,
        *,
        variables: Mapping[str, Json] | None = None,
        now: datetime | None = None,
    ) -> Json:
        """Give the first value of a program over an input; None where it gives none.

        Numbers are jq's: whole ones are exact up to 2**53.

        ``now`` is what ``now`` gives: the caller's clock, so that a repeat gives the same.

        Raises:
            BadExpression: it cannot be compiled, it failed, or it used too much time or memory.
        """
        given = variables or {}
        batch = Batch(programs=(program,), variables=tuple(given))
        outcome = self.batch(batch, value, variables=given, now=now)[0]
        if outcome.error is not None:
            raise outcome.error
        return outcome.value

    def batch(
        self,
        batch: Batch,
        value: Json,
        *,
        variables: Mapping[str, Json] | None = None,
        now: datetime | None = None,
    ) -> list[Outcome]:
        """Give what each program of a batch gives, in order. One program's failure is its own.

        Raises:
            BadExpression: a program cannot be compiled; ``check`` says so beforehand.
        """
        if not batch.programs:
            return []
        line = _input(value, variables or {}, now)
        try:
            answer = self._ask(batch, line)
        except Died as died:
            if len(batch.programs) == 1:
                return [Outcome(error=_runaway(batch.programs[0], died))]
            return self._one_by_one(batch, line)
        return _outcomes(batch, answer)

    def check(self, batch: Batch) -> None:
        """Compile the programs; that they fail on no input at all is no matter here.

        Raises:
            BadExpression: the first that cannot be compiled.
        """
        self.batch(batch, None)

    def idle(self) -> list[int]:
        """Give the process ids of the children that evaluate nothing now."""
        return self._children.idle()

    def close(self) -> None:
        """End the children."""
        self._children.close()

    def _ask(self, batch: Batch, line: bytes) -> JsonObject:
        """Ask a child; those that had died unasked are replaced."""
        while True:
            try:
                with self._children.borrow() as child:
                    return self._talk(child, batch, line)
            except Died as died:
                if not died.idle:
                    raise

    def _talk(self, child: Child, batch: Batch, line: bytes) -> JsonObject:
        head: dict[str, Json] = {"key": batch.key, "cpu_seconds": self._limits.cpu_seconds}
        answer = _object(child.ask(_line(head) + line))
        if "missing" not in answer:
            return answer
        head.update(text=batch.text, programs=batch.programs, variables=batch.variables)
        return _object(child.ask(_line(head) + line))

    def _one_by_one(self, batch: Batch, line: bytes) -> list[Outcome]:
        """Find out which program ran away; after a few, the rest is not evaluated."""
        found: list[Outcome] = []
        runaways = 0
        for program in batch.programs:
            if runaways == _MOST_RUNAWAYS:
                error = BadExpression(program, "others beside it used up the time; correct those")
                found.append(Outcome(error=error))
                continue
            alone = Batch(programs=(program,), variables=batch.variables)
            try:
                found += _outcomes(alone, self._ask(alone, line))
            except Died as died:
                runaways += 1
                found.append(Outcome(error=_runaway(program, died)))
        return found


def _outcomes(batch: Batch, answer: JsonObject) -> list[Outcome]:
    if "broken" in answer:
        index, words = cast("tuple[int, str]", cast("list[Json]", answer["broken"])[0])
        raise BadExpression(batch.programs[index], _first_line(words))
    if "failed" in answer:
        error = BadExpression(batch.programs[0], _first_line(str(answer["failed"])))
        return [Outcome(error=error) for _ in batch.programs]
    results = cast("list[list[Json] | dict[str, Json]]", answer["results"])
    return [
        _outcome(program, result) for program, result in zip(batch.programs, results, strict=True)
    ]


def _outcome(program: str, result: list[Json] | dict[str, Json]) -> Outcome:
    if isinstance(result, dict):
        raised = result["e"]
        words = raised if isinstance(raised, str) else json.dumps(raised, ensure_ascii=False)
        return Outcome(error=BadExpression(program, words))
    return Outcome(value=result[0] if result else None)


def _runaway(program: str, died: Died) -> BadExpression:
    return BadExpression(program, f"{died.why}; make it smaller")


def _input(value: Json, variables: Mapping[str, Json], now: datetime | None) -> bytes:
    moment = now.timestamp() if now is not None else None
    return _line({"value": value, "variables": variables, "now": moment})


def _line(value: Json) -> bytes:
    # Escaped to ASCII, so that nothing in it can be taken for the end of the line.
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def _object(line: bytes) -> JsonObject:
    return cast("JsonObject", json.loads(line))


def _first_line(words: str) -> str:
    """Give jq's own words without the program it repeats below them."""
    return words.strip().partition("\n")[0].removeprefix("jq: error: ")
