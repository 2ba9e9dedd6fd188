"""The processes: front, worker, courier, or all of them in one. What each loads is decided here."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from bots.bridge import Bridge
from bots.courier import Courier
from bots.stopping import until_stopped
from bots.ways import open_channels, open_fronts
from runtime.audit.bucket import open_bucket
from runtime.catalog.watch import Library
from runtime.clock import SystemClock
from runtime.domain.errors import Misconfigured
from runtime.domain.ports import Bell, Clock
from runtime.domain.run import RunView
from runtime.door.evidence import Evidence
from runtime.durable.unheard import UnheardBell
from runtime.garbage import settle
from runtime.observability.logs import configure_logs
from runtime.observability.personal_data import PersonalData, cleaner
from runtime.observability.redaction import secrets_of, unmistakable
from runtime.opening import open_runtime as put_together
from runtime.queue.actors import bind_deliveries, bind_runs
from runtime.queue.bell import QueueBell
from runtime.queue.broker import DELIVERIES, RUNS, open_broker, start_worker
from runtime.queue.farewell import Farewell
from runtime.service import Runtime
from runtime.settings import Settings, environment, export_model_keys, tool_environment
from runtime.storage import migrate as migrations
from runtime.storage.database import Database
from runtime.storage.seal import Seal

if TYPE_CHECKING:
    import dramatiq
    from aiohttp import web

    from runtime.catalog.catalog import Catalog
    from runtime.models.gateway import Gateway
    from runtime.models.tiers import Tiers
    from runtime.tools.tool import Tool
    from runtime.worker import Toolshed, Worker

_log = logging.getLogger(__name__)
_LOOK_SECONDS = 0.1


@dataclass(slots=True, kw_only=True)
class Base:
    """What every process has."""

    settings: Settings
    broker: dramatiq.Broker
    bell: Bell
    clock: Clock
    database: Database
    runtime: Runtime
    toolshed: Toolshed | None


def open_runtime(settings: Settings) -> Runtime:
    """Open the front door only: for commands that ask or decide."""
    return open_base(settings, works=False, heard=not settings.embedded).runtime


def migrate(settings: Settings) -> None:
    """Bring the database to this version's schema."""
    settings.home.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database)
    changed = migrations.migrate(database)
    state = "migrated to" if changed else "already at"
    sys.stdout.write(f"database {state} revision {migrations.HEAD}\n")


def serve_up(settings: Settings) -> None:
    """Run everything in this process until told to stop."""
    base = open_base(settings, works=True)
    gateway = open_gateway(base)
    worker = make_worker(base, gateway)
    bridge = Bridge()
    queue = consume(base, worker, bridge, {RUNS, DELIVERIES})
    try:
        # Loading the library takes seconds of the processor, which the start would wait for.
        asyncio.run(_front(base, bridge, then=gateway.warm))
    finally:
        wind_down(base, worker, queue)
        bridge.close()


def serve_front(settings: Settings) -> None:
    """Run the HTTP side until told to stop; never loads a model library."""
    base = open_base(settings, works=False)
    bridge = Bridge()
    try:
        asyncio.run(_front(base, bridge))
    finally:
        bridge.close()
        base.runtime.evaluator.close()


def serve_worker(settings: Settings) -> None:
    """Work on runs until told to stop."""
    base = open_base(settings, works=True)
    worker = make_worker(base)
    queue = consume(base, worker, None, {RUNS})
    try:
        until_stopped()
    finally:
        wind_down(base, worker, queue)


def serve_courier(settings: Settings) -> None:
    """Deliver messages until told to stop."""
    from runtime.durable.sweep import Sweep

    base = open_base(settings, works=False)
    bridge = Bridge()
    queue = consume(base, None, bridge, {DELIVERIES})
    sweep = Sweep([base.runtime.carrying.ring_due], seconds=settings.sweep_seconds)
    sweep.start()
    settle()
    try:
        until_stopped()
    finally:
        sweep.stop()
        queue.stop()
        bridge.close()


def work_until(
    settings: Settings, runtime: Runtime, run_id: str, until: Callable[[RunView], bool]
) -> None:
    """Work in this process until ``until`` says so of a run; for terminals without a server."""
    base = open_base(settings, works=True)
    worker = make_worker(base)
    bridge = Bridge()
    queue = consume(base, worker, bridge, {RUNS, DELIVERIES})
    try:
        while not until(runtime.view(run_id, workspace=None)):
            time.sleep(_LOOK_SECONDS)
    finally:
        wind_down(base, worker, queue)
        bridge.close()


def open_base(
    settings: Settings,
    *,
    works: bool,
    heard: bool = True,
    clock: Clock = SystemClock(),  # noqa: B008 - it has no state
) -> Base:
    """Open what every process has. Raises ``Misconfigured`` with what the operator must change."""
    hide = PersonalData(settings.hide)
    configure_logs(settings.log_level, environment(), hide=hide)
    settings.home.mkdir(parents=True, exist_ok=True)
    broker = open_broker(settings.redis_url)
    database = Database(settings.database, pool_size=settings.worker_threads + 8)
    if settings.embedded:
        migrations.migrate(database)
    else:
        migrations.require_current(database)
    problems = database.check()
    if problems:
        raise Misconfigured("; ".join(problems))
    toolshed = None
    if works:
        from runtime.worker import Toolshed, prepare_data

        prepare_data(settings.agents_path, settings.data)
        toolshed = Toolshed(settings, clock=clock, environment=tool_environment())
    library = Library(settings.agents_path, clock=clock, check=toolshed.check if toolshed else None)
    # Beside an embedded server nobody hears this process's queue; the server's sweep is told.
    bell = QueueBell(broker) if heard else UnheardBell(database, clock)
    runtime = put_together(
        database,
        clock=clock,
        bell=bell,
        library=library,
        budget=settings.budget,
        seal=Seal(settings.seal_keys) if settings.secret_keys else None,
        clean=cleaner(hide, secrets=unmistakable(secrets_of(environment()))),
        email_domains=settings.email_domains,
        shared=None if toolshed is None else partial(_tools_of, toolshed),
    )
    return Base(
        settings=settings,
        broker=broker,
        bell=bell,
        clock=clock,
        database=database,
        runtime=runtime,
        toolshed=toolshed,
    )


def _tools_of(toolshed: Toolshed, catalog: Catalog) -> tuple[Tool, ...]:
    return toolshed.shared(catalog).tools


def _tiers(base: Base) -> Tiers:
    from runtime.models.tiers import parse_tiers

    return parse_tiers(
        base.runtime.library.current().models_text or "tiers: {}\n",
        source=str(base.settings.agents_path / "models.yaml"),
        environment=environment(),
        override=base.settings.model,
    )


def _demonstrates(base: Base) -> bool:
    """Tell whether the demonstration model answers; only who works himself knows the keys."""
    from runtime.models.choice import is_demonstration

    return any(is_demonstration(tier.models[0].name) for tier in _tiers(base).tiers.values())


def evidence_of(settings: Settings, database: Database, clock: Clock) -> Evidence:
    """Give the audit of an installation, with its key and its anchors."""
    secret = settings.audit_bucket_secret
    return Evidence(
        database=database,
        clock=clock,
        key=settings.signing_key,
        anchors=settings.anchors,
        anchor_every=timedelta(seconds=settings.audit_anchor_seconds),
        keep=timedelta(days=settings.keep_audit_days),
        periods=settings.periods,
        bucket=open_bucket(
            settings.audit_bucket,
            key_id=settings.audit_bucket_key_id,
            secret=secret.get_secret_value() if secret else None,
            region=settings.audit_bucket_region,
            clock=clock,
        ),
    )


def open_gateway(base: Base) -> Gateway:
    """Make the way to the models; ``warm`` it once there is time for that."""
    from runtime.models.gateway import Gateway

    export_model_keys()
    return Gateway(_tiers(base), clock=base.clock, dialogues=base.settings.agents_path)


def make_worker(base: Base, gateway: Gateway | None = None) -> Worker:
    """Make what carries out runs; a base opened with ``works`` is needed.

    Without a gateway it has one of its own, which is warming up already.
    """
    from runtime.worker import Worker

    assert base.toolshed is not None
    settings = base.settings
    if gateway is None:
        gateway = open_gateway(base)
        gateway.warm()
    return Worker(
        settings,
        base.runtime,
        clock=base.clock,
        bell=base.bell,
        models=gateway,
        toolshed=base.toolshed,
        environment=tool_environment(),
        chores=evidence_of(settings, base.database, base.clock).chores(base.bell),
    )


def consume(
    base: Base, worker: Worker | None, bridge: Bridge | None, queues: set[str]
) -> dramatiq.Worker:
    """Begin to take from the queues: runs where there is a worker, deliveries over a bridge."""
    if worker is not None:
        bind_runs(base.broker, worker.engine.execute)
        worker.start()
    if bridge is not None:
        channels, hang_up = open_channels(base.settings, base.runtime, bridge)
        bind_deliveries(base.broker, Courier(base.runtime, bridge, channels).deliver)
        base.broker.add_middleware(Farewell(hang_up))
    return start_worker(base.broker, queues=queues, threads=base.settings.worker_threads)


def wind_down(base: Base, worker: Worker, queue: dramatiq.Worker) -> None:
    """Give work back: handlers stop at their next safe point, their steps become ready again."""
    worker.stop()
    queue.stop(timeout=10_000)
    worker.close()
    base.broker.close()
    base.database.close()


def make_app(base: Base, bridge: Bridge) -> web.Application:
    """Make the HTTP application with every front that is set up."""
    from bots.presence import instance_name
    from bots.server import create_app

    settings = base.settings
    token = settings.console_token
    return create_app(
        base.runtime,
        bridge,
        fronts=open_fronts(settings, base.runtime, bridge, clock=base.clock),
        console_token=token.get_secret_value() if token else None,
        instance=instance_name(settings.database),
        demonstration=base.toolshed is not None and _demonstrates(base),
    )


async def _front(base: Base, bridge: Bridge, *, then: Callable[[], None] = settle) -> None:
    """Serve until told to stop; ``then`` is called once it is ready."""
    from aiohttp import web

    settings = base.settings
    app = make_app(base, bridge)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=5.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, settings.host, settings.port)
        try:
            await site.start()
        except OSError as error:
            raise Misconfigured(
                f"cannot listen on {settings.host}:{settings.port} ({error.strerror});"
                " set BATON_PORT to a free port"
            ) from error
        sys.stdout.write(f"Baton is ready: http://{settings.host}:{settings.port}/\n")
        sys.stdout.flush()
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        then()
        await stop.wait()
    finally:
        await runner.cleanup()
