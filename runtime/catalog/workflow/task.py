"""A task of a workflow: twelve kinds, and what all of them may say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from runtime.domain.json import Json, JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """A time span: seconds, or an expression that gives an ISO 8601 duration."""

    seconds: float = 0.0
    expression: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """What data must look like: a JSON Schema, here or somewhere else."""

    document: Json = None
    resource: JsonObject | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transform:
    """How data is checked and changed on its way in, out or into the context."""

    schema: Schema | None = None
    value: Json = None
    """``from`` or ``as``: an expression, or an object with expressions in it."""


PLAIN = Transform()


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What every task may say."""

    name: str
    reference: str
    """Where it stands: the JSON pointer ``/do/2/charge``."""
    definition: JsonObject
    condition: str | None = None
    input: Transform = PLAIN
    output: Transform = PLAIN
    export: Transform = PLAIN
    timeout: Duration | str | None = None
    """A time span, or the name of one."""
    then: str | None = None
    metadata: JsonObject = field(default_factory=dict[str, Json])

    @property
    def title(self) -> str:
        """Give what people are shown: the author's words for it, or its name."""
        return str(self.metadata.get("title") or self.name)


Tasks = tuple[Task, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTask(Task):
    """Give data."""

    value: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class DoTask(Task):
    """Do tasks one after the other."""

    tasks: Tasks


@dataclass(frozen=True, slots=True, kw_only=True)
class ForTask(Task):
    """Do tasks for each item of a collection, for as long as a condition holds."""

    each: str
    at: str
    collection: Json
    """An expression, or the items themselves."""
    holds: str | None
    tasks: Tasks


@dataclass(frozen=True, slots=True, kw_only=True)
class ForkTask(Task):
    """Do tasks side by side; all of them, or whichever is first."""

    branches: Tasks
    compete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One way a switch may go. Without ``when`` it is taken where no other is."""

    name: str
    when: str | None
    then: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchTask(Task):
    """Go on at one of several places."""

    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Whether, when and how often to try again."""

    when: str | None = None
    except_when: str | None = None
    delay: Duration | None = None
    backoff: str = "constant"
    """``constant``, ``linear`` or ``exponential``."""
    most_attempts: int | None = None
    attempt_limit: Duration | None = None
    """How long one attempt may take."""
    limit: Duration | None = None
    """How long trying may go on."""
    jitter: tuple[Duration, Duration] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Catch:
    """Which errors are caught, and what is done about them."""

    errors: JsonObject
    """Properties the error must have; empty: any error."""
    variable: str
    when: str | None
    except_when: str | None
    retry: RetryPolicy | str | None
    tasks: Tasks
    then: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TryTask(Task):
    """Do tasks, and handle their errors."""

    tasks: Tasks
    catch: Catch


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseTask(Task):
    """Raise an error: given here, or by its name."""

    error: JsonObject | str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitTask(Task):
    """Let time pass."""

    duration: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class EmitTask(Task):
    """Say that something happened."""

    event: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events count, and what they must have in common with others."""

    attributes: JsonObject
    correlate: Mapping[str, JsonObject]


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """Which events are awaited: ``one``, ``any`` or ``all`` of some filters."""

    mode: str
    filters: tuple[EventFilter, ...]
    until: str | Strategy | None = None
    """For ``any``: go on until this holds, or until these events came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EachEvent:
    """What is done for each event that a listener takes."""

    item: str
    at: str
    tasks: Tasks
    output: Transform
    export: Transform


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenTask(Task):
    """Wait for events."""

    to: Strategy
    read: str
    each: EachEvent | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTask(Task):
    """Run a program or another workflow."""

    what: str
    """``script``, ``shell``, ``workflow`` or ``container``."""
    process: JsonObject
    waits: bool
    gives: str
    """``stdout``, ``stderr``, ``code``, ``all`` or ``none``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTask(Task):
    """Call something by name: a protocol, a function, one of Baton's own."""

    function: str
    arguments: JsonObject
