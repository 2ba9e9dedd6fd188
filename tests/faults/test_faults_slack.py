"""Kills while Slack is spoken to; the messages are counted in Slack."""

from __future__ import annotations

import json
import os
import random
import signal
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest

from runtime.storage.database import Database
from runtime.storage.tables import delivery
from tests.faults.campaign import Setting
from tests.faults.checker import Findings
from tests.faults.installation import Installation
from tests.faults.product_process import Spec
from tests.faults.test_faults_kills import KILLS, SEED
from tests.faults.zygote import Zygote
from tests.worlds.slack.cast import GENERAL, TEAM
from tests.worlds.slack.payload import table, tables, text
from tests.worlds.slack.spawned import spawned_world
from tests.worlds.slack.values import Message
from tests.worlds.slack.world import SlackWorld

pytestmark = [pytest.mark.faults, pytest.mark.timeout(0 if KILLS > 1000 else 600)]

_GROWING = ["chat.appendStream", "chat.startStream", "chat.stopStream"]
_SPEAKING = ("commit carry.claim_deliveries", "commit carry.mark_sent", "commit carry.release")


@pytest.fixture(scope="module")
def far_slack() -> Iterator[SlackWorld]:
    """Give a Slack in a process of its own."""
    with spawned_world() as world:
        yield world


def test_a_thread_has_one_root_card_and_one_answer_whenever_the_courier_dies(
    forked: Zygote, setting: Setting, far_slack: SlackWorld
) -> None:
    points = _Trial(forked, setting, far_slack).points()
    speaking = [at + 1 for at, label in enumerate(points) if label.startswith(_SPEAKING)]
    random.Random(SEED).shuffle(speaking)

    for at in speaking[: max(5, KILLS // 60)]:
        trial = _Trial(forked, setting, far_slack)
        violations = trial.killed(at)

        assert violations == (), trial.point
        posted = trial.posted()
        assert [mark for mark, times in posted.items() if times > 1] == [], trial.point
        # One approval of the call; a kill between intent and outcome adds "did it happen?".
        assert trial.kinds_of(posted) == trial.owed, trial.point
        assert (trial.owed["run_card"], trial.owed["answer"]) == (1, 1), trial.point


@pytest.mark.parametrize("method", _GROWING if KILLS > 1000 else _GROWING[:1])
def test_an_answer_that_was_growing_when_its_courier_was_killed_is_there_once_and_whole(
    forked: Zygote, far_slack: SlackWorld, method: str
) -> None:
    trial = _Trial(forked, Setting(None, None), far_slack, streams=True)

    findings = trial.killed_in(method)

    assert findings.violations == ()
    posted = trial.posted()
    assert [mark for mark, times in posted.items() if times > 1] == []
    assert trial.kinds_of(posted) == trial.owed
    assert trial.owed["answer"] == 1
    assert trial.unmarked() == []
    (answer,) = findings.answers
    assert trial.grown() == answer
    assert trial.begun_streams() == 1


class _Trial:
    """One request in one thread of Slack."""

    def __init__(
        self, zygote: Zygote, setting: Setting, world: SlackWorld, *, streams: bool = False
    ) -> None:
        self._zygote = zygote
        self._setting = setting
        self._world = world
        self._streams = streams
        self._ts = _opened_thread(world)
        self._kinds: dict[str, str] = {}
        self.owed: Counter[str] = Counter()
        """What the tables say the thread was owed, by what it is."""
        self.point = "nowhere"

    def points(self) -> list[str]:
        with ExitStack() as resources:
            installation = self._installation(resources, None)
            return installation.points()

    def killed(self, at: int) -> tuple[str, ...]:
        """Kill it at a point, let another finish; give what is wrong in the tables."""
        with ExitStack() as resources:
            return self._judged(self._installation(resources, at)).violations

    def killed_in(self, method: str) -> Findings:
        """Kill it while Slack, which has acted, is about to answer a call; let another finish."""
        with ExitStack() as resources:
            installation = Installation(self._zygote, self._spec(resources))
            self._world.fault(method, "slow_after", delay_seconds=60.0)
            before = len(self._world.calls_of(method))
            courier = installation.start()

            def kill() -> None:
                # It may answer SIGKILL late, and dies once.
                if courier in installation.alive and len(self._world.calls_of(method)) > before:
                    os.kill(courier, signal.SIGKILL)

            installation.until_done(kill, every_seconds=0.0)
            assert installation.ended == {courier: -signal.SIGKILL}, installation.log()
            self._world.clear_faults()
            installation.start()
            installation.until_done(lambda: None, every_seconds=1.0)
            return self._judged(installation)

    def posted(self) -> Counter[str]:
        """Count, in Slack, how often each delivery was posted into the thread."""
        return Counter(_mark(one) for one in self._said() if one.metadata)

    def unmarked(self) -> list[Message]:
        """Give what was said and belongs to no delivery."""
        return [one for one in self._said() if not one.metadata]

    def grown(self) -> str:
        """Give the words of the one answer, as people read them."""
        (answer,) = [one for one in self._said() if self._kinds[_mark(one)] == "answer"]
        blocks = tables(answer.raw.get("blocks"))
        return "".join(text(one["text"]) for one in blocks if one["type"] == "markdown")

    def begun_streams(self) -> int:
        """Count how often an answer began to grow in the thread."""
        begun = self._world.calls_of("chat.startStream")
        return sum(one.arguments["thread_ts"] == self._ts for one in begun)

    def kinds_of(self, posted: Counter[str]) -> Counter[str]:
        """Count posted deliveries by what they are."""
        return Counter(self._kinds.get(mark, "a stranger") for mark in posted)

    def _said(self) -> list[Message]:
        return [one for one in self._world.thread(GENERAL, self._ts) if one.ts != self._ts]

    def _judged(self, installation: Installation) -> Findings:
        database = Database(installation.spec.database_url, pool_size=1)
        with database.read() as connection:
            rows = connection.execute(delivery.select()).mappings()
            self._kinds = {row["id"]: row["kind"] for row in rows}
        database.close()
        self.owed = Counter(self._kinds.values())
        return installation.check()

    def _spec(self, resources: ExitStack) -> Spec:
        address = {"channel": GENERAL, "thread_ts": self._ts, "team": TEAM}
        return replace(
            self._setting.install(0, resources),
            slack={
                "api_url": self._world.api_url,
                "bot_token": self._world.bot_token,
                "address": address,
                "streams": self._streams,
            },
            # Slack is slow against paper: one paced call takes more than a second.
            lease_seconds=3.0,
        )

    def _installation(self, resources: ExitStack, at: int | None) -> Installation:
        spec = self._spec(resources)
        installation = Installation(self._zygote, spec)
        installation.start(at=at)
        installation.until_done(lambda: None, every_seconds=1.0)
        if at is not None and set(installation.ended.values()) == {-9}:
            self.point = spec.record.read_text(encoding="utf-8")
            installation.start()
            installation.until_done(lambda: None, every_seconds=1.0)
        return installation


def _mark(message: Message) -> str:
    return text(table((message.metadata or {}).get("event_payload"))["k"])


def _opened_thread(world: SlackWorld) -> str:
    """Post what the thread hangs from; give its ts."""
    request = urllib.request.Request(
        f"{world.api_url}chat.postMessage",
        data=json.dumps({"channel": GENERAL, "text": "please"}).encode(),
        headers={
            "Authorization": f"Bearer {world.bot_token}",
            "Content-Type": "application/json; charset=utf-8",
        },
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(json.load(answer)["ts"])
