from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

from tests.worlds.source import ROOT, Source, sources

PRODUCT = ("runtime", "bots")

TOUCHES_THE_ENVIRONMENT = {
    "runtime/settings.py": "the one place that reads it",
    "runtime/models/library.py": "sets two switches that the model library reads at its import",
}

RUNS_AS_A_SCRIPT = {
    "runtime/storage/migrations/env.py": "executed by Alembic, imported by nobody",
    "runtime/expressions/child.py": "a process of its own, without Baton in it",
}

_MUTABLE = (ast.Dict, ast.List, ast.Set, ast.DictComp, ast.ListComp, ast.SetComp)
_MAKES_MUTABLE = {"dict", "list", "set", "defaultdict", "deque", "Counter", "WeakKeyDictionary"}
_CHANGES = {
    *("add", "append", "appendleft", "clear", "discard", "extend", "insert", "pop", "popitem"),
    *("remove", "setdefault", "update"),
}

_IMPORT_EVERYTHING = """
import importlib, json, sys

root, seen = sys.argv[2], []
forbidden = (
    "socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen", "os.system",
    "os.putenv", "os.mkdir", "os.remove", "os.rename", "sqlite3.connect", "shutil.rmtree",
)

def ours():
    # Whose deed it is: the first frame that is neither Python's own nor the import system's.
    frame = sys._getframe(2)
    while frame is not None:
        if "site-packages" in frame.f_code.co_filename:
            return False
        if frame.f_code.co_filename.startswith(root):
            return True
        frame = frame.f_back
    return False

def hook(event, arguments):
    if event in forbidden and ours():
        seen.append(f"{event} {arguments!r}")
    writes = event == "open" and isinstance(arguments[1], str) and set("wax+") & set(arguments[1])
    if writes and ours():
        seen.append(f"open {arguments[0]!r} for writing")

import logging, threading
before = {thread.name for thread in threading.enumerate()}
handlers = list(logging.getLogger().handlers)
sys.addaudithook(hook)
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
sys.stdout.write(json.dumps({
    "deeds": seen,
    "threads": sorted({thread.name for thread in threading.enumerate()} - before),
    "handlers": len(logging.getLogger().handlers) - len(handlers),
}))
"""


def _module(source: Source) -> str:
    return source.name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def test_only_the_settings_read_the_environment() -> None:
    touching = {
        source.name
        for source in sources(*PRODUCT)
        for node in source.walk()
        if (isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv"})
        or (isinstance(node, ast.ImportFrom) and node.module == "os" and _names(node) & _ENVIRON)
    }

    assert touching == set(TOUCHES_THE_ENVIRONMENT)


_ENVIRON = {"environ", "environb", "getenv"}


def _names(node: ast.ImportFrom) -> set[str]:
    return {alias.name for alias in node.names}


def test_importing_the_whole_product_does_nothing(tmp_path: Path) -> None:
    names = [
        _module(source)
        for source in sources(*PRODUCT)
        if source.name not in RUNS_AS_A_SCRIPT and "/versions/" not in source.name
    ]

    done = subprocess.run(
        [sys.executable, "-B", "-c", _IMPORT_EVERYTHING, json.dumps(names), str(ROOT)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"deeds": [], "threads": [], "handlers": 0}
    assert list(tmp_path.iterdir()) == []


def test_modules_hold_constants_and_no_state() -> None:
    wrong: list[str] = []
    for source in sources(*PRODUCT):
        held = dict(_mutable_names(source.tree))
        wrong += [
            f"{source.name}:{line}: {name} looks like state; spell a constant in capitals,"
            " and keep what changes in an object"
            for name, line in held.items()
            if not name.isupper() and name != "__all__"
        ]
        wrong += [
            f"{source.name}:{line}: {name} is a constant of the module and is changed here"
            for name, line in _changed_names(source.tree)
            if name in held
        ]
        wrong += [
            f"{source.name}:{node.lineno}: {node.names} are rebound; keep them in an object"
            for node in source.walk()
            if isinstance(node, ast.Global)
        ]

    assert wrong == []


def test_nothing_is_remembered_by_a_function_of_a_module() -> None:
    remembered = [
        f"{source.name}:{function.lineno}: {function.name}"
        for source in sources(*PRODUCT)
        for function in source.functions()
        for decorator in function.decorator_list
        if ast.unparse(decorator).split("(")[0].rpartition(".")[2] in {"cache", "lru_cache"}
    ]

    assert remembered == []


def _mutable_names(tree: ast.Module) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    for statement in tree.body:
        if isinstance(statement, ast.Assign):
            targets, value = statement.targets, statement.value
        elif isinstance(statement, ast.AnnAssign):
            targets, value = [statement.target], statement.value
        else:
            continue
        made = isinstance(value, ast.Call) and ast.unparse(value.func) in _MAKES_MUTABLE
        if made or isinstance(value, _MUTABLE):
            found += [(one.id, one.lineno) for one in targets if isinstance(one, ast.Name)]
    return found


def _changed_names(tree: ast.Module) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    for node in ast.walk(tree):
        target: ast.expr | None = None
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
            target = node.value
        elif isinstance(node, ast.AugAssign):
            target = node.target
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            target = node.func.value if node.func.attr in _CHANGES else None
        if isinstance(target, ast.Name):
            found.append((target.id, target.lineno))
    return found
