"""Run a program, walled in, or another workflow."""

from __future__ import annotations

from typing import Final

from runtime.catalog.workflow.task import RunTask
from runtime.domain.effects import Effect
from runtime.domain.errors import Misconfigured, ToolFailed
from runtime.domain.json import Json, JsonObject, object_of
from runtime.durable.leaf import Child
from runtime.tools.confined import Confinement, Ended, Finished, Job, Limits, python
from runtime.tools.tool import Call
from runtime.workflows import javascript, origins
from runtime.workflows.calls.gated import Deed, perform
from runtime.workflows.calls.uri import uri_of
from runtime.workflows.doing import Doing
from runtime.workflows.flow import Passed
from runtime.workflows.problem import fault
from runtime.workflows.tasks.container import run_container
from runtime.workflows.tasks.process import arguments_of, environment_of, stdin_of

_SECONDS: Final = 60.0
_LANGUAGES: Final = {"js": "js", "javascript": "js", "python": "python"}


def run(doing: Doing) -> Passed:
    """Run it. Without waiting, the task gives its input: what runs on its own is not told."""
    task = doing.task
    assert isinstance(task, RunTask)
    if not task.waits:
        words = "run without await is not supported here; fork it, or emit an event instead"
        raise fault("configuration", words, at=task.reference)
    given = object_of(doing.view.fill(task.process, doing.data))
    if task.what == "workflow":
        return _workflow(doing, given)
    if task.what == "container":
        return doing.gives(_returned(doing, task, run_container(doing, task, given)))
    job = _shell(doing, given) if task.what == "shell" else _script(doing, given)
    shown = {name: given[name] for name in ("language", "command", "code") if name in given}

    def work(call: Call) -> Json:
        del call
        try:
            return _told(Confinement().run(job))
        except Misconfigured as error:
            raise ToolFailed(error.public) from error

    deed = Deed(
        tool=task.what,
        # It has no network and keeps no file, so nothing is left of it but what it says.
        effect=Effect.READ,
        arguments=shown,
        run=work,
        fails_as="runtime",
        timeout_seconds=_SECONDS + 30,
        fed=given,
    )
    return doing.gives(_returned(doing, task, object_of(perform(doing, deed))))


def _workflow(doing: Doing, given: JsonObject) -> Passed:
    """Carry out another workflow, of the versions this run began with, as a step below."""
    name, version = str(given["name"]), str(given["version"])
    found = doing.act.kit.catalog.workflow(name)
    if version not in ("latest", found.version) or given["namespace"] != found.namespace:
        words = f"there is {found.namespace}/{found.actor} and no {given['namespace']}/{name}"
        raise fault("configuration", f"{words}@{version}", at=doing.task.reference)
    ended = doing.act.ctx.call(
        Child(
            name=f"{doing.name}/workflow",
            kind="workflow",
            title=found.title,
            actor=found.actor,
            input={
                "workflow": found.name,
                "input": given.get("input", doing.data),
                **origins.below(doing.act, given.get("input", doing.data)),
            },
        )
    )
    output = object_of(ended).get("output")
    origins.returned(doing.act, object_of(ended), output)
    return doing.gives(output)


def _shell(doing: Doing, given: JsonObject) -> Job:
    return Job(
        command=("/bin/sh", "-c", str(given["command"]), "sh", *arguments_of(given)),
        stdin=stdin_of(given),
        environment=environment_of(doing, given),
        limits=Limits(seconds=_SECONDS, cpu_seconds=int(_SECONDS), processes=16),
    )


def _script(doing: Doing, given: JsonObject) -> Job:
    language = _LANGUAGES.get(str(given["language"]).lower())
    if language is None:
        words = f"scripts in {given['language']!r} are not supported here; write js or python"
        raise fault("configuration", words, at=doing.task.reference)
    code = str(given["code"]) if "code" in given else _source(doing, given)
    files = {"program.py": code.encode()}
    if language == "js":
        files = {"program.py": javascript.HOST.encode(), "program.js": code.encode()}
    return Job(
        command=python("program.py", *arguments_of(given)),
        stdin=stdin_of(given),
        files=files,
        environment=environment_of(doing, given),
        limits=Limits(seconds=_SECONDS, cpu_seconds=int(_SECONDS)),
    )


def _source(doing: Doing, given: JsonObject) -> str:
    endpoint = object_of(given["source"])["endpoint"]
    uri = uri_of(doing, str(object_of(endpoint).get("uri") or endpoint))

    def fetch() -> Json:
        reply = doing.act.outfit.http.get(uri)
        if reply.status != 200:
            raise ToolFailed(f"the script {uri!r} answered {reply.status}")
        return reply.body.decode(errors="replace")

    return str(doing.once("script", fetch, name=f"{doing.name}/source"))


def _told(finished: Finished) -> Json:
    if finished.ended is not Ended.BY_ITSELF:
        raise ToolFailed(f"the program was stopped: {finished.ended}; let it do less")
    return {
        "code": finished.status,
        "stdout": finished.output.decode(errors="replace"),
        "stderr": finished.errors.decode(errors="replace"),
    }


def _returned(doing: Doing, task: RunTask, result: JsonObject) -> Json:
    if task.gives == "none":
        return None
    if task.gives == "all":
        return result
    if result["code"] != 0 and task.gives == "stdout":
        # Whoever asks for the code or the errors has them in hand; else a failure is one.
        words = f"it ended with {result['code']}: {str(result['stderr'])[-500:]}"
        raise fault("runtime", words, at=doing.task.reference)
    return result[task.gives]
