"""What the loader says about an agents folder: everything that is wrong, by file and line."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import cast

import pytest

from runtime.catalog.agent import Agent, Role, granted
from runtime.catalog.catalog import Catalog
from runtime.catalog.load import load_catalog
from runtime.domain.errors import Misconfigured, NotFound
from runtime.domain.json import JsonObject

GOOD = """---
role: worker
description: Counts beans.
capabilities: [counting]
tools: [calculate]
max_turns: 5
max_usd: 0.25
output_schema:
  type: object
  properties:
    beans: {type: integer}
---
Count the beans.
"""
HELPER = "---\nrole: worker\ndescription: Helps.\n---\nHelp.\n"
MODELS = "tiers:\n  light: {model: auto}\n  planner: {model: auto}\n"
POLICY = "version: 1\ndefaults: {read: allow}\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    agents = tmp_path / "agents"
    write(agents, "counter/agent.md", GOOD)
    return agents


def write(root: Path, name: str, content: str | bytes) -> Path:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def complaints(root: Path) -> list[str]:
    """Load, and give what was complained of, with file names below ``root``."""
    with pytest.raises(Misconfigured) as caught:
        load_catalog(root)
    return caught.value.public.replace(f"{root}/", "").splitlines()


def test_a_sound_folder_gives_its_agents_and_the_texts_that_rule_them(root: Path) -> None:
    write(root, "helper/agent.md", HELPER)
    write(root, "policy.yaml", POLICY)
    write(root, "models.yaml", MODELS)
    write(root, "mcp.json", '{"mcpServers": {"files": {"command": "serve"}}}')
    write(root, "counter/tools.py", "BEANS = 3\n")

    catalog = load_catalog(root)

    counter = catalog.agents["counter"]
    assert list(catalog.agents) == ["counter", "helper"]
    assert (counter.role, counter.tier, counter.max_turns) == (Role.WORKER, "light", 5)
    assert counter.max_usd == 0.25
    assert counter.prompt == "Count the beans."
    assert counter.tools_source == "BEANS = 3\n"
    assert counter.output_schema == {
        "type": "object",
        "properties": {"beans": {"type": "integer"}},
    }
    assert counter.actor == f"counter@{counter.version[:6]}"
    assert catalog.agents["helper"].max_turns == 12
    assert catalog.policy_text == POLICY
    assert catalog.models_text == MODELS


@pytest.mark.parametrize(
    ("role", "tier"), [("planner", "planner"), ("worker", "light"), ("validator", "strong")]
)
def test_the_tier_follows_from_the_role(root: Path, role: str, tier: str) -> None:
    write(root, "counter/agent.md", f"---\nrole: {role}\ndescription: Does.\n---\nDo.\n")

    assert load_catalog(root).agents["counter"].tier == tier


def front(*lines: str) -> str:
    """Give an agent.md whose extra lines begin at line 4."""
    return "\n".join(["---", "role: worker", "description: Does.", *lines, "---", "Do.", ""])


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (front("tols: [ask]"), "counter/agent.md:4: unknown key 'tols'; write 'tools'"),
        (front("model: gpt"), "counter/agent.md:4: unknown key 'model'; write 'tier'"),
        (front("max_turns: many"), "counter/agent.md:4: max_turns is 'many'; write a whole number"),
        (front("max_turns: 0"), "counter/agent.md:4: max_turns is 0; write a whole number"),
        (front("max_turns: true"), "counter/agent.md:4: max_turns is True; write a whole number"),
        (front("max_usd: -1"), "counter/agent.md:4: max_usd is -1; write an amount above 0"),
        (front("tools: ask"), "counter/agent.md:4: tools must be a list; write tools: [one"),
        (front("tools:", "  - ask", "  - 3"), "counter/agent.md:6: tools has 3; write a word"),
        (front("tools: [ask, ask]"), "counter/agent.md:4: tools has 'ask' twice; keep one"),
        (front("tools: ['*']"), "counter/agent.md:4: tools has '*'; write a tool's name,"),
        (front("name: other"), "counter/agent.md:4: name is 'other' but the folder is 'counter'"),
        (front("tier: [a]"), "counter/agent.md:4: tier is ['a']; write text"),
        (
            front("hand_off_to:", "  - helpr"),
            "counter/agent.md:5: hand_off_to names 'helpr', which is no other agent; "
            "write 'helper'",
        ),
        (
            front("hand_off_to: [counter]"),
            "counter/agent.md:4: hand_off_to names 'counter', which is no other agent; "
            "write one of helper",
        ),
        (front("tier: ligt"), "counter/agent.md:4: tier 'ligt' is not in models.yaml; write 'li"),
        (
            front("tools: [weather.today]"),
            "counter/agent.md:4: tools names the server 'weather', which is not in mcp.json; "
            "write one of files",
        ),
        (
            front("output_schema:", "  type: object", "  properties:", "    a: {type: strin}"),
            "counter/agent.md:7: output_schema.properties.a.type is no JSON schema",
        ),
        (front("output_schema: text"), "counter/agent.md:4: output_schema is 'text'; write a JSON"),
        (
            front("input_schema: {type: string}"),
            "counter/agent.md:4: input_schema must describe an object; write 'type: object'",
        ),
        (
            front("output_schema:", "  $ref: https://example.com/x.json"),
            "counter/agent.md:5: '$ref' must stay within the schema",
        ),
        (front("tools: [ask"), "counter/agent.md:4: this is not YAML: "),
        (front("role: planner"), "counter/agent.md:4: key 'role' stands on line 2 already; keep"),
        (front("tools: &all [ask]", "hand_off_to: *all"), "counter/agent.md:5: YAML aliases"),
        (front("tier: !!python/name:os.system x"), "counter/agent.md:4: YAML tags are not read"),
        (front("? [a, b]", ": 3"), "counter/agent.md:4: a key must be a word"),
        ("---\ndescription: Does.\n---\nDo.\n", "counter/agent.md:2: key 'role' is missing; write"),
        ("---\nrole: worker\n---\nDo.\n", "counter/agent.md:2: key 'description' is missing; say"),
        (
            "---\nrole: wroker\ndescription: Does.\n---\nDo.\n",
            "counter/agent.md:2: role is 'wroker'; write 'worker'",
        ),
        ("---\nrole: worker\ndescription: Does.\n---\n", "counter/agent.md:5: there is no prompt"),
        ("---\n- role\n---\nDo.\n", "counter/agent.md:2: the front matter must be keys and values"),
        ("---\n---\nDo.\n", "counter/agent.md:2: the front matter must be keys and values"),
        ("role: worker\n", "counter/agent.md:1: the file must begin with a line '---'"),
        ("", "counter/agent.md:1: the file must begin with a line '---'"),
        ("---\nrole: worker\n", "counter/agent.md:1: the front matter has no end"),
        (b"---\nrole: worker\n\xff\xfe\n", "counter/agent.md:3: this is not UTF-8"),
        ("---\nrole: \x00\n---\nDo.\n", "counter/agent.md:2: this is not YAML: it holds a control"),
    ],
)
def test_a_mistake_in_agent_md_is_named_by_line(
    root: Path, content: str | bytes, complaint: str
) -> None:
    write(root, "helper/agent.md", HELPER)
    write(root, "models.yaml", MODELS)
    write(root, "mcp.json", '{"mcpServers": {"files": {}}}')
    write(root, "counter/agent.md", content)

    found = complaints(root)

    assert len(found) == 1
    assert found[0].startswith(complaint)


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("models.yaml", "tiers:\n  light: {model: auto\n", "models.yaml:3: this is not YAML"),
        ("models.yaml", "# nothing\ntier: {}\n", "models.yaml:2: write 'tiers:'"),
        ("models.yaml", b"\xff", "models.yaml:1: this is not UTF-8"),
        ("mcp.json", '{\n"mcpServers": {,}\n}', "mcp.json:2: this is not JSON"),
        ("mcp.json", "[]", 'mcp.json:1: there are no servers; write {"mcpServers": {}}'),
        ("mcp.json", "[" * 100_000, "mcp.json:1: this is not JSON"),
        ("policy.yaml", "version: 1\nruls: []\n", "policy.yaml:2: "),
        ("counter/tools.py", "x = 1\ndef f(:\n", "counter/tools.py:2: this is not Python"),
        ("counter/tools.py", "x = '\x00'\n", "counter/tools.py:1: this is not Python"),
        ("lost/dialogue.yaml", "[]", "lost/dialogue.yaml:1: this folder has no agent.md"),
        ("Big Name/agent.md", HELPER, "Big Name/agent.md:1: 'Big Name' is no agent's name"),
    ],
)
def test_a_mistake_in_another_file_is_named_by_line(
    root: Path, name: str, content: str | bytes, complaint: str
) -> None:
    write(root, name, content)

    found = complaints(root)

    assert len(found) == 1
    assert found[0].startswith(complaint)


def test_everything_wrong_is_said_at_once(root: Path) -> None:
    write(root, "counter/agent.md", front("tols: []", "max_turns: 0", "hand_off_to: [nobody]"))
    write(root, "helper/agent.md", "no front matter")
    write(root, "counter/tools.py", "def\n")
    write(root, "mcp.json", "nothing")

    found = [line.split(": ")[0] for line in complaints(root)]

    assert sorted(found) == [
        "counter/agent.md:4",
        "counter/agent.md:5",
        "counter/tools.py:1",
        "helper/agent.md:1",
        "mcp.json:1",
    ]


def test_a_server_that_nobody_configured_cannot_be_granted(root: Path) -> None:
    write(root, "counter/agent.md", front("tools: [ask, files.*]"))

    assert complaints(root) == [
        "counter/agent.md:4: tools names the server 'files', which is not in mcp.json; "
        "add it there or remove this"
    ]


def test_a_folder_that_is_not_there_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="set BATON_AGENTS_PATH"):
        load_catalog(tmp_path / "nowhere")


def test_a_folder_without_agents_says_how_to_write_one(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"write one as <name>/agent\.md"):
        load_catalog(tmp_path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("counter/agent.md", GOOD.replace("beans", "peas")),
        ("counter/tools.py", "X = 2\n"),
        ("counter/dialogue.yaml", "[]"),
        ("counter/notes/more.txt", "anything"),
    ],
)
def test_the_version_changes_with_any_file_of_the_agent(
    root: Path, name: str, content: str
) -> None:
    before = load_catalog(root)

    write(root, name, content)
    after = load_catalog(root)

    assert after.agents["counter"].version != before.agents["counter"].version
    assert after.digest != before.digest


@pytest.mark.parametrize("litter", [".agent.md.swp", "agent.md~", "__pycache__/tools.pyc"])
def test_the_version_stays_while_the_content_does(root: Path, litter: str) -> None:
    write(root, "helper/agent.md", HELPER)
    before = load_catalog(root)

    write(root, f"counter/{litter}", "noise")
    write(root, "counter/agent.md", GOOD)
    write(root, "helper/agent.md", HELPER + "More.\n")
    after = load_catalog(root)

    assert after.agents["counter"] == before.agents["counter"]
    assert after.agents["helper"].version != before.agents["helper"].version


def test_moving_text_from_one_file_to_another_is_a_change(root: Path) -> None:
    write(root, "counter/a.txt", "one")
    write(root, "counter/b.txt", "two")
    before = load_catalog(root)

    write(root, "counter/a.txt", "two")
    write(root, "counter/b.txt", "one")

    assert load_catalog(root).digest != before.digest


@pytest.mark.parametrize("name", ["policy.yaml", "models.yaml", "mcp.json"])
def test_the_digest_covers_the_files_beside_the_agents(root: Path, name: str) -> None:
    texts = {"policy.yaml": POLICY, "models.yaml": MODELS, "mcp.json": '{"mcpServers": {}}'}
    before = load_catalog(root)

    write(root, name, texts[name])
    after = load_catalog(root)

    assert after.digest != before.digest
    assert after.agents == before.agents


def test_a_pinned_catalog_comes_back_as_it_was(root: Path) -> None:
    write(root, "helper/agent.md", HELPER)
    write(root, "policy.yaml", POLICY)
    write(root, "helper/dialogue.yaml", "[]")
    catalog = load_catalog(root)

    stored = cast("JsonObject", json.loads(json.dumps(catalog.to_json())))

    assert Catalog.from_json(stored) == catalog
    assert Catalog.from_json(stored).to_json() == catalog.to_json()


def test_every_field_of_an_agent_survives_the_database() -> None:
    agent = Agent(
        name="a",
        version="0123456789ab",
        role=Role.VALIDATOR,
        description="d",
        capabilities=("c",),
        tier="t",
        tools=("x", "s.*"),
        max_turns=3,
        max_usd=0.1,
        input_schema={"type": "object"},
        output_schema={"type": "string"},
        hand_off_to=("b",),
        prompt="p\n\u2028",
        tools_source="source",
        dialogue_source="[]",
    )

    stored = cast("JsonObject", json.loads(json.dumps(agent.to_json())))

    assert Agent.from_json(stored) == agent
    assert set(stored) == {field.name for field in dataclasses.fields(Agent)}


def test_the_planner_is_told_of_everyone_but_planners(root: Path) -> None:
    write(root, "planner/agent.md", "---\nrole: planner\ndescription: Plans.\n---\nPlan.\n")
    catalog = load_catalog(root)

    told = cast("list[JsonObject]", catalog.describe()["agents"])

    assert [agent["name"] for agent in told] == ["counter"]
    assert told[0]["description"] == "Counts beans."
    assert told[0]["capabilities"] == ["counting"]
    assert told[0]["role"] == "worker"


def test_a_misspelled_agent_is_answered_with_the_nearest(root: Path) -> None:
    with pytest.raises(NotFound, match="write 'counter'"):
        load_catalog(root).agent("conuter")


@pytest.mark.parametrize(
    ("tool", "covered"),
    [
        ("ask", True),
        ("asking", False),
        ("files.read", True),
        ("files", False),
        ("web.get", True),
        ("web.post", False),
    ],
)
def test_a_grant_covers_what_it_names_and_no_more(tool: str, covered: bool) -> None:
    assert granted(("ask", "files.*", "web.get"), tool) is covered
