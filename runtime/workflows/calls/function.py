"""``call: name``: a function of the document, or one that lies in a catalogue."""

from __future__ import annotations

import re
from typing import cast
from urllib.parse import urlsplit

from runtime.catalog.located import read_yaml
from runtime.catalog.problems import Problems
from runtime.catalog.workflow.build import escaped, task_of
from runtime.catalog.workflow.grammar import TASK
from runtime.catalog.workflow.task import CallTask, Task
from runtime.domain.errors import ToolFailed
from runtime.domain.json import Json, JsonObject, object_of
from runtime.workflows.doing import Doing
from runtime.workflows.flow import Flow, Passed
from runtime.workflows.problem import fault

_CATALOGUED = re.compile(r"^(?P<name>[^:@/]+):(?P<version>[^:@/]+)@(?P<catalog>[^@/]+)$")


def call_function(doing: Doing) -> Passed:
    """Do the function's task with the given arguments as its input."""
    task = doing.task
    assert isinstance(task, CallTask)
    function = doing.act.workflow.use.functions.get(task.function) or _fetched(doing, task)
    arguments = doing.view.fill(task.arguments, doing.data)
    frame = doing.frame.inside(function.reference, f"{doing.name}/function")
    flow = Flow(data=arguments, context=doing.context)
    passed = doing.act.do_task(doing.act, function, flow, frame, f"{doing.name}/function")
    return Passed(flow=passed.flow)


def _fetched(doing: Doing, task: CallTask) -> Task:
    """Fetch a function's definition; what it was stays in the journal."""
    uri = _address(doing, task.function)

    def fetch() -> Json:
        reply = doing.act.outfit.http.get(uri)
        if reply.status != 200:
            raise ToolFailed(f"{uri!r} answered {reply.status}; check the function's address")
        return _read(reply.body, uri)

    definition = doing.once("function", fetch, name=f"{doing.name}/definition")
    place = f"{task.reference}/function"
    return task_of(escaped(task.function), object_of(definition), place)


def _read(body: bytes, uri: str) -> Json:
    problems = Problems()
    read = read_yaml(body.decode(errors="replace"), file=uri, problems=problems)
    unread = [str(problem) for problem in problems.found]
    wrong = [words for _, words in TASK.wrong(read.value, ())] if read else unread
    if wrong or read is None:
        raise ToolFailed(f"{uri!r} holds no function: {'; '.join(wrong[:3])}")
    return read.value


def _address(doing: Doing, function: str) -> str:
    found = _CATALOGUED.match(function)
    if found is None:
        return _raw(function)
    name = found["catalog"]
    catalog = doing.act.workflow.use.catalogs.get(name)
    if catalog is None:
        words = f"use.catalogs has no {name!r}; add it with its endpoint"
        raise fault("configuration", words, at=doing.task.reference)
    endpoint = cast("JsonObject | str", catalog["endpoint"])
    root = str(endpoint if isinstance(endpoint, str) else endpoint["uri"]).rstrip("/")
    return _raw(f"{root}/functions/{found['name']}/{found['version']}/function.yaml")


def _raw(uri: str) -> str:
    """Give the address of a file's text where a page about it is meant.

    See https://github.com/open-workflow-specification/specification/blob/main/dsl.md#catalogs.
    """
    parts = urlsplit(uri)
    if parts.hostname != "github.com":
        return uri
    owner, repository, *rest = parts.path.strip("/").split("/")
    if rest[:1] in (["tree"], ["blob"]):
        rest = rest[1:]
    elif rest[:1] == ["functions"]:
        rest = ["main", *rest]
    return f"https://raw.githubusercontent.com/{owner}/{repository}/refs/heads/{'/'.join(rest)}"
