from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.worlds.source import ROOT, Source, sources, written_files

EVERYWHERE = ("runtime", "bots", "bench", "tests")
SAYS_NOTHING = {"base", "common", "core", "helper", "helpers", "manager", "misc", "util", "utils"}

LONGEST_FILE = 350
LONG_FOR_A_REASON = {
    "runtime/durable/engine.py": "the engine's one loop, to be read in one piece",
    "runtime/service.py": "the one front door: all that anybody can do is a method there",
    "runtime/storage/tables.py": "the schema, to be read in one piece",
    "runtime/storage/steps.py": "the statements of the engine; what each relies on is one idea",
}
LONGEST_TEST_FILE = 600
LONG_TESTS_FOR_A_REASON = {
    "tests/scenario/test_slack_edge.py": "one story after another at the same rim",
}

LONGEST_FUNCTION = 60
LONG_FUNCTIONS_FOR_A_REASON = {
    "runtime/storage/migrations/versions/0001_first_light.py:upgrade": "a schema, not a procedure",
    "tests/worlds/mcp/server.py:build": "a list of tools",
    "tests/unit/test_teams_rendering.py:shown": "one case for each kind of element",
}

# Written in pieces, so that this file does not hold what it looks for.
MUST_NOT_BE_NAMED = (
    *("/" + "work/main", "/" + "work/shared", "/" + "work/."),
    *("/" + "root/", "/opt/" + "pypi"),
    *("pypi" + ".org", "python" + "hosted.org", "registry.npmjs" + ".org"),
)

_IGNORE = re.compile(r"#\s*(type|pyright|basedpyright):\s*ignore(?P<rules>\[[^\]]+\])?(?P<rest>.*)")
_NOQA = re.compile(r"#\s*noqa(?P<rules>: ?[A-Z]+[0-9]+(?:, ?[A-Z]+[0-9]+)*)?(?P<rest>.*)")


def test_file_names_say_what_is_in_them() -> None:
    empty = [source.name for source in sources(*EVERYWHERE) if source.path.stem in SAYS_NOTHING]

    assert empty == []


def test_files_are_short_or_listed_with_a_reason() -> None:
    long = {
        source.name
        for source in sources("runtime", "bots", "bench")
        if _lines(source) > LONGEST_FILE
    }
    long_tests = {source.name for source in sources("tests") if _lines(source) > LONGEST_TEST_FILE}

    assert long <= set(LONG_FOR_A_REASON)
    assert long_tests <= set(LONG_TESTS_FOR_A_REASON)


def test_functions_are_short_or_listed_with_a_reason() -> None:
    long = {
        f"{source.name}:{function.name}"
        for source in sources(*EVERYWHERE)
        for function in source.functions()
        if (function.end_lineno or function.lineno) - function.lineno >= LONGEST_FUNCTION
    }

    assert long <= set(LONG_FUNCTIONS_FOR_A_REASON)


def test_every_package_says_what_is_in_it() -> None:
    silent = [
        source.name
        for source in sources("runtime", "bots")
        if source.path.name == "__init__.py" and not ast.get_docstring(source.tree)
    ]

    assert silent == []


def test_every_file_of_the_product_begins_by_saying_what_it_is() -> None:
    silent = [
        source.name for source in sources("runtime", "bots") if not ast.get_docstring(source.tree)
    ]

    assert silent == []


def test_what_others_build_on_is_documented() -> None:
    undocumented = [
        f"{name}: {missing}"
        for name in ("runtime/domain/ports.py", "bots/channel.py", "runtime/service.py")
        for missing in _undocumented(ROOT / name)
    ]

    assert undocumented == []


def test_every_setting_is_documented() -> None:
    tree = Source(path=ROOT / "runtime/settings.py").tree
    settings = next(
        node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Settings"
    )
    undocumented = [
        ast.unparse(field.target)
        for field, following in zip(settings.body, [*settings.body[1:], None], strict=True)
        if isinstance(field, ast.AnnAssign) and not _is_text(following)
    ]

    assert undocumented == []


def test_what_is_ignored_names_its_rule_and_its_reason() -> None:
    bare = [
        f"{source.name}:{number}: {line.strip()}"
        for source in sources(*EVERYWHERE)
        for number, line in enumerate(source.text.splitlines(), start=1)
        for found in [_IGNORE.search(line) or _NOQA.search(line)]
        if found and "_IGNORE" not in line and "_NOQA" not in line
        if not found["rules"] or len(found["rest"].strip(" -#()")) < 5
    ]

    assert bare == []


def test_the_project_speaks_of_itself_alone() -> None:
    told = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in written_files()
        for text in [_text(path)]
        for word in MUST_NOT_BE_NAMED
        if word in text
    ]

    assert told == []


def _lines(source: Source) -> int:
    return len(source.text.splitlines())


def _is_text(node: ast.stmt | None) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _undocumented(path: Path) -> list[str]:
    missing: list[str] = []
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            missing += [] if ast.get_docstring(node) else [node.name]
            missing += [
                f"{node.name}.{method.name}"
                for method in node.body
                if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef)
                and not method.name.startswith("_")
                and not ast.get_docstring(method)
            ]
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            missing += [] if ast.get_docstring(node) else [node.name]
    return missing


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", errors="ignore")
