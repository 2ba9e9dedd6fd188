"""A whole workflow, as one immutable value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from runtime.catalog.workflow.task import (
    PLAIN,
    Duration,
    RetryPolicy,
    Strategy,
    Task,
    Tasks,
    Transform,
)
from runtime.domain.json import Json, JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """Tasks that are done before and after every task of a kind."""

    name: str
    extend: str
    when: str | None
    before: Tasks
    after: Tasks


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What the tasks of a workflow may refer to by name."""

    authentications: Mapping[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    errors: Mapping[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    extensions: tuple[Extension, ...] = ()
    functions: Mapping[str, Task] = field(default_factory=dict[str, Task])
    retries: Mapping[str, RetryPolicy] = field(default_factory=dict[str, RetryPolicy])
    secrets: tuple[str, ...] = ()
    timeouts: Mapping[str, Duration] = field(default_factory=dict[str, Duration])
    catalogs: Mapping[str, JsonObject] = field(default_factory=dict[str, JsonObject])


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When a workflow starts by itself; at most one of these is usual, several are allowed."""

    every: Duration | None = None
    cron: str | None = None
    after: Duration | None = None
    """How long after its end it starts again."""
    on: Strategy | None = None
    read: str = "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """What a file in ``agents/workflows`` says."""

    namespace: str
    name: str
    version: str
    title: str
    summary: str
    definition: JsonObject
    """The document as it was written, as JSON."""
    input: Transform = PLAIN
    output: Transform = PLAIN
    use: Use = Use()
    tasks: Tasks = ()
    timeout: Duration | str | None = None
    schedule: Schedule | None = None
    loose: bool = False
    """Whether every text is tried as an expression."""

    @property
    def actor(self) -> str:
        """Give what a step is signed with: ``vendor-purchase@1.0.0``."""
        return f"{self.name}@{self.version}"

    @property
    def input_schema(self) -> JsonObject | None:
        """Give the JSON Schema of the input where the document holds one."""
        document = self.input.schema.document if self.input.schema else None
        return document if isinstance(document, Mapping) else None

    def describe(self) -> JsonObject:
        """Tell a planner or a person what it does and takes."""
        return {
            "name": self.name,
            "version": self.version,
            "title": self.title,
            "summary": self.summary,
            "input_schema": self.input_schema,
        }

    @property
    def required(self) -> tuple[str, ...]:
        """Name the inputs it cannot do without."""
        names: Json = (self.input_schema or {}).get("required")
        return tuple(str(name) for name in names) if isinstance(names, list) else ()
