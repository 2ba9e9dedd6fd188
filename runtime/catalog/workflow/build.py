"""Values out of a document that fits the grammar; nothing is checked here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from runtime.catalog.workflow import events
from runtime.catalog.workflow.durations import duration_of
from runtime.catalog.workflow.task import (
    CallTask,
    Case,
    Catch,
    DoTask,
    EmitTask,
    ForkTask,
    ForTask,
    ListenTask,
    RaiseTask,
    RetryPolicy,
    RunTask,
    Schema,
    SetTask,
    SwitchTask,
    Task,
    Tasks,
    Transform,
    TryTask,
    WaitTask,
)
from runtime.domain.json import Json, JsonObject, object_of

_PROCESSES = ("script", "shell", "workflow", "container")


def tasks_of(value: Json, place: str) -> Tasks:
    """Give the tasks of a list that stands at a JSON pointer."""
    found: list[Task] = []
    for index, item in enumerate(cast("list[JsonObject]", value)):
        [(name, definition)] = item.items()
        found.append(task_of(name, object_of(definition), f"{place}/{index}/{escaped(name)}"))
    return tuple(found)


def task_of(name: str, definition: JsonObject, reference: str) -> Task:
    """Give one task."""
    shared: dict[str, Any] = {
        "name": name,
        "reference": reference,
        "definition": definition,
        "condition": definition.get("if"),
        "input": transform_of(definition.get("input"), "from"),
        "output": transform_of(definition.get("output"), "as"),
        "export": transform_of(definition.get("export"), "as"),
        "timeout": timeout_of(definition.get("timeout")),
        "then": definition.get("then"),
        "metadata": object_of(definition.get("metadata")),
    }
    for kind, build in _BUILDERS:
        if kind in definition:
            return build(definition, shared)
    raise AssertionError(f"{reference} has no kind that the grammar knows")


def transform_of(value: Json, key: str) -> Transform:
    """Give an ``input``, ``output`` or ``export``."""
    given = object_of(value)
    schema = object_of(given.get("schema"))
    resource = object_of(schema.get("resource"))
    return Transform(
        schema=Schema(document=schema.get("document"), resource=resource or None)
        if schema
        else None,
        value=given.get(key),
    )


def timeout_of(value: Json) -> Any:
    """Give a timeout: a duration, the name of one, or None."""
    return duration_of(value["after"]) if isinstance(value, Mapping) else value


def retry_of(value: JsonObject) -> RetryPolicy:
    """Give a retry policy."""
    limit = object_of(value.get("limit"))
    attempt = object_of(limit.get("attempt"))
    jitter = object_of(value.get("jitter"))
    backoff = object_of(value.get("backoff"))
    return RetryPolicy(
        when=_text(value.get("when")),
        except_when=_text(value.get("exceptWhen")),
        delay=duration_of(value["delay"]) if "delay" in value else None,
        backoff=next(iter(backoff), "constant"),
        most_attempts=cast("int | None", attempt.get("count")),
        attempt_limit=duration_of(attempt["duration"]) if "duration" in attempt else None,
        limit=duration_of(limit["duration"]) if "duration" in limit else None,
        jitter=(duration_of(jitter["from"]), duration_of(jitter["to"])) if jitter else None,
    )


def escaped(name: str) -> str:
    """Spell a name as a part of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def _text(value: Json) -> str | None:
    return None if value is None else str(value)


def _set(given: JsonObject, shared: dict[str, Any]) -> Task:
    return SetTask(value=given["set"], **shared)


def _do(given: JsonObject, shared: dict[str, Any]) -> Task:
    return DoTask(tasks=tasks_of(given["do"], f"{shared['reference']}/do"), **shared)


def _for(given: JsonObject, shared: dict[str, Any]) -> Task:
    loop = object_of(given["for"])
    return ForTask(
        each=str(loop.get("each") or "item"),
        at=str(loop.get("at") or "index"),
        collection=loop["in"],
        holds=_text(given.get("while")),
        tasks=tasks_of(given["do"], f"{shared['reference']}/do"),
        **shared,
    )


def _fork(given: JsonObject, shared: dict[str, Any]) -> Task:
    fork = object_of(given["fork"])
    return ForkTask(
        branches=tasks_of(fork["branches"], f"{shared['reference']}/fork/branches"),
        compete=bool(fork.get("compete")),
        **shared,
    )


def _switch(given: JsonObject, shared: dict[str, Any]) -> Task:
    cases: list[Case] = []
    for item in cast("list[JsonObject]", given["switch"]):
        [(name, case)] = item.items()
        fields = object_of(case)
        cases.append(Case(name=name, when=_text(fields.get("when")), then=str(fields["then"])))
    return SwitchTask(cases=tuple(cases), **shared)


def _try(given: JsonObject, shared: dict[str, Any]) -> Task:
    place = shared["reference"]
    catch = object_of(given["catch"])
    retry = catch.get("retry")
    return TryTask(
        tasks=tasks_of(given["try"], f"{place}/try"),
        catch=Catch(
            errors=object_of(object_of(catch.get("errors")).get("with")),
            variable=str(catch.get("as") or "error"),
            when=_text(catch.get("when")),
            except_when=_text(catch.get("exceptWhen")),
            retry=retry_of(retry) if isinstance(retry, Mapping) else _text(retry),
            tasks=tasks_of(catch.get("do") or [], f"{place}/catch/do"),
            then=_text(catch.get("then")),
        ),
        **shared,
    )


def _raise(given: JsonObject, shared: dict[str, Any]) -> Task:
    return RaiseTask(error=cast("JsonObject | str", object_of(given["raise"])["error"]), **shared)


def _wait(given: JsonObject, shared: dict[str, Any]) -> Task:
    return WaitTask(duration=duration_of(given["wait"]), **shared)


def _emit(given: JsonObject, shared: dict[str, Any]) -> Task:
    event = object_of(object_of(given["emit"])["event"])
    return EmitTask(event=object_of(event.get("with")), **shared)


def _listen(given: JsonObject, shared: dict[str, Any]) -> Task:
    listen = object_of(given["listen"])
    each = given.get("foreach")
    place = f"{shared['reference']}/foreach"
    return ListenTask(
        to=events.strategy_of(listen["to"]),
        read=str(listen.get("read") or "data"),
        each=events.each_of(
            object_of(each),
            tasks=tasks_of(object_of(each).get("do") or [], f"{place}/do"),
            output=transform_of(object_of(each).get("output"), "as"),
            export=transform_of(object_of(each).get("export"), "as"),
        )
        if each is not None
        else None,
        **shared,
    )


def _run(given: JsonObject, shared: dict[str, Any]) -> Task:
    run = object_of(given["run"])
    what = next(name for name in _PROCESSES if name in run)
    return RunTask(
        what=what,
        process=object_of(run[what]),
        waits=run.get("await") is not False,
        gives=str(run.get("return") or "stdout"),
        **shared,
    )


def _call(given: JsonObject, shared: dict[str, Any]) -> Task:
    return CallTask(function=str(given["call"]), arguments=object_of(given.get("with")), **shared)


_BUILDERS: tuple[tuple[str, Callable[[JsonObject, dict[str, Any]], Task]], ...] = (
    ("call", _call),
    ("for", _for),
    ("try", _try),
    ("listen", _listen),
    ("do", _do),
    ("fork", _fork),
    ("switch", _switch),
    ("raise", _raise),
    ("set", _set),
    ("wait", _wait),
    ("emit", _emit),
    ("run", _run),
)
"""Those whose definition holds another kind's key come first."""
