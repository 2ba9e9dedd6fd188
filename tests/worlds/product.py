"""The whole product in this process: real database, queue, worker, courier and front.

Embedded (no Redis) it is one process as ``baton up`` makes it; with Redis the front and the
worker have everything of their own, as on two machines, so that one can be away.
"""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from aiohttp import web

from bots import process
from bots.bridge import Bridge
from runtime.domain.run import RunView
from runtime.queue.broker import DELIVERIES, RUNS
from runtime.service import Runtime
from runtime.settings import Settings
from tests.worlds.carriers import HTTP, SOCKET
from tests.worlds.slack.loop_thread import LoopThread
from tests.worlds.slack.world import SlackWorld

if TYPE_CHECKING:
    import dramatiq

    from runtime.worker import Worker

SHIPPED = Path(__file__).parents[2] / "agents"
ENDED = frozenset({"succeeded", "failed", "cancelled"})
_PATIENCE_SECONDS = 90.0
_LOOK_SECONDS = 0.02

T = TypeVar("T")


class MovableClock:
    """The machine's time, and as far ahead of it as a test wants."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        """Give the present moment."""
        return datetime.now(UTC) + self._ahead

    def pass_time(self, seconds: float) -> None:
        """Let this much time have passed."""
        self._ahead += timedelta(seconds=seconds)


@dataclass(slots=True)
class _Working:
    base: process.Base
    bridge: Bridge
    worker: Worker
    queue: dramatiq.Worker


@dataclass(slots=True)
class _Serving:
    base: process.Base
    bridge: Bridge
    runner: web.AppRunner


@dataclass(slots=True)
class Product:
    """One installation. Start and stop its halves as you like; both run from the beginning."""

    settings: Settings
    clock: MovableClock = field(default_factory=MovableClock)
    loop: LoopThread = field(default_factory=lambda: LoopThread("product-front"))
    url: str = ""
    """Where the front listens."""
    _working: _Working | None = None
    _serving: _Serving | None = None

    @property
    def runtime(self) -> Runtime:
        """Give the front door of whichever half is running."""
        half = self._serving or self._working
        assert half is not None, "neither half of the product is running"
        return half.base.runtime

    def start_front(self) -> None:
        """Listen."""
        shared = self._working.base if self._working and self.settings.embedded else None
        base = shared or process.open_base(self.settings, works=False, clock=self.clock)
        bridge = Bridge()
        runner = web.AppRunner(process.make_app(base, bridge), access_log=None)

        async def listen() -> int:
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", self.settings.port).start()
            return int(runner.addresses[0][1])

        self.url = f"http://127.0.0.1:{self.loop.run(listen())}"
        self._serving = _Serving(base=base, bridge=bridge, runner=runner)

    def stop_front(self) -> None:
        """Listen no more."""
        if self._serving is None:
            return
        serving, self._serving = self._serving, None
        self.loop.run(serving.runner.cleanup())
        serving.bridge.close()
        if not self.settings.embedded:
            serving.base.broker.close()
            serving.base.database.close()

    def start_work(self) -> None:
        """Carry out runs and deliver messages."""
        base = process.open_base(self.settings, works=True, clock=self.clock)
        worker = process.make_worker(base)
        bridge = Bridge()
        queue = process.consume(base, worker, bridge, {RUNS, DELIVERIES})
        self._working = _Working(base=base, bridge=bridge, worker=worker, queue=queue)

    def stop_work(self) -> None:
        """Stop as a deployment does: what is under way is given back."""
        if self._working is None:
            return
        working, self._working = self._working, None
        process.wind_down(working.base, working.worker, working.queue)
        working.bridge.close()

    def start(self) -> None:
        """Start both halves."""
        self.start_work()
        self.start_front()

    def stop(self) -> None:
        """Stop both halves."""
        self.stop_front()
        self.stop_work()

    def close(self) -> None:
        """Stop for good."""
        self.stop()
        self.loop.stop()

    def until(self, found: Callable[[], T | None], *, seconds: float = _PATIENCE_SECONDS) -> T:
        """Give what ``found`` gives as soon as it is neither None, False nor empty.

        Raises:
            TimeoutError: it never was; the message tells how all runs stand.
        """
        deadline = time.monotonic() + seconds
        while True:
            result = found()
            if result:
                return result
            if time.monotonic() > deadline:
                raise TimeoutError(f"it did not happen; {self._standing()}")
            time.sleep(_LOOK_SECONDS)

    def until_ended(self, run: str = "1") -> RunView:
        """Wait for the end of a run, by number or id."""

        def ended() -> RunView | None:
            view = self.runtime.view(run, workspace=None)
            return view if view.status in ENDED else None

        return self.until(ended)

    def until_status(self, status: str, run: str = "1") -> RunView:
        """Wait until a run is ``waiting``, ``paused`` and so on."""

        def stands() -> RunView | None:
            view = self.runtime.view(run, workspace=None)
            return view if view.status == status else None

        return self.until(stands)

    def orders(self) -> list[dict[str, object]]:
        """Count at the far side: the purchase orders in the sample's ledger."""
        connection = sqlite3.connect(self.settings.data / "ledger.sqlite")
        connection.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in connection.execute("SELECT * FROM purchase_orders")]
        finally:
            connection.close()

    def _standing(self) -> str:
        lines: list[str] = []
        for line in self.runtime.runs(workspace=None):
            view = self.runtime.view(line.id, workspace=None)
            lines.append(f"run {line.number} is {view.status}: {view.run.error or view.run.answer}")
            lines += [
                f"  {'  ' * row.depth}{row.step.path} {row.step.kind} {row.step.status}"
                f" waits for {row.step.waits_for!r} {row.step.error or ''}"
                for row in self.runtime.trace(line.id, workspace=None)
            ]
        return "\n".join(lines) or "there are no runs"


@contextmanager
def product(
    home: Path,
    *,
    world: SlackWorld | None = None,
    database_url: str | None = None,
    redis_url: str | None = None,
    agents: Path = SHIPPED,
    model: str | None = "demo/plain",
    carrier: str = HTTP,
    **more: object,
) -> Generator[Product]:
    """Run the product below ``home``; with a world it speaks Slack there, over this carrier."""
    slack: dict[str, object] = {}
    if world is not None:
        slack = {
            **_listening(world, carrier),
            "slack_bot_token": world.bot_token,
            "slack_api_url": world.api_url,
        }
    given: dict[str, object] = {
        "database_url": database_url,
        "redis_url": redis_url,
        "agents_path": agents,
        "home": home,
        "port": 0,
        "model": model,
        "sweep_seconds": 0.1,
        "log_level": "WARNING",
        **slack,
        **more,
    }
    settings = Settings.model_validate({key: one for key, one in given.items() if one is not None})
    made = Product(settings=settings)
    try:
        made.start()
        if world is not None and carrier == SOCKET:
            world.until(lambda: world.connections() > 0)
        elif world is not None:
            world.target(f"{made.url}/slack/events")
        yield made
    finally:
        made.close()


def _listening(world: SlackWorld, carrier: str) -> dict[str, object]:
    """Give what opens one door, and leaves the other shut."""
    if carrier == SOCKET:
        return {"slack_app_token": world.app_token}
    return {"slack_signing_secret": world.signing_secret}


def copy_of_agents(folder: Path) -> Path:
    """Give a copy of the shipped agents, to be changed."""
    target = folder / "agents"
    shutil.copytree(SHIPPED, target)
    return target
