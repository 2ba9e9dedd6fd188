"""The app that people install: what it promises is what the code does."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

from bots.commands.grammar import BY_NAME
from bots.teams.reference import GROUP, PERSONAL

FOLDER = Path(__file__).parents[2] / "deploy/teams"


def manifest() -> dict[str, Any]:
    read: dict[str, Any] = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
    return read


def test_every_command_it_offers_is_one() -> None:
    (bot,) = manifest()["bots"]

    for listed in bot["commandLists"]:
        assert len(listed["commands"]) <= 12
        for command in listed["commands"]:
            assert command["title"] in BY_NAME
            assert len(command["description"]) <= 128


def test_it_is_installed_wherever_the_bot_listens_and_asks_for_nothing_more() -> None:
    app = manifest()
    (bot,) = app["bots"]

    assert set(bot["scopes"]) == {PERSONAL, GROUP, "team"}
    assert bot["botId"] == app["id"]
    assert "authorization" not in app
    assert "webApplicationInfo" not in app


def test_its_words_fit_where_teams_shows_them() -> None:
    app = manifest()

    assert len(app["name"]["short"]) <= 30
    assert len(app["name"]["full"]) <= 100
    assert len(app["description"]["short"]) <= 80
    assert len(app["description"]["full"]) <= 4_000
    assert len(app["developer"]["name"]) <= 32


def test_its_icons_have_the_sizes_teams_takes() -> None:
    icons = manifest()["icons"]

    assert _size(FOLDER / icons["color"]) == (192, 192)
    assert _size(FOLDER / icons["outline"]) == (32, 32)


def _size(image: Path) -> tuple[int, int]:
    head = image.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", head[16:24])
    return width, height
