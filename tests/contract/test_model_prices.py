"""What a call costs, and the names under which a server of one's own is reached."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.clock import SystemClock
from runtime.models.completion import Prompt, ToolSpec, Turn
from runtime.models.gateway import Gateway
from runtime.models.tiers import Model, Price, Tier, Tiers
from tests.worlds.openai import Answer, OpenAIWorld, Rule
from tests.worlds.openai.leftovers import tidied


@pytest.fixture(autouse=True, scope="module")
def _tidied() -> Iterator[None]:
    with tidied():
        yield


@pytest.fixture
def world() -> Iterator[OpenAIWorld]:
    with OpenAIWorld() as running:
        yield running


def _gateway(world: OpenAIWorld, folder: Path, name: str, price: Price | None = None) -> Gateway:
    model = Model(name=name, api_base=world.base_url, api_key="not-a-key", price=price)
    tiers = Tiers(tiers={"light": Tier(name="light", models=(model,), timeout_seconds=60)})
    return Gateway(tiers, clock=SystemClock(), dialogues=folder)


def ask(text: str = "hello", *, tools: tuple[ToolSpec, ...] = ()) -> Prompt:
    return Prompt(tier="light", turns=(Turn(role="user", text=text),), tools=tools)


def tool(name: str) -> ToolSpec:
    return ToolSpec(name=name, description="d", parameters={"type": "object", "properties": {}})


def test_the_price_of_a_known_model_is_counted(world: OpenAIWorld, tmp_path: Path) -> None:
    world.script.add(Rule(answers=[Answer(text="good day", tokens=3000)]))

    said = _gateway(world, tmp_path, "openai/gpt-4o").complete(ask())

    assert said.cost.usd == pytest.approx(2000 * 2.5e-6 + 1000 * 1e-5)


@pytest.mark.parametrize("name", ["openai/of-ours", "hosted_vllm/of-ours", "openai/gpt-4o-mini"])
def test_the_price_that_is_given_counts_before_every_list(
    name: str, world: OpenAIWorld, tmp_path: Path
) -> None:
    world.script.add(Rule(answers=[Answer(text="good day", tokens=3000)]))

    said = _gateway(world, tmp_path, name, Price(input=0.5, output=2.0)).complete(ask())

    assert said.cost.usd == pytest.approx(2000 * 0.5e-6 + 1000 * 2e-6)


def test_a_server_of_ones_own_is_reached_under_both_names_alike(
    world: OpenAIWorld, tmp_path: Path
) -> None:
    world.script.add(Rule(answers=[Answer(tools=[{"name": "notes__add", "arguments": {"a": 1}}])]))

    told = [
        _gateway(world, tmp_path, name).complete(ask(tools=(tool("notes.add"),)))
        for name in ("openai/twin", "hosted_vllm/twin")
    ]

    assert [(one.tool_calls[0].name, one.finish, one.cost.tokens) for one in told] == [
        ("notes.add", "tool_calls", 30),
        ("notes.add", "tool_calls", 30),
    ]
    assert [json.loads(one.tool_calls[0].arguments) for one in told] == [{"a": 1}, {"a": 1}]
