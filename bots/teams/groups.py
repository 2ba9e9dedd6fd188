"""Whether somebody is in a group of Entra: asked of Graph, remembered for minutes, never guessed.

``checkMemberGroups`` also finds who is in a group by way of another one; it takes twenty groups at
once and needs the application permissions GroupMember.Read.All and User.ReadBasic.All.
https://learn.microsoft.com/graph/api/directoryobject-checkmembergroups (read November 2026)
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import cast
from urllib.parse import quote

import aiohttp

from bots.teams.payload import Payload
from bots.teams.tokens_out import GRAPH, Tokens
from runtime.domain.errors import Upstream

log = logging.getLogger(__name__)

_FRESH_SECONDS = 300.0
_MOST_ANSWERS = 20_000
_AT_A_TIME = 20
_PATIENCE_SECONDS = 4.0
"""Teams waits some five seconds for the answer to a press."""


class Groups:
    """Asks once per person, group and five minutes."""

    def __init__(
        self,
        tokens: Tokens,
        session: Callable[[], aiohttp.ClientSession],
        *,
        url: str = GRAPH,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tokens = tokens
        self._session = session
        self._url = url
        self._now = now
        self._known: OrderedDict[tuple[str, str], tuple[bool, float]] = OrderedDict()

    async def of(self, object_id: str, groups: Iterable[str]) -> frozenset[str]:
        """Give those of the groups that somebody is in at this moment.

        Raises:
            Upstream: Graph cannot be asked; nobody is taken for a member on a guess.
        """
        asked = list(dict.fromkeys(groups))
        unknown = [group for group in asked if not self._is_fresh(object_id, group)]
        for at in range(0, len(unknown), _AT_A_TIME):
            some = unknown[at : at + _AT_A_TIME]
            theirs = await self._ask(object_id, some)
            for group in some:
                self._keep(object_id, group, is_member=group in theirs)
        return frozenset(group for group in asked if self._known[object_id, group][0])

    def _is_fresh(self, object_id: str, group: str) -> bool:
        known = self._known.get((object_id, group))
        return known is not None and self._now() - known[1] <= _FRESH_SECONDS

    def _keep(self, object_id: str, group: str, *, is_member: bool) -> None:
        key = (object_id, group)
        self._known[key] = (is_member, self._now())
        self._known.move_to_end(key)
        if len(self._known) > _MOST_ANSWERS:
            self._known.popitem(last=False)

    async def _ask(self, object_id: str, groups: list[str]) -> frozenset[str]:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                answer = await self._once(object_id, groups)
                if answer is None:
                    self._tokens.forget()
                    answer = await self._once(object_id, groups)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            answer = None
        if answer is None:
            raise Upstream(
                "Microsoft does not say which groups you are in at this moment; try again",
                ambiguous=False,
            )
        return frozenset(
            one.value.lower() for one in answer.items("value") if isinstance(one.value, str)
        )

    async def _once(self, object_id: str, groups: list[str]) -> Payload | None:
        """Give the answer; None where it is no answer to the question."""
        authorization = await self._tokens.authorization()
        url = f"{self._url}/v1.0/users/{quote(object_id, safe='')}/checkMemberGroups"
        async with self._session().post(
            url,
            json={"groupIds": groups},
            headers={"Authorization": authorization},
            allow_redirects=False,
        ) as answer:
            raw = await answer.read()
            if answer.status != 200:
                log.warning("Graph answered %s when asked about groups", answer.status)
                return None
            return Payload(cast("object", json.loads(raw)))
