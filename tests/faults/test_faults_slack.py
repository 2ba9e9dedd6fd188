"""Kills while Slack is spoken to; the messages are counted in Slack."""

from __future__ import annotations

import json
import random
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest

from runtime.storage.database import Database
from runtime.storage.tables import delivery
from tests.faults.campaign import Setting
from tests.faults.installation import Installation
from tests.faults.test_faults_kills import KILLS, SEED
from tests.faults.zygote import Zygote
from tests.worlds.slack.cast import GENERAL, TEAM
from tests.worlds.slack.payload import table, text
from tests.worlds.slack.spawned import spawned_world
from tests.worlds.slack.world import SlackWorld

pytestmark = [pytest.mark.faults, pytest.mark.timeout(0 if KILLS > 1000 else 600)]

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


class _Trial:
    """One request in one thread of Slack."""

    def __init__(self, zygote: Zygote, setting: Setting, world: SlackWorld) -> None:
        self._zygote = zygote
        self._setting = setting
        self._world = world
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
            installation = self._installation(resources, at)
            findings = installation.check()
            database = Database(installation.spec.database_url, pool_size=1)
            with database.read() as connection:
                rows = connection.execute(delivery.select()).mappings()
                self._kinds = {row["id"]: row["kind"] for row in rows}
            database.close()
            self.owed = Counter(self._kinds.values())
            return findings.violations

    def posted(self) -> Counter[str]:
        """Count, in Slack, how often each delivery was posted into the thread."""
        messages = [one for one in self._world.thread(GENERAL, self._ts) if one.metadata]
        return Counter(
            text(table((one.metadata or {}).get("event_payload"))["k"]) for one in messages
        )

    def kinds_of(self, posted: Counter[str]) -> Counter[str]:
        """Count posted deliveries by what they are."""
        return Counter(self._kinds.get(mark, "a stranger") for mark in posted)

    def _installation(self, resources: ExitStack, at: int | None) -> Installation:
        address = {"channel": GENERAL, "thread_ts": self._ts, "team": TEAM}
        spec = replace(
            self._setting.install(0, resources),
            slack={
                "api_url": self._world.api_url,
                "bot_token": self._world.bot_token,
                "address": address,
            },
            # Slack is slow against paper: one paced call takes more than a second.
            lease_seconds=3.0,
        )
        installation = Installation(self._zygote, spec)
        installation.start(at=at)
        installation.until_done(lambda: None, every_seconds=1.0)
        if at is not None and set(installation.ended.values()) == {-9}:
            self.point = spec.record.read_text(encoding="utf-8")
            installation.start()
            installation.until_done(lambda: None, every_seconds=1.0)
        return installation


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
