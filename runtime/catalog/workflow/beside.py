"""What documents name that lies beside them: agents, tools, other workflows, roles and rules.

Whoever reads documents says what of that is known; a name of what nobody knows is believed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from runtime.catalog.fitting import misfits
from runtime.catalog.located import Path
from runtime.catalog.problems import near
from runtime.catalog.workflow.approving import rules_that_ask, stages_of
from runtime.catalog.workflow.document import Workflow
from runtime.catalog.workflow.shape import Complaint
from runtime.catalog.workflow.sound import inner_of, tasks_in
from runtime.domain.errors import Misconfigured
from runtime.domain.json import Json, JsonObject, object_of
from runtime.policy.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTools:
    """Tools by name, each with the schema of its arguments; None where that is not known."""

    schemas: Mapping[str, JsonObject | None]
    servers: Collection[str] = ()
    """MCP servers, of whose tools nobody knows before they are asked."""

    def has(self, name: str) -> bool:
        """Tell whether there is, or may be, a tool of that name."""
        server, dot, _ = name.partition(".")
        return name in self.schemas or (bool(dot) and server in self.servers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What there is to be named; None where nobody knows."""

    agents: Collection[str] | None = None
    tools: KnownTools | None = None
    policy: Policy | None = None
    workflows: Mapping[str, Workflow] = field(default_factory=dict[str, Workflow])


def misnamed(workflow: Workflow, beside: Beside) -> Iterator[Complaint]:
    """Give where a document names what is not there, or gives it what it does not take."""
    if workflow.loose:
        # Any text may be an expression there.
        return
    for path, task in tasks_in(workflow.definition):
        given = object_of(task.get("with"))
        match task.get("call"):
            case "agent":
                yield from _agent(given, (*path, "with"), beside)
            case "tool":
                yield from _tool(given, (*path, "with"), beside)
            case "ask":
                yield from _ask(given, (*path, "with"), beside)
            case "approval":
                yield from _approval(given, (*path, "with"), beside)
            case _:
                flow = object_of(object_of(task.get("run")).get("workflow"))
                yield from _workflow(flow, (*path, "run", "workflow"), beside)


def _agent(given: JsonObject, path: Path, beside: Beside) -> Iterator[Complaint]:
    name = _literal(given.get("agent"))
    if name is not None and beside.agents is not None and name not in beside.agents:
        yield (*path, "agent"), f"there is no agent {name!r}; {near(name, beside.agents)}"


def _tool(given: JsonObject, path: Path, beside: Beside) -> Iterator[Complaint]:
    name, tools = _literal(given.get("tool")), beside.tools
    if name is None or tools is None:
        return
    if not tools.has(name):
        known = [*tools.schemas, *(f"{server}.…" for server in tools.servers)]
        yield (*path, "tool"), f"there is no tool {name!r}; {near(name, known)}"
        return
    schema, arguments = tools.schemas.get(name), given.get("arguments", {})
    if schema is not None and isinstance(arguments, Mapping):
        what = f"the tool {name!r}"
        yield from _unfit(schema, arguments, (*path, "arguments"), what=what)


def _ask(given: JsonObject, path: Path, beside: Beside) -> Iterator[Complaint]:
    people = given.get("of")
    if beside.policy is None or people is None or _has_expressions(people):
        return
    try:
        stages_of([{"eligible": people}], beside.policy)
    except Misconfigured as error:
        yield (*path, "of"), error.public.replace("stages[0].eligible", "of")


def _approval(given: JsonObject, path: Path, beside: Beside) -> Iterator[Complaint]:
    policy = beside.policy
    if policy is None:
        return
    name, stages = _literal(given.get("policy")), given.get("stages")
    known = rules_that_ask(policy)
    if name is not None and name not in known:
        words = f"policy.yaml has no rule {name!r} by which people are asked; {near(name, known)}"
        yield (*path, "policy"), words
    if stages is None or _has_expressions(stages):
        return
    try:
        stages_of(stages, policy)
    except Misconfigured as error:
        yield (*path, "stages"), error.public


def _workflow(given: JsonObject, path: Path, beside: Beside) -> Iterator[Complaint]:
    name = _literal(given.get("name"))
    if name is None:
        return
    found = beside.workflows.get(name)
    if found is None:
        words = f"there is no workflow {name!r} here; {near(name, beside.workflows)}"
        yield (*path, "name"), words
        return
    for key, has in (("namespace", (found.namespace,)), ("version", (found.version, "latest"))):
        wanted = _literal(given.get(key))
        if wanted is not None and wanted not in has:
            words = f"the {key} of {name!r} is {has[0]!r}, not {wanted!r}; write {has[0]!r}"
            yield (*path, key), words
    data, schema = given.get("input"), found.input_schema
    if schema is not None and isinstance(data, Mapping):
        yield from _unfit(schema, data, (*path, "input"), what=f"the workflow {name!r}")


def _unfit(schema: JsonObject, value: JsonObject, path: Path, *, what: str) -> Iterator[Complaint]:
    """Check what is written there in plain; what an expression will give is not known yet."""
    properties = object_of(schema.get("properties"))
    for one in misfits(schema, value):
        if one.lacking and not one.path:
            yield path, f"{what} needs {one.lacking!r}; add it"
        elif one.path:
            if not _has_expressions(_at(value, one.path)):
                yield (*path, *one.path), f"{what} does not take this: {one.text}; correct it"
        elif schema.get("additionalProperties") is False:
            for name in value:
                if name not in properties:
                    yield (*path, name), f"{what} takes no {name!r}; {near(name, properties)}"


def _at(value: Json, path: Path) -> Json:
    for part in path:
        if isinstance(value, Mapping):
            value = value.get(str(part))
        elif isinstance(value, list) and isinstance(part, int):
            value = value[part]
    return value


def _literal(value: Json) -> str | None:
    """Give a name that stands there as it is; None where an expression gives it, or nothing."""
    return value if isinstance(value, str) and inner_of(value) is None else None


def _has_expressions(value: Json) -> bool:
    if isinstance(value, str):
        return inner_of(value) is not None
    if isinstance(value, Mapping):
        return any(map(_has_expressions, value.values()))
    return isinstance(value, Sequence) and any(map(_has_expressions, value))
