"""What its time is over for goes, and who wants to be forgotten is; numbers and proofs stay."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import cast

import pytest
from sqlalchemy import select

from bots.process import evidence_of
from bots.terminal.retention import outlook
from bots.terminal.wiring import Wiring
from runtime.audit.erase import Erased
from runtime.audit.retention import REMOVED, Retention
from runtime.clock import SystemClock
from runtime.domain.approval import Verdict
from runtime.domain.conversation import Message, Person, Place
from runtime.domain.errors import NotFound, Refused
from runtime.domain.ids import new_id
from runtime.domain.retention import Part, Periods
from runtime.domain.run import Artifact
from runtime.door.evidence import Evidence
from runtime.storage import aging, artifacts, blobs, events, memories, removal, tables
from runtime.storage.database import Database
from runtime.storage.event_tables import event
from runtime.testing import SteppedClock
from tests.worlds.crew import calls, plan, step
from tests.worlds.governed import ADA, BEN, Governed, member
from tests.worlds.openai import Answer

POLICY = """version: 1
access:
  - {who: [member, "slack:*/*"], may: [ask, see, steer, publish]}
rules:
  - {id: letters, tools: [send], outcome: ask, eligible: ["slack:T024/UBEN", "slack:T099/UBEN"]}
"""
DAY = 24 * 3600.0
PERIODS = Periods(
    transcript=timedelta(days=30),
    files=timedelta(days=60),
    words=timedelta(days=90),
    memories=timedelta(days=20),
    events=timedelta(days=10),
)
FAR = "T099"


def letter(office: Governed, person: Person, secret: str, *, verdict: Verdict) -> str:
    """Have one letter asked for, decided about and answered; the secret is in all of it."""
    office.crew.plans(plan(step("a")))
    office.crew.works(
        calls(("send", {"to": secret})), Answer(text=f"wrote {secret}"), task=f"write {secret}"
    )
    run = office.ask(f"write {secret}", person=person)
    (asked,) = office.asked(run=run)
    decider = BEN if person.workspace == BEN.workspace else member("Ben", team=FAR)
    office.decide(asked, decider, verdict, reason=f"because of {secret}")
    office.ended(run)
    give_file(office, run, f"file of {secret}".encode())
    with office.product.runtime.database.write() as connection:
        memories.put(
            connection,
            workspace=person.workspace,
            name="taste",
            value=secret,
            by=person.principal,
            now=SystemClock().now(),
        )
    return run


def give_file(office: Governed, run: str, content: bytes) -> None:
    run_id = office.product.runtime.view(run, workspace=None).run.id
    with office.product.runtime.database.write() as connection:
        made = Artifact(
            name="letter.txt",
            media_type="text/plain",
            size_bytes=len(content),
            digest=blobs.put(connection, content),
            step_id=f"{run_id}:/",
        )
        artifacts.put(connection, run_id, made, now=SystemClock().now())


def evidence(office: Governed) -> Evidence:
    product = office.product
    known = evidence_of(product.settings, product.runtime.database, SystemClock())
    return replace(known, keep=timedelta(days=1000), periods=PERIODS)


def after(office: Governed, *, days: float) -> Retention:
    """Give the chore as it is in so many days, with the audit caught up."""
    evidence(office).catch_up()
    clock = SteppedClock(SystemClock().now() + timedelta(days=days))
    return Retention(office.product.runtime.database, clock, PERIODS)


def all_of_it(chore: Retention) -> None:
    for _ in range(100):
        if not chore():
            return
    raise AssertionError("it never ends")


def tables_with(database: Database, word: str) -> set[str]:
    """Name the tables in which a word can be read; the audit's words are sealed."""
    found: set[str] = set()
    with database.read() as connection:
        for table in tables.Row.metadata.sorted_tables:
            rows = connection.execute(select(*table.columns)).all()
            if any(word in str(tuple(row)) for row in rows):
                found.add(table.name)
    return found


def test_each_part_of_a_run_goes_in_its_own_time(office: Governed) -> None:
    run = letter(office, ADA, "canary", verdict=Verdict.APPROVE)
    database = office.product.runtime.database

    all_of_it(after(office, days=29))
    assert {"step", "blob", "run", "approval", "approval_decision"} <= tables_with(
        database, "canary"
    )

    all_of_it(after(office, days=31))
    with database.read() as connection:
        texts = select(tables.step.c.input, tables.step.c.output, tables.step.c.error)
        assert all(row == (None, None, None) for row in connection.execute(texts))
    view = office.product.runtime.view(run, workspace=None)
    assert view.run.answer == "wrote canary"
    assert [one.name for one in view.artifacts] == ["letter.txt"]
    assert office.product.runtime.trace(run, workspace=None)

    all_of_it(after(office, days=61))
    assert office.product.runtime.view(run, workspace=None).artifacts == ()
    assert "blob" not in tables_with(database, "canary")

    all_of_it(after(office, days=91))
    assert tables_with(database, "canary") == set()
    view = office.product.runtime.view(run, workspace=None)
    assert (view.status, view.run.request, view.run.answer) == ("succeeded", REMOVED, REMOVED)
    assert view.run.requester_name == "Ada"
    assert view.run.spent.tokens > 0
    assert [one.number for one in office.product.runtime.runs(workspace=None)] == [1]
    assert office.product.runtime.approval("1", workspace=None).reason == REMOVED
    assert office.events(run).count("DataRemoved") == 3
    assert evidence(office).inspect().problems == ()
    assert evidence(office).export(run, workspace=None).pack


def test_what_is_at_work_or_waits_is_left_alone(office: Governed) -> None:
    office.crew.plans(plan(step("a")))
    office.crew.works(calls(("send", {"to": "canary"})), Answer(text="done"))
    run = office.ask("write")
    (asked,) = office.asked()

    all_of_it(after(office, days=1000))

    office.decide(asked, BEN)
    assert office.ended(run).status == "succeeded"
    assert office.marks() == ["sent canary"]


def test_a_failed_run_whose_journal_is_gone_is_not_tried_again(office: Governed) -> None:
    office.crew.plans(plan(step("a")))
    office.crew.works(Answer(status=400))
    run = office.ask("write")
    assert office.ended(run).status == "failed"
    all_of_it(after(office, days=31))

    with pytest.raises(Refused, match="was removed when its time was over"):
        office.product.runtime.retry(run, ADA)

    assert office.product.runtime.view(run, workspace=None).status == "failed"


def test_what_a_crash_left_half_removed_is_gone_on_with(office: Governed) -> None:
    run = letter(office, ADA, "canary", verdict=Verdict.APPROVE)
    database = office.product.runtime.database
    run_id = office.product.runtime.view(run, workspace=None).run.id
    evidence(office).catch_up()
    with database.write() as connection:
        assert removal.begin(connection, run_id, Part.WORDS) is True
        # A crash after the first few rows.
        assert removal.drop_steps(connection, run_id, limit=2) == 2

    all_of_it(after(office, days=91))

    assert tables_with(database, "canary") == set()
    with database.read() as connection:
        assert connection.execute(select(tables.step.c.id)).all() == []


def test_bytes_that_two_runs_share_stay_for_the_other(office: Governed) -> None:
    first = letter(office, ADA, "canary", verdict=Verdict.APPROVE)
    second = letter(office, ADA, "second", verdict=Verdict.REJECT)
    give_file(office, first, b"the same")
    give_file(office, second, b"the same")
    database = office.product.runtime.database
    evidence(office).catch_up()
    ids = [office.product.runtime.view(one, workspace=None).run.id for one in (first, second)]

    def remove(run_id: str) -> None:
        with database.write() as connection:
            removal.drop_files(connection, run_id, limit=100)

    remove(ids[0])
    assert office.product.runtime.artifact(second, "letter.txt", workspace=None)[1] == b"the same"
    remove(ids[1])
    assert "blob" not in tables_with(database, "the same")


def test_facts_and_events_go_in_their_time_and_those_waited_for_stay(office: Governed) -> None:
    database, now = office.product.runtime.database, SystemClock().now()
    content = {"source": "shop", "type": "sold"}
    with database.write() as connection:
        memories.put(connection, workspace="T024", name="old", value="1", by="x", now=now)
        for number in range(3):
            events.add(
                connection, workspace="T024", content={**content, "id": str(number)}, now=now
            )
        events.mark_told(connection, workspace="T024", numbers=[1, 2])

    all_of_it(after(office, days=9))
    with database.read() as connection:
        assert len(connection.execute(select(event.c.number)).all()) == 3

    all_of_it(after(office, days=21))
    with database.read() as connection:
        assert memories.all_of(connection, "T024") == []
        told = connection.execute(select(event.c.number, event.c.told)).all()
        still = [row.number for row in told if not row.told]
    # The worker beside us may have told the third one meanwhile; untold it stays.
    assert [row.number for row in told] == still
    with database.read() as connection:
        assert aging.oldest_memory(connection, since=now) is None


def test_it_is_told_what_goes_and_when(office: Governed) -> None:
    letter(office, ADA, "canary", verdict=Verdict.APPROVE)

    now = {one.name: one for one in evidence(office).outlook()}
    then = {one.name: one for one in after(office, days=70).outlook()}

    assert {name: one.due for name, one in now.items()} == dict.fromkeys(now, 0)
    ended = office.product.runtime.view("1", workspace=None).run.finished_at
    assert ended is not None
    assert now["words"].next_at == ended + timedelta(days=90)
    assert (then["transcript"].due, then["files"].due, then["words"].due) == (1, 1, 0)
    assert then["memories"].due == 1
    assert then["transcript"].next_at is None
    wiring = cast("Wiring", SimpleNamespace(evidence=lambda: evidence(office)))
    shown = outlook(wiring).text
    assert "words       requests, answers, approvals and messages of ended runs: 90 days" in shown
    assert f"the next on {now['words'].next_at:%Y-%m-%d}" in shown


def test_a_person_is_erased_here_and_stays_elsewhere(office: Governed) -> None:
    there = member("Ada", team=FAR)
    here = letter(office, ADA, "canary", verdict=Verdict.APPROVE)
    elsewhere = letter(office, there, "faraway", verdict=Verdict.APPROVE)
    database = office.product.runtime.database
    before = tables_with(database, "faraway")

    erased = evidence(office).erase(ADA.principal, by="terminal:root")

    assert erased == Erased(runs=1, others=0, memories=1)
    assert tables_with(database, "canary") == set()
    assert tables_with(database, "faraway") == before
    view = office.product.runtime.view(here, workspace=None)
    assert (view.status, view.run.request, view.run.answer) == ("succeeded", "[erased]", "[erased]")
    assert (view.run.requester, view.run.requester_name) == (ADA.principal, "[erased]")
    assert office.product.runtime.view(elsewhere, workspace=None).run.answer == "wrote faraway"
    assert office.events(here)[-1] == "PersonErased"
    told = str(office.product.runtime.audit(here, workspace=None))
    assert "write canary" not in told
    assert evidence(office).inspect().problems == ()
    again = evidence(office).erase(ADA.principal, by="terminal:root")
    assert (again.runs, again.memories) == (1, 0)


def test_what_a_person_said_and_decided_in_others_runs_goes_too(office: Governed) -> None:
    thread = new_id("thread")
    office.crew.plans(plan(step("a")))
    office.crew.works(calls(("send", {"to": "Xenia"})), Answer(text="done"))
    run = office.ask("write", key=thread)
    (asked,) = office.asked()
    place = Place(channel="slack", workspace="T024", key=thread, address={})
    office.product.runtime.receive(
        Message(event_key=new_id("e"), person=BEN, place=place, text="a canary", addressed=True)
    )
    office.decide(asked, BEN, reason="another canary")
    office.ended(run)
    database = office.product.runtime.database
    assert "inbox" in tables_with(database, "a canary")

    erased = evidence(office).erase(BEN.principal, by="terminal:root")

    assert (erased.runs, erased.others, erased.left) == (0, 1, ())
    assert tables_with(database, "canary") == set()
    decided = office.product.runtime.approval("1", workspace=None)
    assert (decided.decided_by, decided.decided_by_name) == (BEN.principal, "[erased]")
    assert office.product.runtime.view(run, workspace=None).run.request == "write"


def test_who_has_something_at_work_is_not_erased(office: Governed) -> None:
    office.crew.plans(plan(step("a")))
    office.crew.works(calls(("send", {"to": "canary"})), Answer(text="done"))
    office.ask("write")
    office.asked()

    with pytest.raises(Refused, match=r"1 runs at work \(#1\)"):
        evidence(office).erase(ADA.principal, by="terminal:root")
    with pytest.raises(NotFound, match="nothing is known"):
        evidence(office).erase("slack:T024/UNOBODY", by="terminal:root")


def test_a_sponsor_is_asked_to_hand_over_first(office: Governed) -> None:
    runtime = office.product.runtime
    (office.crew.folder / "workflows").mkdir(exist_ok=True)
    (office.crew.folder / "workflows" / "report.yaml").write_text(
        "document: {dsl: 1.0.3, namespace: default, name: report, version: 1.0.0,\n"
        "  metadata: {sponsor: whoever-starts-it}}\n"
        "schedule: {every: {days: 30}}\n"
        "do:\n  - said: {set: {answer: done}}\n"
    )
    office.product.until(lambda: [one for one in runtime.workflows() if one.name == "report"])
    place = Place(channel="slack", workspace="T024", key="C1", address={})
    runtime.starting.schedules.start("report", ADA, place, {})

    with pytest.raises(Refused, match="report starts in the name of"):
        evidence(office).erase(ADA.principal, by="terminal:root")
