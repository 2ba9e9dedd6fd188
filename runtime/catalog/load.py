"""Reads the agents folder into a catalog, or says everything that is wrong with it."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from runtime.catalog.agent import Agent
from runtime.catalog.catalog import Catalog
from runtime.catalog.dialogue import read_dialogue
from runtime.catalog.folder import version_of
from runtime.catalog.front_matter import FrontMatter, read_front_matter
from runtime.catalog.located import Located, read_yaml
from runtime.catalog.policy_of import agent_rules
from runtime.catalog.problems import Problems, near
from runtime.catalog.workflow.beside import Beside
from runtime.catalog.workflow.folder import files_in, read_workflows
from runtime.domain.errors import Misconfigured
from runtime.domain.json import Json
from runtime.expressions.evaluator import Evaluator
from runtime.policy.expression import complaints
from runtime.policy.parse import parse_policy
from runtime.policy.policy import Policy
from runtime.policy.rule import Rule

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,47}")
_AGENT_FILES = ("tools.py", "dialogue.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """An agent whose own files are sound; how it fits to the others is not checked yet."""

    agent: Agent
    place: Located


def load_catalog(path: Path) -> Catalog:
    """Read ``<path>/<name>/agent.md`` and what belongs to it, the workflows in
    ``<path>/workflows``, and the files that rule them all.

    Raises:
        Misconfigured: one line for each thing that is wrong anywhere, as ``file:line: …``.
    """
    if not path.is_dir():
        raise Misconfigured(
            f"{path}:1: there is no such folder; set BATON_AGENTS_PATH to the folder of the agents"
        )
    problems = Problems()
    names = _agent_folders(path, problems)
    drafts = [_draft(path / name, problems) for name in names]
    policy_text = _text(path / "policy.yaml", problems)
    models_text = _text(path / "models.yaml", problems)
    mcp_text = _text(path / "mcp.json", problems)
    policy = _policy(policy_text or "version: 1\n", file=path / "policy.yaml", problems=problems)
    # Which tools there are is known where they are made; see ``Toolshed.check``.
    beside = Beside(agents=names, policy=policy)
    workflows = read_workflows(files_in(path / "workflows"), beside=beside, problems=problems)
    agent_policies = _agent_policies(path, names, policy_text, problems)
    tiers = _tiers(models_text, file=path / "models.yaml", problems=problems)
    servers = _servers(mcp_text, file=path / "mcp.json", problems=problems)
    for draft in drafts:
        if draft is not None:
            _check_fit(draft, names=names, tiers=tiers, servers=servers, problems=problems)
    if not names:
        problems.add(str(path), 1, "there is no agent; write one as <name>/agent.md")
    problems.raise_if_any()
    return Catalog.of(
        [draft.agent for draft in drafts if draft is not None],
        workflows=workflows,
        policy_text=policy_text,
        models_text=models_text,
        mcp_text=mcp_text,
        agent_policies=agent_policies,
        warnings=map(str, problems.warnings),
    )


def _agent_policies(
    path: Path, names: list[str], policy_text: str | None, problems: Problems
) -> dict[str, str]:
    """Give what agents add to the policy about themselves, each checked."""
    found: dict[str, str] = {}
    for name in names:
        text = _text(path / name / "policy.yaml", problems)
        if text is None:
            continue
        found[name] = text
        try:
            policy = parse_policy(policy_text or "version: 1\n", file="policy.yaml")
            own = agent_rules(name, text, policy, file=str(path / name / "policy.yaml"))
            _check_expressions(own, problems)
        except Misconfigured as error:
            problems.adopt(error)
    return found


def _agent_folders(path: Path, problems: Problems) -> list[str]:
    names: list[str] = []
    for folder in sorted(path.iterdir()):
        if not folder.is_dir() or folder.name.startswith((".", "__")):
            continue
        if not (folder / "agent.md").exists():
            for file in _AGENT_FILES:
                if (folder / file).exists():
                    text = "this folder has no agent.md; write one beside this file"
                    problems.add(str(folder / file), 1, text)
        elif _NAME.fullmatch(folder.name) is None:
            text = f"{folder.name!r} is no agent's name; use small letters, digits, '-' and '_'"
            problems.add(str(folder / "agent.md"), 1, text)
        else:
            names.append(folder.name)
    return names


def _draft(folder: Path, problems: Problems) -> _Draft | None:
    file = folder / "agent.md"
    text = _text(file, problems)
    matter = (
        read_front_matter(text, file=str(file), name=folder.name, problems=problems)
        if text is not None
        else None
    )
    tools_source = _text(folder / "tools.py", problems)
    if tools_source is not None:
        _check_python(tools_source, file=folder / "tools.py", problems=problems)
    dialogue_source = _text(folder / "dialogue.yaml", problems)
    if dialogue_source is not None:
        read_dialogue(
            dialogue_source,
            file=str(folder / "dialogue.yaml"),
            tools=matter.tools if matter else None,
            problems=problems,
        )
    if matter is None:
        return None
    try:
        version = version_of(folder)
    except OSError as error:
        problems.add(str(error.filename), 1, f"cannot be read: {error.strerror}; mend its rights")
        return None
    agent = _agent(matter, folder.name, version, tools_source, dialogue_source)
    return _Draft(agent=agent, place=matter.place)


def _agent(
    matter: FrontMatter, name: str, version: str, tools: str | None, dialogue: str | None
) -> Agent:
    return Agent(
        name=name,
        version=version,
        role=matter.role,
        description=matter.description,
        capabilities=matter.capabilities,
        tier=matter.tier,
        tools=matter.tools,
        max_turns=matter.max_turns,
        max_usd=matter.max_usd,
        input_schema=matter.input_schema,
        output_schema=matter.output_schema,
        hand_off_to=matter.hand_off_to,
        prompt=matter.prompt,
        tools_source=tools,
        dialogue_source=dialogue,
    )


def _text(file: Path, problems: Problems) -> str | None:
    """Give a file's text; None where there is no such file or it cannot be read."""
    try:
        raw = file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        problems.add(str(file), 1, f"cannot be read: {error.strerror}; mend its rights")
        return None
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        problems.add(str(file), line, "this is not UTF-8; save the file with that encoding")
        return None


def _check_python(source: str, *, file: Path, problems: Problems) -> None:
    # Only parsed: a front reads the catalog too, and must not run what agents bring.
    try:
        ast.parse(source)
    except SyntaxError as error:
        problems.add(str(file), error.lineno or 1, f"this is not Python: {error.msg}; mend it")
    except (ValueError, RecursionError, MemoryError):
        problems.add(str(file), 1, "this is not Python; write plain source text")


def _policy(text: str, *, file: Path, problems: Problems) -> Policy | None:
    """Give the policy, its expressions checked as well; None where it cannot be read."""
    try:
        policy = parse_policy(text, file=str(file))
        _check_expressions(policy.rules, problems)
    except Misconfigured as error:
        problems.adopt(error)
        return None
    return policy


def _check_expressions(rules: Iterable[Rule], problems: Problems) -> None:
    """Compile what rules say in jq; a process is started for it only where one does."""
    said = [rule.when for rule in rules if rule.when is not None]
    if not said:
        return
    with closing(Evaluator()) as evaluator:
        found = complaints(said, evaluator)
    if found:
        problems.adopt(Misconfigured("\n".join(found)))


def _tiers(text: str | None, *, file: Path, problems: Problems) -> frozenset[str] | None:
    """Give the names of the model tiers; None where they are not known."""
    if text is None:
        return None
    place = read_yaml(text, file=str(file), problems=problems)
    if place is None:
        return None
    tiers = place.value.get("tiers") if isinstance(place.value, Mapping) else None
    if not isinstance(tiers, Mapping) or not tiers:
        problems.add(str(file), place.line("tiers"), "write 'tiers:' and the tiers below it")
        return None
    return frozenset(tiers)


def _servers(text: str | None, *, file: Path, problems: Problems) -> frozenset[str] | None:
    """Give the names of the MCP servers; None where the file is broken."""
    if text is None:
        return frozenset()
    try:
        value = cast("Json", json.loads(text))
    except json.JSONDecodeError as error:
        problems.add(str(file), error.lineno, f"this is not JSON: {error.msg}; mend this line")
        return None
    except RecursionError:
        problems.add(str(file), 1, "this is not JSON: it is nested too deeply; flatten it")
        return None
    servers = value.get("mcpServers") if isinstance(value, Mapping) else None
    if not isinstance(servers, Mapping):
        problems.add(str(file), 1, 'there are no servers; write {"mcpServers": {}}')
        return None
    return frozenset(servers)


def _check_fit(
    draft: _Draft,
    *,
    names: list[str],
    tiers: frozenset[str] | None,
    servers: frozenset[str] | None,
    problems: Problems,
) -> None:
    agent, place = draft.agent, draft.place
    others = [name for name in names if name != agent.name]
    for at, name in enumerate(agent.hand_off_to):
        if name not in others:
            text = f"hand_off_to names {name!r}, which is no other agent; {near(name, others)}"
            problems.add(place.file, place.line("hand_off_to", at), text)
    if tiers is not None and agent.tier not in tiers:
        text = f"tier {agent.tier!r} is not in models.yaml; {near(agent.tier, tiers)}"
        problems.add(place.file, place.line("tier"), text)
    for at, grant in enumerate(agent.tools):
        server, dot, _ = grant.partition(".")
        if dot and servers is not None and server not in servers:
            text = f"tools names the server {server!r}, which is not in mcp.json"
            text += f"; {near(server, servers)}" if servers else "; add it there or remove this"
            problems.add(place.file, place.line("tools", at), text)
