"""What vendors want to know of the app before it is installed, for those who install it."""

from __future__ import annotations

from bots.teams.credentials import TeamsCredentials
from bots.teams.examine import Finding, examine
from bots.teams.manifest import AppFacts
from bots.teams.package import package
from runtime.domain.errors import Refused
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
