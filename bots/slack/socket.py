"""Socket Mode: the same listeners, over a connection that Baton opens.

For installations that Slack cannot reach. Requests need no signature here: Slack proved itself
when the connection was made. A listener that fails sends no acknowledgement, and Slack delivers
again, perhaps to another front.
"""

from __future__ import annotations

import asyncio
import logging

from aiohttp import ClientError
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError

from bots.slack.api import quiet_logger
from bots.slack.credentials import SlackCredentials

log = logging.getLogger(__name__)

_LONGEST_PAUSE_SECONDS = 30.0


class SocketFront:
    """Keeps one connection to Slack open."""

    def __init__(self, app: AsyncApp, credentials: SlackCredentials) -> None:
        self._app = app
        self._token = credentials.app_token
        self._handler: AsyncSocketModeHandler | None = None
        self._connecting: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect in the background, again and again until it works."""
        self._handler = AsyncSocketModeHandler(
            self._app, self._token, logger=quiet_logger("bots.slack.socket_mode"), ping_interval=5
        )
        self._connecting = asyncio.get_running_loop().create_task(self._connect(self._handler))

    async def stop(self) -> None:
        """Close the connection; what was not acknowledged is delivered elsewhere."""
        if self._connecting is not None:
            self._connecting.cancel()
        if self._handler is not None:
            await self._handler.close_async()

    async def _connect(self, handler: AsyncSocketModeHandler) -> None:
        pause = 1.0
        while True:
            try:
                # Once connected, the client itself reconnects for ever.
                await handler.connect_async()
            except (SlackApiError, ClientError, OSError, TimeoutError) as error:
                log.error(
                    "no Socket Mode connection (%s); tried again in %d s. "
                    "If it stays so, check SLACK_APP_TOKEN and SLACK_API_URL.",
                    type(error).__name__,
                    pause,
                )
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
            else:
                return
