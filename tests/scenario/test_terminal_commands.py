"""``baton`` on the command line against the real product, mostly without a server."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis

from bots.terminal.main import main
from tests.worlds.product import SHIPPED, copy_of_agents
from tests.worlds.services import RedisServer
from tests.worlds.slack.world import SlackWorld

ROOT = Path(__file__).parents[2]
_OURS = ("BATON_", "SLACK_", "MICROSOFT_", "OPENAI_", "ANTHROPIC_", "GEMINI_", "OLLAMA_")


@dataclass(frozen=True)
class Typed:
    """What a command line gave back."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Shell:
    """A terminal on one installation; every command opens the product anew."""

    home: Path
    capture: pytest.CaptureFixture[str]

    def baton(self, *words: str) -> Typed:
        self.capture.readouterr()
        status = main(list(words))
        printed = self.capture.readouterr()
        return Typed(status, printed.out, printed.err)


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    for name in [name for name in os.environ if name.startswith(_OURS)]:
        monkeypatch.delenv(name)
    # Away from any .env of whoever runs the tests.
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BATON_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BATON_AGENTS_PATH", str(SHIPPED))
    monkeypatch.setenv("BATON_PORT", str(_free_port()))
    monkeypatch.setenv("BATON_SWEEP_SECONDS", "0.2")
    monkeypatch.setenv("BATON_LOG_LEVEL", "ERROR")
    return Shell(tmp_path / "home", capsys)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _occupied_port() -> Generator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield int(holder.getsockname()[1])


def test_a_purchase_from_request_to_answer_without_any_server(shell: Shell) -> None:
    asked = shell.baton("run", "Buy 12 laptops from the best vendor", "--json")
    assert (asked.status, asked.json["status"]) == (3, "waiting")
    (approval,) = asked.json["approvals"]
    assert {"id", "tool", "arguments", "eligible", "status"} <= set(approval)
    assert "12 × laptop" in approval["what"]

    approved = shell.baton("approve", str(approval["number"]), "--json")
    assert (approved.status, approved.json["won"]) == (0, True)
    assert approved.json["outcome"]["status"] == "succeeded"
    assert "PO-1005" in approved.json["outcome"]["answer"]

    assert shell.baton("status", "1", "--json").json["finished_at"] is not None
    for words in (("runs",), ("trace", "1"), ("audit", "1"), ("cost", "1"), ("agents",)):
        shown, as_json = shell.baton(*words), shell.baton(*words, "--json")
        assert (shown.status, as_json.status) == (0, 0), words
        assert shown.out.strip()
        assert isinstance(as_json.json, dict)


def test_a_question_is_answered_and_the_run_goes_on_to_its_next_wait(shell: Shell) -> None:
    asked = shell.baton("run", "Order 3 docking stations")
    assert asked.status == 3
    assert "baton answer 1 TEXT" in asked.out

    answered = shell.baton("answer", "1", "sales")

    assert answered.status == 3
    assert "from the budget of Sales" in answered.out
    assert "baton approve 1" in answered.out
    assert shell.baton("answer", "1", "again").status == 1

    rejected = shell.baton("reject", "1", "too dear", "--json")
    assert (rejected.status, rejected.json["decision_reason"]) == (0, "too dear")
    assert rejected.json["outcome"]["finished_at"] is not None


def test_the_terminal_shows_what_policy_lets_its_user_see(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agents = copy_of_agents(tmp_path)
    monkeypatch.setenv("BATON_AGENTS_PATH", str(agents))
    monkeypatch.setenv("LOGNAME", "ann")
    folder = ("--output", str(tmp_path / "evidence"))
    assert shell.baton("run", "Order 3 docking stations").status == 3
    # Nobody sweeps here, and what was called is on record all the same.
    assert "researcher called " in shell.baton("audit", "1").out
    exported = shell.baton("audit", "export", "1", *folder, "--json")
    verified = shell.baton("audit", "verify", exported.json["page"])
    everything = shell.baton("audit", "verify", "--all")
    assert (exported.status, verified.status, everything.status) == (0, 0, 0)

    with (agents / "policy.yaml").open("a", encoding="utf-8") as policy:
        policy.write("\naccess:\n  - {who: ['terminal:local/ann'], may: [ask]}\n")

    for words in (("export", "1", *folder), ("tell", "1"), ("verify", "--all"), ("1",)):
        refused = shell.baton("audit", *words)
        assert refused.status == 1, words
        assert "it needs the grant 'see'" in refused.err, words
        assert refused.out == "", words
    begun = shell.baton("run", "Order 4 docking stations")
    assert begun.status == 3
    assert "it needs the grant 'see'" in begun.err
    assert "docking" not in begun.out + begun.err
    # What was exported stands by itself, whoever has it.
    assert shell.baton("audit", "verify", exported.json["pack"]).status == 0


def test_a_budget_that_is_used_up_asks_what_now(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BATON_RUN_TOKENS", "2000")
    asked = shell.baton("run", "Buy 12 laptops from the best vendor")
    assert asked.status == 3
    assert "of its 2,000 tokens" in asked.out
    assert "Add 2,000 tokens" in asked.out

    vague = shell.baton("answer", "1", "some more")
    assert vague.status == 1
    assert "say one of: Add 2,000 tokens;" in vague.err
    added = shell.baton("answer", "1", "Add 2,000 tokens")
    assert added.status == 3
    assert "of its 4,000 tokens" in added.out
    shell.baton("answer", "1", "Stop")
    assert shell.baton("status", "1", "--json").json["status"] == "cancelled"


def test_a_paused_run_is_carried_on_by_resume(shell: Shell) -> None:
    assert shell.baton("run", "Buy 12 laptops from the best vendor").status == 3
    assert shell.baton("pause", "1").status == 0

    decided = shell.baton("approve", "1")
    assert decided.status == 3
    assert "baton resume 1" in decided.out
    resumed = shell.baton("resume", "1")

    assert resumed.status == 0
    assert "PO-1005" in resumed.out


def test_an_unknown_agent_is_refused_with_those_there_are(shell: Shell) -> None:
    refused = shell.baton("run", "compare", "--agent", "nobody")

    assert refused.status == 1
    assert "'nobody'" in refused.err
    assert "analyst" in refused.err


def test_broken_agents_are_told_with_file_and_line(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agents = copy_of_agents(tmp_path)
    (agents / "policy.yaml").write_text("version: 1\nrules:\n  - id: [\n", encoding="utf-8")
    monkeypatch.setenv("BATON_AGENTS_PATH", str(agents))

    for words in (("run", "compare"), ("doctor",)):
        told = shell.baton(*words)
        assert told.status == 1
        assert "policy.yaml:" in told.err + told.out
        assert "Traceback" not in told.err + told.out


def test_an_unreachable_database_is_one_sentence_without_its_password(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "BATON_DATABASE_URL", f"postgresql://baton:hunter22@127.0.0.1:{_free_port()}/baton"
    )

    for words in (("runs",), ("doctor",)):
        told = shell.baton(*words)
        assert told.status == 1
        assert "database" in told.err + told.out
        assert "hunter22" not in told.err + told.out
        assert "Traceback" not in told.err + told.out


def test_a_port_in_use_ends_the_server_with_what_to_do(shell: Shell) -> None:
    with _occupied_port() as port:
        ended = subprocess.run(
            [sys.executable, "-m", "bots.terminal.main", "up", "--port", str(port)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=60,
        )

    assert ended.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in ended.stderr
    assert "BATON_PORT" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_sound_installation_satisfies_the_doctor(shell: Shell) -> None:
    examined = shell.baton("doctor", "--json")

    assert examined.status == 0, examined.out
    found = {one["name"]: one for one in examined.json["checks"]}
    assert {"python", "home", "agents", "model", "database", "queue", "port"} <= set(found)
    assert "demonstration" in found["model"]["detail"]
    assert "OPENAI_API_KEY" in found["model"]["todo"]


def test_the_doctor_names_the_key_it_found_and_never_its_value(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-value-of-the-key")

    examined = shell.baton("doctor")

    assert examined.status == 0
    assert "found ANTHROPIC_API_KEY" in examined.out
    assert "value-of-the-key" not in examined.out


def test_the_doctor_misses_the_key_of_a_chosen_model(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BATON_MODEL", "openai/some-model")

    examined = shell.baton("doctor")

    assert examined.status == 1
    assert "set OPENAI_API_KEY" in examined.out


def test_the_doctor_finds_a_port_that_somebody_else_uses(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _occupied_port() as port:
        monkeypatch.setenv("BATON_PORT", str(port))
        examined = shell.baton("doctor")

    assert examined.status == 1
    assert "BATON_PORT" in examined.out


def test_the_doctor_finds_a_setting_that_cannot_be(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BATON_PORT", "many")

    examined = shell.baton("doctor", "--json")

    assert examined.status == 1
    assert [one["name"] for one in examined.json["checks"] if not one["ok"]] == ["settings"]
    assert "BATON_PORT" in examined.out


def test_the_doctor_looks_at_a_real_redis_and_its_eviction(
    shell: Shell, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BATON_REDIS_URL", redis_server.url)
    assert "noeviction" not in shell.baton("doctor").out

    with redis.Redis.from_url(redis_server.url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            evicting = shell.baton("doctor")
        finally:
            client.config_set("maxmemory-policy", "noeviction")

    assert evicting.status == 1
    assert "CONFIG SET maxmemory-policy noeviction" in evicting.out


def test_the_doctor_tells_a_redis_that_does_not_answer(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BATON_REDIS_URL", f"redis://:hunter22@127.0.0.1:{_free_port()}/0")

    examined = shell.baton("doctor")

    assert examined.status == 1
    assert "does not answer" in examined.out
    assert "hunter22" not in examined.out


def test_the_doctor_reads_a_real_postgresql(
    shell: Shell, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BATON_DATABASE_URL", postgres_url)

    found = {one["name"]: one for one in shell.baton("doctor", "--json").json["checks"]}

    assert "tables at revision" in found["database"]["detail"]


def test_the_doctor_asks_slack_who_it_is(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    with SlackWorld.start() as world:
        monkeypatch.setenv("SLACK_API_URL", world.api_url)
        monkeypatch.setenv("SLACK_SIGNING_SECRET", world.signing_secret)
        monkeypatch.setenv("SLACK_BOT_TOKEN", world.bot_token)
        known = {one["name"]: one for one in shell.baton("doctor", "--json").json["checks"]}
        monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-0-0-of-another-app")
        refused = shell.baton("doctor")

    assert known["slack"]["ok"] is True
    assert refused.status == 1
    assert "Slack refuses the bot token" in refused.out
    assert "xoxb-0-0" not in refused.out


def test_the_doctor_connects_to_mcp_servers(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agents = copy_of_agents(tmp_path)
    servers = {"mcpServers": {"lost": {"command": "no-such-program-here"}}}
    (agents / "mcp.json").write_text(json.dumps(servers), encoding="utf-8")
    monkeypatch.setenv("BATON_AGENTS_PATH", str(agents))

    examined = shell.baton("doctor")

    assert examined.status == 1
    assert "✗ mcp        lost:" in examined.out
