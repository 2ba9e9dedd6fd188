"""What vendors want to know of the app before it is installed, for those who install it."""

from __future__ import annotations

from bots.slack.manifest import EXAMPLE, manifest
from bots.slack.surface import scopes
from bots.teams.credentials import TeamsCredentials
from bots.teams.examine import Finding, examine
from bots.teams.manifest import AppFacts
from bots.teams.package import package
from runtime.domain.errors import Refused
from runtime.domain.json import JsonObject
from runtime.settings import Settings


def teams_package(settings: Settings, *, url: str, organisation: str, slash: bool) -> bytes:
    """Build the file that is uploaded to Teams. Raises ``Refused`` where Teams would refuse it."""
    if not settings.microsoft_app_id:
        raise Refused("MICROSOFT_APP_ID is not set: the app is made for one bot; set it in .env")
    return package(
        AppFacts(
            app_id=settings.microsoft_app_id.strip().lower(),
            organisation=organisation,
            url=url,
            slash=slash,
        )
    )


def examine_teams(settings: Settings) -> list[Finding]:
    """Look whether Teams is set up, and whether Microsoft plays along."""
    return examine(TeamsCredentials.of(settings))


def slack_manifest(settings: Settings, *, url: str | None, socket: bool) -> JsonObject:
    """Give the manifest of the Slack app. Raises ``Refused`` for an address Slack cannot call."""
    return manifest(url=url or EXAMPLE, socket=socket, addresses=bool(settings.email_domains))


def slack_scopes(settings: Settings) -> list[str]:
    """Give the scopes that the Slack app's bot token needs."""
    return scopes(addresses=bool(settings.email_domains))
