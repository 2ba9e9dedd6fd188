"""Slack's pace is kept, and a signature counts once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from bots.slack.rate import RateGate
from bots.slack.signature import ReplayGuard, fault_in_signature
from tests.worlds.slack.signing import signature


@dataclass
class Clock:
    """Time that a test moves."""

    seconds: float = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime(2026, 9, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)


def test_a_channel_is_spoken_to_at_its_pace() -> None:
    clock = Clock()
    gate = RateGate(now=clock.monotonic)

    posts = [admit(gate, "chat.postMessage") for _ in range(7)]
    updates = [admit(gate, "chat.update") for _ in range(4)]

    assert posts == pytest.approx([0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0])
    assert updates == pytest.approx([0.0, 0.0, 1.2, 2.4])


def test_channels_do_not_wait_for_each_other() -> None:
    gate = RateGate(now=Clock().monotonic)

    waits = [admit(gate, "chat.postMessage", channel=f"C{n}") for n in range(40)]

    assert waits == [0.0] * 40


def test_all_updates_of_a_workspace_stay_below_fifty_a_minute() -> None:
    clock = Clock()
    gate = RateGate(now=clock.monotonic)

    let_through: list[float] = []
    while clock.seconds < 300:
        for channel in range(20):
            if admit(gate, "chat.update", channel=f"C{channel}", patience=0.0) == 0:
                let_through.append(clock.seconds)
        clock.seconds += 0.1

    busiest = max(sum(start <= at < start + 60 for at in let_through) for start in range(0, 240, 5))
    assert 40 <= busiest <= 50
    assert len(let_through) / 5 <= 50


def test_a_long_wait_takes_no_place() -> None:
    clock = Clock()
    gate = RateGate(now=clock.monotonic)
    for _ in range(2):
        admit(gate, "chat.update", patience=0.0)

    refused = [admit(gate, "chat.update", patience=0.0) for _ in range(50)]

    assert refused == pytest.approx([1.2] * 50)
    clock.seconds = 1.3
    assert admit(gate, "chat.update", patience=0.0) == 0.0


def test_somebodys_home_is_drawn_again_after_a_short_while_and_others_do_not_wait_for_it() -> None:
    clock = Clock()
    gate = RateGate(now=clock.monotonic)

    own = [admit(gate, "views.publish", channel="U1", patience=0.0, urgent=False) for _ in range(3)]
    others = [
        admit(gate, "views.publish", channel=f"U{n}", patience=0.0, urgent=False)
        for n in (2, 2, 2, 3, 3, 3)
    ]

    assert own == [0.0, 0.0, 3.0]
    assert others == pytest.approx([0.0, 0.0, 3.667, 0.0, 0.0, 4.333], abs=0.01)


def test_after_too_many_requests_the_whole_method_rests() -> None:
    clock = Clock()
    gate = RateGate(now=clock.monotonic)

    gate.close("chat.update", team="T1", seconds=30)

    assert admit(gate, "chat.update", channel="C9") == pytest.approx(30)
    assert admit(gate, "chat.postMessage", channel="C9") == 0.0
    clock.seconds = 30
    assert admit(gate, "chat.update", channel="C9") == 0.0


@pytest.mark.parametrize(
    ("shift", "fault"), [(0, ""), (300, ""), (-300, ""), (301, "stale"), (-301, "stale")]
)
def test_the_window_is_five_minutes_both_ways(shift: int, fault: str) -> None:
    clock = Clock()
    timestamp = int(clock.now().timestamp()) + shift

    found = fault_in_signature(
        b"body",
        secret="s",
        timestamp=str(timestamp),
        signature=signature("s", timestamp=timestamp, body=b"body"),
        now=clock.now(),
    )

    assert found == fault


def test_one_changed_byte_breaks_the_signature() -> None:
    clock = Clock()
    timestamp = int(clock.now().timestamp())

    found = fault_in_signature(
        b"bodx",
        secret="s",
        timestamp=str(timestamp),
        signature=signature("s", timestamp=timestamp, body=b"body"),
        now=clock.now(),
    )

    assert found == "bad_signature"


async def test_a_signature_takes_effect_once() -> None:
    guard = ReplayGuard(now=Clock().now)

    first = await guard.enter("v0=1")
    guard.leave("v0=1", took_effect=True)

    assert first
    assert not await guard.enter("v0=1")
    assert await guard.enter("v0=2")


async def test_copies_wait_for_the_first_and_one_of_them_follows_a_failure() -> None:
    guard = ReplayGuard(now=Clock().now)
    assert await guard.enter("v0=1")

    copies = [asyncio.ensure_future(guard.enter("v0=1")) for _ in range(3)]
    await asyncio.sleep(0)
    guard.leave("v0=1", took_effect=False)
    done, _ = await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)

    assert [task.result() for task in done] == [True]
    guard.leave("v0=1", took_effect=True)
    assert sorted(await asyncio.gather(*copies)) == [False, False, True]


async def test_what_no_longer_verifies_is_forgotten() -> None:
    clock = Clock()
    guard = ReplayGuard(now=clock.now)
    await guard.enter("v0=1")
    guard.leave("v0=1", took_effect=True)

    clock.seconds = 601

    assert await guard.enter("v0=1")


def admit(
    gate: RateGate,
    method: str,
    *,
    channel: str = "C1",
    patience: float = 10.0,
    urgent: bool = True,
) -> float:
    wait = gate.admit(method, team="T1", channel=channel, patience_seconds=patience, urgent=urgent)
    return max(0.0, wait)
