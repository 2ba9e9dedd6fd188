"""The vendor's client, pointed at a world."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from tests.worlds.slack.payload import Payload, text
from tests.worlds.slack.world import SlackWorld


def client_of(world: SlackWorld, *, token: str = "") -> WebClient:
    return WebClient(token=token or world.bot_token, base_url=world.api_url, retry_handlers=[])


def told(response: SlackResponse | AsyncSlackResponse) -> Payload:
    """Give an answer's body."""
    return cast("Payload", response.data)


def ts_of(response: SlackResponse | AsyncSlackResponse) -> str:
    return text(told(response)["ts"])


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(SlackApiError) as refusal:
        call()
    return text(told(cast("SlackResponse", refusal.value.response))["error"])
