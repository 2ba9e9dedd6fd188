"""The shipped agents: they load, and their worked examples work on the shipped data."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest
from jsonschema import Draft202012Validator

from runtime.catalog.agent import Agent, Role
from runtime.catalog.catalog import Catalog
from runtime.catalog.dialogue import PURPOSES, Exchange, parse_dialogue
from runtime.catalog.load import load_catalog
from runtime.catalog.python_tools import python_tools
from runtime.domain.effects import Effect
from runtime.domain.errors import ToolFailed
from runtime.domain.json import Json, JsonObject
from runtime.domain.run import Artifact
from runtime.models.template import MISSING, render
from runtime.models.tiers import parse_tiers
from runtime.policy.decision import Outcome, Proposal
from runtime.policy.parse import parse_policy
from runtime.tools.builtin.arithmetic import arithmetic_tools
from runtime.tools.builtin.conversation import conversation_tools
from runtime.tools.builtin.database import database_tools
from runtime.tools.builtin.files import file_tools
from runtime.tools.builtin.table import table_tools
from runtime.tools.registry import Registry
from runtime.tools.runner import Runner
from runtime.tools.tool import Call

AGENTS = Path(__file__).parents[2] / "agents"
CATALOG = load_catalog(AGENTS)


@dataclass(slots=True)
class Bench:
    """The files of one run and a ledger; ``reply`` is what the requester says when asked."""

    data: Path
    reply: str = ""
    written: dict[str, str] = field(default_factory=dict[str, str])
    asked: list[str] = field(default_factory=list[str])
    called: list[str] = field(default_factory=list[str])

    def read(self, name: str) -> bytes:
        if name in self.written:
            return self.written[name].encode()
        file = self.data / name
        if not file.is_file():
            raise ToolFailed(f"there is no file {name!r}")
        return file.read_bytes()

    def write(self, name: str, content: bytes, *, media_type: str) -> Artifact:
        self.written[name] = content.decode()
        return Artifact(
            name=name, media_type=media_type, size_bytes=len(content), digest="", step_id=""
        )

    def names(self) -> list[str]:
        return sorted({*self.written, *(file.name for file in self.data.iterdir())})

    def remember(self, name: str, value: str) -> None:
        raise ToolFailed(f"{name!r} cannot be remembered as {value!r}")

    def recall(self, query: str) -> list[tuple[str, str]]:
        del query
        return []

    def forget(self, name: str) -> bool:
        del name
        return False

    def orders(self) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.data / "ledger.sqlite")) as connection:
            return connection.execute(
                "SELECT vendor, item, quantity, department FROM purchase_orders"
                " WHERE call_key NOT LIKE 'opening-%'"
            ).fetchall()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    (tmp_path / "offers.csv").write_bytes((AGENTS / "data" / "offers.csv").read_bytes())
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as connection:
        connection.executescript((AGENTS / "data" / "ledger.sql").read_text())
    return Bench(data=tmp_path)


def exchanges(agent: Agent) -> tuple[Exchange, ...]:
    assert agent.dialogue_source is not None
    return parse_dialogue(agent.dialogue_source, file=agent.dialogue_file)


def follow(bench: Bench, agent: Agent, purpose: str, task: str, inputs: JsonObject) -> JsonObject:
    """Do what the first fitting example does, with real tools, and give its answer."""
    fitting = [
        (exchange, found)
        for exchange in exchanges(agent)
        if exchange.purpose == purpose and (found := exchange.match.search(task))
    ]
    assert fitting, f"{agent.name} has no example for {task!r}"
    exchange, found = fitting[0]
    scope: dict[str, Json] = {"task": task, "request": task, "inputs": inputs, **found.groupdict()}
    results: list[Json] = []
    for turn in exchange.turns:
        given = [render(call.arguments, {**scope, "calls": results}) for call in turn]
        calls = zip([call.tool for call in turn], given, strict=True)
        results += [run(bench, agent, tool, cast("JsonObject", given)) for tool, given in calls]
    answer = render(exchange.answered, {**scope, "calls": results})
    assert MISSING not in json.dumps([answer, bench.written])
    return cast("JsonObject", answer)


def run(bench: Bench, agent: Agent, name: str, arguments: JsonObject) -> Json:
    assert agent.may_use(name)
    assert MISSING not in json.dumps(arguments)
    bench.called.append(name)
    if name == "ask":
        bench.asked.append(str(arguments["question"]))
        return {"answer": bench.reply}
    call = Call(
        run_id="run_1",
        step_id="run_1:/step",
        key=f"key-{len(bench.called)}",
        principal="terminal:local/ada",
        files=bench,
        memory=bench,
        secrets={},
        data=bench.data,
    )
    tool = registry().find(name)
    assert tool is not None, name
    return Runner(secrets={}).run(tool, arguments, call)


def registry() -> Registry:
    own = [tool for agent in CATALOG.agents.values() for tool in python_tools(agent)]
    shipped = [*file_tools(), *table_tools(), *database_tools(), *arithmetic_tools()]
    return Registry([*own, *shipped, *conversation_tools()])


def carry_out(bench: Bench, request: str) -> tuple[list[JsonObject], dict[str, JsonObject], str]:
    """Plan a request, do its steps in order, and bring their outputs together."""
    plan = follow(bench, CATALOG.agent("planner"), "plan", request, {})
    steps = cast("list[JsonObject]", plan["steps"])
    outputs: dict[str, JsonObject] = {}
    for step in steps:
        assert set(cast("list[str]", step["needs"])) <= set(outputs)
        agent = CATALOG.agent(str(step["use"]))
        given = cast("JsonObject", step["input"])
        inputs = {name: resolve(value, outputs) for name, value in given.items() if name != "task"}
        output = follow(bench, agent, "work", str(given["task"]), inputs)
        assert agent.output_schema is not None
        Draft202012Validator(cast("Mapping[str, object]", agent.output_schema)).validate(output)
        outputs[str(step["id"])] = output
    final = follow(bench, CATALOG.agent("writer"), "synthesise", request, outputs)
    assert set(cast("list[str]", final["sources"])) <= set(outputs)
    return steps, outputs, str(final["answer"])


def resolve(value: Json, outputs: Mapping[str, Json]) -> Json:
    if not isinstance(value, str) or not re.fullmatch(r"\$\w+(\.\w+)*", value):
        return value
    here: Json = outputs
    for part in value[1:].split("."):
        assert isinstance(here, Mapping)
        here = here[part]
    return here


def test_the_shipped_agents_fill_every_role() -> None:
    assert [agent.name for agent in CATALOG.with_role(Role.PLANNER)] == ["planner"]
    assert [agent.name for agent in CATALOG.with_role(Role.VALIDATOR)] == ["reviewer"]
    assert [agent.name for agent in CATALOG.with_role(Role.WORKER)] == [
        "analyst",
        "clerk",
        "operator",
        "researcher",
        "writer",
    ]


def test_only_the_operator_may_touch_the_ledger() -> None:
    holders = [agent.name for agent in CATALOG.agents.values() if agent.may_use(ORDERING)]

    assert holders == ["operator"]


ORDERING = "record_purchase_order"


def test_nobody_with_outside_material_holds_an_irreversible_tool() -> None:
    for agent in CATALOG.agents.values():
        reads_outside = agent.may_use("http_get") or agent.may_use("read_file")
        assert not (reads_outside and agent.may_use(ORDERING)), agent.name


def test_the_shipped_models_cover_every_tier() -> None:
    assert CATALOG.models_text is not None

    tiers = parse_tiers(CATALOG.models_text, source="models.yaml", environment={})

    assert {agent.tier for agent in CATALOG.agents.values()} <= set(tiers.tiers)


@pytest.mark.parametrize(("quantity", "outcome"), [(12, Outcome.ASK), (501, Outcome.DENY)])
def test_the_shipped_policy_asks_before_an_order_and_refuses_giant_ones(
    quantity: int, outcome: Outcome
) -> None:
    assert CATALOG.policy_text is not None
    policy = parse_policy(CATALOG.policy_text, file="policy.yaml")

    decision = policy.decide(
        Proposal(
            tool=ORDERING,
            effect=Effect.IRREVERSIBLE,
            arguments={"quantity": quantity},
            agent="operator",
            requester="console:local/operator",
            channel="console",
        )
    )

    assert decision.outcome is outcome


@pytest.mark.parametrize(
    ("agent", "at"),
    [
        (agent.name, at)
        for agent in CATALOG.agents.values()
        for at, _ in enumerate(exchanges(agent))
    ],
)
def test_what_is_said_finds_its_own_example_first(agent: str, at: int) -> None:
    all_of_them = exchanges(CATALOG.agent(agent))
    mine = all_of_them[at]

    first = next(
        exchange
        for exchange in all_of_them
        if exchange.purpose == mine.purpose and exchange.match.search(mine.said)
    )

    assert mine.purpose in PURPOSES
    assert first is mine


def test_buying_compares_what_can_be_bought_and_records_one_order(bench: Bench) -> None:
    steps, outputs, answer = carry_out(bench, "Buy 12 laptops from the best vendor")

    first_wave = [step["id"] for step in steps if not step["needs"]]
    assert first_wave == ["offers", "budget"]
    assert bench.orders() == [("Nordlicht IT", "laptop", 12, "IT")]
    assert bench.asked == []
    assert outputs["compare"]["artifacts"] == ["comparison.md"]
    assert "PO-1005" in answer
    assert "12 × laptop from Nordlicht IT for 11,388.00 EUR, paid by IT" in answer
    comparison = bench.written["comparison.md"]
    assert [line.split(" | ")[0] for line in comparison.splitlines() if ".00 |" in line] == [
        "| Nordlicht IT",
        "| Castellan Systems",
        "| Brightdesk Supply",
    ]
    assert "Quickbyte Direct (not active in the ledger)" in comparison
    assert "Fjord Computing (sells 50 or more)" in comparison


def test_a_department_that_is_named_pays(bench: Bench) -> None:
    carry_out(bench, "Please buy 5 monitors for the Sales team")

    assert [order[1:] for order in bench.orders()] == [("monitor", 5, "Sales")]


def test_a_missing_department_is_asked_for_before_anything_is_recorded(bench: Bench) -> None:
    bench.reply = "marketing"

    carry_out(bench, "Order 3 docking stations")

    assert len(bench.asked) == 1
    assert "3 × docking station" in bench.asked[0]
    assert bench.called.index("ask") < bench.called.index(ORDERING)
    assert [order[1:] for order in bench.orders()] == [("docking station", 3, "Marketing")]


def test_comparing_writes_a_report_and_buys_nothing(bench: Bench) -> None:
    _, outputs, answer = carry_out(bench, "Compare the offers for monitors and write a report")

    assert outputs["report"]["artifacts"] == ["report.md"]
    assert bench.written["comparison.md"] in bench.written["report.md"] + "\n"
    assert "best offer for monitor" in answer
    assert bench.orders() == []


@pytest.mark.parametrize(
    ("request_text", "words"),
    [
        ("Which vendors offer laptops?", ["5 vendors", "Castellan Systems (1029.00 EUR)"]),
        ("Who sells docking stations?", ["3 vendors", "Quickbyte Direct"]),
        ("Hello!", ["18 vendor offers", "Buy 12 laptops from the best vendor"]),
        ("How much budget does Sales have left?", ["Sales has 23510.00 EUR left"]),
    ],
)
def test_a_simple_question_is_one_step(bench: Bench, request_text: str, words: list[str]) -> None:
    steps, _, answer = carry_out(bench, request_text)

    assert len(steps) == 1
    assert all(word in answer for word in words)


def test_every_planned_step_names_a_worker_and_an_existing_need() -> None:
    planner = CATALOG.agent("planner")
    for exchange in exchanges(planner):
        plan = cast("JsonObject", exchange.answered)
        steps = cast("list[JsonObject]", plan["steps"])
        ids = [step["id"] for step in steps]
        assert plan["criteria"]
        for step in steps:
            assert CATALOG.agent(str(step["use"])).role is Role.WORKER
            references = re.findall(r'"\$(\w+)', json.dumps(step["input"]))
            assert set(references) <= set(cast("list[str]", step["needs"])) <= set(ids)


def test_the_shipped_catalog_can_be_pinned() -> None:
    stored = cast("JsonObject", json.loads(json.dumps(CATALOG.to_json())))

    assert Catalog.from_json(stored) == CATALOG
