"""What goes wrong before, beside and below a run, and what the person there is told."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from bots.terminal.main import main
from tests.worlds.product import copy_of_agents, product
from tests.worlds.scene import Scene
from tests.worlds.services import PostgresServer, RedisServer
from tests.worlds.slack.cast import ADA, GENERAL

BUY = "Buy 12 laptops from the best vendor"
OPENING_ORDERS = 4
BROKEN_RULE = "version: 1\nrules:\n  - id: a\n    tools: [send]\n    outcome: perhaps\n"
BROKEN_TIER = "tiers:\n  planner: {model: auto}\n  light: {modell: auto}\n  strong: {model: auto}\n"


@pytest.mark.parametrize(
    ("trick", "status", "reason"),
    [
        ("unsigned", 401, "unsigned"),
        ("badly_signed", 401, "signature"),
        ("stale", 401, "stale"),
        ("ahead", 401, "stale"),
        ("oversized", 413, "too_large"),
    ],
)
def test_a_request_that_is_not_surely_slacks_starts_nothing(
    embedded: Scene, trick: str, status: int, reason: str
) -> None:
    sent = embedded.world.mention(ADA, GENERAL, BUY, trick=trick)

    assert sent.status == status
    assert reason in sent.body
    assert embedded.product.runtime.runs(workspace=None) == []


def test_a_request_that_is_replayed_is_one_run(embedded: Scene) -> None:
    embedded.world.mention(ADA, GENERAL, BUY, trick="replayed")

    embedded.until_approvals()
    assert len(embedded.product.runtime.runs(workspace=None)) == 1


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder with agents, and an environment in which ``baton`` uses nothing else."""
    agents = copy_of_agents(tmp_path)
    for name in ("BATON_DATABASE_URL", "BATON_REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BATON_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BATON_AGENTS_PATH", str(agents))
    monkeypatch.setenv("BATON_MODEL", "demo/baton")
    monkeypatch.setenv("BATON_PORT", "1")
    return agents


def test_an_unknown_agent_is_refused_with_those_there_are(
    shell: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["run", "--agent", "nobody", "do it"])

    assert status == 1
    told = capsys.readouterr().err
    assert "'nobody'" in told
    assert "analyst" in told
    assert "Traceback" not in told


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("policy.yaml", BROKEN_RULE, "policy.yaml:5"),
        ("policy.yaml", "version: 1\nrules: [\n", "policy.yaml:"),
        ("models.yaml", BROKEN_TIER, "models.yaml:3"),
        ("mcp.json", '{"mcpServers": {"a": {}}}', "mcp.json:1"),
        ("analyst/agent.md", "---\nname: analyst\nrole: boss\n---\nHi", "agent.md:3"),
    ],
)
def test_a_broken_file_stops_the_start_with_its_line_and_what_to_write(
    shell: Path, capsys: pytest.CaptureFixture[str], file: str, text: str, told: str
) -> None:
    (shell / file).write_text(text)

    status = main(["run", "do it"])

    assert status == 1
    said = capsys.readouterr().err
    assert told in said
    assert "Traceback" not in said


def test_a_file_broken_later_is_reported_and_the_last_good_one_is_kept(tmp_path: Path) -> None:
    agents = copy_of_agents(tmp_path)
    with product(tmp_path / "home", agents=agents) as running:
        good = (agents / "policy.yaml").read_text()
        (agents / "policy.yaml").write_text("version: 1\nrules: oh no\n")
        running.clock.pass_time(2)

        problems, ready = running.runtime.complaints(), running.runtime.ready()
        still = [agent.name for agent in running.runtime.agents()]
        (agents / "policy.yaml").write_text(good)
        running.clock.pass_time(2)

        assert len(problems) == 1
        assert "policy.yaml:2" in problems[0]
        # What was sound goes on, so nobody is to be sent elsewhere.
        assert ready == []
        assert "operator" in still
        assert running.runtime.complaints() == []


def test_a_database_that_is_down_at_the_start_is_said_in_one_sentence(
    shell: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "postgresql://baton:secret-canary@127.0.0.1:1/baton"
    monkeypatch.setenv("BATON_DATABASE_URL", url)

    status = main(["runs"])

    assert status == 1
    told = capsys.readouterr().err
    assert "the database did not answer" in told
    assert "secret-canary" not in told
    assert "Traceback" not in told
    assert len(told.strip().splitlines()) == 1


def test_a_database_that_goes_away_loses_nothing_and_is_told_to_who_clicks(
    scaled: Scene, postgres_server: PostgresServer
) -> None:
    asked = scaled.ask(BUY)
    card = scaled.approval_card(asked.ts)
    scaled.until_quiet()

    postgres_server.stop_immediately()
    try:
        clicked = scaled.approve(card)
        scaled.told(ADA, "database")
        ready = scaled.product.loop.run(_status(f"{scaled.product.url}/readyz"))
    finally:
        postgres_server.start()

    assert clicked.status == 200
    assert ready == 503
    scaled.approve(card)
    view, _ = scaled.answer(asked.ts)
    assert view.status == "succeeded"
    assert len(scaled.product.orders()) == OPENING_ORDERS + 1
    assert scaled.world.violations == []


def test_a_redis_that_goes_away_loses_nothing(scaled: Scene, redis_server: RedisServer) -> None:
    asked = scaled.ask(BUY)
    card = scaled.approval_card(asked.ts)

    redis_server.kill()
    try:
        clicked = scaled.approve(card)
        again = scaled.ask("Which departments have budget left?")
    finally:
        redis_server.restart_empty()

    assert clicked.status == 200
    assert again.status == 200
    view, _ = scaled.answer(asked.ts)
    assert view.status == "succeeded"
    assert len(scaled.product.orders()) == OPENING_ORDERS + 1
    assert scaled.product.until_ended("2").run.answer
    assert scaled.world.violations == []


async def _status(url: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status
