"""What carries out runs: the engine with all its handlers, and the sweep. Loads models late."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

from runtime.agent import loop, single
from runtime.agent.kit import Kits, Services, Shared, make_kit
from runtime.approvals.expire import Expiry
from runtime.catalog.catalog import Catalog
from runtime.catalog.current_policy import CurrentPolicy
from runtime.catalog.workflow.beside import Beside, KnownTools, misnamed
from runtime.catalog.workflow.installed import schemas_of
from runtime.catalog.workflow.read import pointer
from runtime.domain.errors import Misconfigured
from runtime.domain.plan import GOAL, StepKind
from runtime.domain.ports import Bell, Clock
from runtime.durable.engine import Engine, Handler, Timing
from runtime.durable.sweep import Chore, Sweep
from runtime.models.completion import Models
from runtime.models.discreet import Discreet
from runtime.observability.personal_data import PersonalData
from runtime.observability.redaction import secrets_of
from runtime.orchestrator import conduct
from runtime.outbox.announce import Announcements
from runtime.service import Runtime
from runtime.settings import Settings
from runtime.storage import steps
from runtime.storage.database import Database
from runtime.tools.builtin import builtin_tools
from runtime.tools.containers import Containers
from runtime.tools.http import Http
from runtime.tools.mcp.config import parse_servers
from runtime.tools.mcp.servers import McpServers
from runtime.tools.network import Network
from runtime.tools.runner import Runner
from runtime.workflows import handler as workflow
from runtime.workflows.act import Outfit
from runtime.workflows.events import Events
from runtime.workflows.outlet import Outlet


class Toolshed:
    """The tools no agent owns, and the check that a catalog fits them."""

    def __init__(self, settings: Settings, *, clock: Clock, environment: Mapping[str, str]) -> None:
        self.http = Http(network=Network(allowed=frozenset(settings.http_allow)))
        """What tools and workflows reach the web through."""
        self._tools = tuple(builtin_tools(clock=clock, http=self.http))
        self._servers = Servers(environment)

    def shared(self, catalog: Catalog) -> Shared:
        """Give the tools for a catalog: those that ship and those of its MCP servers."""
        servers = self._servers.of(catalog.mcp_text)
        return Shared(tools=(*self._tools, *servers.tools), missing=servers.problems)

    def check(self, catalog: Catalog) -> None:
        """Refuse a catalog whose tools cannot be made, or whose workflows call others.

        Raises ``Misconfigured``.
        """
        shared = self.shared(catalog)
        kit = make_kit(catalog, shared)
        tools = KnownTools(schemas=schemas_of(kit.registry.all()), servers=tuple(shared.missing))
        beside = Beside(tools=tools, workflows=catalog.workflows)
        wrong = [
            f"the workflow {flow.name!r}, {pointer(path)}: {words}"
            for flow in catalog.workflows.values()
            for path, words in misnamed(flow, beside)
        ]
        if wrong:
            raise Misconfigured("\n".join(wrong))

    def close(self) -> None:
        """End the MCP servers."""
        self._servers.close()


class Worker:
    """The part of a process that works on runs."""

    def __init__(
        self,
        settings: Settings,
        runtime: Runtime,
        *,
        clock: Clock,
        bell: Bell,
        models: Models,
        toolshed: Toolshed,
        environment: Mapping[str, str],
        chores: Sequence[Chore] = (),
    ) -> None:
        """``chores`` are more of what the sweep does, in order."""
        hide = PersonalData(settings.hide)
        services = Services(
            database=runtime.database,
            clock=clock,
            kits=Kits(runtime.database, toolshed.shared),
            models=Discreet(models, secrets=secrets_of(environment), hide=hide),
            runner=Runner(secrets=environment, hide=hide),
            data=settings.data,
            current_policy=CurrentPolicy(runtime.library),
            evaluator=runtime.evaluator,
        )
        self._evaluator = runtime.evaluator
        events = Events(database=runtime.database, clock=clock, bell=bell)
        outfit = Outfit(
            services=services,
            evaluator=self._evaluator,
            http=toolshed.http,
            events=events,
            secrets=environment,
            containers=_containers(settings, environment),
            outlet=_outlet(settings, toolshed.http),
        )
        self._toolshed = toolshed
        self.engine = Engine(
            runtime.database,
            clock=clock,
            bell=bell,
            handlers={
                **handlers(services),
                workflow.KIND: partial(workflow.carry_out, outfit=outfit),
            },
            announcer=Announcements(clock),
            timing=Timing(lease_seconds=settings.lease_seconds),
        )
        self.sweep = Sweep(
            [
                StepChore(runtime.database, clock, bell, in_hand=self.engine.has_in_hand),
                Expiry(runtime.database, clock, bell, policy=services.current_policy),
                runtime.carrying.ring_due,
                events,
                runtime.starting.occasions(self._evaluator),
                *chores,
            ],
            seconds=settings.sweep_seconds,
        )

    def start(self) -> None:
        """Begin renewing leases and sweeping; steps come through the queue."""
        self.engine.start()
        self.sweep.start()

    def stop(self) -> None:
        """Begin nothing new; steps under way are given back at their next safe point."""
        self.engine.stop()
        self.sweep.stop()

    def close(self) -> None:
        """End what is left, after the queue's threads have ended."""
        self.engine.close()
        self._evaluator.close()
        self._toolshed.close()


class StepChore:
    """Make ready and ring what is due: timers, expired leases, lost rings.

    ``in_hand`` tells of a step and the process that has it whether a thread here is at work on it.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        bell: Bell,
        *,
        in_hand: Callable[[str, str], bool] = lambda _step, _owner: False,
    ) -> None:
        self._database = database
        self._clock = clock
        self._bell = bell
        self._in_hand = in_hand

    def __call__(self) -> int:
        """Handle one batch; give how many steps it made ready."""
        now = self._clock.now()
        with self._database.write() as connection:
            woken = steps.sweep(
                connection,
                now=now,
                ring_again_at=now + timedelta(seconds=5),
                limit=500,
                in_hand=self._in_hand,
            )
        self._bell.ring(steps=woken)
        return len(woken)


class Servers:
    """MCP servers by the configuration a run pinned; started when first needed."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._started: dict[str, McpServers] = {}
        self._lock = threading.Lock()

    def of(self, text: str | None) -> McpServers:
        """Give the servers of a configuration."""
        key = text or ""
        with self._lock:
            if key not in self._started:
                configs = parse_servers(text, file="mcp.json") if text else ()
                servers = McpServers(configs, environment=self._environment)
                servers.start()
                self._started[key] = servers
            return self._started[key]

    def close(self) -> None:
        """Close every connection."""
        for servers in self._started.values():
            servers.close()


def _containers(settings: Settings, environment: Mapping[str, str]) -> Containers:
    return Containers(
        engine=settings.container_engine or "",
        network=settings.container_network,
        seconds=settings.container_seconds,
        folder=settings.home / "volumes",
        environment=environment,
    )


def _outlet(settings: Settings, http: Http) -> Outlet | None:
    if settings.emit_url is None:
        return None
    token = settings.emit_token
    return Outlet(
        http=http, url=settings.emit_url, token=token.get_secret_value() if token else None
    )


def handlers(services: Services) -> dict[str, Handler]:
    """Give the handler of every kind of task."""
    return {
        conduct.KIND: partial(conduct.conduct, services=services),
        GOAL: partial(conduct.conduct_goal, services=services),
        StepKind.AGENT.value: partial(loop.work, services=services),
        StepKind.TOOL.value: partial(single.call_tool, services=services),
        StepKind.HUMAN.value: partial(single.ask_person, services=services),
    }


def prepare_data(agents: Path, data: Path) -> None:
    """Bring the shipped data files to where tools find them; what is there already is kept."""
    data.mkdir(parents=True, exist_ok=True)
    shipped = agents / "data"
    if not shipped.is_dir():
        return
    for path in sorted(shipped.iterdir()):
        if path.suffix == ".sql":
            _make_database(path, data / f"{path.stem}.sqlite")
        elif path.is_file() and not (data / path.name).exists():
            shutil.copyfile(path, data / path.name)


def _make_database(script: Path, target: Path) -> None:
    if target.exists():
        return
    # Made aside and moved, so that a crash leaves either nothing or all of it.
    aside = target.with_suffix(".new")
    aside.unlink(missing_ok=True)
    connection = sqlite3.connect(aside)
    try:
        connection.executescript(script.read_text(encoding="utf-8"))
    finally:
        connection.close()
    aside.replace(target)
