"""Twenty people click one approval at once, through three front processes: one of them decides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from subprocess import Popen

import pytest

from bench.places import free_port
from bench.processes import baton, wait_until_ready
from tests.worlds.crew import Crew, calls, marks, plan, step
from tests.worlds.openai import Answer
from tests.worlds.product import Product, product
from tests.worlds.scene import Scene
from tests.worlds.services import PostgresServer, RedisServer
from tests.worlds.slack.cast import ADA, BOT_USER, TEAM
from tests.worlds.slack.payload import text
from tests.worlds.slack.values import Delivery, Message
from tests.worlds.slack.world import SlackWorld

CROWD = [f"U0CROWD{number:02d}" for number in range(20)]
SQUARE = "C0SQUARE"
POLICY = f"""version: 1
roles:
  approver: ["slack:{TEAM}/U0CROWD*"]
rules:
  - id: letters
    tools: [send]
    outcome: ask
    eligible: ["role:approver"]
"""


@pytest.fixture
def scene(
    tmp_path: Path, agents: Crew, postgres_server: PostgresServer, redis_server: RedisServer
) -> Iterator[Scene]:
    """Give the product on PostgreSQL and Redis, to be joined by more fronts."""
    redis_server.flush()
    (agents.folder / "policy.yaml").write_text(POLICY)
    agents.plans(plan(step("a")))
    agents.works(calls(("send", {"to": "Xenia"})), Answer(text="sent"))
    with (
        postgres_server.fresh_database() as database_url,
        SlackWorld.start() as world,
        product(
            tmp_path / "home",
            world=world,
            agents=agents.folder,
            model=None,
            database_url=database_url,
            redis_url=redis_server.url,
        ) as running,
    ):
        for person in CROWD:
            world.put_user(person, name=person.lower())
        world.put_channel(SQUARE, members=[BOT_USER, ADA, *CROWD], name="square")
        yield Scene(running, world)


def fronts(running: Product, folder: Path, count: int, stack: ExitStack) -> list[str]:
    """Start as many fronts as processes of their own; give where they listen."""
    secret, token = running.settings.slack_signing_secret, running.settings.slack_bot_token
    assert secret is not None
    assert token is not None
    settings = {
        "BATON_DATABASE_URL": str(running.settings.database_url),
        "BATON_REDIS_URL": str(running.settings.redis_url),
        "BATON_AGENTS_PATH": str(running.settings.agents_path),
        "BATON_LOG_LEVEL": "ERROR",
        "SLACK_SIGNING_SECRET": secret.get_secret_value(),
        "SLACK_BOT_TOKEN": token.get_secret_value(),
        "SLACK_API_URL": running.settings.slack_api_url,
    }
    started: dict[str, Popen[str]] = {}
    for _ in range(count):
        port = free_port()
        own = {"BATON_PORT": str(port), "BATON_HOME": str(folder / f"front-{port}")}
        process = baton("front", {**settings, **own}, log=folder / f"front-{port}.log")
        started[f"http://127.0.0.1:{port}"] = stack.enter_context(process)
    for url, process in started.items():
        wait_until_ready(url, process)
    return list(started)


def _of_all_but_one(told: list[Message]) -> list[Message]:
    return told if len(told) >= len(CROWD) - 1 else []


def test_twenty_people_at_once_make_one_decision(scene: Scene, tmp_path: Path) -> None:
    asked = scene.ask("write to her", channel=SQUARE)
    card = scene.approval_card(asked.ts, channel=SQUARE)

    with ExitStack() as stack, ThreadPoolExecutor(len(CROWD)) as crowd:
        urls = fronts(scene.product, tmp_path, 3, stack)
        scene.world.target(*(f"{url}/slack/events" for url in urls))

        def click(person: str) -> Delivery:
            return scene.approve(card, person=person)

        clicks = list(crowd.map(click, CROWD))
        view, _ = scene.answer(asked.ts, channel=SQUARE)
        told = scene.world.until(lambda: _of_all_but_one(scene.world.ephemerals()))

    assert {one.status for one in clicks} == {200}
    (approval,) = view.approvals
    winner = str(approval.decided_by).rpartition("/")[2]
    assert marks(scene.product.settings.data) == ["sent Xenia"]
    events = Counter(one.event for one in scene.product.runtime.audit("1", workspace=None))
    assert events["ApprovalDecided"] == 1
    assert {text(one.raw["ephemeral_for"]) for one in told} == set(CROWD) - {winner}
    assert len(told) == len(CROWD) - 1
    assert all("was decided already: Approved by" in one.text for one in told)
    assert scene.world.violations == []
