"""Whether workflow files are sound: for editors and build servers. Nothing is opened or run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path as File

from runtime.catalog.problems import Problem, Problems
from runtime.catalog.workflow.document import Workflow
from runtime.catalog.workflow.folder import files_in, read_workflows
from runtime.catalog.workflow.installed import beside_in
from runtime.domain.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was read, and all that is wrong with it."""

    files: tuple[File, ...]
    workflows: tuple[Workflow, ...]
    problems: tuple[Problem, ...]


def check_workflows(paths: Sequence[File], *, agents_path: File) -> Checked:
    """Check files, and the workflows in folders; those of an installation where none is named.

    Names of agents, tools, roles and other workflows are looked up in the installation's folder;
    where that is not there, all but those of workflows are believed.

    Raises:
        NotFound: there is no such file, or no workflow at all.
    """
    files = _files(paths) if paths else files_in(agents_path / "workflows")
    if not files:
        where = ", ".join(map(str, paths)) or str(agents_path / "workflows")
        raise NotFound(f"there is no workflow in {where}; write one as NAME.yaml")
    problems = Problems()
    # What is wrong with those beside is told where they themselves are checked.
    workflows = read_workflows(files, beside=beside_in(agents_path), problems=problems)
    found = [one for one in problems.found if isinstance(one, Problem)] + problems.warnings
    order = {str(file): at for at, file in enumerate(files)}
    found.sort(key=lambda one: (order.get(one.file, 0), one.line))
    return Checked(files=tuple(files), workflows=tuple(workflows), problems=tuple(found))


def _files(paths: Sequence[File]) -> list[File]:
    found: dict[File, None] = {}
    for path in paths:
        if not path.exists():
            raise NotFound(f"there is no file {str(path)!r}; name a workflow or a folder of them")
        found.update(dict.fromkeys(files_in(path) if path.is_dir() else [path]))
    return list(found)
