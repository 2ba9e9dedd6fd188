"""The ways in and out that an installation's settings open: its fronts and its channels.

Each is imported only where it is set up, so that nobody pays for a chat they do not use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bots.bridge import Bridge
from bots.channel import Channel
from bots.slack.credentials import SlackCredentials
from bots.teams.credentials import TeamsCredentials
from runtime.domain.ports import Clock
from runtime.queue.farewell import Close
from runtime.service import Runtime
from runtime.settings import Settings
from runtime.storage.seal import Seal

if TYPE_CHECKING:
    from bots.downloads import Downloads
    from bots.server import Front


def open_channels(
    settings: Settings, runtime: Runtime, bridge: Bridge
) -> tuple[dict[str, Channel], list[Close]]:
    """Give the channels to speak on, by name, and what closes them."""
    from bots.console.channel import ConsoleChannel
    from bots.http.channel import HttpChannel
    from bots.terminal.channel import TerminalChannel

    channels: list[Channel] = [ConsoleChannel(), TerminalChannel(), HttpChannel()]
    hang_up: list[Close] = []
    credentials = SlackCredentials.of(settings)
    if credentials is not None and (credentials.bot_token or credentials.client_id):
        from bots.slack.api import SlackApi
        from bots.slack.backing import Backing
        from bots.slack.channel import SlackChannel
        from bots.slack.tokens import InstalledTokens

        backing = Backing(runtime=runtime, bridge=bridge)
        tokens = None if credentials.bot_token else InstalledTokens(runtime, bridge)
        slack = SlackChannel(
            credentials,
            backing=backing,
            api=SlackApi(credentials, tokens),
            streams=settings.slack_streams,
        )
        channels.append(slack)
        hang_up.append(slack.close)
    teams = TeamsCredentials.of(settings)
    if teams is not None:
        from bots.teams.channel import TeamsChannel

        speaking = TeamsChannel(teams)
        channels.append(speaking)
        hang_up.append(speaking.close)
    return {channel.name: channel for channel in channels}, hang_up


def open_fronts(
    settings: Settings, runtime: Runtime, bridge: Bridge, *, clock: Clock
) -> list[Front]:
    """Give what takes requests over HTTP, Slack's sockets included."""
    from bots.http.front import HttpFront
    from bots.http.tokens import read_tokens

    fronts: list[Front] = []
    credentials = SlackCredentials.of(settings)
    if credentials is not None:
        from bots.slack.app import SlackFront

        fronts.append(SlackFront(credentials, runtime, bridge, clock=clock, register=runtime))
    teams = TeamsCredentials.of(settings)
    if teams is not None:
        from bots.teams.app import TeamsFront

        downloads = _downloads(settings, runtime, bridge, clock)
        fronts += [downloads] if downloads is not None else []
        fronts.append(TeamsFront(teams, runtime, bridge, clock=clock, downloads=downloads))
    fronts.append(HttpFront(runtime, bridge, read_tokens(settings.api_tokens)))
    return fronts


def _downloads(
    settings: Settings, runtime: Runtime, bridge: Bridge, clock: Clock
) -> Downloads | None:
    """Make links to files where people's browsers reach this server and nobody can forge one."""
    if not settings.public_url or not settings.secret_keys:
        return None
    from bots.downloads import Downloads

    return Downloads(
        runtime=runtime,
        bridge=bridge,
        clock=clock,
        box=Seal(settings.seal_keys),
        url=settings.public_url,
    )
