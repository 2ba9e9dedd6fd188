"""One approval on many surfaces: asked in Slack, decided in Teams and at the console.

The whole product runs in this process, between a simulated Slack and a simulated Teams.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bots.manifests import slack_scopes
from runtime.domain.approval import Verdict
from runtime.domain.states import ApprovalStatus
from tests.worlds.console_page import Page
from tests.worlds.product import Product, copy_of_agents, product
from tests.worlds.scene import Scene
from tests.worlds.slack.cast import ADA as ADA_IN_SLACK
from tests.worlds.slack.cast import GENERAL, TEAM
from tests.worlds.slack.world import SlackWorld
from tests.worlds.teams import activities
from tests.worlds.teams.cards import buttons, readable
from tests.worlds.teams.cast import ADA, BEN, PERSONAL, Chat, Member
from tests.worlds.teams.connector import Posted
from tests.worlds.teams.world import TeamsWorld, teams_world

BUY = "Buy 12 laptops from the best vendor"
OPENING_ORDERS = 4
BENS = Chat(id="a:2personal-with-Ben", kind="personal")


@dataclass(frozen=True, slots=True)
class Both:
    """One installation that lives in two chats."""

    slack: Scene
    teams: TeamsWorld
    product: Product

    def install(self, person: Member, chat: Chat, *, action: str = "add") -> None:
        """Let somebody add the app to their own chat, or remove it from there."""
        body = activities.installed(person, chat, service_url=self.teams.url, action=action)
        assert self.teams.deliver(body).status == 200

    def card(self, chat: Chat, number: int = 1) -> Posted:
        """Wait for the approval in somebody's own chat."""
        return self.teams.message(chat, f"Approval {number} ·")

    def events(self, name: str) -> int:
        """Count what a run's audit has of one kind."""
        return sum(one.event == name for one in self.product.runtime.audit("1", workspace=None))


def _policy(folder: Path, rule: str) -> Path:
    agents = copy_of_agents(folder)
    policy = agents / "policy.yaml"
    people = [ADA.principal, BEN.principal, f"slack:{TEAM}/{ADA_IN_SLACK}", "console:local/*"]
    listed = ", ".join(f"'{one}'" for one in people)
    policy.write_text(
        f"""
version: 1
roles: {{approver: [{listed}]}}
defaults: {{read: allow, write: allow, irreversible: ask}}
rules:
  - id: purchases
    tools: ["record_purchase_order"]
    outcome: ask
    reason: A purchase needs people.
{rule}
""",
        encoding="utf-8",
    )
    return agents


@pytest.fixture
def rule() -> str:
    return "    eligible: ['role:approver', '!requester']\n    quorum: 2"


@pytest.fixture
def domains() -> str:
    return ""


@pytest.fixture
def both(
    tmp_path: Path, rule: str, domains: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Both]:
    agents = _policy(tmp_path, rule)
    monkeypatch.setenv("BATON_LINK_EMAIL_DOMAINS", domains)
    with (
        SlackWorld.start() as slack,
        teams_world(signed=False) as teams,
        product(tmp_path / "home", world=slack, agents=agents) as running,
    ):
        teams.endpoint = f"{running.url}/api/messages"
        yield Both(Scene(running, slack), teams, running)


def test_requested_in_slack_approved_in_teams_and_at_the_console_while_teams_blocks_the_bot(
    both: Both,
) -> None:
    both.install(ADA, PERSONAL)
    both.install(BEN, BENS)

    asked = both.slack.ask(BUY)
    in_slack = both.slack.approval_card(asked.ts)
    in_teams, bens = both.card(PERSONAL), both.card(BENS)
    both.slack.until_quiet()
    both.teams.connector.blocked.add(BENS.id)
    first = both.teams.press(ADA, in_teams, "approval.approve", PERSONAL)
    assert "more people must agree" in readable(first.body["value"])
    assert len(both.product.orders()) == OPENING_ORDERS
    both.product.until(lambda: both.events("ApprovalUndelivered"))
    pending = both.product.runtime.approvals(workspace=None)
    assert [one.status for one in pending] == [ApprovalStatus.PENDING]
    console = Page(both.product)
    (asked_there,) = console.get("/api/approvals")["cards"]
    assert console.decide(asked_there, "approve")["won"] is True

    view, _ = both.slack.answer(asked.ts)
    assert view.status == "succeeded"
    both.slack.until_quiet()
    assert len(both.product.orders()) == OPENING_ORDERS + 1
    both.teams.until(lambda: "in the console" in readable(in_teams.card))
    assert buttons(in_teams.card) == []
    now = both.slack.cards(asked.ts, "Approval 1, approved")
    assert [one.ts for one in now] == [in_slack.ts]
    assert console.get("/api/approvals")["cards"] == []
    # What nobody could redraw is drawn anew, for everybody, once its reader lets Baton in again.
    assert "pending" in readable(bens.card)
    both.teams.connector.blocked.remove(BENS.id)
    late = both.teams.press(BEN, bens, "approval.approve", BENS)
    assert "was decided already" in readable(late.body["value"])
    both.teams.until(lambda: "in the console" in readable(bens.card))
    assert buttons(bens.card) == []
    (decided,) = both.product.runtime.view("1", workspace=None).approvals
    said = [(one.surface, one.verdict) for one in decided.history]
    assert said == [("teams", Verdict.APPROVE), ("console", Verdict.APPROVE)]
    assert len(both.product.orders()) == OPENING_ORDERS + 1
    assert both.teams.connector.violations == []


@pytest.mark.parametrize("rule", ["    eligible: ['role:approver', '!requester']"])
def test_an_approval_moves_to_the_next_surface_when_the_app_is_removed(both: Both) -> None:
    both.install(BEN, BENS)
    asked = both.slack.ask(BUY)
    both.card(BENS)
    both.slack.until_quiet()
    both.install(ADA, PERSONAL)

    both.install(BEN, BENS, action="remove")

    moved = both.card(PERSONAL)
    assert both.events("ApprovalUndelivered") == 1
    both.teams.press(ADA, moved, "approval.approve", PERSONAL)
    assert both.slack.answer(asked.ts)[0].status == "succeeded"
    assert len(both.product.orders()) == OPENING_ORDERS + 1


@pytest.mark.parametrize("rule", ["    eligible: ['role:approver', '!requester']"])
def test_nobody_approves_their_own_request_with_their_other_account(both: Both) -> None:
    both.install(ADA, PERSONAL)
    both.teams.say(ADA, PERSONAL, "link")
    offered = both.teams.message(PERSONAL, "within ten minutes")
    code = readable(offered.card).split("link ")[1].split()[0]
    both.slack.world.slash(ADA_IN_SLACK, GENERAL, f"link {code} yes")
    both.slack.told(ADA_IN_SLACK, "count as one person")

    asked = both.slack.ask(BUY)
    card = both.card(PERSONAL)
    refused = both.teams.press(ADA, card, "approval.approve", PERSONAL)

    assert "kept from deciding" in refused.body["value"]
    assert len(both.product.runtime.approvals(workspace=None)) == 1
    both.install(BEN, BENS)
    both.teams.say(BEN, BENS, "approve 1")
    assert both.slack.answer(asked.ts)[0].status == "succeeded"
    assert len(both.product.orders()) == OPENING_ORDERS + 1


@pytest.mark.parametrize("rule", ["    eligible: ['role:approver', '!requester']"])
def test_requested_in_teams_is_approved_in_slack(both: Both) -> None:
    both.teams.say(ADA, PERSONAL, BUY)
    card = both.card(PERSONAL)

    both.slack.world.slash(ADA_IN_SLACK, GENERAL, "approvals")
    both.slack.told(ADA_IN_SLACK, "record_purchase_order")
    both.slack.world.slash(ADA_IN_SLACK, GENERAL, "approve 1 in the budget")

    assert both.product.until_ended().status == "succeeded"
    both.teams.until(lambda: "in Slack · in the budget" in readable(card.card))
    assert buttons(card.card) == []
    assert len(both.product.orders()) == OPENING_ORDERS + 1
    view = both.product.runtime.view("1", workspace=None)
    assert [one.decided_on for one in view.approvals] == ["slack"]


@pytest.mark.parametrize("rule", ["    eligible: ['role:approver', '!requester']"])
@pytest.mark.parametrize("domains", ["example.com"])
def test_an_address_that_both_vouch_for_makes_one_person_and_a_name_does_not(both: Both) -> None:
    # What the manifest asks for is enough, and the address is seen by nothing less.
    both.slack.world.grant(slack_scopes(both.product.settings))
    both.install(ADA, PERSONAL)
    both.install(BEN, BENS)
    asked = both.slack.ask(BUY)
    card, bens = both.card(PERSONAL), both.card(BENS)
    pretends = replace(BEN, name="Ada", email="ada@example.com", sign_in="ben@example.com")
    both.teams.connector.members[BEN.id] = pretends

    refused = both.teams.press(ADA, card, "approval.approve", PERSONAL)
    assert "kept from deciding" in refused.body["value"]
    records = both.product.runtime.audit("1", workspace=None)
    (told,) = [one.facts for one in records if one.event == "DecisionRefused"]
    assert isinstance(told, dict)
    assert told["also"] == [f"slack:{TEAM}/{ADA_IN_SLACK}"]
    both.teams.press(BEN, bens, "approval.approve", BENS)

    assert both.slack.answer(asked.ts)[0].status == "succeeded"
    view = both.product.runtime.view("1", workspace=None)
    assert [one.decided_by for one in view.approvals] == [BEN.principal]


def test_a_workflow_begun_in_slack_asks_in_teams_in_the_console_and_by_the_line(
    both: Both,
) -> None:
    both.install(ADA, PERSONAL)
    workflow = both.product.settings.agents_path / "workflows" / "poll.yaml"
    workflow.write_text(
        "document: {dsl: '1.0.3', namespace: test, name: poll, version: '1.0.0', title: Poll}\n"
        "do:\n"
        f"  - one: {{call: ask, with: {{question: 'One?', of: ['{ADA.principal}'], choices: [1]}},"
        " export: {as: .answer}}\n"
        f"  - two: {{call: ask, with: {{question: 'Two?', of: ['{ADA.principal}'],"
        " schema: {type: integer}}, export: {as: '[$context, .answer]'}}\n"
        "  - three: {call: ask, with: {question: 'Three?', of: ['console:local/*'],"
        " choices: [true, false]}, output: {as: '$context + [.answer]'}}\n"
    )
    both.product.clock.pass_time(2)
    # Read before the command, whose answer has three seconds.
    assert "poll" in [one.name for one in both.product.runtime.workflows()]
    begun = both.slack.world.slash(ADA_IN_SLACK, GENERAL, "run poll")
    assert "Run #1" in str(begun.body), begun

    first = both.teams.message(PERSONAL, "One?")
    assert "or the words: answer 1 TEXT" in readable(first.card)
    both.slack.world.slash(ADA_IN_SLACK, GENERAL, "answer 1 1")
    both.teams.press(ADA, first, "question.answer", PERSONAL)
    both.teams.message(PERSONAL, "Two?")
    both.teams.say(ADA, PERSONAL, "answer 1 many")
    both.teams.message(PERSONAL, "no whole number")
    both.teams.say(ADA, PERSONAL, "answer 1 7")
    page = Page(both.product)
    third = both.product.until(
        lambda: next(
            (
                one
                for one in both.product.runtime.view("1", workspace=None).questions
                if one.text == "Three?"
            ),
            None,
        )
    )
    page.post("/api/questions", {"step": third.step_id, "text": "yes"})

    view = both.product.until_ended("1")
    assert view.run.answer.split() == ["[", "1,", "7,", "true", "]"], view.run.error
    both.slack.until_quiet()
    assert buttons(first.card) == []
