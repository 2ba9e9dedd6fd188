"""A run's evidence, asked for where people are and made by who has the key."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bots.commands import run_command
from bots.process import evidence_of
from runtime.audit.page import check_page
from runtime.audit.verify import check_pack
from runtime.clock import SystemClock
from runtime.domain.conversation import Place
from runtime.domain.delivery import DeliveryKind
from runtime.domain.errors import NotFound
from runtime.domain.run import EVIDENCE, Artifact
from runtime.door.evidence import Evidence
from runtime.door.packs import KEPT, Handing
from runtime.storage import artifacts, blobs
from runtime.testing import RememberingBell, SteppedClock
from tests.worlds.crew import calls, plan, step
from tests.worlds.governed import ADA, DEE, Governed, member
from tests.worlds.openai import Answer

POLICY = """version: 1
access:
  - {who: ["slack:T024/UADA", "slack:T024/UBEN"], may: [ask, see-own]}
  - {who: ["slack:T099/*"], may: [see]}
"""
THREAD = Place(channel="slack", workspace="T024", key="C1/1.1", address={})


def said(office: Governed, text: str, *, who: str = "Ada", team: str = "T024") -> str:
    person = member(who, team=team)
    return run_command(
        text, runtime=office.product.runtime, person=person, place=THREAD, surface="slack"
    ).text


def a_run(office: Governed) -> str:
    office.crew.plans(plan(step("a")))
    office.crew.works(
        calls(("write_artifact", {"name": "run-1.html", "content": "forged"})), Answer(text="ok")
    )
    run = office.ask("do canary")
    office.ended(run)
    return run


def evidence(office: Governed) -> Evidence:
    product = office.product
    return evidence_of(product.settings, product.runtime.database, SystemClock())


def test_it_comes_where_it_was_asked_for_and_holds(office: Governed) -> None:
    run = a_run(office)
    runtime = office.product.runtime

    assert "comes here as two files" in said(office, f"evidence {run}")
    owed = office.product.until(
        lambda: [one.delivery for one in runtime.thread(THREAD) if one.delivery is not None]
    )

    assert [one.kind for one in owed] == [DeliveryKind.ANSWER]
    assert "baton audit verify run-1.html" in str(owed[0].payload[EVIDENCE])
    _, page = runtime.artifact(run, "run-1.html", workspace="T024")
    _, pack = runtime.artifact(run, "run-1.jsonl", workspace="T024")
    key = evidence(office).signer().key
    assert check_page(page, key=key).problems == check_pack(pack, key=key).problems == ()
    # What an agent wrote under that name does not stand in for it.
    assert page != b"forged"
    assert office.events(run).count("EvidenceAsked") == 1


def test_who_may_not_see_the_run_gets_no_evidence_of_it(office: Governed) -> None:
    run = a_run(office)

    refusals = [
        said(office, f"evidence {run}", who="Ben"),
        said(office, f"evidence {run}", who=DEE.name),
        said(office, f"evidence {run}", who="Eve", team="T099"),
    ]

    assert ["grant" in one or "no run" in one for one in refusals] == [True] * 3
    assert "EvidenceAsked" not in office.events(run)
    with pytest.raises(NotFound):
        office.product.runtime.evidence("99", ADA, None)


def test_it_is_gone_after_a_day_and_at_once_when_somebody_is_erased(office: Governed) -> None:
    run = a_run(office)
    runtime = office.product.runtime

    def files() -> list[Artifact]:
        found = runtime.view(run, workspace=None).artifacts
        return [one for one in found if one.is_evidence]

    runtime.evidence(run, ADA, None)
    office.product.until(files)
    clock = SteppedClock(SystemClock().now() + KEPT + timedelta(minutes=1))
    later = Handing(runtime.database, clock, RememberingBell(), lambda _: pytest.fail("none left"))
    assert later() == 1
    assert files() == []
    assert later() == 0

    runtime.evidence(run, ADA, None)
    office.product.until(files)
    evidence(office).erase("slack:T024/UADA", by="terminal:root")
    assert files() == []


def test_a_wish_is_granted_once_by_however_many_sweep(office: Governed) -> None:
    run = a_run(office)
    runtime = office.product.runtime
    runtime.evidence(run, ADA, THREAD)
    made = evidence(office)
    chores = [
        Handing(
            runtime.database,
            SystemClock(),
            RememberingBell(),
            lambda ref: made.export(ref, workspace=None),
        )
        for _ in range(2)
    ]

    for chore in chores:
        chore()

    owed = office.product.until(
        lambda: [one for one in runtime.thread(THREAD) if one.delivery is not None]
    )
    assert len(owed) == 1
    with runtime.database.read() as connection:
        run_id = runtime.view(run, workspace=None).run.id
        kept = [one for one in artifacts.of_run(connection, run_id) if one.is_evidence]
        assert all(blobs.get(connection, one.digest) for one in kept)
    assert len(kept) == 2
