"""The app that people install: what it promises is what the code does, and Teams takes it."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bots.commands.grammar import BY_NAME
from bots.door import Door
from bots.manifests import teams_package
from bots.teams.manifest import AppFacts, manifest, problems
from bots.teams.manifest_schema import breaches
from bots.teams.package import package
from bots.teams.reference import GROUP, PERSONAL
from bots.terminal.arguments import build_parser
from bots.terminal.checks.check import Examination
from bots.terminal.perform import perform
from runtime.domain.errors import Refused
from runtime.domain.json import JsonObject
from runtime.domain.run import RunView
from runtime.door.evidence import Evidence
from runtime.settings import Settings
from tests.worlds.teams.cast import APP_ID

FACTS = AppFacts(app_id=APP_ID, organisation="Nordlicht", url="https://baton.example.com/")


def _files(packed: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(packed)) as opened:
        assert opened.testzip() is None
        return {name: opened.read(name) for name in opened.namelist()}


def _app(facts: AppFacts = FACTS) -> dict[str, Any]:
    app: dict[str, Any] = json.loads(_files(package(facts))["manifest.json"])
    return app


def test_the_package_holds_a_manifest_and_two_icons_of_the_sizes_teams_takes() -> None:
    files = _files(package(FACTS))

    assert set(files) == {"manifest.json", "color.png", "outline.png"}
    assert _size(files["color.png"]) == (192, 192)
    assert _size(files["outline.png"]) == (32, 32)


def test_the_same_facts_give_the_same_bytes() -> None:
    assert package(FACTS) == package(FACTS)


def test_every_command_it_offers_is_one() -> None:
    (bot,) = _app()["bots"]

    (listed,) = bot["commandLists"]
    assert {one["title"] for one in listed["commands"]} <= set(BY_NAME)
    assert len(listed["commands"]) <= 12


def test_it_is_installed_wherever_the_bot_listens_and_asks_for_nothing_more() -> None:
    app = _app()
    (bot,) = app["bots"]

    assert set(bot["scopes"]) == {PERSONAL, GROUP, "team"}
    assert bot["botId"] == app["id"] == APP_ID
    assert "authorization" not in app
    assert "webApplicationInfo" not in app


def test_a_message_can_be_handed_over() -> None:
    (extension,) = _app()["composeExtensions"]
    (action,) = extension["commands"]

    assert (action["id"], action["type"], action["context"]) == ("hand", "action", ["message"])
    assert action["fetchTask"] is True


def test_slash_commands_come_with_the_manifest_that_has_them() -> None:
    plain, slash = _app(), _app(replace(FACTS, slash=True))

    assert plain["manifestVersion"] == "1.25"
    assert "supportsTargetedMessages" not in plain["bots"][0]
    assert slash["manifestVersion"] == "1.29"
    assert slash["bots"][0]["supportsTargetedMessages"] is True
    assert slash["bots"][0]["commandLists"][0]["triggers"] == ["mention", "slash"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"app_id": "baton"}, "no GUID"),
        ({"app_id": APP_ID.upper()}, "no GUID"),
        ({"organisation": ""}, "developer.name is missing"),
        ({"organisation": "x" * 33}, "developer.name is longer than 32"),
        ({"url": "http://baton.example.com"}, "must begin with https"),
        ({"url": "https:///x"}, "name a host"),
        ({"url": "https://["}, "must begin with https"),
        ({"url": f"https://x.example/{'x' * 2_100}"}, "longer than 2048"),
        ({"version": "1"}, "three numbers"),
    ],
)
def test_what_teams_would_refuse_is_refused_before_it_is_uploaded(
    changes: dict[str, Any], problem: str
) -> None:
    facts = replace(FACTS, **changes)

    assert any(problem in one for one in problems(manifest(facts)))
    with pytest.raises(Refused, match="Teams would refuse"):
        package(facts)


def _changed(path: str, value: object) -> Any:
    """Give the manifest with something else in one place; None takes it out."""
    app = manifest(FACTS)
    inside: Any = app
    *way, last = [int(one) if one.isdigit() else one for one in path.split("/")]
    for one in way:
        inside = inside[one]
    if value is None:
        del inside[last]
    else:
        inside[last] = value
    return app


@pytest.mark.parametrize("slash", [True, False])
def test_a_manifest_as_it_is_made_breaks_no_schema(slash: bool) -> None:
    assert breaches(manifest(replace(FACTS, slash=slash))) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("icons", None),
        ("icons/color", "../color.svg"),
        ("manifestVersion", "1.24"),
        ("accentColor", "blue"),
        ("surprise", True),
        ("bots", []),
        ("bots/0/botId", "baton"),
        ("bots/0/scopes", ["everywhere"]),
        ("bots/0/scopes", ["team", "team"]),
        ("bots/0/supportsFiles", "yes"),
        ("bots/0/supportsTargetedMessages", True),
        ("bots/0/commandLists/0/commands/0/title", "x" * 33),
        ("bots/0/commandLists/0/triggers", ["slash"]),
        ("composeExtensions/0/commands/0/context", ["toast"]),
        ("composeExtensions/0/commands/0/fetchTask", None),
    ],
)
def test_a_manifest_that_breaks_the_schema_of_its_version_is_found(
    path: str, value: object
) -> None:
    (found, *_) = breaches(_changed(path, value))

    assert found.startswith("$")


def test_an_app_is_made_for_a_bot() -> None:
    with pytest.raises(Refused, match="MICROSOFT_APP_ID"):
        teams_package(
            Settings.model_validate({"microsoft_app_id": None}),
            url=FACTS.url,
            organisation="x",
            slash=False,
        )


class Machine:
    """What the command needs of its wiring."""

    def teams_package(self, *, url: str, organisation: str, slash: bool) -> bytes:
        return package(AppFacts(app_id=APP_ID, organisation=organisation, url=url, slash=slash))

    def slack_manifest(self, *, url: str | None, socket: bool) -> JsonObject:
        raise AssertionError("this app is another vendor's")

    def serve(self, role: str) -> None:
        raise AssertionError("building the app starts nothing")

    def open(self) -> Door:
        raise AssertionError("building the app needs no database")

    def works_elsewhere(self) -> bool:
        return False

    def work_until(self, run_id: str, until: Callable[[RunView], bool]) -> RunView:
        raise AssertionError("building the app works on no run")

    def examinations(self) -> list[Examination]:
        return []

    def agents_path(self) -> Path:
        return Path("agents")

    def evidence(self) -> Evidence:
        raise AssertionError("building the app is not about evidence")


def test_the_command_writes_the_file_or_says_why_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "app.zip"

    def build(url: str, out: Path) -> int:
        words = ["teams", "package", "--url", url, "--out", str(out)]
        return perform(build_parser().parse_args(words), Machine())

    assert build("https://baton.example.com", file) == 0
    assert "manifest.json" in _files(file.read_bytes())
    assert build("ftp://baton.example.com", file) == 1
    assert build("https://baton.example.com", tmp_path / "none" / "app.zip") == 1
    assert "Teams would refuse" in capsys.readouterr().err


def _size(image: bytes) -> tuple[int, int]:
    assert image[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", image[16:24])
    return width, height
