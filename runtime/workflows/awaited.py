"""Which events start a workflow: what ``schedule.on`` says, judged without a run."""

from __future__ import annotations

from collections.abc import Collection, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

from runtime.catalog.workflow.document import Schedule
from runtime.catalog.workflow.sound import inner_of
from runtime.catalog.workflow.task import Strategy
from runtime.domain.json import Json, JsonObject, object_of
from runtime.expressions.evaluator import Evaluator
from runtime.workflows.matching import fits

MOST_GATHERED: Final = 1000
"""As many events are gathered for one start; then it starts, whatever ``until`` says."""
_EXPECTED: Final = "expected"
_TAKEN: Final = "taken"
_ENDED: Final = "until"


@dataclass(frozen=True, slots=True)
class _Alone:
    """Expressions about an event and nothing else."""

    evaluator: Evaluator
    now: datetime

    def condition(self, text: str, on: Json) -> bool:
        return self.expression(text, on) not in (None, False)

    def expression(self, text: str, on: Json) -> Json:
        return self.evaluator.evaluate(inner_of(text) or text, on, now=self.now)

    def fill(self, value: Json, on: Json) -> Json:
        if isinstance(value, str):
            return value if inner_of(value) is None else self.expression(value, on)
        if isinstance(value, Mapping):
            return {name: self.fill(one, on) for name, one in value.items()}
        if isinstance(value, Sequence):
            return [self.fill(one, on) for one in value]
        return value


class Awaited:
    """Says of each event, in their order, whether the workflow is to start with it."""

    def __init__(self, schedule: Schedule, evaluator: Evaluator, *, now: datetime) -> None:
        assert schedule.on is not None, "only what awaits events is asked about them"
        self._strategy = schedule.on
        self._whole = schedule.read == "envelope"
        self._judge = _Alone(evaluator, now)

    def take(
        self, event: JsonObject, gathered: MutableMapping[str, Json]
    ) -> list[JsonObject] | None:
        """Give the events to start with, where this one completes them; else None.

        ``gathered`` holds what ``all`` and ``until`` have so far, and is changed. Raises
        ``BadExpression``; an event of which only ``until`` cannot be told is gathered all the same.
        """
        if self._strategy.until is not None:
            return self._gather(event, gathered, self._strategy.until)
        expected = _expected(gathered)
        known = [index for index in range(len(self._strategy.filters)) if str(index) in gathered]
        index = self._met(self._strategy, event, expected, without=known)
        if index is None:
            return None
        if self._strategy.mode != "all" or not self._strategy.filters:
            return [event]
        gathered[str(index)], gathered[_EXPECTED] = event, expected
        return self._completed(gathered)

    def read(self, event: JsonObject) -> Json:
        """Give what a workflow is told of an event."""
        return event if self._whole else event.get("data")

    def _gather(
        self, event: JsonObject, gathered: MutableMapping[str, Json], until: str | Strategy
    ) -> list[JsonObject] | None:
        """Take what comes until a condition holds, or until the events that end it have come."""
        expected = _expected(gathered)
        if isinstance(until, Strategy):
            ended = cast("list[int]", gathered.get(_ENDED) or [])
            index = self._met(until, event, expected, without=ended)
            if index is not None:
                # It ends the gathering and is no part of what was gathered.
                gathered[_ENDED], gathered[_EXPECTED] = [*ended, index], expected
                is_over = until.mode != "all" or len(ended) + 1 >= len(until.filters)
                return _begun(gathered) if is_over else None
        if self._met(self._strategy, event, expected) is None:
            return None
        taken = [*cast("list[JsonObject]", gathered.get(_TAKEN) or []), event]
        gathered[_TAKEN], gathered[_EXPECTED] = cast("Json", taken), expected
        if len(taken) >= MOST_GATHERED:
            return _begun(gathered)
        told = [self.read(one) for one in taken]
        holds = isinstance(until, str) and self._judge.condition(until, told)
        return _begun(gathered) if holds else None

    def _met(
        self,
        strategy: Strategy,
        event: JsonObject,
        expected: dict[str, Json],
        *,
        without: Collection[int] = (),
    ) -> int | None:
        """Give the first filter that an event meets; without any, every event counts."""
        if not strategy.filters:
            return 0
        for index, wanted in enumerate(strategy.filters):
            if strategy.mode == "all" and index in without:
                continue
            if fits(wanted, event, view=self._judge, data=None, expected=expected):
                return index
        return None

    def _completed(self, gathered: MutableMapping[str, Json]) -> list[JsonObject] | None:
        keys = [str(index) for index in range(len(self._strategy.filters))]
        if any(key not in gathered for key in keys):
            return None
        found = [cast("JsonObject", gathered[key]) for key in keys]
        gathered.clear()
        return found


def count_of(gathered: JsonObject) -> int:
    """Tell how many events are kept for a start that is still to come."""
    taken = gathered.get(_TAKEN)
    if isinstance(taken, list):
        return len(taken)
    return sum(key not in (_EXPECTED, _ENDED) for key in gathered)


def _expected(gathered: Mapping[str, Json]) -> dict[str, Json]:
    return dict(object_of(gathered.get(_EXPECTED)))


def _begun(gathered: MutableMapping[str, Json]) -> list[JsonObject] | None:
    """Give what was gathered, and begin anew; with nothing gathered there is nothing to start."""
    taken = cast("list[JsonObject]", gathered.get(_TAKEN) or [])
    gathered.clear()
    return taken or None
