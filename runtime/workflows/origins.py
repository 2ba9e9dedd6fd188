"""Where the values of a workflow came from, so that what was said outside does nothing unseen.

Labels go by words, as with agents (``runtime/agent/sources.py``): no expression has to carry them.
What the author wrote, what the workflow was given by a person, what people answered or agreed to,
and what the installation itself keeps is trusted. What came over HTTP, from other systems, events,
agents and plans is outside, and so is whatever a tool or a program makes of it.

The seam for whoever adds tasks: ``through_gate`` notes what calls bring in; anything that brings
something in by another way calls ``heard``, and a step that goes on below with a workflow's data is
given ``below``. One that ends below says in ``outside`` what of its output, or of its error, came
from there. A call that is to be asked about goes through the gate, which asks by itself.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final, cast

from runtime.agent.sources import Sources
from runtime.catalog.workflow.document import Workflow
from runtime.domain.errors import BatonError
from runtime.domain.json import Json, JsonObject, object_of
from runtime.durable.context import Context
from runtime.durable.leaf import Child
from runtime.tools.tool import Tool
from runtime.workflows.act import Act

_GIVEN: Final = ("input", "data", "context", "variables", "items")


def begin(ctx: Context, workflow: Workflow, given: JsonObject) -> Sources:
    """Give what a step knows of its values as it begins; the same on every entry."""
    sources = Sources()
    sources.trust(f"{ctx.run.request}\n{_text(workflow.definition)}")
    for label, words in object_of(given.get("outside")).items():
        sources.outside[label] = set(cast("list[str]", words))
    # Only events begin a run with a list.
    if ctx.step.parent_id is None and isinstance(given.get("input"), list):
        sources.distrust("event", _text(given.get("input")))
    else:
        sources.admit(_text([given.get(name) for name in _GIVEN]))
    return sources


def heard(act: Act, label: str, value: Json) -> None:
    """Note what was said outside."""
    act.sources.distrust(label, _text(value))


def called(act: Act, child: Child, label: str) -> Json:
    """Have an agent or a plan work below; what it says where it fails is outside as well."""
    try:
        return act.ctx.call(child)
    except BatonError as error:
        if label:
            heard(act, label, error.public)
        raise


def seen(act: Act, value: Json) -> None:
    """Note what people have agreed to: it is theirs from now on."""
    act.sources.trust(_text(value))


def took(act: Act, tool: Tool, fed: Json, result: Json, *, label: str = "") -> None:
    """Note what a call gave: outside where it is from there, or where what it was fed is."""
    sources = act.sources
    if label or (tool.untrusted and not _is_kept_here(tool, sources)):
        heard(act, label or f"tool:{tool.name}", result)
    elif sources.labels(fed):
        heard(act, f"tool:{tool.name}", result)
    else:
        sources.admit(_text(result))


def below(act: Act, *values: Json) -> JsonObject:
    """Give what the input of a step below needs, for it to know as much about its values."""
    found = act.sources.known(list(values))
    return {"outside": cast("Json", found)} if found else {}


def returned(act: Act, ended: JsonObject, *values: Json) -> None:
    """Note what a step below ended with: it says itself what of that came from outside."""
    for label, words in object_of(ended.get("outside")).items():
        act.sources.outside.setdefault(label, set()).update(cast("list[str]", words))
    act.sources.admit(_text(list(values)))


def may_bring_in(act: Act, tools: Sequence[str]) -> bool:
    """Tell whether somebody with these tools may read outside, or have others do so."""
    found = [act.kit.registry.find(name) for name in tools]
    return any(one is None or one.untrusted or "loop" in one.labels for one in found)


def _is_kept_here(tool: Tool, sources: Sources) -> bool:
    """Tell whether a tool reads what the installation keeps, and no agent's files of this run."""
    if tool.labels.get("keeps") == "files":
        return not any(label.startswith("agent:") for label in sources.outside)
    return tool.labels.get("keeps") == "databases"


def _text(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)
