"""What the doctor says about Teams, against a Teams that plays along or does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bots.teams.credentials import TeamsCredentials
from bots.teams.examine import Finding, examine
from bots.teams.identity import Application
from bots.teams.tokens_out import EntraTokens
from tests.worlds.teams.world import TeamsWorld, teams_world


@pytest.fixture(scope="module")
def world() -> Iterator[TeamsWorld]:
    with teams_world() as running:
        yield running


def _examine(world: TeamsWorld, credentials: TeamsCredentials) -> list[Finding]:
    tokens = EntraTokens(Application(credentials, http_client=world.msal_http()))
    return examine(credentials, tokens=tokens)


def test_without_teams_all_is_well() -> None:
    assert [one.detail for one in examine(None)] == ["not set up"]
    (local,) = examine(TeamsCredentials())
    assert local.ok
    assert "this machine" in local.detail


def test_a_sound_application_gets_tokens(world: TeamsWorld) -> None:
    (found,) = _examine(world, world.credentials)

    assert found.ok
    assert "gets tokens" in found.detail


def test_a_wrong_secret_is_found_and_not_told(world: TeamsWorld) -> None:
    (found,) = _examine(world, replace(world.credentials, password="hunter2"))

    assert not found.ok
    assert "invalid_client" in found.detail
    assert "hunter2" not in f"{found}"


def test_half_an_application_is_named(world: TeamsWorld) -> None:
    (found,) = _examine(world, replace(world.credentials, tenant_id=""))

    assert not found.ok
    assert "MICROSOFT_APP_TENANT_ID" in found.detail


def test_keys_out_of_reach_are_found(world: TeamsWorld) -> None:
    away = replace(world.credentials, openid_url="http://127.0.0.1:9/keys")

    assert [one.ok for one in _examine(world, away)] == [True, False]


def test_a_broken_certificate_is_found(world: TeamsWorld, tmp_path: Path) -> None:
    file = tmp_path / "baton.pem"
    file.write_text(
        "-----BEGIN PRIVATE KEY-----\nx\n-----BEGIN CERTIFICATE-----\nx\n", encoding="utf-8"
    )

    broken, no_token = _examine(world, replace(world.credentials, certificate=file))

    assert not broken.ok
    assert "no certificate that can be read" in broken.detail
    assert not no_token.ok
