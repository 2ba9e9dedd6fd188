"""What is left of every budget, for whoever may see the run, and for oneself."""

from __future__ import annotations

from typing import Any, cast

from bots.commands import run_command
from bots.commands.reply import CommandReply
from runtime.domain.conversation import Place
from tests.worlds.crew import plan, step
from tests.worlds.governed import ADA, Governed, member
from tests.worlds.openai import Answer

POLICY = """version: 1
access:
  - {who: ["slack:T024/UADA"], may: [ask, see]}
  - {who: ["slack:T024/UBEN"], may: [ask, see-own]}
budgets:
  - {id: people, of: user, tokens: 90000}
  - {id: workers, of: agent, names: [worker], usd: 12.5}
  - {id: house, of: workspace, usd: 40, tokens: 100000}
  - {id: room, of: channel, names: ["slack:T024/C1"], usd: 7}
"""


def said(office: Governed, text: str, *, who: str = "Ada", channel: str = "C1") -> CommandReply:
    place = Place(channel="slack", workspace="T024", key=f"{channel}/1.1", address={})
    return run_command(
        text, runtime=office.product.runtime, person=member(who), place=place, surface="slack"
    )


def left(reply: CommandReply) -> dict[str, Any]:
    found = cast("list[dict[str, Any]]", reply.data["budgets"])
    return {one["source"]: one for one in found}


def test_what_a_run_may_still_spend_is_told_with_where_it_is_set(office: Governed) -> None:
    office.crew.plans(plan(step("a")))
    office.crew.works(Answer(text="done", tokens=30))
    run = office.ask("do it", key="C1/1.1")
    view = office.ended(run)
    used = view.run.spent.tokens
    assert used > 0

    reply = said(office, f"budget {run}")
    found = left(reply)

    own = found["set when it was started"]
    assert own["tokens"] == {"limit": 500_000, "left": 500_000 - used}
    assert own["usd"]["limit"] == 5.0
    assert 0 < own["seconds"]["left"] <= own["seconds"]["limit"]
    people = found["policy.yaml, budget 'people'"]
    assert people["tokens"] == {"limit": 90_000, "left": 90_000 - used}
    assert people["usd"] is None
    assert people["anew_at"].endswith("T00:00:00+00:00")
    assert found["policy.yaml, budget 'workers'"]["usd"]["limit"] == 12.5
    assert found["policy.yaml, budget 'room'"]["usd"]["limit"] == 7.0
    assert f"{500_000 - used:,} tokens left of 500,000" in reply.text
    assert "agent 'worker' today" in reply.text


def test_without_a_run_it_is_told_for_who_asks_where_they_are(office: Governed) -> None:
    here, elsewhere = left(said(office, "budget")), left(said(office, "budget", channel="C2"))

    assert "policy.yaml, budget 'room'" in here
    assert "policy.yaml, budget 'room'" not in elsewhere
    assert here["policy.yaml, budget 'house'"]["tokens"] == {"limit": 100_000, "left": 100_000}
    assert "set when it was started" not in here
    assert ADA.name in said(office, "budget").text


def test_who_may_not_see_a_run_is_not_told_what_it_may_spend(office: Governed) -> None:
    office.crew.plans(plan(step("a")))
    office.crew.works(Answer(text="done"))
    run = office.ask("do it")
    office.ended(run)

    assert not said(office, f"budget {run}", who="Ben").ok
    assert said(office, "budget", who="Ben").ok
    assert not said(office, "budget", who="Dee").ok
