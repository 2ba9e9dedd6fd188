"""All workflows of a folder, and that they fit to each other and to the agents."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as File

from runtime.catalog.located import Located, Path, read_yaml
from runtime.catalog.problems import Problems, near
from runtime.catalog.workflow.document import Workflow
from runtime.catalog.workflow.read import pointer, read_workflow
from runtime.catalog.workflow.sound import inner_of
from runtime.domain.json import Json, object_of


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    workflow: Workflow
    place: Located


def read_workflows(folder: File, *, agents: Collection[str], problems: Problems) -> list[Workflow]:
    """Read every ``*.yaml`` of a folder; there are none where there is no folder."""
    if not folder.is_dir():
        return []
    found: dict[str, _Read] = {}
    for file in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
        read = _read(file, problems)
        if read is None:
            continue
        name = read.workflow.name
        if name in found:
            words = f"{found[name].place.file} is called {name!r} too; rename one"
            problems.add(str(file), read.place.line("document", "name"), words)
            continue
        found[name] = read
    for read in found.values():
        for path, words in _misfits(read.workflow.definition, (), agents, found):
            problems.add(read.place.file, read.place.line(*path), f"{pointer(path)}: {words}")
    return [read.workflow for read in found.values()]


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


def _misfits(
    value: Json, path: Path, agents: Collection[str], found: Mapping[str, _Read]
) -> Iterator[tuple[Path, str]]:
    """Give where a document names an agent or another workflow that is not there."""
    if isinstance(value, Mapping):
        agent = object_of(value.get("with")).get("agent")
        named = isinstance(agent, str) and value.get("call") == "agent"
        if named and agent not in agents and inner_of(str(agent)) is None:
            words = f"there is no agent {agent!r}; {near(str(agent), agents)}"
            yield (*path, "with", "agent"), words
        name = object_of(object_of(value.get("run")).get("workflow")).get("name")
        if isinstance(name, str) and name not in found:
            words = f"there is no workflow {name!r} here; {near(name, found)}"
            yield (*path, "run", "workflow", "name"), words
        for key, inner in value.items():
            yield from _misfits(inner, (*path, key), agents, found)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, inner in enumerate(value):
            yield from _misfits(inner, (*path, index), agents, found)
