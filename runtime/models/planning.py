"""Plans of the demonstration model: scripted ones kept to the catalogue, and one of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from runtime.domain.json import Json, JsonObject
from runtime.models.conversation import Conversation

_WORD = re.compile(r"[a-z0-9]+")
_COMMON = frozenset(
    _WORD.findall(
        "the and for with from that this what which who how are was will can could would should"
        " please you your our its into all any some about give tell make get has have not but"
    )
)
_LONGEST_TITLE = 80


def keep_to_catalogue(plan: JsonObject, catalogue: JsonObject | None) -> JsonObject:
    """Drop steps whose agent, tool or workflow is not in the catalogue, and references to them.

    Without a catalogue in the prompt nothing can be checked, and the plan stays as it is.
    """
    steps = [step for step in _listed(plan.get("steps")) if isinstance(step, Mapping)]
    if catalogue is None:
        return plan
    known = {kind: _named(catalogue.get(f"{kind}s")) for kind in ("agent", "tool", "workflow")}
    kept = [step for step in steps if _is_known(step, known)]
    ids = {str(step.get("id")) for step in kept}
    gone = {str(step.get("id")) for step in steps} - ids
    return {**plan, "steps": [_without(step, gone) for step in kept]}


def plan_alone(heard: Conversation) -> JsonObject:
    """Give the whole request to the agent whose words are most like it; ties go by name."""
    agents = [
        agent
        for agent in _listed((heard.catalogue or {}).get("agents"))
        if isinstance(agent, Mapping) and agent.get("role") not in ("planner", "validator")
    ]
    wanted = _words(heard.request)
    ranked = sorted(
        agents,
        key=lambda agent: (_needs_inputs(agent), -len(wanted & _about(agent)), _name(agent)),
    )
    criteria = ["The request is answered, or it is said plainly why not."]
    if not ranked:
        return {"goal": heard.request, "criteria": criteria, "steps": []}
    best = ranked[0]
    shared = ", ".join(sorted(wanted & _about(best)))
    why = f"its description shares the words: {shared}" if shared else "no agent fits better"
    step: JsonObject = {
        "id": "work",
        "title": _title(heard.request),
        "kind": "agent",
        "use": _name(best),
        "input": {"task": heard.request},
        "needs": [],
        "reason": f"The demonstration model has no script for this request; {why}.",
    }
    return {"goal": heard.request, "criteria": criteria, "steps": [step]}


def _is_known(step: JsonObject, known: Mapping[str, set[str]]) -> bool:
    kind, use = str(step.get("kind", "agent")), step.get("use")
    if kind not in known:
        return kind == "human"
    return isinstance(use, str) and use in known[kind]


def _without(step: JsonObject, gone: set[str]) -> JsonObject:
    needs = [need for need in _listed(step.get("needs")) if str(need) not in gone]
    given = step.get("input")
    if not isinstance(given, Mapping):
        return {**step, "needs": needs}
    kept = {name: value for name, value in given.items() if not _refers(value, gone)}
    return {**step, "needs": needs, "input": kept}


def _refers(value: Json, gone: set[str]) -> bool:
    return (
        isinstance(value, str)
        and value.startswith("$")
        and value.removeprefix("$").split(".")[0] in gone
    )


def _needs_inputs(agent: JsonObject) -> bool:
    schema = agent.get("input_schema")
    required = schema.get("required") if isinstance(schema, Mapping) else None
    return any(name != "task" for name in _listed(required))


def _about(agent: JsonObject) -> set[str]:
    capabilities = " ".join(str(part) for part in _listed(agent.get("capabilities")))
    return _words(f"{_name(agent)} {agent.get('description', '')} {capabilities}")


def _words(text: str) -> set[str]:
    found = (word for word in _WORD.findall(text.lower()) if len(word) > 2)
    # One spelling for "vendor" and "vendors"; more grammar than that would be a pretence.
    return {word.removesuffix("s") if len(word) > 3 else word for word in found} - _COMMON


def _title(request: str) -> str:
    line = " ".join(request.split())
    return line if len(line) <= _LONGEST_TITLE else line[: _LONGEST_TITLE - 1] + "…"


def _name(entry: JsonObject) -> str:
    return str(entry.get("name", ""))


def _named(entries: Json) -> set[str]:
    return {
        _name(entry) if isinstance(entry, Mapping) else str(entry) for entry in _listed(entries)
    }


def _listed(value: Json) -> Sequence[Json]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else []
