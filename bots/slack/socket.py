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

_CONNECTIONS = 2
"""Every few hours Slack asks a connection to come anew. Its client hears nothing for some seconds
then, and what people click and type is never sent again: the other one hears it. An app may have
ten."""
_LONGEST_PAUSE_SECONDS = 30.0


class SocketFront:
    """Keeps two connections to Slack open, which sends everything to one of them."""

    def __init__(self, app: AsyncApp, credentials: SlackCredentials) -> None:
        self._app = app
        self._token = credentials.app_token
        self._handlers: list[AsyncSocketModeHandler] = []
        self._connecting: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Connect in the background, again and again until it works."""
        logger = quiet_logger("bots.slack.socket_mode")
        for _ in range(_CONNECTIONS):
            handler = AsyncSocketModeHandler(self._app, self._token, logger=logger, ping_interval=5)
            self._handlers.append(handler)
            self._connecting.append(asyncio.create_task(self._connect(handler)))

    async def stop(self) -> None:
        """Close the connections; what was not acknowledged is delivered elsewhere."""
        for connecting in self._connecting:
            connecting.cancel()
        await asyncio.gather(*(handler.close_async() for handler in self._handlers))

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
