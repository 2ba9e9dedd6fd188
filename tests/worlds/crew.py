"""A small crew of agents whose models are scripted, with tools that can be counted and upset."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.worlds.openai import Answer, OpenAIWorld, Rule

KEY_VARIABLE = "CREW_KEY"
_TIERS = ("planner", "worker", "helper", "reviewer")

_AGENT = """---
name: {name}
role: {role}
description: {description}
capabilities: [{name}]
tier: {name}
tools: [{tools}]
{more}---
You are the {name}.
"""

_POLICY = """version: 1
roles:
  approver: ["slack:T024BATON/U062BEN", "console:local/*"]
access:
  - {who: [member], may: [ask, see, grant, delegate, publish]}
  - {who: ["role:approver"], may: [steer, halt]}
"""

_TOOLS = '''
from __future__ import annotations

import base64
import hashlib
import time
from urllib.parse import quote

from runtime.tools import Call, Effect, Preview, ToolFailed, tool


def mark(call: Call, word: str) -> None:
    with (call.data / "marks").open("a") as file:
        file.write(word + "\\n")


@tool(effect=Effect.IRREVERSIBLE)
def send(to: str, call: Call) -> dict[str, object]:
    """Send a letter."""
    mark(call, f"sent {to}")
    return {"sent": to}


@tool(effect=Effect.READ)
def look(what: str, call: Call) -> dict[str, object]:
    """Look something up."""
    mark(call, f"looked {what}")
    return {"found": what.upper()}


@tool(effect=Effect.READ, secrets=["CONFESSED"])
def confess(how: str, call: Call) -> object:
    """Tell a secret, in some disguise."""
    secret = call.secrets["CONFESSED"]
    print(f"on the way out: {secret}")
    return {
        "plain": f"it is {secret}.",
        "base64": base64.b64encode(f"see {secret} there".encode()).decode(),
        "url": "https://example.com/?q=" + quote(secret, safe=""),
        "spaced": " ".join(secret),
        "lines": secret[:9] + "\\n" + secret[9:],
        "parts": [secret[:11], secret[11:]],
        "key": {secret: 1},
    }[how]


@tool(effect=Effect.READ)
def count(number: int) -> int:
    """Count to a number."""
    return number


@tool(effect=Effect.READ, timeout_seconds=0.2)
def hang() -> str:
    """Never answer."""
    time.sleep(3)
    return "late"


@tool(effect=Effect.IRREVERSIBLE, timeout_seconds=0.3)
def shaky(to: str, call: Call) -> str:
    """Send, and fall silent once."""
    silent = not (call.data / "silent").exists()
    (call.data / "silent").write_text("yes")
    mark(call, f"tried {to}")
    if silent:
        time.sleep(2)
    return f"sent {to}"


def preview_of_move(to: str, call: Call) -> Preview:
    state = call.data / "state"
    text = state.read_text() if state.exists() else "calm"
    return Preview(what=f"Move it from {text} to {to}",
                   fingerprint=hashlib.sha256(text.encode()).hexdigest())


@tool(effect=Effect.IRREVERSIBLE, preview=preview_of_move)
def move(to: str, call: Call) -> str:
    """Move the thing."""
    mark(call, f"moved {to}")
    return f"moved to {to}"
'''

GRANTS = "send, look, count, confess, hang, shaky, move, ask, hand_off, write_artifact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """Agents in a folder, and the far side of their models."""

    folder: Path
    models: OpenAIWorld

    def plans(self, *plans: object) -> None:
        """Script the planner: one plan (or any text) after another; the last one stays."""
        answers = [Answer(text=one) if isinstance(one, str) else Answer(json=one) for one in plans]
        self.models.script.add(Rule(model="^planner$", answers=answers))

    def works(self, *answers: Answer, task: str = "", who: str = "worker") -> None:
        """Script a worker's turns on a task that holds these words."""
        self.models.script.add(Rule(model=f"^{who}$", contains=task, answers=answers))

    def checks(self, *verdicts: Mapping[str, object]) -> None:
        """Script the reviewer."""
        answers = [Answer(json=one) for one in verdicts]
        self.models.script.add(Rule(model="^reviewer$", answers=answers))

    def synthesises(self, text: str, sources: Sequence[str] = ()) -> None:
        """Script the final answer, which the planner writes for want of a writer."""
        self.models.script.add(
            Rule(
                model="^planner$",
                contains="Write the one answer",
                answers=[Answer(json={"answer": text, "sources": list(sources)})],
            )
        )

    def asked(self, model: str) -> list[str]:
        """Give what a model was sent, request by request, as text."""
        return [
            json.dumps(one.body["messages"], ensure_ascii=False)
            for one in self.models.requests
            if one.body["model"] == model
        ]


PASSED: Mapping[str, object] = {"passed": True, "findings": [], "confidence": 1}


def crew(
    folder: Path,
    models: OpenAIWorld,
    *,
    policy: str = _POLICY,
    mcp: Mapping[str, object] | None = None,
    worker: str = "hand_off_to: [helper]\n",
    grants: str = GRANTS,
) -> Crew:
    """Write the agents down. ``worker`` is more of the worker's front matter."""
    agents = {
        "planner": ("planner", "Plans.", "", ""),
        "worker": ("worker", "Does things.", grants, worker),
        "helper": ("worker", "Helps.", "look", ""),
        "reviewer": ("validator", "Checks things.", "", ""),
    }
    for name, (role, description, tools, more) in agents.items():
        (folder / name).mkdir(parents=True)
        text = _AGENT.format(name=name, role=role, description=description, tools=tools, more=more)
        (folder / name / "agent.md").write_text(text)
    (folder / "worker" / "tools.py").write_text(_TOOLS)
    (folder / "policy.yaml").write_text(policy)
    (folder / "mcp.json").write_text(json.dumps({"mcpServers": mcp or {}}))
    lines = ["tiers:"]
    for tier in _TIERS:
        lines += [
            f"  {tier}:",
            f"    model: {{model: openai/{tier}, api_base: '{models.base_url}',"
            f" api_key_variable: {KEY_VARIABLE}}}",
            "    timeout_seconds: 5",
            "    max_retries: 0",
        ]
    (folder / "models.yaml").write_text("\n".join(lines) + "\n")
    made = Crew(folder=folder, models=models)
    made.checks(PASSED)
    return made


def plan(*steps: Mapping[str, object], goal: str = "Do it") -> dict[str, object]:
    """Spell a plan."""
    return {"goal": goal, "criteria": ["It is done."], "steps": list(steps)}


def step(
    id: str, use: str = "worker", *, kind: str = "agent", needs: Sequence[str] = (), **given: object
) -> dict[str, object]:
    """Spell a step; its task is ``task of <id>`` where none is given."""
    if kind != "tool":
        given = {"task": f"task of {id}.", **given}
    return {
        "id": id,
        "title": f"Step {id}",
        "kind": kind,
        "use": use,
        "input": given,
        "needs": list(needs),
        "reason": "It is needed.",
    }


def calls(*made: tuple[str, object]) -> Answer:
    """Spell one turn of tool calls: names and arguments."""
    return Answer(tools=[{"name": name, "arguments": arguments} for name, arguments in made])


def marks(data: Path) -> list[str]:
    """Give what the crew's tools did, counted at their far side."""
    file = data / "marks"
    return file.read_text().splitlines() if file.exists() else []
