"""What is written down about settings is what the settings are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from runtime.models.choice import PROVIDERS
from runtime.settings import Settings

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
LINES = dict(re.findall(r"^# ([A-Z][A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE))
OURS = {str(field.alias) for field in Settings.model_fields.values()}
MODEL_KEYS = {provider.variable for provider in PROVIDERS}
CHAT = {name for name in OURS if name.startswith(("SLACK_", "MICROSOFT_"))}
COMPOSE_ONLY = {"POSTGRES_PASSWORD"}


@pytest.fixture
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    monkeypatch.chdir(tmp_path)
    for name in OURS:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_the_example_names_every_setting_and_nothing_else() -> None:
    assert set(LINES) == OURS | MODEL_KEYS | COMPOSE_ONLY


def test_the_example_shows_the_defaults(bare_environment: pytest.MonkeyPatch) -> None:
    by_default = Settings()

    for name in OURS:
        bare_environment.setenv(name, LINES[name])

    assert Settings() == by_default


def test_a_default_is_not_left_out_of_the_example() -> None:
    left_out = {
        field.alias
        for field in Settings.model_fields.values()
        if field.default not in (None, ()) and not LINES[str(field.alias)]
    }

    assert left_out == set()


def test_copying_the_example_changes_nothing(
    bare_environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    by_default = Settings()

    (tmp_path / ".env").write_text(EXAMPLE, encoding="utf-8")

    assert Settings() == by_default


def test_the_example_is_explained_line_by_line() -> None:
    blocks = [block.splitlines() for block in EXAMPLE.split("\n\n")]
    unexplained = [
        block[0]
        for block in blocks
        if re.match(r"# [A-Z_]+=", block[0]) and not set(_names(block)) <= MODEL_KEYS
    ]

    assert unexplained == []


def _names(block: list[str]) -> list[str]:
    return [found[1] for line in block if (found := re.match(r"# ([A-Z_]+)=", line))]


# --- what a deployment gives to which role -------------------------------------------------------


def environment_of(role: str) -> set[str]:
    compose = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text(encoding="utf-8"))
    return set(compose["services"][role]["environment"])


def test_a_worker_is_given_no_chat_token() -> None:
    kept_away = CHAT | {"BATON_CONSOLE_TOKEN", "BATON_SECRET_KEYS"}
    assert environment_of("worker") & kept_away == set()
    assert environment_of("worker") >= MODEL_KEYS


@pytest.mark.parametrize("role", ["front", "courier", "migrate"])
def test_only_a_worker_is_given_keys_of_models(role: str) -> None:
    assert environment_of(role) & MODEL_KEYS == set()


def test_a_courier_is_given_what_it_speaks_with_and_no_more() -> None:
    spoken_with = {name for name in CHAT if name.startswith("MICROSOFT_")}
    spoken_with |= {"SLACK_BOT_TOKEN", "SLACK_CLIENT_ID"}

    assert environment_of("courier") & CHAT == spoken_with


def test_the_migration_is_given_the_database_and_no_secret_of_others() -> None:
    assert environment_of("migrate") & (CHAT | MODEL_KEYS | {"BATON_CONSOLE_TOKEN"}) == set()


@pytest.mark.parametrize("role", ["front", "worker", "courier", "migrate"])
def test_compose_sets_only_what_is_read(role: str) -> None:
    assert environment_of(role) <= OURS | MODEL_KEYS


def test_compose_keeps_redis_from_throwing_bells_away() -> None:
    compose = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text(encoding="utf-8"))

    command = compose["services"]["redis"]["command"]

    assert command[command.index("--maxmemory-policy") + 1] == "noeviction"


def test_kubernetes_gives_each_role_its_own_secrets() -> None:
    given: dict[str, set[str]] = {}
    for file in (ROOT / "deploy/kubernetes").glob("*.yaml"):
        for thing in yaml.safe_load_all(file.read_text(encoding="utf-8")):
            if thing["kind"] not in ("Deployment", "Job"):
                continue
            (container,) = thing["spec"]["template"]["spec"]["containers"]
            given[container["name"]] = {
                source["secretRef"]["name"]
                for source in container["envFrom"]
                if "secretRef" in source
            }

    assert given == {
        "front": {"baton-database", "baton-chat-in"},
        "worker": {"baton-database", "baton-work"},
        "courier": {"baton-database", "baton-chat-out"},
        "migrate": {"baton-database"},
    }
