"""Ben buys in a group chat of Teams, and others may decide: the whole product, on one machine."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.worlds.product import Product, copy_of_agents, product
from tests.worlds.teams.cast import ADA, BEN, GROUP, OLGA
from tests.worlds.teams.connector import Posted
from tests.worlds.teams.world import TeamsWorld, teams_world

BUY = "Buy 12 laptops from the best vendor"
OPENING_ORDERS = 4
_POLICY = f"""
version: 1
roles: {{approver: ['{ADA.principal}', '{OLGA.principal}']}}
defaults: {{read: allow, write: allow, irreversible: ask}}
rules:
  - id: purchases
    tools: ["record_purchase_order"]
    outcome: ask
    eligible: ['role:approver', '!requester']
    reason: A purchase needs somebody else.
"""


@contextmanager
def buying(
    folder: Path, rules: str, *, secret_keys: str | None = None
) -> Generator[tuple[TeamsWorld, Product]]:
    """Run it; ``rules`` goes on where the rule about purchases ends."""
    agents = copy_of_agents(folder)
    (agents / "policy.yaml").write_text(_POLICY + rules, encoding="utf-8")
    with (
        teams_world(signed=False) as world,
        product(folder / "home", agents=agents, secret_keys=secret_keys) as running,
    ):
        world.endpoint = f"{running.url}/api/messages"
        yield world, running


def asked(world: TeamsWorld) -> Posted:
    """Let Ben ask, and give the card of the approval."""
    world.say(BEN, GROUP, BUY)
    return world.message(GROUP, "Approval 1 · pending")
