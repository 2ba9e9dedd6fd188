"""The files that count, in a folder where editors and interpreters leave theirs as well."""

from __future__ import annotations

import hashlib
from pathlib import Path

VERSION_DIGITS = 12


def files_of(folder: Path) -> list[Path]:
    """List every file below ``folder`` that is content, sorted; hidden and cached ones are not."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(_is_litter(part) for part in path.relative_to(folder).parts)
    ]


def version_of(folder: Path) -> str:
    """Give the version of a folder: it changes when a file's name or content does, and only then.

    Raises ``OSError`` where a file cannot be read.
    """
    total = hashlib.sha256()
    for path in files_of(folder):
        name = path.relative_to(folder).as_posix()
        total.update(hashlib.sha256(name.encode()).digest())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:VERSION_DIGITS]


def _is_litter(part: str) -> bool:
    return part.startswith(".") or part.endswith(("~", ".pyc")) or part == "__pycache__"
