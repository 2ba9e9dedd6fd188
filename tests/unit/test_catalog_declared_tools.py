"""What tools declare, read without running them."""

from __future__ import annotations

from pathlib import Path

from runtime.catalog.catalog import Catalog
from runtime.catalog.declared_tools import declared_arguments, declared_tools
from runtime.catalog.load import load_catalog
from runtime.catalog.python_tools import python_tools
from runtime.domain.effects import Effect
from runtime.domain.json import object_of
from runtime.door.known_tools import KnownTools
from runtime.testing import SteppedClock
from tests.worlds.product import SHIPPED

_AGENT = (
    "---\nname: clerk\nrole: worker\ndescription: Does.\ncapabilities: [do]\ntools: []\n---\nDo.\n"
)
_TOOLS = """
from runtime.tools import Effect, tool
import runtime.tools as kit

raise SystemExit("whoever runs this has lost")

@tool
def bare() -> str: ...

@tool(effect=Effect.READ)
def plain() -> str: ...

@kit.tool(effect=kit.Effect.WRITE, name="named")
def other() -> str: ...

@tool(effect=chosen())
def strange() -> str: ...

def no_tool() -> str: ...
"""
_MCP = '{"mcpServers": {"shop": {"command": "shop", "baton": {"effects": {"buy": "write"}}}}}'


def catalog(folder: Path, **files: str) -> Catalog:
    (folder / "clerk").mkdir(parents=True)
    (folder / "clerk" / "agent.md").write_text(_AGENT)
    for name, text in files.items():
        (
            folder / name.replace("__", "/").replace("_json", ".json").replace("_py", ".py")
        ).write_text(text)
    return load_catalog(folder)


def test_effects_are_read_off_and_nothing_is_run(tmp_path: Path) -> None:
    clerk = catalog(tmp_path, clerk__tools_py=_TOOLS).agents["clerk"]

    assert declared_tools(clerk) == {
        "bare": Effect.IRREVERSIBLE,
        "plain": Effect.READ,
        "named": Effect.WRITE,
        "strange": Effect.IRREVERSIBLE,
    }


def test_what_is_read_off_is_what_running_it_gives() -> None:
    agents = load_catalog(SHIPPED).agents.values()
    brought = [agent for agent in agents if agent.tools_source is not None]

    assert brought
    for agent in brought:
        made = python_tools(agent)
        assert declared_tools(agent) == {one.name: one.effect for one in made}
        assert {
            name: set(object_of(taken["properties"]))
            for name, taken in declared_arguments(agent).items()
        } == {one.name: set(object_of(one.parameters.get("properties"))) for one in made}


def test_a_server_that_is_not_at_hand_is_known_by_what_is_written_about_it(tmp_path: Path) -> None:
    made = catalog(tmp_path, mcp_json=_MCP)
    known = KnownTools(clock=SteppedClock(), shared=lambda _: ())

    bought = known.find(made, "shop.buy")

    assert bought is not None
    assert (bought.effect, bought.source) == (Effect.WRITE, "mcp.json, server shop")
    assert known.find(made, "shop.sell") is None
