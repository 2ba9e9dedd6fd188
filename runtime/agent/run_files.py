"""The files of one run, over the database and the shipped data folder."""

from __future__ import annotations

import hashlib
from pathlib import Path

from runtime.domain.errors import ToolFailed
from runtime.domain.ports import Clock
from runtime.domain.run import Artifact
from runtime.storage import artifacts, blobs
from runtime.storage.database import Database

_LARGEST_BYTES = 10 * 1024 * 1024


class RunFiles:
    """Artifacts of the run come before data files of the same name."""

    def __init__(
        self, database: Database, clock: Clock, *, run_id: str, step_id: str, data: Path
    ) -> None:
        self._database = database
        self._clock = clock
        self._run_id = run_id
        self._step_id = step_id
        self._data = data

    def read(self, name: str) -> bytes:
        """Give a file's bytes. Raises ``ToolFailed`` with the names there are."""
        with self._database.read() as connection:
            for artifact in artifacts.of_run(connection, self._run_id):
                if artifact.name == name:
                    return blobs.get(connection, artifact.digest)
        path = self._data / name
        if name not in self._data_names() or path.stat().st_size > _LARGEST_BYTES:
            raise ToolFailed(f"there is no file {name!r}; there are: {', '.join(self.names())}")
        return path.read_bytes()

    def write(self, name: str, content: bytes, *, media_type: str) -> Artifact:
        """Store an artifact; repeated by a step that is done again, it replaces itself."""
        if not name or "/" in name or "\\" in name or name.startswith(".") or len(name) > 120:
            raise ToolFailed(f"{name!r} is no file name; use a plain one such as 'report.md'")
        if len(content) > _LARGEST_BYTES:
            raise ToolFailed(f"{name!r} is larger than 10 MiB; write a smaller one")
        artifact = Artifact(
            name=name,
            media_type=media_type,
            size_bytes=len(content),
            digest=hashlib.sha256(content).hexdigest(),
            step_id=self._step_id,
        )
        with self._database.write() as connection:
            blobs.put(connection, content)
            artifacts.put(connection, self._run_id, artifact, now=self._clock.now())
        return artifact

    def names(self) -> list[str]:
        """List what can be read, sorted."""
        with self._database.read() as connection:
            made = {artifact.name for artifact in artifacts.of_run(connection, self._run_id)}
        return sorted(made | self._data_names())

    def _data_names(self) -> set[str]:
        if not self._data.is_dir():
            return set()
        return {path.name for path in self._data.iterdir() if path.is_file()}
