"""Two workspaces in one installation, worked over against each other: nothing crosses.

By policy everybody may do everything everywhere, but for deciding, which is the requester's: whom
policy names for an approval may decide it from another workspace, as it is meant.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from bots.commands import run_command
from bots.commands.grammar import VERBS
from runtime.domain.approval import Decide, Verdict
from runtime.domain.conversation import Person, Place
from runtime.domain.errors import BatonError
from runtime.domain.grant import Wanted
from runtime.domain.states import StepStatus
from runtime.service import Runtime
from runtime.storage import tables
from tests.worlds.crew import calls, plan, step
from tests.worlds.governed import Governed, governed, member
from tests.worlds.openai import Answer, OpenAIWorld

Door = Callable[[], object]
TEAMS = ("T024", "T099")
POLICY = """version: 1
access:
  - {who: [member, "slack:*/*"], may: [ask, see, steer, grant, delegate, halt]}
rules:
  - {id: letters, tools: [send, look], outcome: ask, eligible: [requester]}
"""
BEGIN_ANEW = {"run", "help", "link", "unlink", "schedules", "workflows", "factor", "halt"}
TAILS = ("", "yes", "why", "happened", "1", "send --uses 2", "--set to=Mallory", "for 2h", "new")
FOUND_NO_ONE = ("run", "step", "approval", "approval_decision", "approval_inquiry", "scoped_grant")


@dataclass(frozen=True)
class Camp:
    """One workspace: who works there, and what only they may know."""

    person: Person
    canary: str
    refs: tuple[str, ...]
    leaf: str

    @property
    def run(self) -> str:
        return self.refs[1]

    @property
    def approval(self) -> str:
        return self.refs[3]


@pytest.fixture
def camps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Governed, Camp, Camp]]:
    """Give an office where both workspaces have a run that asks people two things."""
    with OpenAIWorld() as models, governed(tmp_path, models, monkeypatch, policy=POLICY) as office:
        office.crew.plans(plan(step("a")))
        for team in TEAMS:
            ask = ("ask", {"question": f"canary-{team}?", "choices": [f"canary-{team}"]})
            send = ("send", {"to": f"canary-{team}"})
            office.crew.works(calls(send, ask), Answer(text="done"), task=f"canary-{team}")
        settled = office, _settle(office, TEAMS[0]), _settle(office, TEAMS[1])
        # Nothing moves by itself any more: what changes from here on, somebody has changed.
        office.product.until(lambda: not _moving(office))
        yield settled


def _settle(office: Governed, team: str) -> Camp:
    person = member(f"canary-{team}", team=team)
    run = office.ask(f"do canary-{team}", person=person)
    [approval] = office.asked(run=run)
    runtime = office.product.runtime
    view = office.product.until(
        lambda: view if len((view := runtime.view(run, workspace=team)).questions) == 1 else None
    )
    grant = runtime.governing.grant(Wanted(run=run, tool="look", uses=1), person, workspace=team)
    refs = (run, view.run.id, str(approval.number), approval.id, str(grant.number))
    return Camp(person, f"canary-{team}", refs, view.questions[0].step_id)


def _moving(office: Governed) -> bool:
    rows = [row for run in ("1", "2") for row in office.product.runtime.trace(run, workspace=None)]
    return any(row.step.status in (StepStatus.READY, StepStatus.RUNNING) for row in rows)


def _rows(office: Governed, camp: Camp) -> list[str]:
    """Give all that is stored of a camp and that somebody else must not change."""
    found: list[str] = []
    with office.product.runtime.database.read() as connection:
        for table in tables.Row.metadata.sorted_tables:
            if table.name in FOUND_NO_ONE:
                # The audit marks a call as recorded when it comes to it.
                rows = [
                    str([value for name, value in row.items() if name != "recorded"])
                    for row in connection.execute(table.select()).mappings()
                ]
                found += [row for row in rows if camp.run in row or camp.approval in row]
        records = office.product.runtime.audit(camp.run, workspace=None)
    return sorted(found) + [one.event for one in records if one.event != "ModelAsked"]


def test_nothing_crosses_between_two_workspaces(camps: tuple[Governed, Camp, Camp]) -> None:
    office, one, other = camps

    for attacker, victim in ((one, other), (other, one)):
        before = _rows(office, victim)
        _try_every_command(office, attacker, victim)
        _try_every_door(office, attacker, victim)
        assert _rows(office, victim) == before


def _try_every_command(office: Governed, attacker: Camp, victim: Camp) -> None:
    theirs = [*victim.refs, f"{victim.refs[0]}.1", f"#{victim.refs[2]}"]
    lines = [
        f"{verb.name} {ref} {tail}".strip()
        for verb in VERBS
        if verb.name not in BEGIN_ANEW
        for ref in ("", *theirs)
        for tail in TAILS[: 3 if verb.rest else 1]
    ]
    random.Random(4711).shuffle(lines)

    for line in lines:
        told = _say(office, attacker, line)
        assert victim.canary not in told, f"{line}: {told}"


def _try_every_door(office: Governed, attacker: Camp, victim: Camp) -> None:
    doors = _open_doors(office.product.runtime, attacker.person, victim)
    for ref in victim.refs:
        doors += _doors(office.product.runtime, attacker.person, ref)
    for door in doors:
        told = _told(door)
        assert victim.canary not in told, told


def _say(office: Governed, camp: Camp, line: str) -> str:
    place = Place(channel="slack", workspace=camp.person.workspace, key="fuzz", address={})
    told = run_command(
        line,
        runtime=office.product.runtime,
        person=camp.person,
        place=place,
        surface="slack",
    )
    return f"{told.text} {told.data}"


def _doors(runtime: Runtime, me: Person, ref: str) -> list[Door]:
    """Give all that takes a reference to something."""
    team, sight = me.workspace, runtime.sight
    steers = (runtime.cancel, runtime.pause, runtime.resume, runtime.retry)
    said = [
        Decide(approval=ref, person=me, verdict=verdict, surface="slack", reason="x")
        for verdict in Verdict
    ]
    return [
        *(partial(runtime.decide, one) for one in said),
        *(partial(steer, ref, me) for steer in steers),
        partial(runtime.claim_approval, ref, me, "slack"),
        partial(runtime.ask_about, ref, me, "what is it?", "slack"),
        partial(runtime.approval_for, ref, me),
        partial(runtime.refusal, ref, me),
        partial(runtime.skip, ref, "1", me),
        partial(runtime.rate, ref, me, good=True, surface="slack"),
        partial(runtime.view, ref, workspace=team),
        partial(runtime.approval, ref, workspace=team),
        partial(runtime.approvals, run=ref, workspace=team),
        partial(runtime.trace, ref, workspace=team),
        partial(runtime.audit, ref, workspace=team),
        partial(runtime.artifact, ref, "x", workspace=team),
        partial(sight.view, ref, me),
        partial(sight.trace, ref, me),
        partial(sight.audit, ref, me),
        partial(sight.artifact, ref, "x", me),
        partial(sight.distil, ref, me),
        partial(sight.approval, ref, me),
        partial(sight.check, ref, me),
        partial(runtime.governing.revoke, ref, me, workspace=team),
        partial(runtime.governing.grants, run=ref, workspace=team),
        partial(runtime.governing.grant, Wanted(run=ref, tool="send", uses=1), me, workspace=team),
    ]


def _open_doors(runtime: Runtime, me: Person, victim: Camp) -> list[Door]:
    """Give what lists, and what takes the id of a question."""
    team = me.workspace
    return [
        partial(runtime.answer, victim.leaf, me, "1"),
        partial(runtime.sight.approvals, me),
        partial(runtime.sight.runs, me),
        partial(runtime.approvals, workspace=team),
        partial(runtime.runs, workspace=team),
        partial(runtime.mine, me),
        partial(runtime.governing.halts, workspace=team),
        partial(runtime.governing.grants, run=None, workspace=team),
    ]


def _told(door: Door) -> str:
    told = ""
    with contextlib.suppress(BatonError):
        try:
            told = str(door())
        except BatonError as error:
            told = error.public
            raise
    return told
