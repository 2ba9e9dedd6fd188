"""Private explanations: what only the person who clicked or wrote is told."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

import aiohttp

from bots.slack.api import CallError, SlackApi
from bots.slack.credentials import SlackCredentials
from bots.slack.escape import mrkdwn

log = logging.getLogger(__name__)

_LIMIT = 2_000
_MOST_AT_ONCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Ear:
    """Where somebody can be told something privately."""

    user_id: str
    channel: str = ""
    thread_ts: str = ""
    response_url: str = ""


class Whisper:
    """Says things after the request is answered, so that no answer waits for Slack.

    What is lost with the process is lost: nothing said here changes anything.
    """

    def __init__(self, api: SlackApi, credentials: SlackCredentials) -> None:
        self._api = api
        self._credentials = credentials
        self._saying: set[asyncio.Task[None]] = set()

    def say(self, ear: Ear, text: str) -> None:
        """Tell one person something, soon; dropped where too much is being said already."""
        if len(self._saying) >= _MOST_AT_ONCE:
            log.warning("a private explanation was dropped: Slack is too slow")
            return
        task = asyncio.get_running_loop().create_task(self._say(ear, text))
        self._saying.add(task)
        task.add_done_callback(self._saying.discard)

    async def close(self) -> None:
        """Wait for what is being said."""
        if self._saying:
            await asyncio.wait(self._saying, timeout=5)

    async def _say(self, ear: Ear, text: str) -> None:
        escaped = mrkdwn(text, limit=_LIMIT)
        if ear.channel and ear.user_id:
            try:
                await self._api.call(
                    "chat.postEphemeral",
                    channel=ear.channel,
                    user=ear.user_id,
                    thread_ts=ear.thread_ts or None,
                    text=escaped,
                )
            except CallError as fault:
                log.info("a private explanation takes the other way: %s", fault.code)
            else:
                return
        await self._respond(ear, escaped)

    async def _respond(self, ear: Ear, text: str) -> None:
        # The address comes from outside: anything but Slack's own would make this a way to reach
        # machines behind our firewall.
        if not ear.response_url or not self._credentials.may_answer_at(ear.response_url):
            return
        said = {"response_type": "ephemeral", "replace_original": False, "text": text}
        try:
            async with self._api.session().post(
                ear.response_url, json=said, allow_redirects=False
            ) as answer:
                if answer.status != 200:
                    log.info("a private explanation was refused: http_%s", answer.status)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.info("a private explanation was lost: %s", type(error).__name__)
