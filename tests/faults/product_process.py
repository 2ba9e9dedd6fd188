"""The product in one process of its own, as ``baton up`` runs it, made to be killed.

It also holds the people: whoever started the request sends it again until it was taken, as chat
services do, and a person answers what is asked, by what the outside world says.
"""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import threading
import time
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from bots import process
from bots.bridge import Bridge
from bots.channel import Channel
from bots.courier import Courier
from bots.slack.channel import SlackChannel
from bots.slack.credentials import SlackCredentials
from runtime.domain.approval import Approval, Decide, Question, Verdict
from runtime.domain.conversation import Message, Person, Place
from runtime.domain.errors import Misconfigured, NotFound, Refused, Upstream
from runtime.domain.ids import new_id
from runtime.domain.json import JsonObject, object_of
from runtime.domain.schedule import ScheduleState
from runtime.queue.actors import bind_deliveries, bind_runs
from runtime.queue.broker import DELIVERIES, RUNS, start_worker
from runtime.service import Runtime
from runtime.settings import Settings
from runtime.worker import Worker
from tests.faults import points
from tests.faults.outside import Outside
from tests.faults.paper import PaperChannel
from tests.faults.points import Points
from tests.faults.script import ScriptedModel
from tests.faults.starts import EVENTS
from tests.worlds.slack.cast import ADA, TEAM

AGENTS = Path(__file__).parent / "agents"
EVENT = "event-1"
ERRAND = "errand"
ROUND = "round"
_LOOK_SECONDS = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What one process is and what happens to it. Travels as JSON."""

    home: str
    database_url: str
    redis_url: str | None = None
    last: str = "payer"
    """Who does what cannot be undone; ``errand`` is a workflow instead of a plan, and ``round`` one
    that starts by itself until ``requests`` runs are there."""
    approves: bool = True
    at: int | None = None
    """The point at which it is sent ``number``; None: it lives."""
    number: int = signal.SIGKILL
    of: tuple[str, ...] = ()
    """What the labels begin with of points that count; all do where there is none."""
    slack: JsonObject | None = None
    """``api_url``, ``bot_token``, the thread's ``address``, and ``streams`` where answers may grow;
    on paper where there is none."""
    lease_seconds: float = 1.0
    sweep_seconds: float = 0.1
    requests: int = 1

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @property
    def outside(self) -> Outside:
        return Outside.of(Path(self.home) / "data")

    @property
    def record(self) -> Path:
        """Where a killed process leaves the name of the point at which it was."""
        return Path(self.home) / "killed"

    @property
    def log(self) -> Path:
        return Path(self.home) / "log"

    @property
    def passed(self) -> Path:
        """Where a process that lived leaves the names of all points it passed."""
        return Path(self.home) / "passed"


def main(spec: Spec) -> None:
    """Take the requests, carry them out, deliver everything; stop as told to on SIGTERM."""
    told = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: told.set())
    number = signal.Signals(spec.number)
    watched = Points(spec.record, at=spec.at, number=number, of=spec.of)
    base = _open(spec, told)
    if base is None:
        return
    points.watch(watched)
    assert base.toolshed is not None
    worker = Worker(
        base.settings,
        base.runtime,
        clock=base.clock,
        bell=base.bell,
        models=ScriptedModel(spec.outside, last=spec.last),
        toolshed=base.toolshed,
        environment={},
    )
    bridge = Bridge()
    bind_runs(base.broker, worker.engine.execute)
    worker.start()
    channel = _channel(spec)
    # What is left of the lease holds one more message: at Slack's pace that takes a while.
    courier = Courier(
        base.runtime,
        bridge,
        {channel.name: channel},
        round_seconds=spec.lease_seconds / (2 if spec.slack is None else 6),
    )
    bind_deliveries(base.broker, courier.deliver)
    queue = start_worker(base.broker, queues={RUNS, DELIVERIES}, threads=4)
    people = threading.Thread(target=_people, args=(spec, base.runtime, told), daemon=True)
    people.start()
    while not told.wait(_LOOK_SECONDS):
        if _is_over(base, spec.requests):
            # Everything is done and durable; a farewell would only take time.
            spec.passed.write_text("\n".join(watched.passed()), encoding="utf-8")
            return
    process.wind_down(base, worker, queue)
    bridge.close()


def settings_of(spec: Spec) -> Settings:
    """Give the settings of a process; times may be shorter than an operator is allowed."""
    return Settings().model_copy(
        update={
            "database_url": spec.database_url,
            "redis_url": spec.redis_url,
            "agents_path": AGENTS,
            "home": Path(spec.home),
            "worker_threads": 4,
            "lease_seconds": spec.lease_seconds,
            "sweep_seconds": spec.sweep_seconds,
            "log_level": "WARNING",
        }
    )


def _open(spec: Spec, told: threading.Event) -> process.Base | None:
    while not told.is_set():
        try:
            base = process.open_base(settings_of(spec), works=True)
        except (Upstream, Misconfigured) as error:
            # The database is away at this moment: whoever runs the process starts it again.
            print(f"cannot start: {error.public}", flush=True)  # noqa: T201 - the parent reads it
            if told.wait(0.2):
                return None
        else:
            carrying = replace(base.runtime.carrying, lease=timedelta(seconds=spec.lease_seconds))
            base.runtime = replace(base.runtime, carrying=carrying)
            return base
    return None


def _channel(spec: Spec) -> Channel:
    if spec.slack is None:
        return PaperChannel(spec.outside)
    return SlackChannel(
        SlackCredentials(
            signing_secret="unused",
            bot_token=str(spec.slack["bot_token"]),
            api_url=str(spec.slack["api_url"]),
        ),
        streams=spec.slack.get("streams") is True,
    )


def requester(spec: Spec) -> Person:
    """Give the person who asks and decides."""
    if spec.slack is None:
        return Person(channel="paper", workspace="desk", external_id="U1", name="Ada")
    return Person(channel="slack", workspace=TEAM, external_id=ADA, name="Ada")


def _message(spec: Spec, number: int) -> Message:
    person = requester(spec)
    address = object_of(spec.slack["address"] if spec.slack is not None else None)
    return Message(
        event_key=f"{EVENT}-{number}",
        person=person,
        place=Place(
            channel=person.channel,
            workspace=person.workspace,
            key=f"thread-{number}",
            address=address,
        ),
        text="Look around and do the one thing.",
        addressed=True,
        workflow=ERRAND if spec.last == ERRAND else None,
        input={} if spec.last == ERRAND else None,
    )


def _people(spec: Spec, runtime: Runtime, told: threading.Event) -> None:
    waiting = [] if spec.last == ROUND else list(range(spec.requests))
    while not told.is_set():
        try:
            while waiting:
                runtime.receive(_message(spec, waiting[0]))
                waiting.pop(0)
            for approval in runtime.approvals(workspace=None):
                _decide(spec, runtime, approval)
            if spec.last == ERRAND:
                _say_go(spec, runtime)
            if spec.last == ROUND:
                _go_round(spec, runtime)
        except (Refused, NotFound, Upstream):
            # Somebody was faster, or the database is away: people look again.
            pass
        time.sleep(_LOOK_SECONDS)


def _say_go(spec: Spec, runtime: Runtime) -> None:
    """Send the event that is waited for; one that nobody listens for yet counts for nobody."""
    for line in runtime.runs(workspace=None):
        view = runtime.view(line.id, workspace=None)
        if any(step.waits_for.startswith("an event") for step in view.steps):
            event: JsonObject = {"id": new_id("event"), "source": "/people", "type": "go"}
            runtime.starting.publish(requester(spec).workspace, [event])


def _go_round(spec: Spec, runtime: Runtime) -> None:
    """Set the round going, tell it what happens, and pause it once it has started often enough."""
    starting, person = runtime.starting, requester(spec)
    [line] = starting.schedules.listed(workspace=None)
    if line.state is ScheduleState.OFF:
        place = Place(channel=person.channel, workspace=person.workspace, key="desk", address={})
        starting.schedules.start(ROUND, person, place, [])
    elif line.state is ScheduleState.ACTIVE:
        events: list[JsonObject] = [
            {"id": str(number), "source": "/people", "type": "sold"} for number in range(EVENTS)
        ]
        starting.publish(person.workspace, events)
        begun = [run.request for run in runtime.runs(workspace=None, limit=100)]
        heard = sum("(on " in request for request in begun)
        if heard == EVENTS and len(begun) - heard >= spec.requests - EVENTS:
            starting.schedules.pause(ROUND, person, workspace=None)


def _decide(spec: Spec, runtime: Runtime, approval: Approval) -> None:
    if approval.question == Question.CALL:
        verdict = Verdict.APPROVE if spec.approves else Verdict.REJECT
    else:
        happened = spec.outside.happened(approval.step_id)
        verdict = Verdict.HAPPENED if happened else Verdict.REPEAT
    runtime.decide(
        Decide(
            approval=approval.id,
            person=requester(spec),
            verdict=verdict,
            surface="paper",
            reason="by what the world says",
        )
    )


def _is_over(base: process.Base, requests: int) -> bool:
    try:
        with base.database.read() as connection:
            ended = connection.execute(
                text("SELECT count(*) FROM run WHERE status <> 'active'")
            ).scalar_one()
            to_come = connection.execute(
                text(
                    "SELECT (SELECT count(*) FROM run WHERE status = 'active')"
                    " + (SELECT count(*) FROM schedule WHERE state = 'active')"
                )
            ).scalar_one()
            if ended < requests or to_come:
                return False
            owed = connection.execute(
                text("SELECT count(*) FROM delivery WHERE status <> 'sent' OR due_at IS NOT NULL")
            ).scalar_one()
    except Upstream:
        return False
    return owed == 0


def run_and_exit(line: str) -> None:
    """Be the process that a line of JSON describes, to its end. Never returns."""
    spec = Spec(**json.loads(line))
    sink = os.open(spec.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    faulthandler.register(signal.SIGUSR1, all_threads=True)
    code = 1
    try:
        main(spec)
        code = 0
    except BaseException:
        # Whatever it was belongs in the log of this process; the campaign sees the exit status.
        import traceback

        traceback.print_exc()
    finally:
        os._exit(code)
