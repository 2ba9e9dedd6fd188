"""Workflows that start by themselves: once for each occasion, in somebody's name, or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import cast

import pytest

from bots.commands import run_command
from runtime.catalog.watch import Library
from runtime.catalog.workflow.document import Schedule
from runtime.catalog.workflow.task import Strategy
from runtime.domain.conversation import Person, PersonKind, Place
from runtime.domain.halt import HaltScope
from runtime.domain.json import Json, object_of
from runtime.domain.run import Run, RunLine
from runtime.domain.schedule import ScheduleLine, ScheduleState
from runtime.door.occasions import Occasions
from runtime.expressions.evaluator import Evaluator, Outcome
from runtime.opening import open_runtime
from runtime.service import Runtime
from runtime.storage import conversations, schedules
from runtime.storage.database import Database
from runtime.testing import RememberingBell, SteppedClock
from runtime.workflows.awaited import MOST_GATHERED, Awaited
from runtime.workflows.events import Events
from tests.worlds.engine import Crash, side_by_side
from tests.worlds.mortal import MortalDatabase

ANN = Person(channel="slack", workspace="T1", external_id="UANN", name="Ann")
BOB = Person(channel="slack", workspace="T1", external_id="UBOB", name="Bob")
CHANNEL = Place(channel="slack", workspace="T1", key="C1/begun-by/x", address={"channel": "C1"})
MONDAY = datetime.fromisoformat("2026-03-23T05:30:00+00:00")
POLICY = """version: 1
access:
  - {who: ["slack:T1/UANN"], may: [ask, publish, halt]}
  - {who: ["slack:T1/UBOB"], may: [publish]}
"""
HEAD = """document:
  dsl: '1.0.3'
  namespace: shop
  name: NAME
  version: '1.0.0'
  title: Report
  metadata: {timezone: Europe/Berlin}
input: {schema: {document: {type: object, properties: {most: {type: integer, default: 3}}}}}
do: [{a: {set: {x: 1}}}]
schedule: """


class Clockwork:
    """An installation whose sweep is called by hand."""

    def __init__(self, database: Database, folder: Path, evaluator: Evaluator) -> None:
        self.database, self.folder, self.evaluator = database, folder, evaluator
        self.clock = SteppedClock(MONDAY)
        (folder / "clerk").mkdir()
        (folder / "clerk" / "agent.md").write_text(
            "---\nrole: worker\ndescription: Works.\n---\nWork.\n"
        )
        (folder / "workflows").mkdir()
        (folder / "policy.yaml").write_text(POLICY)
        self.publish("report", "{cron: '0 7 * * 1'}")
        self.runtime = self.open(database)
        self.sweep = self.runtime.starting.occasions(evaluator)

    def open(self, database: Database) -> Runtime:
        library = Library(self.folder, clock=self.clock)
        bell = RememberingBell()
        return open_runtime(database, clock=self.clock, bell=bell, library=library)

    def worker(self, database: Database | None = None) -> Occasions:
        return self.open(database or self.database).starting.occasions(self.evaluator)

    def publish(
        self, name: str, schedule: str, *, metadata: str = "sponsor: whoever-starts-it"
    ) -> None:
        file = self.folder / "workflows" / f"{name}.yaml"
        head = HEAD.replace("NAME", name).replace("/Berlin", f"/Berlin, {metadata}")
        file.write_text(head + schedule + "\n")
        self.clock.step(2)

    def start(self, name: str = "report", person: Person = ANN) -> ScheduleLine:
        return self.runtime.starting.schedules.start(name, person, CHANNEL, [])

    def at(self, moment: str) -> datetime:
        now = datetime.fromisoformat(f"2026-{moment}+00:00")
        return self.clock.step((now - self.clock.now()).total_seconds())

    def emit(self, *types: str, data: int = 0) -> None:
        events = Events(database=self.database, clock=self.clock, bell=RememberingBell())
        for number, type_ in enumerate(types):
            key = f"{self.clock.step(0.001).isoformat()}/{number}"
            events.publish("T1", {"id": key, "source": "/till", "type": type_, "data": {"n": data}})

    @property
    def runs(self) -> list[RunLine]:
        return self.runtime.runs(workspace=None)

    @property
    def line(self) -> ScheduleLine:
        [line] = self.runtime.starting.schedules.listed(workspace="T1")
        return line

    def say(self, text: str, person: Person = ANN) -> str:
        return run_command(
            text, runtime=self.runtime, person=person, place=CHANNEL, surface="slack"
        ).text


class OutOfOrder(Evaluator):
    """Breaks whatever is asked of it."""

    def batch(self, *args: object, **more: object) -> list[Outcome]:
        raise RuntimeError("out of order")


class Never(Evaluator):
    """Says no to everything, and asks nobody."""

    def evaluate(self, program: str, value: Json, **more: object) -> Json:
        del program, value, more
        return False


@pytest.fixture
def evaluator() -> Iterator[Evaluator]:
    evaluator = Evaluator()
    yield evaluator
    evaluator.close()


@pytest.fixture
def clockwork(database: Database, tmp_path: Path, evaluator: Evaluator) -> Clockwork:
    return Clockwork(database, tmp_path, evaluator)


def test_nothing_starts_before_somebody_answers_for_it(clockwork: Clockwork) -> None:
    clockwork.at("03-23T06:01")

    assert clockwork.sweep() == 0
    assert clockwork.line.state is ScheduleState.OFF
    assert "you (slack:T1/UBOB) may not" in clockwork.say("schedules start report", BOB)
    assert clockwork.runs == []


def test_it_starts_at_its_time_in_its_zone_once_in_its_sponsors_name(clockwork: Clockwork) -> None:
    said = clockwork.say("schedules start report most=5")
    early = clockwork.at("03-23T05:59"), clockwork.sweep()
    on_time = clockwork.at("03-23T06:00"), clockwork.sweep(), clockwork.sweep()
    # Clocks go forward in Berlin on the 29th: seven there is five in the world's time.
    next_week = clockwork.at("03-30T05:00"), clockwork.sweep()

    assert "next 2026-03-23 06:00 UTC" in said
    assert "You are its sponsor now" in said
    assert (early[1:], on_time[1:], next_week[1:]) == ((0,), (1, 0), (1,))
    runs = [clockwork.runtime.view(run.id, workspace=None) for run in clockwork.runs]
    assert [run.run.requester for run in runs] == [ANN.principal] * 2
    assert [run.run.input for run in runs] == [{"most": 5}] * 2
    assert runs[1].run.request == "Report (due 2026-03-23 07:00 Europe/Berlin)"
    assert [run.place.address["channel"] for run in runs] == ["C1"] * 2
    assert len({run.place.key for run in runs}) == 2


def test_times_that_were_missed_are_made_up_for_once_and_told(clockwork: Clockwork) -> None:
    clockwork.start()
    clockwork.at("04-13T12:00")

    assert (clockwork.sweep(), clockwork.sweep()) == (1, 0)
    [run] = clockwork.runs
    words = "due 2026-03-23 07:00 Europe/Berlin; 3 later times were missed as well"
    assert run.request == f"Report ({words})"
    assert clockwork.line.note == words
    assert clockwork.line.due_at == datetime.fromisoformat("2026-04-20T05:00:00+00:00")


def test_two_workers_that_see_the_same_occasion_start_it_once(clockwork: Clockwork) -> None:
    clockwork.publish("report", "{every: PT1M}")
    clockwork.start()
    workers = [clockwork.worker() for _ in range(4)]

    for _ in range(5):
        clockwork.clock.step(60)
        results = side_by_side(workers)
        assert [result for result in results if not isinstance(result, int)] == []

    assert len(clockwork.runs) == 5


def test_a_worker_that_dies_anywhere_starts_it_neither_twice_nor_never(
    clockwork: Clockwork, database_url: str
) -> None:
    clockwork.publish("report", "{every: PT1M, on: {one: {with: {type: sold}}}}")
    clockwork.start()
    mortal = MortalDatabase(database_url)
    deaths = 0
    for point in range(1, 60):
        clockwork.clock.step(60)
        clockwork.emit("sold")
        mortal.passed, mortal.dies_at = 0, point
        try:
            clockwork.worker(mortal)()
            clockwork.worker(mortal)()
        except Crash:
            deaths += 1
        mortal.dies_at = None
        clockwork.sweep()
        clockwork.sweep()
        assert len(clockwork.runs[:20]) == min(20, 2 * point), f"killed at {point}"
        if mortal.passed < point:
            break
    mortal.close()

    assert deaths > 5
    requests = [run.request for run in clockwork.runtime.runs(workspace=None, limit=200)]
    assert len({request for request in requests if "due" in request}) * 2 == len(requests)


def test_what_was_missed_after_a_worker_died_at_a_start_is_made_up_for_as_well(
    clockwork: Clockwork, database_url: str
) -> None:
    clockwork.publish("report", "{every: PT1M}")
    clockwork.start()
    mortal = MortalDatabase(database_url)
    passed = 0
    for point in range(1, 60):
        clockwork.clock.step(60)
        mortal.passed, mortal.dies_at = 0, point
        with suppress(Crash):
            clockwork.worker(mortal)()
        lived = mortal.passed < point
        mortal.dies_at = None
        clockwork.clock.step(180)
        while clockwork.sweep():
            pass
        passed += 4
        requests = [run.request for run in clockwork.runtime.runs(workspace=None, limit=200)]
        assert sum(map(_stands_for, requests)) == passed, f"killed at {point}"
        if lived:
            break
    mortal.close()

    assert passed == 4 * 5, (
        "a start and the moving on, each before and after its commit, and once whole"
    )


def _stands_for(request: str) -> int:
    """Count the times that were due of which a run says that it is for them."""
    missed = re.search(r"; (\d+) later", request)
    return 1 + (int(missed[1]) if missed else 0)


def test_what_is_paused_starts_nothing_and_makes_up_for_nothing(clockwork: Clockwork) -> None:
    clockwork.start()
    refused = clockwork.say("schedules pause report", BOB)
    paused = clockwork.say("schedules pause report")
    clockwork.at("03-24T12:00")
    while_paused = clockwork.sweep()
    resumed = clockwork.say("schedules resume report")
    after = clockwork.sweep()

    assert "only its sponsor Ann may change this" in refused
    assert "report: paused" in paused
    assert "report: on · cron 0 7 * * 1 (Europe/Berlin) · next 2026-03-30 05:00 UTC" in resumed
    assert (while_paused, after, clockwork.runs) == (0, 0, [])


@pytest.mark.parametrize("why", ["rights", "guest"])
def test_a_sponsor_who_may_no_longer_start_it_stops_it(clockwork: Clockwork, why: str) -> None:
    clockwork.start()
    if why == "rights":
        (clockwork.folder / "policy.yaml").write_text(POLICY.replace("[ask, ", "["))
    else:
        _becomes(clockwork.database, ANN, PersonKind.GUEST)
    clockwork.at("03-23T06:00")

    assert clockwork.sweep() == 0
    assert clockwork.runs == []
    assert clockwork.line.state is ScheduleState.STOPPED
    assert ("may not do this" if why == "rights" else "guest accounts") in clockwork.line.note
    assert "was stopped" in clockwork.say("schedules resume report", ANN)
    [conversation] = clockwork.runtime.due_conversations()
    [told] = clockwork.runtime.claim_deliveries(conversation)
    assert told.place.address == CHANNEL.address
    assert "starts by itself no more" in str(told.payload["text"])


def test_a_file_may_say_who_answers_for_it_and_where(clockwork: Clockwork) -> None:
    names = "sponsor: 'slack:T1/UBOB', channel: ['slack:T1/C9', 'slack:T1/C1']"
    clockwork.publish("report", "{every: PT1M}", metadata=names)
    refused = clockwork.say("schedules start report", ANN)
    listed = clockwork.say("schedules", ANN)

    assert "its file names slack:T1/UBOB as its sponsor" in refused
    assert "its file names slack:T1/UBOB as its sponsor" in listed
    assert clockwork.line.state is ScheduleState.OFF

    clockwork.publish("report", "{every: PT1M}", metadata=names.replace("UBOB", "UANN"))
    assert "report: on" in clockwork.say("schedules start report", ANN)
    clockwork.clock.step(60)
    assert clockwork.sweep() == 1

    # A new version; a name that another begins with is not that other.
    elsewhere = "sponsor: whoever-starts-it, channel: 'slack:T1/C'"
    clockwork.publish("report", "{every: PT1M}", metadata=elsewhere)
    clockwork.clock.step(60)
    assert clockwork.sweep() == 0
    assert clockwork.line.state is ScheduleState.STOPPED
    assert clockwork.line.note == "its file says that it asks in slack:T1/C"
    assert "asks in slack:T1/C" in clockwork.say("schedules start report", ANN)


def test_what_starts_by_itself_and_names_nobody_who_answers_starts_nothing(
    clockwork: Clockwork,
) -> None:
    clockwork.start()
    clockwork.publish("report", "{cron: '0 7 * * 1'}", metadata="")
    clockwork.publish("other", "{every: PT1H}", metadata="")
    refused = clockwork.say("schedules start other")
    listed, workflows = clockwork.say("schedules"), clockwork.say("workflows")
    clockwork.at("03-23T06:00")

    assert clockwork.sweep() == 0
    assert clockwork.runs == []
    assert "'other' cannot be set going" in refused
    assert "does not say who answers for it" in listed
    assert "schedules start other" not in listed
    assert f"{clockwork.folder}/workflows/other.yaml:10: /schedule: " in workflows
    listed_now = clockwork.runtime.starting.schedules.listed(workspace="T1")
    assert [(line.workflow, line.state) for line in listed_now] == [
        ("other", ScheduleState.OFF),
        ("report", ScheduleState.STOPPED),
    ]
    # By hand it is begun as any other.
    clockwork.say("run other")
    assert len(clockwork.runs) == 1


def test_what_is_halted_waits_and_is_made_up_for_once(clockwork: Clockwork) -> None:
    clockwork.start()
    governing = clockwork.runtime.governing
    governing.halt(HaltScope.WORKSPACE, "", ANN, reason="look", drill=False)
    clockwork.at("04-06T12:00")

    assert (clockwork.sweep(), clockwork.runs) == (0, [])
    assert clockwork.line.state is ScheduleState.ACTIVE


def test_a_new_version_of_the_file_changes_the_times_without_a_restart(
    clockwork: Clockwork,
) -> None:
    clockwork.start()
    clockwork.publish("report", "{cron: '0 12 * * *'}")
    clockwork.sweep()

    assert clockwork.line.due_at == datetime.fromisoformat("2026-03-23T11:00:00+00:00")

    (clockwork.folder / "workflows" / "report.yaml").unlink()
    clockwork.at("03-23T11:00")
    assert clockwork.sweep() == 0
    assert "not installed" in clockwork.line.note
    clockwork.publish("report", "{cron: '0 12 * * *'}")
    assert clockwork.sweep() == 1


def test_after_means_from_the_end_of_the_last_run(clockwork: Clockwork) -> None:
    clockwork.publish("report", "{after: PT10M}")
    clockwork.start()
    first = clockwork.sweep()
    clockwork.clock.step(3_600)
    still_at_work = clockwork.sweep()
    clockwork.runtime.cancel(clockwork.runs[0].id, ANN)
    ended = clockwork.sweep(), clockwork.clock.step(599), clockwork.sweep()
    clockwork.clock.step(1)

    assert (first, still_at_work, ended[0], ended[2]) == (1, 0, 0, 0)
    assert clockwork.sweep() == 1
    assert len(clockwork.runs) == 2


def test_events_start_it_with_what_they_say(clockwork: Clockwork) -> None:
    clockwork.publish(
        "report", "{on: {one: {with: {type: sold, data: '${ .n > 3 }'}}}, read: envelope}"
    )
    clockwork.emit("sold", data=9)
    clockwork.start()
    clockwork.emit("sold", data=3)
    clockwork.emit("bought", data=4)
    clockwork.emit("sold", data=5)
    workers = [clockwork.worker() for _ in range(4)]
    side_by_side(workers)

    [run] = clockwork.runs
    root = clockwork.runtime.trace(run.id, workspace=None)[0].step
    assert run.request == "Report (on sold from /till)"
    assert "'n': 5" in str(root.input)
    assert "'type': 'sold'" in str(root.input)


def test_all_events_must_come_before_it_starts(clockwork: Clockwork) -> None:
    clockwork.publish("report", "{on: {all: [{with: {type: sold}}, {with: {type: paid}}]}}")
    clockwork.start()
    clockwork.emit("sold", "sold")
    nothing_yet = clockwork.sweep()
    clockwork.emit("paid", "paid")
    once = clockwork.sweep()
    clockwork.emit("sold")
    again = clockwork.sweep()

    assert (nothing_yet, once, again) == (0, 1, 1)


def test_events_are_gathered_until_a_condition_holds_over_what_they_say(
    clockwork: Clockwork,
) -> None:
    until = "'${ map(.n) | add > 5 }'"
    clockwork.publish("report", f"{{on: {{any: [{{with: {{type: sold}}}}], until: {until}}}}}")
    clockwork.start()
    clockwork.emit("sold", "bought", "sold", data=2)
    too_few = clockwork.sweep(), clockwork.line.note
    clockwork.emit("sold", data=3)
    clockwork.emit("sold", data=7)
    clockwork.emit("sold", data=1)
    enough = clockwork.sweep(), clockwork.worker()(), clockwork.line.note

    assert too_few == (0, "2 events have come for its next run")
    assert enough == (2, 0, "1 event has come for its next run")
    assert _given(clockwork) == [[{"n": 2}, {"n": 2}, {"n": 3}], [{"n": 7}]]
    assert clockwork.line.when == "on sold until ${ map(.n) | add > 5 }"


def test_events_are_gathered_until_another_comes_which_is_none_of_them(
    clockwork: Clockwork,
) -> None:
    until = "{all: [{with: {type: closed}}, {with: {type: counted}}]}"
    clockwork.publish("report", f"{{on: {{any: [{{with: {{type: sold}}}}], until: {until}}}}}")
    clockwork.start()
    clockwork.emit("closed", "counted")
    nothing_gathered = clockwork.sweep()
    clockwork.emit("sold", "closed", "sold", "closed")
    half = clockwork.sweep()
    clockwork.emit("counted", "sold", data=9)
    once = clockwork.sweep()

    assert (nothing_gathered, half, once) == (0, 0, 1)
    assert _given(clockwork) == [[{"n": 0}, {"n": 0}]]
    [run] = clockwork.runs
    assert run.request == "Report (on counted from /till, with 2 events in all)"
    assert clockwork.line.when == "on sold until closed and counted"


def test_a_condition_that_never_holds_starts_it_with_as_many_as_are_kept() -> None:
    on = Strategy(mode="any", filters=(), until="false")
    awaited = Awaited(Schedule(on=on), Never(), now=MONDAY)
    gathered: dict[str, Json] = {}

    found = [awaited.take({"type": "x", "data": n}, gathered) for n in range(MOST_GATHERED)]

    assert [one for one in found[:-1] if one is not None] == []
    assert len(found[-1] or []) == MOST_GATHERED
    assert gathered == {}


def _given(clockwork: Clockwork) -> list[Json]:
    """Give what its runs began with, the earliest first."""
    runs = sorted(clockwork.runs, key=lambda run: run.number)
    roots = [clockwork.runtime.trace(run.id, workspace=None)[0].step for run in runs]
    return [object_of(root.input)["input"] for root in roots]


def test_what_an_event_says_is_kept_without_keys(clockwork: Clockwork) -> None:
    clockwork.publish("report", "{on: {one: {with: {type: sold}}}, read: envelope}")
    clockwork.start()
    key = "sk-proj-4711abcdef"
    event = {"id": key, "source": "/till", "type": "sold", "data": {"note": f"pay with {key}"}}

    taken = [clockwork.runtime.starting.publish("T1", [event]) for _ in range(2)]
    clockwork.sweep()

    assert taken == [1, 0], "its id says which event it is"
    [[given]] = [cast("list[Json]", one) for one in _given(clockwork)]
    assert object_of(given)["data"] == {"note": "pay with [secret]"}
    assert object_of(given)["id"] == key


def test_one_that_breaks_keeps_no_other_from_starting(clockwork: Clockwork) -> None:
    clockwork.publish("broken", "{on: {one: {with: {type: sold, data: '${ .n > 3 }'}}}}")
    clockwork.start("broken")
    clockwork.start("report")
    clockwork.emit("sold", data=9)
    clockwork.at("03-23T06:00")

    assert clockwork.runtime.starting.occasions(OutOfOrder())() == 1
    [run] = clockwork.runs
    assert run.request.startswith("Report (due")


def test_an_input_that_is_missing_is_asked_for_when_it_is_set_going(clockwork: Clockwork) -> None:
    file = clockwork.folder / "workflows" / "report.yaml"
    file.write_text(file.read_text().replace("{type: object,", "{type: object, required: [who],"))
    clockwork.clock.step(2)

    said = clockwork.say("schedules start report")

    assert "Write: /baton schedules start report most=3 who=…" in said
    assert clockwork.line.state is ScheduleState.OFF


def _becomes(database: Database, person: Person, kind: PersonKind) -> None:
    with database.write() as connection:
        conversations.meet(connection, replace(person, kind=kind), now=MONDAY)


def test_where_its_approvals_appear_holds_for_what_starts_by_itself(clockwork: Clockwork) -> None:
    clockwork.start()
    refused = clockwork.say("schedules approvals report", BOB)
    clockwork.say("schedules approvals report")
    # Who sets it going anew says nothing about that.
    clockwork.start()
    clockwork.at("03-30T05:01")
    assert clockwork.sweep() == 1
    clockwork.say("run report")
    asked, begun = (clockwork.runtime.view(one.id, workspace=None).run for one in clockwork.runs)

    def elsewhere(run: Run) -> Place | None:
        with clockwork.database.read() as connection:
            return schedules.approvals_of(connection, run)

    assert "only its sponsor Ann" in refused
    assert (elsewhere(begun), elsewhere(asked)) == (CHANNEL, None)
    assert clockwork.line.has_approvals_channel
    clockwork.say("schedules approvals report off")
    assert elsewhere(begun) is None
    assert not clockwork.line.has_approvals_channel
