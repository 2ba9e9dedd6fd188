"""``run: container``: an image, run by the engine that the operator has."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Final

from runtime.catalog.workflow.task import RunTask
from runtime.domain.effects import Effect
from runtime.domain.errors import ToolFailed
from runtime.domain.json import Json, JsonObject, object_of
from runtime.tools.containers import Containers, Image
from runtime.tools.tool import Call
from runtime.workflows.calls.gated import Deed, perform
from runtime.workflows.doing import Doing
from runtime.workflows.problem import fault
from runtime.workflows.tasks.process import arguments_of, environment_of, text_of

_PULLS: Final = {"ifNotPresent": "missing", "always": "always", "never": "never"}
_NAME: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")
_IMAGE: Final = re.compile(r"[a-z0-9][\w./:@-]*", re.IGNORECASE)
_ENVIRONMENT: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def run_container(doing: Doing, task: RunTask, given: JsonObject) -> JsonObject:
    """Run it once; give its code and what it said. Suspends while people are asked."""
    containers = doing.act.outfit.containers
    if containers is None:
        words = "there is no container engine here; name one in BATON_CONTAINER_ENGINE"
        raise fault("configuration", words, at=task.reference)
    wanted = _image(doing, given)
    limit = _seconds(doing, containers)
    shown = {name: value for name, value in given.items() if name not in ("stdin", "environment")}

    def work(call: Call) -> Json:
        del call
        ran = containers.run(wanted, seconds=limit)
        return {"code": ran.code, "stdout": ran.stdout, "stderr": ran.stderr}

    reaches_out = containers.network != "none" or bool(wanted.volumes) or not wanted.replaces
    deed = Deed(
        tool="container",
        # Walled in, it may be run again, in place of what a crash has left; else only people know.
        effect=Effect.IRREVERSIBLE if reaches_out or wanted.stays else Effect.WRITE,
        arguments=shown,
        run=work,
        fails_as="runtime",
        timeout_seconds=limit + 60,
        origin=f"container:{wanted.image}" if containers.network != "none" else "",
        fed=given,
    )
    return object_of(perform(doing, deed))


def _image(doing: Doing, given: JsonObject) -> Image:
    own = hashlib.sha256(doing.act.ctx.key(doing.name).encode()).hexdigest()[:20]
    command, stdin = given.get("command"), given.get("stdin")
    name, image = given.get("name"), str(given["image"])
    _check(doing, _IMAGE, image, what="image")
    if name is not None:
        _check(doing, _NAME, str(name), what="name")
    environment = environment_of(doing, given)
    for one in environment:
        _check(doing, _ENVIRONMENT, one, what="environment variable")
    return Image(
        image=image,
        name=f"baton-{own}" if name is None else str(name),
        command=None if command is None else str(command),
        arguments=arguments_of(given),
        environment=environment,
        stdin=None if stdin is None else text_of(stdin).encode(),
        volumes=_mapping(doing, given, "volumes"),
        ports=_mapping(doing, given, "ports"),
        pull=_PULLS[str(given.get("pullPolicy") or "ifNotPresent")],
        stays=_stays(doing, object_of(given.get("lifetime"))),
        replaces=name is None,
    )


def _stays(doing: Doing, lifetime: JsonObject) -> bool:
    cleanup = lifetime.get("cleanup")
    if cleanup == "eventually":
        words = "cleanup: eventually is not supported here; write always, or never"
        raise fault("configuration", words, at=doing.task.reference)
    return cleanup == "never"


def _mapping(doing: Doing, given: JsonObject, key: str) -> dict[str, str]:
    value = given.get(key)
    if value is None:
        return {}
    if not isinstance(value, Mapping) or any(":" in f"{name}{one}" for name, one in value.items()):
        words = f"{key!r} is no mapping from outside to inside without colons"
        raise fault("configuration", words, at=doing.task.reference)
    return {str(name): str(one) for name, one in value.items()}


def _check(doing: Doing, pattern: re.Pattern[str], text: str, *, what: str) -> None:
    """Refuse what the engine could take for one of its options. Raises ``Faulted``."""
    if not pattern.fullmatch(text):
        words = f"{text!r} is no {what} of a container; correct it"
        raise fault("configuration", words, at=doing.task.reference)


def _seconds(doing: Doing, containers: Containers) -> float:
    """Give the container's own time: what the operator allows, or less where the task says so."""
    timeout = doing.act.timeout_of(doing.task.timeout, at=doing.task.reference)
    if timeout is None:
        return containers.seconds
    seconds = doing.view.seconds(timeout, doing.data)
    if seconds <= 0:
        raise ToolFailed("the time of the task leaves none for a container; give it more")
    return min(containers.seconds, seconds)
