"""One change to the text of one module, put in place in this process for as long as it is wanted.

Only lines that nothing else guards are worth breaking: a change that policy forbids, say, is
refused in two places and again by the worker, so that no single one is missed.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from types import CodeType, FunctionType, ModuleType


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """What is broken, where, and how."""

    name: str
    module: str
    before: str
    after: str
    watched_by: tuple[str, ...] = ()
    """The tests of which one must fail; random histories where there are none."""


@contextlib.contextmanager
def in_place(mutant: Mutant) -> Generator[None]:
    """Give the module's functions the code of the changed text, and theirs back afterwards."""
    module = importlib.import_module(mutant.module)
    text = inspect.getsource(module)
    assert text.count(mutant.before) == 1, f"{mutant.module} has changed: {mutant.before!r}"
    changed = text.replace(mutant.before, mutant.after)
    codes = dict(_codes(compile(changed, f"<{mutant.name}>", "exec")))
    kept: list[tuple[FunctionType, CodeType]] = []
    try:
        for function in _functions(module):
            code = codes.get(function.__qualname__)
            if code is not None and code.co_freevars == function.__code__.co_freevars:
                kept.append((function, function.__code__))
                function.__code__ = code
        yield
    finally:
        for function, code in kept:
            function.__code__ = code


def _codes(code: CodeType) -> Iterator[tuple[str, CodeType]]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant.co_qualname, constant
            yield from _codes(constant)


def _functions(module: ModuleType) -> Iterator[FunctionType]:
    for value in list(vars(module).values()):
        owners = vars(value).values() if isinstance(value, type) else [value]
        for one in owners:
            plain = inspect.unwrap(one) if callable(one) else one
            if isinstance(plain, FunctionType) and plain.__module__ == module.__name__:
                yield plain
