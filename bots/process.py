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
from datetime import timedelta
from typing import TYPE_CHECKING

from bots.bridge import Bridge
from bots.channel import Channel
from bots.courier import Courier
from bots.teams.credentials import TeamsCredentials
from runtime.catalog.watch import Library
from runtime.clock import SystemClock
from runtime.domain.errors import Misconfigured
from runtime.domain.ports import Bell, Clock
from runtime.domain.run import RunView
from runtime.door.evidence import Evidence
from runtime.durable.unheard import UnheardBell
from runtime.observability.logs import configure_logs
from runtime.queue.actors import bind_deliveries, bind_runs
from runtime.queue.bell import QueueBell
from runtime.queue.broker import DELIVERIES, RUNS, open_broker, start_worker
from runtime.queue.farewell import Close, Farewell
from runtime.service import Runtime
from runtime.service import open_runtime as put_together
from runtime.settings import Settings, environment, export_model_keys, tool_environment
from runtime.storage import migrate as migrations
from runtime.storage.database import Database
from runtime.storage.seal import Seal

if TYPE_CHECKING:
    import dramatiq
    from aiohttp import web
    from pydantic import SecretStr

    from bots.server import Front
    from bots.slack.credentials import SlackCredentials
    from runtime.models.tiers import Tiers
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
    worker = make_worker(base)
    bridge = Bridge()
    queue = consume(base, worker, bridge, {RUNS, DELIVERIES})
    try:
        asyncio.run(_front(base, bridge))
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


def serve_worker(settings: Settings) -> None:
    """Work on runs until told to stop."""
    base = open_base(settings, works=True)
    worker = make_worker(base)
    queue = consume(base, worker, None, {RUNS})
    try:
        _until_stopped()
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
    configure_logs(settings.log_level, environment())
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
    return Evidence(
        database=database,
        clock=clock,
        key=settings.signing_key,
        anchors=settings.anchors,
        anchor_every=timedelta(seconds=settings.audit_anchor_seconds),
        keep=timedelta(days=settings.keep_audit_days),
    )


def make_worker(base: Base) -> Worker:
    """Make what carries out runs; a base opened with ``works`` is needed."""
    from runtime.models.gateway import Gateway
    from runtime.worker import Worker

    assert base.toolshed is not None
    export_model_keys()
    settings = base.settings
    gateway = Gateway(_tiers(base), clock=base.clock, dialogues=settings.agents_path)
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
        channels, hang_up = _channels(base, bridge)
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


def _channels(base: Base, bridge: Bridge) -> tuple[dict[str, Channel], list[Close]]:
    from bots.console.channel import ConsoleChannel
    from bots.terminal.channel import TerminalChannel

    settings = base.settings
    channels: list[Channel] = [ConsoleChannel(), TerminalChannel()]
    hang_up: list[Close] = []
    if settings.slack_bot_token is not None or settings.slack_client_id:
        from bots.slack.api import SlackApi
        from bots.slack.backing import Backing
        from bots.slack.channel import SlackChannel
        from bots.slack.tokens import InstalledTokens

        backing = Backing(runtime=base.runtime, bridge=bridge)
        credentials = _slack(settings)
        tokens = None if credentials.bot_token else InstalledTokens(base.runtime, bridge)
        slack = SlackChannel(credentials, backing=backing, api=SlackApi(credentials, tokens))
        channels.append(slack)
        hang_up.append(slack.close)
    teams = TeamsCredentials.of(settings)
    if teams is not None:
        from bots.teams.channel import TeamsChannel

        speaking = TeamsChannel(teams)
        channels.append(speaking)
        hang_up.append(speaking.close)
    return {channel.name: channel for channel in channels}, hang_up


def _fronts(base: Base, bridge: Bridge) -> list[Front]:
    settings = base.settings
    fronts: list[Front] = []
    if settings.slack_bot_token or settings.slack_signing_secret or settings.slack_app_token:
        from bots.slack.app import SlackFront

        runtime = base.runtime
        fronts.append(
            SlackFront(_slack(settings), runtime, bridge, clock=base.clock, register=runtime)
        )
    teams = TeamsCredentials.of(settings)
    if teams is not None:
        from bots.teams.app import TeamsFront

        fronts.append(TeamsFront(teams, base.runtime, bridge, clock=base.clock))
    return fronts


def _slack(settings: Settings) -> SlackCredentials:
    from bots.slack.credentials import SlackCredentials

    def plain(secret: SecretStr | None) -> str:
        return secret.get_secret_value() if secret is not None else ""

    return SlackCredentials(
        signing_secret=plain(settings.slack_signing_secret),
        bot_token=plain(settings.slack_bot_token),
        app_token=plain(settings.slack_app_token),
        client_id=settings.slack_client_id or "",
        client_secret=plain(settings.slack_client_secret),
        api_url=settings.slack_api_url,
    )


def make_app(base: Base, bridge: Bridge) -> web.Application:
    """Make the HTTP application with every front that is set up."""
    from bots.presence import instance_name
    from bots.server import create_app

    settings = base.settings
    token = settings.console_token
    return create_app(
        base.runtime,
        bridge,
        fronts=_fronts(base, bridge),
        console_token=token.get_secret_value() if token else None,
        instance=instance_name(settings.database),
        demonstration=base.toolshed is not None and _demonstrates(base),
    )


async def _front(base: Base, bridge: Bridge) -> None:
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
        await stop.wait()
    finally:
        await runner.cleanup()


def _until_stopped() -> None:
    stop = threading.Event()

    def told(_number: int, _frame: object) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, told)
    stop.wait()
