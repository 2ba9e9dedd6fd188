"""A channel whose far side counts: every post is a row of the outside world, and has no key."""

from __future__ import annotations

import asyncio

from bots.views import Shown
from runtime.domain.delivery import Delivery
from runtime.domain.errors import Refused
from tests.faults.outside import Outside


class PaperChannel:
    """Implements ``bots.channel.Channel``."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    @property
    def name(self) -> str:
        return "paper"

    async def send(self, delivery: Delivery, shown: Shown) -> str:
        return await asyncio.to_thread(self._send, delivery, shown)

    async def find(self, delivery: Delivery) -> str | None:
        posts = await asyncio.to_thread(self._outside.posts)
        return next((post.id for post in posts if post.delivery == delivery.id), None)

    def _send(self, delivery: Delivery, shown: Shown) -> str:
        text = str(shown)
        if delivery.external_id is None:
            return self._outside.post(delivery.place.key, delivery.id, delivery.kind, text)
        if not self._outside.edit(delivery.external_id, text):
            raise Refused("there is no such post")
        return delivery.external_id
