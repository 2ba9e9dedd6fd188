"""All workflows of a folder, and that they fit to each other and to what lies beside them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path as File

from runtime.catalog.located import Located, read_yaml
from runtime.catalog.problems import Problems
from runtime.catalog.workflow import sponsor
from runtime.catalog.workflow.beside import Beside, misnamed
from runtime.catalog.workflow.compiled import uncompiled
from runtime.catalog.workflow.document import Workflow
from runtime.catalog.workflow.read import pointer, read_workflow
from runtime.expressions.evaluator import Evaluator


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    workflow: Workflow
    place: Located


def files_in(folder: File) -> list[File]:
    """List the files of a folder that are workflows; there are none where there is no folder.

    A file that is still empty is about to be written: a shell makes it before the command begins
    whose output goes there, and that command may be one of ours.
    """
    if not folder.is_dir():
        return []
    found = sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])
    return [file for file in found if file.stat().st_size]


def read_workflows(files: Sequence[File], *, beside: Beside, problems: Problems) -> list[Workflow]:
    """Read workflows from their files; they may name each other, and what lies beside them."""
    found: dict[str, _Read] = {}
    for file in files:
        read = _read(file, problems)
        if read is None:
            continue
        name = read.workflow.name
        if name in found:
            words = f"{found[name].place.file} is called {name!r} too; rename one"
            line = read.place.line("document", "name")
            problems.add(str(file), line, words, pointer="/document/name")
            continue
        found[name] = read
    flows = {name: read.workflow for name, read in found.items()}
    known = replace(beside, workflows={**beside.workflows, **flows})
    for read in found.values():
        unanswered = sponsor.lacking(read.workflow.definition)
        if unanswered is not None:
            line = read.place.line("schedule")
            problems.warn(read.place.file, line, unanswered, pointer="/schedule")
        for path, words in misnamed(read.workflow, known):
            line = read.place.line(*path)
            problems.add(read.place.file, line, words, pointer=pointer(path))
    _check_expressions(list(found.values()), problems)
    return [read.workflow for read in found.values()]


def readable_in(files: Sequence[File]) -> dict[str, Workflow]:
    """Give the workflows in files by name, of those that can be read."""
    read = (_read(file, Problems()) for file in files)
    return {one.workflow.name: one.workflow for one in read if one is not None}


def _check_expressions(found: Sequence[_Read], problems: Problems) -> None:
    """Have everything in jq compiled; a process is started for it only where there is any."""
    with closing(Evaluator()) as evaluator:
        for read in found:
            for path, words in uncompiled(read.workflow.definition, evaluator):
                line = read.place.line(*path)
                problems.add(read.place.file, line, words, pointer=pointer(path))


def _read(file: File, problems: Problems) -> _Read | None:
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        problems.add(str(file), 1, f"cannot be read: {error.strerror}; mend its rights")
        return None
    except UnicodeDecodeError:
        problems.add(str(file), 1, "this is not UTF-8; save the file with that encoding")
        return None
    workflow = read_workflow(text, file=str(file), problems=problems)
    place = read_yaml(text, file=str(file), problems=Problems())
    return None if workflow is None or place is None else _Read(workflow=workflow, place=place)
