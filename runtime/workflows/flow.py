"""The values that move through a workflow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from runtime.catalog.workflow.task import Task
from runtime.domain.json import Json

CONTINUE: Final = "continue"
EXIT: Final = "exit"
END: Final = "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """What one task hands to the next: data, and the context of the workflow."""

    data: Json
    context: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """How a task ended, and where to go on: a directive, or a task's name."""

    flow: Flow
    then: str = CONTINUE


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Where in the document, and under which names in the journal, tasks are done."""

    reference: str = ""
    """What the references of the tasks here begin with,"""
    name: str = ""
    """and what stands for that in the journal: for loops with the index, for retries with the
    number, so that no two tries share an entry."""
    variables: Mapping[str, Json] = field(default_factory=dict[str, Json])
    """What loops and catches have named."""
    extended: bool = False
    """These are the tasks of an extension, which are not extended themselves."""

    def name_of(self, task: Task, visit: int = 1) -> str:
        """Give the journal's name of a task, ``do/2/charge``; later visits are numbered."""
        name = f"{self.name}{task.reference.removeprefix(self.reference)}".lstrip("/")
        return name if visit == 1 else f"{name}.{visit}"

    def inside(self, reference: str, name: str, **variables: Json) -> Frame:
        """Give the frame of tasks below ``reference``."""
        return replace(
            self, reference=reference, name=name, variables={**self.variables, **variables}
        )
