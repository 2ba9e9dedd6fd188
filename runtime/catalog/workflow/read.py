"""Read a workflow from its file, or say everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from runtime.catalog.located import Located, Path, read_yaml
from runtime.catalog.problems import Problems
from runtime.catalog.workflow import sound
from runtime.catalog.workflow.build import (
    escaped,
    retry_of,
    task_of,
    tasks_of,
    timeout_of,
    transform_of,
)
from runtime.catalog.workflow.document import Extension, Schedule, Use, Workflow
from runtime.catalog.workflow.durations import duration_of
from runtime.catalog.workflow.events import strategy_of
from runtime.catalog.workflow.grammar import DOCUMENT
from runtime.domain.json import Json, JsonObject, object_of

_DSL = "1.0."


def parse_workflow(text: str, *, file: str) -> Workflow:
    """Read a workflow. Raises ``Misconfigured``, one problem a line, as ``file:line: …``."""
    problems = Problems()
    workflow = read_workflow(text, file=file, problems=problems)
    problems.raise_if_any()
    assert workflow is not None, "without a problem there is a workflow"
    return workflow


def read_workflow(text: str, *, file: str, problems: Problems) -> Workflow | None:
    """Read a workflow; None where problems were noted."""
    place = read_yaml(text, file=file, problems=problems)
    if place is None:
        return None
    found = list(DOCUMENT.wrong(place.value, ())) or list(sound.complaints(object_of(place.value)))
    for path, words in found:
        problems.add(file, place.line(*path), words, pointer=pointer(path))
    document = object_of(place.value)
    if not found and not _dsl(document).startswith(_DSL):
        _refuse_version(place, problems)
        return None
    return None if found else _workflow(document)


def _refuse_version(place: Located, problems: Problems) -> None:
    path = ("document", "dsl")
    words = f"{_dsl(object_of(place.value))!r} is not read here; write '1.0.3'"
    problems.add(place.file, place.line(*path), words, pointer=pointer(path))


def _dsl(document: JsonObject) -> str:
    return str(object_of(document.get("document")).get("dsl"))


def workflow_of(definition: JsonObject) -> Workflow:
    """Give the workflow of a definition that was read before, as a run keeps it."""
    return _workflow(definition)


def _workflow(given: JsonObject) -> Workflow:
    heading = object_of(given["document"])
    schedule = given.get("schedule")
    return Workflow(
        namespace=str(heading["namespace"]),
        name=str(heading["name"]),
        version=str(heading["version"]),
        title=str(heading.get("title") or heading["name"]),
        summary=str(heading.get("summary") or ""),
        definition=given,
        input=transform_of(given.get("input"), "from"),
        output=transform_of(given.get("output"), "as"),
        use=_use(object_of(given.get("use"))),
        tasks=tasks_of(given["do"], "/do"),
        timeout=timeout_of(given.get("timeout")),
        schedule=_schedule(object_of(schedule)) if schedule else None,
        loose=object_of(given.get("evaluate")).get("mode") == "loose",
    )


def _schedule(given: JsonObject) -> Schedule:
    return Schedule(
        every=duration_of(given["every"]) if "every" in given else None,
        cron=str(given["cron"]) if "cron" in given else None,
        after=duration_of(given["after"]) if "after" in given else None,
        on=strategy_of(given["on"]) if "on" in given else None,
        read=str(given.get("read") or "data"),
    )


def _use(given: JsonObject) -> Use:
    def named(section: str) -> Mapping[str, JsonObject]:
        return {name: object_of(one) for name, one in object_of(given.get(section)).items()}

    return Use(
        authentications=named("authentications"),
        errors=named("errors"),
        extensions=_extensions(given.get("extensions")),
        functions={
            name: task_of(name, task, f"/use/functions/{escaped(name)}")
            for name, task in named("functions").items()
        },
        retries={name: retry_of(one) for name, one in named("retries").items()},
        secrets=tuple(str(name) for name in cast("list[Json]", given.get("secrets") or [])),
        timeouts={name: timeout_of(one) for name, one in named("timeouts").items()},
        catalogs=named("catalogs"),
    )


def _extensions(value: Json) -> tuple[Extension, ...]:
    found: list[Extension] = []
    for index, item in enumerate(cast("list[JsonObject]", value or [])):
        [(name, one)] = item.items()
        given = object_of(one)
        place = f"/use/extensions/{index}/{escaped(name)}"
        when = given.get("when")
        found.append(
            Extension(
                name=name,
                extend=str(given["extend"]),
                when=None if when is None else str(when),
                before=tasks_of(given.get("before") or [], f"{place}/before"),
                after=tasks_of(given.get("after") or [], f"{place}/after"),
            )
        )
    return tuple(found)


def pointer(path: Path) -> str:
    """Spell a place as a JSON pointer."""
    return "/" + "/".join(escaped(str(part)) for part in path)
