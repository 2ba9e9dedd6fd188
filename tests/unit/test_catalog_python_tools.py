"""An agent's own Python becomes tools from the pinned text, not from a disk."""

from __future__ import annotations

import textwrap

import pytest

from runtime.catalog.agent import Agent, Role
from runtime.catalog.python_tools import python_tools
from runtime.domain.effects import Effect
from runtime.domain.errors import Misconfigured

COUNTING = '''
from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from runtime.tools import Effect, tool


@dataclass
class Beans:
    kind: ClassVar[str] = "red"
    count: int = 0


@tool(effect=Effect.READ)
def count(beans: list[str]) -> int:
    """Count beans."""
    return len(beans)


also = count


@tool
def eat(beans: int) -> str:
    """Eat beans."""
    return f"{beans} {Beans.kind}"
'''


def agent(source: str | None, *, version: str = "0123456789ab") -> Agent:
    return Agent(
        name="counter",
        version=version,
        role=Role.WORKER,
        description="Counts.",
        tier="light",
        prompt="Count.",
        tools_source=source,
    )


def test_every_tool_of_the_module_counts_once() -> None:
    tools = {tool.name: tool for tool in python_tools(agent(COUNTING))}

    assert set(tools) == {"count", "eat"}
    assert tools["count"].effect is Effect.READ
    assert tools["eat"].effect is Effect.IRREVERSIBLE
    assert {tool.source for tool in tools.values()} == {"agents/counter/tools.py"}


def test_an_agent_without_python_has_no_tools_of_its_own() -> None:
    assert python_tools(agent(None)) == []


def test_two_versions_live_side_by_side() -> None:
    old = python_tools(agent(COUNTING, version="aaaaaaaaaaaa"))
    new = python_tools(agent(COUNTING.replace("Count beans", "Sum"), version="bbbbbbbbbbbb"))

    assert old[0].description == "Count beans."
    assert new[0].description == "Sum."


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("x = 1\ndef f(:\n", "agents/counter/tools.py:2: this is not Python"),
        ("\n\nimport no_such_module\n", "agents/counter/tools.py:3: ModuleNotFoundError: No mod"),
        ("def f():\n    return 1 / 0\n\nf()\n", "agents/counter/tools.py:2: ZeroDivisionError"),
        ("import sys\nsys.exit(3)\n", "agents/counter/tools.py:2: SystemExit: 3"),
        (
            "from runtime.tools import tool\n\n\n@tool\ndef f(x):\n    '''Do.'''\n",
            "agents/counter/tools.py:",
        ),
        (
            """
            from runtime.tools import tool
            @tool
            def f(x: int) -> int:
                '''Do.'''
                return x
            @tool(name="f")
            def g(x: int) -> int:
                '''Do.'''
                return x
            """,
            "agents/counter/tools.py:8: there are two tools called 'f'; rename one",
        ),
    ],
)
def test_a_mistake_is_named_by_line(source: str, complaint: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        python_tools(agent(textwrap.dedent(source)))

    assert caught.value.public.startswith(complaint)
    assert caught.value.public.count("agents/counter/tools.py:") == 1
