"""The reference says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from docs import generate
from runtime.catalog.dialogue import PURPOSES, parse_dialogue
from runtime.catalog.front_matter import KEYS
from runtime.catalog.load import load_catalog
from runtime.clock import SystemClock
from runtime.domain.approval import OnExpiry
from runtime.domain.effects import Effect
from runtime.models.tiers import parse_tiers
from runtime.policy import parse as policy
from runtime.policy.condition import Comparison
from runtime.tools.builtin import builtin_tools
from runtime.tools.http import Http
from runtime.tools.network import Network
from tests.worlds.pages import ROOT, Block, all_blocks, blocks_of

REFERENCE = ROOT / "docs/reference"


def keys_in_tables(page: str) -> set[str]:
    """Give what stands, as code, in the first column of a page's tables."""
    rows = re.findall(r"^\| ([^|]+) \|", (REFERENCE / page).read_text(encoding="utf-8"), re.M)
    return {word for row in rows for word in re.findall(r"`(\w+)`", row)}


def block_of(page: str, language: str = "yaml") -> Block:
    (block,) = (one for one in blocks_of(REFERENCE / page) if one.language == language)
    return block


@pytest.mark.parametrize("name", sorted(generate.pages()))
def test_drawn_pages_are_what_the_code_draws(name: str) -> None:
    drawn = generate.pages()[name]

    assert (REFERENCE / name).read_text(encoding="utf-8") == drawn, "run `make references`"


def test_every_code_that_is_journalled_is_explained() -> None:
    sources = [
        file.read_text(encoding="utf-8")
        for room in ("bots", "runtime")
        for file in (ROOT / room).rglob("*.py")
    ]
    written = {code for text in sources for code in re.findall(r'"code": "([a-z_]+)"', text)}

    assert written - keys_in_tables("errors.md") == set()


def test_every_key_of_an_agent_is_explained() -> None:
    assert keys_in_tables("agent.md") >= KEYS


def test_the_tools_that_ship_are_listed_with_their_effect() -> None:
    page = (REFERENCE / "agent.md").read_text(encoding="utf-8")
    table = page.split("| Tool | Effect |")[1]
    told = {
        name: Effect(effect.strip())
        for names, effect in re.findall(r"^\| (`[^|]+`) \| ([^|]+) \|", table, re.M)
        for name in re.findall(r"`(\w+)`", names)
    }
    tools = builtin_tools(clock=SystemClock(), http=Http(network=Network(allowed=frozenset())))

    assert told == {tool.name: tool.effect for tool in tools}


def test_every_key_and_word_of_a_policy_is_explained() -> None:
    page = (REFERENCE / "policy.md").read_text(encoding="utf-8")
    words = {
        *("version", "roles", "defaults", "default_eligible", "rules", "stages"),
        *("id", "tools", "agents", "effects", "requesters", "channels", "where", "outcome"),
        *("eligible", "quorum", "expires_after", "on_expiry", "reason"),
        *(comparison.value for comparison in Comparison),
        *(choice.value for choice in OnExpiry),
        *(effect.value for effect in Effect),
    }

    assert {word for word in words if f"`{word}`" not in page} == set()


def test_the_policy_on_its_page_is_one() -> None:
    first, spoken, second, outside, budgets = (
        policy.parse_policy(block.text, file="policy.md")
        for block in blocks_of(REFERENCE / "policy.md")
        if block.language == "yaml"
    )

    assert [rule.id for rule in first.rules] == ["large-orders", "no-posting-from-chat"]
    assert [cap.id for cap in budgets.budgets][-1] == "quick"
    assert [rule.id for rule in spoken.rules] == ["orders-in-parts"]
    assert [rule.id for rule in second.rules] == ["payments-at-night"]
    assert [rule.labels for rule in outside.rules] == [("http:rates.example.com",)]


def test_the_dialogue_on_its_page_is_one() -> None:
    (exchange,) = parse_dialogue(block_of("dialogue.md").text, file="dialogue.md")

    assert exchange.purpose in PURPOSES
    assert keys_in_tables("dialogue.md") >= {"said", "match", "purpose", "calls", "answered"}


def test_the_front_matter_on_its_page_is_one(tmp_path: Path) -> None:
    folder = tmp_path / "checker"
    folder.mkdir()
    head = block_of("agent.md").text

    (folder / "agent.md").write_text(f"---\n{head}---\nCheck it.\n", encoding="utf-8")

    assert load_catalog(tmp_path).agent("checker").max_turns == 3


def test_the_role_on_the_slack_page_fits_the_shipped_policy() -> None:
    (block,) = (one for one in all_blocks("yaml") if one.page.name == "slack.md")
    shipped = yaml.safe_load((ROOT / "agents/policy.yaml").read_text(encoding="utf-8"))

    merged = {**shipped, **yaml.safe_load(block.text)}

    assert policy.parse_policy(yaml.safe_dump(merged), file="slack.md").rules


def test_the_tiers_on_the_models_page_can_be_used() -> None:
    (block,) = (one for one in all_blocks("yaml") if one.page.name == "use-a-real-model.md")

    tiers = parse_tiers(block.text, source="models.yaml", environment={})

    assert tiers.tier("planner").models[1].name == "anthropic/claude-sonnet-5-5"
    assert tiers.tier("local").models[0].api_base == "http://127.0.0.1:8000/v1"
