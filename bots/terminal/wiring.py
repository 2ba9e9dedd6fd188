"""The real processes, as the terminal starts and reaches them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bots.door import Door
from bots.presence import instance_name, is_served
from bots.terminal.checks.check import Check, Examination, fine
from runtime.clock import SystemClock
from runtime.domain.errors import Misconfigured
from runtime.domain.json import JsonObject
from runtime.domain.run import RunView

if TYPE_CHECKING:
    from runtime.door.evidence import Evidence
    from runtime.settings import Settings


class Wiring(Protocol):
    """What a command needs from the process it runs in."""

    def serve(self, role: str) -> None:
        """Run ``up``, ``front``, ``worker`` or ``courier`` until told to stop, or ``migrate``."""
        ...

    def open(self) -> Door:
        """Open the runtime on the installation's database."""
        ...

    def works_elsewhere(self) -> bool:
        """Say whether some other process works on runs of this installation."""
        ...

    def work_until(self, run_id: str, until: Callable[[RunView], bool]) -> RunView:
        """Work on runs in this process until ``until`` says so of the given run."""
        ...

    def teams_package(self, *, url: str, organisation: str, slash: bool) -> bytes:
        """Build the file that is uploaded to Teams. Raises ``Refused``."""
        ...

    def examinations(self) -> list[Examination]:
        """Give what ``doctor`` looks at, in the order it tells them."""
        ...

    def slack_manifest(self, *, url: str | None, socket: bool) -> JsonObject:
        """Give the manifest of the Slack app. Raises ``Refused``."""
        ...

    def evidence(self) -> Evidence:
        """Give the audit, with its key and its anchors."""
        ...

    def agents_path(self) -> Path:
        """Name the folder of the agents and their workflows."""
        ...


class ProcessWiring:
    """Wires commands to the settings of this machine and to ``bots.process``."""

    def __init__(self, *, host: str | None = None, port: int | None = None) -> None:
        self._given = {
            name: value for name, value in (("host", host), ("port", port)) if value is not None
        }

    @cached_property
    def settings(self) -> Settings:
        """Read the settings once.

        Raises:
            Misconfigured: with every wrong setting's name, and not its value.
        """
        from pydantic import ValidationError

        from runtime.settings import Settings

        try:
            return Settings().model_copy(update=self._given)
        except ValidationError as wrong:
            problems = "; ".join(
                f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}"
                for one in wrong.errors(include_input=False, include_url=False)
            )
            raise Misconfigured(f"a setting is wrong: {problems}") from wrong

    @cached_property
    def _runtime(self):
        from bots import process

        return process.open_runtime(self.settings)

    def serve(self, role: str) -> None:
        """Run one of the processes until it is told to stop."""
        from bots import process

        {
            "up": process.serve_up,
            "front": process.serve_front,
            "worker": process.serve_worker,
            "courier": process.serve_courier,
            "migrate": process.migrate,
        }[role](self.settings)

    def open(self) -> Door:
        """Open the runtime on the installation's database."""
        return self._runtime

    def works_elsewhere(self) -> bool:
        """Say whether workers run elsewhere: with Redis always, embedded while a server is up."""
        settings = self.settings
        if settings.redis_url:
            return True
        return is_served(settings.host, settings.port, instance=instance_name(settings.database))

    def work_until(self, run_id: str, until: Callable[[RunView], bool]) -> RunView:
        """Work on runs in this process until ``until`` says so."""
        from bots import process

        process.work_until(self.settings, self._runtime, run_id, until)
        return self._runtime.view(run_id, workspace=None)

    def teams_package(self, *, url: str, organisation: str, slash: bool) -> bytes:
        """Build the file that is uploaded to Teams."""
        from bots.manifests import teams_package

        return teams_package(self.settings, url=url, organisation=organisation, slash=slash)

    def slack_manifest(self, *, url: str | None, socket: bool) -> JsonObject:
        """Give the manifest of the Slack app."""
        from bots.manifests import slack_manifest

        return slack_manifest(self.settings, url=url, socket=socket)

    def agents_path(self) -> Path:
        """Name the folder of the agents and their workflows."""
        return self.settings.agents_path

    def evidence(self) -> Evidence:
        """Give the audit, with its key and its anchors."""
        from bots import process

        return process.evidence_of(self.settings, self._runtime.database, SystemClock())

    def examinations(self) -> list[Examination]:
        """Give what ``doctor`` looks at; settings that cannot be read leave only themselves."""
        from bots.manifests import slack_scopes
        from bots.terminal.checks import installation, services
        from bots.terminal.checks.slack import slack
        from runtime.settings import environment

        first: list[Examination] = [
            ("python", installation.python),
            ("settings", lambda: _readable(self.settings)),
        ]
        try:
            settings = self.settings
        except Misconfigured:
            return first
        outside = environment()
        return [
            *first,
            ("home", lambda: installation.home(settings)),
            ("agents", lambda: installation.agents(settings)),
            ("model", lambda: installation.models(settings, outside)),
            ("code", installation.code),
            ("mcp", lambda: services.tool_servers(settings, outside)),
            ("database", lambda: services.database(settings)),
            ("queue", lambda: services.queue(settings)),
            ("slack", lambda: slack(settings, slack_scopes(settings))),
            *(
                [("slack", lambda: self._installed_in(slack_scopes(settings)))]
                if settings.slack_client_id and not settings.slack_bot_token
                else []
            ),
            ("teams", lambda: _teams(settings)),
            ("port", lambda: installation.port(settings)),
        ]

    def _installed_in(self, scopes: Sequence[str]) -> list[Check]:
        from bots.terminal.checks.slack_installed import slack_installed

        return slack_installed(self.settings, scopes, self._runtime)


def _readable(settings: Settings) -> list[Check]:
    given = sorted(
        str(field.alias)
        for name, field in type(settings).model_fields.items()
        if name in settings.model_fields_set
    )
    return fine("settings", f"set: {', '.join(given)}" if given else "none set; defaults are used")


def _teams(settings: Settings) -> list[Check]:
    from bots.manifests import examine_teams

    return [
        Check(name="teams", ok=found.ok, detail=found.detail, todo=found.todo)
        for found in examine_teams(settings)
    ]
