"""The processes: front, worker, courier, or all of them in one. What each loads is decided here."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bots.bridge import Bridge
from bots.channel import Channel
from bots.courier import Courier
from runtime.catalog.watch import Library
from runtime.clock import SystemClock
from runtime.domain.errors import Misconfigured
from runtime.domain.run import RunView
from runtime.observability.logs import configure_logs
from runtime.queue.actors import bind_deliveries, bind_runs
from runtime.queue.bell import QueueBell
from runtime.queue.broker import DELIVERIES, RUNS, open_broker, start_worker
from runtime.service import Runtime
from runtime.service import open_runtime as put_together
from runtime.settings import Settings, environment, export_model_keys
from runtime.storage import migrate as migrations
from runtime.storage.database import Database

if TYPE_CHECKING:
    import dramatiq

    from bots.server import Front
    from runtime.worker import Toolshed, Worker

_log = logging.getLogger(__name__)
_LOOK_SECONDS = 0.1


@dataclass(slots=True, kw_only=True)
class Base:
    """What every process has."""

    settings: Settings
    broker: dramatiq.Broker
    bell: QueueBell
    clock: SystemClock
    database: Database
    runtime: Runtime
    toolshed: Toolshed | None


def open_runtime(settings: Settings) -> Runtime:
    """Open the front door only: for commands that ask or decide."""
    return _base(settings, works=False).runtime


def migrate(settings: Settings) -> None:
    """Bring the database to this version's schema."""
    settings.home.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database)
    changed = migrations.migrate(database)
    state = "migrated to" if changed else "already at"
    sys.stdout.write(f"database {state} revision {migrations.HEAD}\n")


def serve_up(settings: Settings) -> None:
    """Run everything in this process until told to stop."""
    base = _base(settings, works=True)
    worker = _worker(base)
    bridge = Bridge()
    queue = _consume(base, worker, bridge, {RUNS, DELIVERIES})
    try:
        asyncio.run(_front(base, bridge))
    finally:
        _wind_down(base, worker, queue)
        bridge.close()


def serve_front(settings: Settings) -> None:
    """Run the HTTP side until told to stop; never loads a model library."""
    base = _base(settings, works=False)
    bridge = Bridge()
    try:
        asyncio.run(_front(base, bridge))
    finally:
        bridge.close()


def serve_worker(settings: Settings) -> None:
    """Work on runs until told to stop."""
    base = _base(settings, works=True)
    worker = _worker(base)
    queue = _consume(base, worker, None, {RUNS})
    try:
        _until_stopped()
    finally:
        _wind_down(base, worker, queue)


def serve_courier(settings: Settings) -> None:
    """Deliver messages until told to stop."""
    from runtime.durable.sweep import Sweep

    base = _base(settings, works=False)
    bridge = Bridge()
    queue = _consume(base, None, bridge, {DELIVERIES})
    sweep = Sweep([base.runtime.carrying.ring_due], seconds=settings.sweep_seconds)
    sweep.start()
    try:
        _until_stopped()
    finally:
        sweep.stop()
        queue.stop()
        bridge.close()


def work_until(
    settings: Settings, runtime: Runtime, run_id: str, until: Callable[[RunView], bool]
) -> None:
    """Work in this process until ``until`` says so of a run; for terminals without a server."""
    base = _base(settings, works=True)
    worker = _worker(base)
    bridge = Bridge()
    queue = _consume(base, worker, bridge, {RUNS, DELIVERIES})
    try:
        while not until(runtime.view(run_id, workspace=None)):
            time.sleep(_LOOK_SECONDS)
    finally:
        _wind_down(base, worker, queue)
        bridge.close()


def _base(settings: Settings, *, works: bool) -> Base:
    configure_logs(settings.log_level, environment())
    settings.home.mkdir(parents=True, exist_ok=True)
    clock = SystemClock()
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
        toolshed = Toolshed(settings, clock=clock, environment=environment())
    library = Library(settings.agents_path, clock=clock, check=toolshed.check if toolshed else None)
    bell = QueueBell(broker)
    runtime = put_together(
        database, clock=clock, bell=bell, library=library, budget=settings.budget
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


def _worker(base: Base) -> Worker:
    from runtime.models.gateway import Gateway
    from runtime.models.tiers import parse_tiers
    from runtime.worker import Worker

    assert base.toolshed is not None
    export_model_keys()
    settings = base.settings
    file = settings.agents_path / "models.yaml"
    tiers = parse_tiers(
        base.runtime.library.current().models_text or "tiers: {}\n",
        source=str(file),
        environment=environment(),
        override=settings.model,
    )
    gateway = Gateway(tiers, clock=base.clock, dialogues=settings.agents_path)
    gateway.warm()
    return Worker(
        settings,
        base.runtime,
        clock=base.clock,
        bell=base.bell,
        models=gateway,
        toolshed=base.toolshed,
        environment=environment(),
    )


def _consume(
    base: Base, worker: Worker | None, bridge: Bridge | None, queues: set[str]
) -> dramatiq.Worker:
    if worker is not None:
        bind_runs(base.broker, worker.engine.execute)
        worker.start()
    if bridge is not None:
        courier = Courier(base.runtime, bridge, _channels(base.settings))
        bind_deliveries(base.broker, courier.deliver)
    return start_worker(base.broker, queues=queues, threads=base.settings.worker_threads)


def _wind_down(base: Base, worker: Worker, queue: dramatiq.Worker) -> None:
    """Give work back: handlers stop at their next safe point, their steps become ready again."""
    worker.stop()
    queue.stop(timeout=10_000)
    worker.close()
    base.broker.close()
    base.database.close()


def _channels(settings: Settings) -> dict[str, Channel]:
    from bots.console.channel import ConsoleChannel
    from bots.terminal.channel import TerminalChannel

    channels: list[Channel] = [ConsoleChannel(), TerminalChannel()]
    if settings.slack_bot_token is not None:
        from bots.slack.channel import SlackChannel

        channels.append(SlackChannel(_slack(settings)))
    return {channel.name: channel for channel in channels}


def _fronts(base: Base, bridge: Bridge) -> list[Front]:
    settings = base.settings
    fronts: list[Front] = []
    if settings.slack_bot_token or settings.slack_signing_secret or settings.slack_app_token:
        from bots.slack.app import SlackFront

        fronts.append(SlackFront(_slack(settings), base.runtime, bridge, clock=base.clock))
    return fronts


def _slack(settings: Settings):
    from bots.slack.credentials import SlackCredentials

    def plain(secret) -> str:
        return secret.get_secret_value() if secret is not None else ""

    return SlackCredentials(
        signing_secret=plain(settings.slack_signing_secret),
        bot_token=plain(settings.slack_bot_token),
        app_token=plain(settings.slack_app_token),
        api_url=settings.slack_api_url,
    )


async def _front(base: Base, bridge: Bridge) -> None:
    from aiohttp import web

    from bots.presence import instance_name
    from bots.server import create_app

    settings = base.settings
    token = settings.console_token
    app = create_app(
        base.runtime,
        bridge,
        fronts=_fronts(base, bridge),
        console_token=token.get_secret_value() if token else None,
        instance=instance_name(settings.database),
    )
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
        await stop.wait()
    finally:
        await runner.cleanup()


def _until_stopped() -> None:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()
