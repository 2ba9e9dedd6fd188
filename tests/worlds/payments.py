"""Payments that people must agree to: the policy, the people, the till, and processes that pay.

The till lies outside: what is in it was paid, whatever the database says, and whoever died since.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from runtime.agent import gate, judge
from runtime.agent.judge import Proposed
from runtime.agent.kit import Kit, Kits, Services, Shared
from runtime.approvals.decide import Decisions
from runtime.approvals.pinned import Policies
from runtime.catalog.catalog import Catalog
from runtime.domain.approval import Decide, Decided
from runtime.domain.conversation import Person
from runtime.domain.effects import Effect
from runtime.domain.json import Json, JsonObject
from runtime.durable.context import Context, Pending
from runtime.models.completion import Completion, Prompt
from runtime.outbox.announce import Announcements
from runtime.policy.parse import parse_policy
from runtime.tools.registry import Registry
from runtime.tools.runner import Runner
from runtime.tools.tool import Call, Tool
from tests.worlds.engine import REQUESTER, EngineWorld

BIG, FORBIDDEN = 10, 100
BIG_HOURS = 5
POLICY = parse_policy(
    f"""version: 1
roles:
  approver: ["slack:T1/UB", "slack:T1/UC", "slack:T1/UD", "slack:T1/U1"]
rules:
  - {{id: small, tools: [pay], outcome: ask, eligible: ["role:approver", "!requester"],
     expires_after: 2h, on_expiry: escalate, escalate_to: ["slack:T1/UE"], remind_every: 30m}}
  - id: big
    tools: [pay]
    where: {{amount: {{over: {BIG}}}}}
    outcome: ask
    stages:
      - {{eligible: ["slack:T1/UB", "slack:T1/UC"]}}
      - {{eligible: ["slack:T1/UD", "slack:T1/UB"], veto: ["slack:T1/UE"]}}
    expires_after: {BIG_HOURS}h
    on_expiry: deny
  - {{id: forbidden, tools: [pay], where: {{amount: {{over: {FORBIDDEN}}}}}, outcome: deny}}
""",
    file="policy.yaml",
)
B, C, D, E, F = (
    Person(channel="slack", workspace="T1", external_id=f"U{letter}", name=letter)
    for letter in "BCDEF"
)
PEOPLE = (REQUESTER, B, C, D, E, F)
MAY_SMALL = {one.principal for one in (B, C, D, E)}
MAY_BIG = ({B.principal, C.principal}, {D.principal, B.principal})


class Till:
    """What was paid: a file, so that it outlives whoever has paid."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._read = 0

    def pay(self, arguments: JsonObject, call: Call) -> Json:
        """Pay, in one write that a kill does not tear."""
        line = json.dumps({"run": call.run_id, "amount": arguments["amount"]}) + "\n"
        opened = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(opened, line.encode())
        finally:
            os.close(opened)
        return {"paid": arguments["amount"]}

    def news(self) -> list[tuple[str, float]]:
        """Give who was paid what since the last look."""
        if not self.file.exists():
            return []
        with self.file.open("rb") as opened:
            opened.seek(self._read)
            text = opened.read()
        self._read += len(text)
        return [
            (str(one["run"]), float(one["amount"])) for one in map(json.loads, text.splitlines())
        ]


class NoModels:
    """Nobody asks a model here."""

    def complete(self, prompt: Prompt) -> Completion:
        """Refuse to."""
        raise AssertionError("nobody asks a model here")


@dataclass(frozen=True, slots=True)
class Process:
    """One process that works on runs, and takes people's words, with a database of its own."""

    execute: Callable[[str], None]
    decide: Callable[[Decide], Decided]
    close: Callable[[], None]


def start(world: EngineWorld, *, till: Path, home: Path) -> Process:
    """Start a process whose every run is one payment through the real gate."""
    database = world.database
    tool = Tool(
        name="pay",
        description="Pay.",
        parameters={
            "type": "object",
            "properties": {"amount": {"type": "number"}},
            "required": ["amount"],
            "additionalProperties": False,
        },
        effect=Effect.IRREVERSIBLE,
        run=Till(till).pay,
    )
    kit = Kit(catalog=Catalog.of([]), policy=POLICY, registry=Registry([tool]))
    services = Services(
        database=database,
        clock=world.clock,
        kits=Kits(database, lambda _: Shared(tools=(), missing={})),
        models=NoModels(),
        runner=Runner(secrets={}),
        data=home,
        current_policy=lambda: POLICY,
    )

    def pay(ctx: Context) -> Json:
        given = ctx.input
        assert isinstance(given, dict)
        proposed = Proposed(name="call", tool=tool, arguments=given, actor="payer@1")
        gated = judge.gated(ctx, services, kit, proposed)
        ctx.expect(gate.names_of("call"))
        made = gate.pass_through(ctx, services, gated)
        if isinstance(made, Pending):
            ctx.suspend("people")
        return {"answer": str(made.result), "sources": [], "demonstration": False}

    engine = world.process(Announcements(world.clock), root=pay)
    decisions = Decisions(
        database=database, clock=world.clock, bell=world.bell, policies=Policies(lambda: POLICY)
    )

    def close() -> None:
        engine.stop()
        engine.close()

    return Process(
        execute=engine.execute,
        decide=lambda said: decisions.decide(said, workspace=None),
        close=close,
    )
