"""What the pages say can be typed, read and followed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml

from bots.terminal.arguments import build_parser
from runtime.models.choice import PROVIDERS
from runtime.settings import Settings
from tests.worlds.pages import PAGES, ROOT, Block, all_blocks

ELSEWHERE = {"docker", "kubectl", "sqlite3", "."}
VARIABLES = {
    *(str(field.alias) for field in Settings.model_fields.values()),
    *(provider.variable for provider in PROVIDERS),
    "POSTGRES_PASSWORD",
}
LINK = re.compile(r"\[[^\]]*\]\((?!https?://)([^)#\s]+)(?:#[^)]*)?\)")
PATH = re.compile(r"`((?:agents|bots|runtime|deploy|docs|tests)/[\w./-]*\w/?)`")


def named(block: Block) -> str:
    return block.name


def page_name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = LINK.findall(page.read_text(encoding="utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_every_file_that_is_named_exists_or_is_made_by_the_page(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    missing = [
        path
        for path in PATH.findall(text)
        if not (ROOT / path).exists() and f"<!-- file: {path} -->" not in text
    ]

    assert missing == []


@pytest.mark.parametrize("block", all_blocks("bash"), ids=named)
def test_what_is_to_be_typed_is_understood(block: Block) -> None:
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)

    for command in block.commands:
        word, *words = shlex.split(command)
        if word == "baton":
            build_parser().parse_args(words)
        elif word == "make":
            assert words[0] in targets
        elif "=" in word:
            assert word.partition("=")[0] in VARIABLES
        else:
            assert word in ELSEWHERE


@pytest.mark.parametrize("block", all_blocks("yaml"), ids=named)
def test_yaml_on_the_pages_is_yaml(block: Block) -> None:
    assert yaml.safe_load(block.text)


def test_whoever_looks_for_a_room_finds_it_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rooms = {
        f"{top}/{room.name}/"
        for top in ("bots", "runtime")
        for room in (ROOT / top).iterdir()
        if (room / "__init__.py").exists()
    }
    # These have no doorbell of their own: what they do is told with the rooms they serve.
    inner = {
        "runtime/audit/", "runtime/door/", "runtime/observability/",
        "runtime/queue/",
    }  # fmt: skip

    assert {room for room in rooms - inner if f"`{room}`" not in readme} == set()


def test_the_architecture_tells_the_rooms_in_the_order_the_build_checks() -> None:
    config = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    contract = config.split('containers = ["runtime"]')[1].split("\n]")[0]
    layers = [
        {room.strip() for room in layer.split("|")}
        for layer in re.findall(r'^\s*"([^"]+)",', contract, re.MULTILINE)
    ]
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    table = page.split("| room |")[1].split("\n\n")[0]
    told = [set(re.findall(r"`(\w+)`", row.split("|")[1])) for row in table.splitlines()[2:]]

    assert told == layers
