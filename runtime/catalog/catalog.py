"""All agents, workflows and the rules they live under, as one value that a run can keep."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast

from runtime.catalog.agent import Agent, Role
from runtime.catalog.problems import near
from runtime.catalog.workflow.document import Workflow
from runtime.catalog.workflow.read import workflow_of
from runtime.domain.canonical import digest as digest_of
from runtime.domain.errors import NotFound
from runtime.domain.json import JsonObject
from runtime.tools.tool import Tool


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """Immutable. Two catalogs of one digest are equal."""

    agents: Mapping[str, Agent]
    workflows: Mapping[str, Workflow]
    policy_text: str | None
    models_text: str | None
    mcp_text: str | None
    digest: str
    agent_policies: Mapping[str, str] = field(default_factory=dict[str, str])
    """By agent, the text of its own policy.yaml, where it has one."""
    warnings: tuple[str, ...] = field(default=(), compare=False)
    """What is to be mended in the files, each with file and line; no part of what a run keeps."""

    @classmethod
    def of(
        cls,
        agents: Iterable[Agent],
        *,
        workflows: Iterable[Workflow] = (),
        policy_text: str | None = None,
        models_text: str | None = None,
        mcp_text: str | None = None,
        agent_policies: Mapping[str, str] | None = None,
        warnings: Iterable[str] = (),
    ) -> Catalog:
        """Put a catalog together, its agents by name, and give it its digest."""
        by_name = {agent.name: agent for agent in sorted(agents, key=lambda agent: agent.name)}
        flows = {flow.name: flow for flow in sorted(workflows, key=lambda flow: flow.name)}
        # Over what was understood, not only over the files: a new release of this code that reads
        # the same files otherwise must not find the old reading under the same digest.
        whole: JsonObject = {
            "agents": [agent.to_json() for agent in by_name.values()],
            "workflows": [flow.definition for flow in flows.values()],
            "policy": policy_text,
            "models": models_text,
            "mcp": mcp_text,
            **({"agent_policies": dict(agent_policies)} if agent_policies else {}),
        }
        return cls(
            agents=by_name,
            workflows=flows,
            policy_text=policy_text,
            models_text=models_text,
            mcp_text=mcp_text,
            digest=digest_of(whole),
            agent_policies=dict(agent_policies or {}),
            warnings=tuple(warnings),
        )

    def agent(self, name: str) -> Agent:
        """Give the agent of that name. Raises ``NotFound`` with the nearest name."""
        if name not in self.agents:
            raise NotFound(f"there is no agent {name!r}; {near(name, self.agents)}")
        return self.agents[name]

    def workflow(self, name: str) -> Workflow:
        """Give the workflow of that name. Raises ``NotFound`` with the nearest name."""
        if name not in self.workflows:
            raise NotFound(f"there is no workflow {name!r}; {near(name, self.workflows)}")
        return self.workflows[name]

    def with_role(self, role: Role) -> tuple[Agent, ...]:
        """Give the agents of a role, by name."""
        return tuple(agent for agent in self.agents.values() if agent.role is role)

    def describe(self, tools: Iterable[Tool] = (), *, without: Collection[str] = ()) -> JsonObject:
        """Tell a planner what it may use: agents that work, other workflows, and ``tools``."""
        return {
            "agents": [
                agent.describe() for agent in self.agents.values() if agent.role == Role.WORKER
            ],
            "workflows": [
                flow.describe() for flow in self.workflows.values() if flow.name not in without
            ],
            "tools": [
                {
                    "name": tool.name,
                    "description": tool.description,
                    "effect": tool.effect.value,
                    "parameters": tool.parameters,
                }
                for tool in tools
            ],
        }

    def to_json(self) -> JsonObject:
        """Give everything as JSON, to be stored under ``digest``."""
        return {
            "agents": [agent.to_json() for agent in self.agents.values()],
            "workflows": [flow.definition for flow in self.workflows.values()],
            "policy": self.policy_text,
            "models": self.models_text,
            "mcp": self.mcp_text,
            "digest": self.digest,
            "agent_policies": dict(self.agent_policies),
        }

    @classmethod
    def from_json(cls, value: JsonObject) -> Catalog:
        """Take back what ``to_json`` gave, digest included: a pin outlives a change of code."""
        agents = [Agent.from_json(item) for item in cast("list[JsonObject]", value["agents"])]
        # A pin from before there were workflows has none.
        definitions = cast("list[JsonObject]", value.get("workflows") or [])
        workflows = [workflow_of(definition) for definition in definitions]
        return cls(
            agents={agent.name: agent for agent in agents},
            workflows={workflow.name: workflow for workflow in workflows},
            policy_text=cast("str | None", value["policy"]),
            models_text=cast("str | None", value["models"]),
            mcp_text=cast("str | None", value["mcp"]),
            digest=str(value["digest"]),
            agent_policies=cast("dict[str, str]", value.get("agent_policies") or {}),
        )
