from __future__ import annotations

import ast
import re

from tests.worlds.source import Source, sources

MOST_MOCKED_LINES_PER_100_TESTS = 5

NEEDS_WHAT_NOT_EVERY_MACHINE_HAS = {
    "tests/unit/test_slack_rendering.py": "Slack's published block schemas",
    "tests/worlds/specification.py": "the workflow language's schema, scenarios and examples",
    "tests/worlds/slack/conformance.py": "Slack's published descriptions of its methods",
}

_MOCKED = re.compile(
    r"\b(Mock|MagicMock|AsyncMock|create_autospec|mocker\.\w+|mock\.\w+|patch(\.object)?\()"
    r"|monkeypatch\.(setattr|setitem|delattr|delitem)\b"
)
_SKIPS = re.compile(r"\b(skip|skipif|xfail|importorskip|skipTest)\b")


def _tests() -> list[Source]:
    return [source for source in sources("tests") if not source.name.endswith("keep_the_rules.py")]


def test_our_own_code_is_hardly_ever_mocked() -> None:
    mocked = [
        f"{source.name}:{number}"
        for source in _tests()
        for number, line in enumerate(source.text.splitlines(), start=1)
        if _MOCKED.search(line)
    ]
    promises = sum(
        function.name.startswith("test_") for source in _tests() for function in source.functions()
    )

    assert promises > 100
    assert len(mocked) <= promises * MOST_MOCKED_LINES_PER_100_TESTS / 100, mocked


def test_tests_wait_for_conditions_and_never_for_time() -> None:
    naps = [
        f"{source.name}:{call.lineno}"
        for source in _tests()
        for call in _naps(source.tree)
        if source.path.name.startswith("test_")
    ]
    in_worlds = [
        f"{source.name}:{call.lineno}"
        for source in _tests()
        for call in _naps(source.tree)
        if not source.path.name.startswith("test_")
    ]

    assert naps == []
    assert in_worlds == []


def test_nothing_is_skipped() -> None:
    skipping = {
        source.name
        for source in _tests()
        for node in source.walk()
        if isinstance(node, ast.Attribute)
        and _SKIPS.fullmatch(node.attr)
        and ast.unparse(node.value).split(".")[0] in {"pytest", "unittest"}
    }

    assert skipping <= set(NEEDS_WHAT_NOT_EVERY_MACHINE_HAS)


def test_every_test_file_has_a_name_of_its_own() -> None:
    names = [source.path.name for source in _tests() if source.path.name.startswith("test_")]

    assert sorted(names) == sorted(set(names))


def _naps(tree: ast.Module) -> list[ast.Call]:
    """Give calls of sleep for a fixed time outside of a loop that looks at something.

    ``asyncio.sleep(0)`` lets others run; a time that is an attribute or a parameter is a fault
    that a world was told to have.
    """
    waiting = {
        id(inner)
        for loop in ast.walk(tree)
        if isinstance(loop, ast.While | ast.For | ast.AsyncFor)
        for inner in ast.walk(loop)
    }
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in {"time.sleep", "asyncio.sleep", "sleep", "anyio.sleep"}
        and id(node) not in waiting
        and isinstance(node.args[0], ast.Constant)
        and node.args[0].value != 0
    ]
