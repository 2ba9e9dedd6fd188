"""A call's surroundings, held in memory."""

from __future__ import annotations

import hashlib
from pathlib import Path

from runtime.domain.errors import ToolFailed
from runtime.domain.run import Artifact
from runtime.tools.tool import Call


class MemoryFiles:
    """Files of one run, as the contract of ``Files`` asks."""

    def __init__(self, files: dict[str, bytes] | None = None) -> None:
        self.stored = dict(files or {})
        self.artifacts: list[Artifact] = []

    def read(self, name: str) -> bytes:
        if name not in self.stored:
            raise ToolFailed(f"there is no file {name!r}")
        return self.stored[name]

    def write(self, name: str, content: bytes, *, media_type: str) -> Artifact:
        self.stored[name] = content
        artifact = Artifact(
            name=name,
            media_type=media_type,
            size_bytes=len(content),
            digest=hashlib.sha256(content).hexdigest(),
            step_id="run_1:/work",
        )
        self.artifacts.append(artifact)
        return artifact

    def names(self) -> list[str]:
        return sorted(self.stored)


class PlainMemory:
    """Facts in a dictionary."""

    def __init__(self) -> None:
        self.facts: dict[str, str] = {}

    def remember(self, name: str, value: str) -> None:
        self.facts[name] = value

    def recall(self, query: str) -> list[tuple[str, str]]:
        return [(n, v) for n, v in self.facts.items() if query in n or query in v]

    def forget(self, name: str) -> bool:
        return self.facts.pop(name, None) is not None


def call_with(
    *,
    files: dict[str, bytes] | None = None,
    data: Path | None = None,
    secrets: dict[str, str] | None = None,
) -> Call:
    """Give a call as a runner would make it."""
    return Call(
        run_id="run_1",
        step_id="run_1:/work",
        key="run_1:/work",
        principal="slack:T024/U061",
        files=MemoryFiles(files),
        memory=PlainMemory(),
        secrets=secrets or {},
        data=data or Path("/nonexistent"),
    )
