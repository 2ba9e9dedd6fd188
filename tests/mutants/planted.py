"""For pytest: the mutant that ``--mutant`` names is in place as long as its tests run."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from tests.mutants import of_doors, of_promises, of_rules, of_teams
from tests.mutants.mutant import in_place


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--mutant", default="", help="the name of the mutant to put in place")


def pytest_configure(config: pytest.Config) -> None:
    wanted = str(config.getoption("--mutant"))
    stack = ExitStack()
    every = (of_doors, of_promises, of_rules, of_teams)
    for mutant in (one for each in every for one in each.MUTANTS):
        if mutant.name == wanted:
            stack.enter_context(in_place(mutant))
    config.add_cleanup(stack.close)
