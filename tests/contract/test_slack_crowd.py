"""Five hundred runs in one workspace: within Slack's limits, each final state shown, nothing twice.

The courier, the channel and the pace are the product's; time is simulated, and so is a Slack that
keeps its limits, loses answers after it has acted, and outlives couriers that are killed.
"""

from __future__ import annotations

import asyncio
import heapq
import random
import selectors
from collections import deque
from dataclasses import dataclass, field, replace
from typing import Any, cast

from bots.bridge import Bridge
from bots.courier import Courier
from bots.slack.address import place
from bots.slack.api import CallError, SlackApi
from bots.slack.channel import SlackChannel
from bots.slack.credentials import SlackCredentials
from bots.slack.identity import Installation
from bots.slack.payload import Payload
from bots.slack.rate import RateGate
from runtime.domain.conversation import Place
from runtime.domain.delivery import Delivery, DeliveryKind
from runtime.domain.run import RunView
from tests.worlds.front_door import a_run, a_view

RUNS, CHANNELS, BUSY_SECONDS, PATIENCE_SECONDS = 500, 20, 300.0, 1_800.0
LEASE_SECONDS = 30.0
UPDATES_A_MINUTE = 50
HOME = Installation(team_id="T024")


class SimulatedTime(asyncio.SelectorEventLoop):
    """A loop in which nobody waits: when nothing is ready, it is later at once."""

    def __init__(self) -> None:
        super().__init__(selectors.SelectSelector())
        self.now = 1_000.0

    def time(self) -> float:
        return self.now

    def _run_once(self) -> None:
        scheduled: list[Any] = cast("Any", self)._scheduled
        if scheduled and not cast("Any", self)._ready:
            self.now = max(self.now, scheduled[0]._when)
        cast("Any", super())._run_once()


async def later(seconds: float) -> None:
    """Let simulated time pass."""
    moment = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(seconds, lambda: moment.done() or moment.set_result(None))
    await moment


@dataclass
class CrowdedSlack:
    """Keeps the published limits of one workspace, and loses an answer now and then."""

    time: Any
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    messages: dict[tuple[str, str], dict[str, Any]] = field(
        default_factory=dict[tuple[str, str], dict[str, Any]]
    )
    updates: deque[float] = field(default_factory=deque[float])
    busiest: int = 0
    refused: int = 0
    lost: int = 0

    async def call(self, method: str, **given: Any) -> Payload:
        await later(0.05)
        if method == "auth.test":
            return Payload({"ok": True, "user_id": "U0", "bot_id": "B0", "team_id": "T024"})
        if method == "conversations.replies":
            thread = [
                {"ts": ts, "bot_id": "B0", "metadata": message["metadata"]}
                for (channel, ts), message in self.messages.items()
                if channel == given["channel"] and message["thread_ts"] == given["ts"]
            ]
            return Payload({"ok": True, "messages": thread})
        if method == "agents.sessions.setStatus":
            raise CallError("feature_disabled")
        if method == "chat.update":
            self._count()
            self.messages[given["channel"], given["ts"]]["text"] = given["text"]
            return self._answered(given["ts"])
        assert method == "chat.postMessage", method
        ts = f"{len(self.messages) + 1}.000001"
        self.messages[given["channel"], ts] = dict(given)
        return self._answered(ts)

    def _count(self) -> None:
        now = self.time()
        while self.updates and self.updates[0] <= now - 60:
            self.updates.popleft()
        if len(self.updates) >= UPDATES_A_MINUTE or self.chance.random() < 0.005:
            self.refused += 1
            raise CallError("ratelimited", retry_after_seconds=5.0)
        self.updates.append(now)
        self.busiest = max(self.busiest, len(self.updates))

    def _answered(self, ts: str) -> Payload:
        if self.chance.random() < 0.02:
            self.lost += 1
            raise CallError("connection_lost", ambiguous=True)
        return Payload({"ok": True, "ts": ts})


@dataclass
class Outbox:
    """What the runtime promises of deliveries: newest state wins, leases, doubts."""

    time: Any
    views: dict[str, RunView] = field(default_factory=dict[str, RunView])
    owed: dict[str, Delivery] = field(default_factory=dict[str, Delivery])
    due: dict[str, float | None] = field(default_factory=dict[str, float | None])
    sending: set[str] = field(default_factory=set[str])
    leased: dict[str, float] = field(default_factory=dict[str, float])
    queue: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])

    def change(self, number: int, status: str) -> None:
        name = f"run_{number}"
        view = a_view(a_run(number, goal=f"Goal {number}"), status=status, steps=())
        self.views[name] = view
        known = self.owed.get(name)
        if known is None:
            channel = f"C{number % CHANNELS:03d}"
            there = place(HOME, channel=channel, thread_ts=f"{number}.5")
            known = Delivery(
                id=name, conversation_id=name, place=there, run_id=name,
                kind=DeliveryKind.RUN_CARD, subject_id=name, payload={}, wanted_rev=0,
                sent_rev=0, external_id=None, attempt=0, doubtful=False,
            )  # fmt: skip
        self.owed[name] = replace(known, wanted_rev=known.wanted_rev + 1)
        if self.due.get(name) is None:
            self._set(name, self.time())

    def due_conversations(self) -> list[str]:
        found: list[str] = []
        now = self.time()
        while self.queue and self.queue[0][0] <= now and len(found) < 200:
            at, name = heapq.heappop(self.queue)
            if self.due.get(name) == at and self.leased.get(name, 0.0) <= now:
                found.append(name)
            elif self.due.get(name) == at:
                heapq.heappush(self.queue, (self.leased[name], name))
                self.due[name] = self.leased[name]
        return found

    def claim_deliveries(self, conversation_id: str) -> list[Delivery]:
        now = self.time()
        at = self.due.get(conversation_id)
        if self.leased.get(conversation_id, 0.0) > now or at is None or at > now:
            return []
        self.leased[conversation_id] = now + LEASE_SECONDS
        doubtful = conversation_id in self.sending
        self.sending.add(conversation_id)
        self._set(conversation_id, now + LEASE_SECONDS)
        known = self.owed[conversation_id]
        self.owed[conversation_id] = replace(known, attempt=known.attempt + 1)
        return [replace(self.owed[conversation_id], doubtful=doubtful)]

    def show(self, delivery: Delivery) -> RunView:
        return self.views[delivery.run_id]

    def mark_sent(self, delivery: Delivery, external_id: str, *, shown: str = "") -> str:
        known = self.owed[delivery.id]
        self.owed[delivery.id] = replace(
            known, external_id=external_id, sent_rev=delivery.wanted_rev, attempt=0
        )
        self.sending.discard(delivery.id)
        self._set(delivery.id, self.time() if known.wanted_rev > delivery.wanted_rev else None)
        return external_id

    def postpone(self, delivery: Delivery, *, seconds: float, reason: str, doubtful: bool) -> None:
        if not doubtful:
            self.sending.discard(delivery.id)
        self._set(delivery.id, self.time() + seconds)

    def give_up(self, delivery: Delivery, *, reason: str, place_is_dead: bool) -> None:
        raise AssertionError(reason)

    def move(self, conversation_id: str, place: Place) -> None:
        raise AssertionError("every run has its thread")

    def copy(self, place: Place, *, kind: DeliveryKind, subject_id: str, run_id: str) -> None:
        raise AssertionError("nothing is copied")

    def release(self, conversation_id: str) -> None:
        self.leased.pop(conversation_id, None)

    def _set(self, name: str, at: float | None) -> None:
        self.due[name] = at
        if at is not None:
            heapq.heappush(self.queue, (at, name))


async def _directly(function: Any, /, *given: Any, **more: Any) -> Any:
    return function(*given, **more)


async def live(slack: CrowdedSlack, outbox: Outbox, loop: SimulatedTime) -> float:
    """Let the runs live and end, with couriers that are killed; give when all was shown."""
    chance = random.Random(11)
    began = loop.now

    async def change_all() -> None:
        while loop.now < began + BUSY_SECONDS:
            for number in range(RUNS):
                if chance.random() < 0.3:
                    outbox.change(number, chance.choice(["running", "waiting", "paused"]))
            await later(3.0)
        for number in range(RUNS):
            outbox.change(number, "succeeded")

    def courier() -> Courier:
        channel = SlackChannel(
            SlackCredentials(signing_secret="", bot_token="xoxb-1", api_url="http://127.0.0.1:9/"),
            api=cast("SlackApi", slack),
            gate=RateGate(now=loop.time),
        )
        bridge = cast("Bridge", _directly)
        return Courier(outbox, bridge, {"slack": channel}, monotonic=loop.time)

    changing = loop.create_task(change_all())
    deadline = began + PATIENCE_SECONDS
    while loop.now < deadline and not (changing.done() and _all_shown(outbox)):
        serving = courier()
        killed_at = loop.now + chance.uniform(20.0, 60.0)
        while loop.now < killed_at and not (changing.done() and _all_shown(outbox)):
            drain = loop.create_task(serving.drain())
            await asyncio.wait([drain], timeout=max(killed_at - loop.now, 0.1))
            if not drain.done():
                # As a process that is killed: whatever it was about stays as it is.
                drain.cancel()
                await asyncio.gather(drain, return_exceptions=True)
            await later(0.5)
    await changing
    return loop.now - began


def _all_shown(outbox: Outbox) -> bool:
    return all(one.sent_rev == one.wanted_rev for one in outbox.owed.values())


def test_five_hundred_runs_stay_within_the_budget_and_every_end_is_shown_once() -> None:
    loop = SimulatedTime()
    slack, outbox = CrowdedSlack(loop.time), Outbox(loop.time)
    try:
        took = loop.run_until_complete(live(slack, outbox, loop))
    finally:
        loop.close()

    shown = [message["text"] for message in slack.messages.values()]
    assert _all_shown(outbox)
    assert sorted(shown) == sorted(set(shown)), "nothing is posted twice"
    assert len(shown) == RUNS
    assert all("succeeded" in text for text in shown)
    assert slack.busiest <= UPDATES_A_MINUTE
    assert slack.lost > 0
    # Five busy minutes, and then one update of each run at forty-five a minute.
    assert took < BUSY_SECONDS + 1.5 * RUNS / 45 * 60, f"{took:.0f} s, {slack.refused} refused"
