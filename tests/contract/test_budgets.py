"""A step that would cost too much waits for a word: more, lighter, what is there, or nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from runtime.agent.kit import Kits, Services, Shared
from runtime.agent.loop import ask_model
from runtime.agent.question import KIND
from runtime.catalog.catalog import Catalog
from runtime.domain.budget import Budget
from runtime.domain.conversation import Person, PersonKind
from runtime.domain.errors import OverBudget, Refused
from runtime.domain.json import Json
from runtime.domain.states import RunStatus, StepStatus
from runtime.domain.step import Cost, Step
from runtime.door.hear import Hearing
from runtime.durable.context import Context
from runtime.durable.engine import Engine
from runtime.durable.leaf import Child
from runtime.models.completion import Completion, Prompt, Turn
from runtime.outbox.announce import Announcements
from runtime.policy.parse import parse_policy
from runtime.storage import audits, conversations, definitions, runs, trees
from runtime.storage.database import Database
from runtime.testing import START
from runtime.tools.runner import Runner
from tests.worlds.engine import REQUESTER, Crash, EngineWorld
from tests.worlds.front_door import THREAD

BOSS = Person(channel="slack", workspace="T1", external_id="UBOSS", name="Boss")
OTHER = replace(BOSS, external_id="UOTHER", name="Other")
POLICY = 'version: 1\nroles: {approver: ["slack:T1/UBOSS"]}\ndefault_eligible: ["role:approver"]\n'
TWO_DOLLARS = Cost(usd=2.0, tokens=1000)


@dataclass
class Models:
    """A model that costs two dollars a call, and remembers for which tier it was asked."""

    asked: list[str] = field(default_factory=list[str])
    dies: bool = False

    def complete(self, prompt: Prompt) -> Completion:
        if self.dies:
            raise Crash
        self.asked.append(prompt.tier)
        return Completion(text="ok", tool_calls=(), model="m", cost=TWO_DOLLARS, finish="stop")


class Office:
    """Runs that call a model as often as their input says, on a budget of five dollars."""

    def __init__(self, database: Database, home: Path) -> None:
        self.world = EngineWorld(database)
        self.models = Models()
        self.policy = parse_policy(POLICY, file="policy.yaml")
        self.catalog = Catalog.of([], models_text="tiers: {light: {}, strong: {}}")
        self.services = Services(
            database=database,
            clock=self.world.clock,
            kits=Kits(database, lambda _: Shared(tools=(), missing={})),
            models=self.models,
            runner=Runner(secrets={}),
            data=home,
            current_policy=lambda: self.policy,
        )
        self.hearing = Hearing(
            database=database,
            clock=self.world.clock,
            bell=self.world.bell,
            catalog=lambda: self.catalog,
            policy=lambda: self.policy,
            budget=Budget(),
        )
        with database.write() as connection:
            self.place = conversations.ensure(connection, THREAD, now=self.world.clock.now())
            definitions.keep(
                connection, self.catalog.digest, self.catalog.to_json, now=self.world.clock.now()
            )

    def process(self) -> Engine:
        announcer = Announcements(self.world.clock)
        return self.world.process(announcer, root=self._work, piece=self._piece)

    def begin(self, calls: int, *, beside: int = 0) -> str:
        return self.world.accept(
            input={"calls": calls, "beside": beside}, catalog=self.catalog.digest
        )

    def begin_in_thread(self) -> str:
        """Begin a run in a conversation that there is, which words an answer and no more."""
        run_id = self.begin(0)
        with self.services.database.write() as connection:
            connection.execute(
                runs.table.update()
                .where(runs.table.c.id == run_id)
                .values(conversation_id=self.place.id)
            )
        return run_id

    def _work(self, ctx: Context) -> Json:
        """Call, then have as many pieces of work done side by side, then word an answer."""
        given = cast("dict[str, int]", ctx.input)
        done = 0
        try:
            for turn in range(given["calls"]):
                self._call(ctx, f"turn/{turn}")
                done += 1
        except OverBudget:
            done = -done
        pieces = [Child(name=f"piece/{at}", kind="piece") for at in range(given["beside"])]
        ended = ctx.gather(pieces) if pieces else []
        try:
            self._call(ctx, "draft")
        except OverBudget as error:
            return {"answer": f"{done}: {error.public}", "sources": [], "demonstration": False}
        answer = f"{done} and {sum(one.status == StepStatus.SUCCEEDED for one in ended)}"
        return {"answer": answer, "sources": [], "demonstration": False}

    def _piece(self, ctx: Context) -> Json:
        self._call(ctx, "call")
        return True

    def _call(self, ctx: Context, name: str) -> None:
        prompt = Prompt(tier="strong", turns=(Turn(role="user", text="go on"),))
        ask_model(ctx, self.services, name, prompt, actor="clerk@1")

    def questions(self, run_id: str) -> list[Step]:
        with self.services.database.read() as connection:
            leaves = trees.leaves(connection, run_id, kind=KIND)
        return [leaf for leaf in leaves if leaf.status == StepStatus.WAITING]

    def question(self, run_id: str) -> tuple[str, str, list[str]]:
        """Give the id, the words and the choices of the one open question."""
        [leaf] = self.questions(run_id)
        asked = cast("dict[str, Any]", leaf.input)
        return leaf.id, asked["question"], asked["choices"]

    def spent(self, run_id: str) -> float:
        with self.services.database.read() as connection:
            run = runs.read(connection, run_id)
        assert run is not None
        return run.spent.usd


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Iterator[Office]:
    made = Office(database, tmp_path)
    yield made
    made.world.close()


def test_more_is_added_once_by_somebody_who_may(office: Office) -> None:
    process, run_id = office.process(), office.begin(4)
    office.world.do(process, run_id)

    leaf, words, choices = office.question(run_id)
    assert "The run has spent $4.00 of its $5.00, and the next step would take about $2." in words
    assert choices == ["Add $5.00", "Use a lighter model", "Finish with what is there", "Stop"]
    assert office.spent(run_id) == 4.0, "it was asked before the step, not after"
    for stranger, said in [(OTHER, "Add $5.00"), (REQUESTER, "1"), (BOSS, "a million"),
                           (replace(BOSS, kind=PersonKind.GUEST), "1")]:  # fmt: skip
        with pytest.raises(Refused):
            office.hearing.answer(leaf, stranger, said)

    office.hearing.answer(leaf, BOSS, "add $5.00")
    with pytest.raises(Refused, match="answered already"):
        office.hearing.answer(leaf, BOSS, "Stop")
    # Another process goes on: what was added is in the database, and the answer in the journal.
    office.world.answer_rings(office.process())

    leaf, words, _ = office.question(run_id)
    assert "$8.00 of its $10.00" in words
    office.hearing.answer(leaf, BOSS, "1")
    office.world.answer_rings(process)
    assert office.world.run(run_id).answer == "4 and 0"
    assert office.spent(run_id) == 10.0


def test_a_lighter_model_goes_on_until_nothing_is_left(office: Office) -> None:
    process, run_id = office.process(), office.begin(4)
    office.world.do(process, run_id)

    office.hearing.answer(office.question(run_id)[0], BOSS, "Use a lighter model")
    office.world.answer_rings(process)

    assert office.models.asked == ["strong", "strong", "light"]
    _, words, choices = office.question(run_id)
    assert words.startswith("The run has spent $6.00 of its $5.00. What now?")
    assert "Use a lighter model" not in choices


def test_to_finish_is_said_once_and_nothing_costs_from_then_on(office: Office) -> None:
    process, run_id = office.process(), office.begin(4, beside=2)
    office.world.do(process, run_id)

    office.hearing.answer(office.question(run_id)[0], BOSS, "3")
    office.world.answer_rings(process)

    assert office.questions(run_id) == []
    assert office.world.run(run_id).answer.startswith("-2: the run has spent $4.00")
    assert office.spent(run_id) == 4.0


def test_to_stop_cancels_the_run(office: Office) -> None:
    process, run_id = office.process(), office.begin(4)
    office.world.do(process, run_id)

    office.hearing.answer(office.question(run_id)[0], BOSS, "Stop")
    office.world.answer_rings(process)

    run = office.world.run(run_id)
    assert run.status == RunStatus.CANCELLED
    assert (run.error or {})["message"] == "cancelled by Boss"


def test_steps_beside_each_other_wait_for_one_word(office: Office) -> None:
    process, run_id = office.process(), office.begin(2, beside=3)
    office.world.do(process, run_id)

    office.hearing.answer(office.question(run_id)[0], BOSS, "Add $5.00")
    office.world.later(process, seconds=61)
    office.hearing.answer(office.question(run_id)[0], BOSS, "Add $5.00")
    office.world.later(process, seconds=61)

    assert office.world.run(run_id).answer == "2 and 3"


def test_a_crash_while_it_is_asked_or_answered_changes_nothing(office: Office) -> None:
    run_id = office.begin(4)
    office.world.do(office.process(), run_id)
    leaf, _, _ = office.question(run_id)

    office.hearing.answer(leaf, BOSS, "Add $5.00")
    office.models.dies = True
    for step_id in office.world.bell.take_steps():
        with pytest.raises(Crash):
            office.process().execute(step_id)
    office.models.dies = False
    office.world.later(office.process(), seconds=3600)

    assert "$8.00 of its $10.00" in office.question(run_id)[1], "it was added once"


@pytest.mark.parametrize(
    ("cap", "whose"),
    [
        ("of: user, names: ['slack:T1/*']", "today"),
        ("of: agent, names: [clerk]", "agent 'clerk' today"),
        ("of: workspace", "this workspace today"),
        ("of: channel", "this channel today"),
    ],
)
def test_a_budget_of_the_day_counts_all_runs_and_begins_anew(
    office: Office, cap: str, whose: str
) -> None:
    office.policy = parse_policy(
        f"{POLICY}budgets:\n  - {{id: day, {cap}, usd: 3, eligible: ['slack:T1/UOTHER']}}\n",
        file="policy.yaml",
    )
    process = office.process()
    first, second, third = (office.begin_in_thread() for _ in range(3))
    for run_id in (first, second):
        office.world.do(process, run_id)

    assert office.spent(first) == 2.0
    leaf, words, choices = office.question(second)
    assert f"{whose} has spent $2.00 of its $3.00" in f"{words[0].lower()}{words[1:]}"
    assert choices[0] == "Add $3.00"
    with pytest.raises(Refused):
        office.hearing.answer(leaf, BOSS, "1")
    office.hearing.answer(leaf, OTHER, "1")
    office.world.answer_rings(process)
    assert office.spent(second) == 2.0

    office.world.clock.step(timedelta(days=1).total_seconds())
    office.world.do(process, third)
    assert office.spent(third) == 2.0


def test_budgets_of_others_are_not_used_up(office: Office) -> None:
    office.policy = parse_policy(
        POLICY + "budgets:\n"
        "  - {id: a, of: user, names: ['slack:T1/UOTHER'], usd: 1}\n"
        "  - {id: b, of: agent, names: [other], usd: 1}\n",
        file="policy.yaml",
    )
    run_id = office.begin(0)

    office.world.do(office.process(), run_id)

    assert office.world.run(run_id).status == RunStatus.SUCCEEDED, json.dumps(
        [step.input for step in office.questions(run_id)]
    )


def test_what_waits_for_a_budget_of_the_day_goes_on_with_the_next_day(office: Office) -> None:
    office.policy = parse_policy(
        POLICY + "budgets:\n  - {id: day, of: workspace, usd: 3}\n", file="policy.yaml"
    )
    process = office.process()
    first, second = office.begin(0), office.begin(1)
    office.world.do(process, first)
    office.world.do(process, second)
    assert office.questions(second)
    asked = [leaf.id for leaf in office.questions(second)]
    midnight = START.replace(hour=0) + timedelta(days=1)
    left = (midnight - office.world.clock.now()).total_seconds()

    office.world.later(process, seconds=left - 1)
    assert office.spent(second) == 0.0, "it is not tomorrow yet"
    assert [leaf.id for leaf in office.questions(second)] == asked

    # Another process finds it due.
    office.world.later(office.process(), seconds=2)
    office.world.later(office.process(), seconds=61)

    assert office.spent(second) == 2.0
    with office.services.database.read() as connection:
        leaves = trees.leaves(connection, second, kind=KIND)
        events = [one.event for one in audits.of_run(connection, second)]
    settled = [leaf for leaf in leaves if leaf.id in asked]
    assert [cast("dict[str, Any]", leaf.output)["action"] for leaf in settled] == ["anew"]
    assert events.count("BudgetBegunAnew") == 1
    with pytest.raises(Refused, match="answered already"):
        office.hearing.answer(asked[0], BOSS, "1")
    # What it costs today counts today: the next step asks again.
    leaf, words, _ = office.question(second)
    assert "This workspace today has spent $2.00 of its $3.00" in words
    office.hearing.answer(leaf, BOSS, "Add $3.00")
    office.world.answer_rings(process)
    assert office.world.run(second).answer == "1 and 0"
