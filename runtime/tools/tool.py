"""A tool: a capability with a schema, an effect and a time limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final, Protocol

from runtime.domain.approval import Preview
from runtime.domain.effects import Effect
from runtime.domain.json import Json, JsonObject
from runtime.domain.run import Artifact

CONTAINED: Final[Mapping[str, str]] = MappingProxyType({"contained": "yes"})
"""The label of a tool whose calls reach nothing outside of their run, whatever is given to them."""


class Files(Protocol):
    """The files of one run: what it was given, and what it makes."""

    def read(self, name: str) -> bytes:
        """Give a file's bytes: a run artifact, else a shipped data file. Raises ``ToolFailed``."""
        ...

    def write(self, name: str, content: bytes, *, media_type: str) -> Artifact:
        """Store a run artifact; the same name again is a new version of it."""
        ...

    def names(self) -> list[str]:
        """List what can be read, sorted."""
        ...


class Memory(Protocol):
    """Facts that outlive a run, scoped to the requester's workspace."""

    def remember(self, name: str, value: str) -> None: ...
    def recall(self, query: str) -> list[tuple[str, str]]: ...
    def forget(self, name: str) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Everything a running tool may touch besides its arguments.

    A Python tool receives it by declaring a parameter annotated ``Call``; it is no argument of
    the schema and no model ever sees it.
    """

    run_id: str
    step_id: str
    key: str
    """Idempotency key of this call: the same for every repeat of it, unlike for any other."""
    principal: str
    """On whose behalf: the run acts with the requester's rights."""
    files: Files
    memory: Memory
    secrets: dict[str, str]
    """Only those the tool declared."""
    data: Path
    """Folder for data files that tools may open: ledgers, offers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What a reconcile hook found out about a call in doubt. ``None`` from a hook: cannot tell."""

    happened: bool
    result: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One entry of the registry. ``run`` gets validated arguments and returns JSON.

    ``run`` raises ``ToolFailed`` when the call definitely did nothing, ``Upstream`` when it may
    be tried again; anything else counts as a bug of the tool and, for an irreversible tool, as
    an unknown outcome.
    """

    name: str
    description: str
    parameters: JsonObject
    effect: Effect
    run: Callable[[JsonObject, Call], Json]
    timeout_seconds: float = 30.0
    preview: Callable[[JsonObject, Call], Preview] | None = None
    reconcile: Callable[[JsonObject, Call], Reconciled | None] | None = None
    secrets: tuple[str, ...] = ()
    """Names of environment variables that the runner injects."""
    source: str = "built-in"
    """``built-in``, ``agents/<name>/tools.py`` or ``mcp:<server>``."""
    untrusted: bool = False
    """Its output comes from outside and is marked as such for the model."""
    labels: dict[str, str] = field(default_factory=dict[str, str])
