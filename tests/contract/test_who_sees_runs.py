"""What ``access`` lets people see, on every surface that this machine serves."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from bots.commands import CommandReply, run_command
from runtime.domain.approval import Verdict
from runtime.domain.conversation import Person, Place
from runtime.domain.errors import NotFound, Refused
from tests.worlds.crew import calls, plan, step
from tests.worlds.governed import ADA, BEN, CYD, DEE, Governed, governed
from tests.worlds.openai import Answer, OpenAIWorld

POLICY = """version: 1
access:
  - {who: ["slack:T024/UCYD"], may: [ask, see]}
  - {who: ["slack:T024/UADA"], may: [ask, see-own]}
  - {who: ["slack:T024/UBEN", "slack:T024/UDEE", "console:local/operator"], may: [ask, delegate]}
rules:
  - {id: letters, tools: [send], outcome: ask, eligible: ["slack:T024/UBEN"]}
"""
PLACE = Place(channel="slack", workspace="T024", key="cmd", address={})
MISSING = "the grant 'see'"
OF_A_RUN = (
    "status {}", "trace {}", "why {}", "cost {}", "audit {}", "grants {}", "policy explain {}",
    "workflows from-run {}",
)  # fmt: skip
PATHS = (
    "/api/runs", "/api/runs/1", "/api/runs/1/trace", "/api/runs/1/workflow", "/api/runs/1/audit",
    "/api/runs/1/artifacts/x", "/api/approvals/1", "/api/thread?key=abc",
)  # fmt: skip


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Governed]:
    """Give an office where Ada's letter waits for Ben, and Cyd has asked for another."""
    home = tmp_path_factory.mktemp("sight")
    with (
        pytest.MonkeyPatch.context() as patch,
        OpenAIWorld() as models,
        governed(home, models, patch, policy=POLICY) as made,
    ):
        for person, text in ((ADA, "Ada's own wish"), (CYD, "Cyd's own wish")):
            made.crew.plans(plan(step("a")))
            made.crew.works(calls(("send", {"to": "Xenia"})), Answer(text="that is all"))
            made.ask(text, person=person)
            made.asked(1 if person is ADA else 2)
        yield made


def say(office: Governed, person: Person, text: str) -> CommandReply:
    return run_command(
        text, runtime=office.product.runtime, person=person, place=PLACE, surface="slack"
    )


@pytest.mark.parametrize("verb", OF_A_RUN)
def test_every_command_about_a_run_asks_for_the_same_grant(office: Governed, verb: str) -> None:
    kept_out = say(office, DEE, verb.format(1))

    assert not kept_out.ok
    assert MISSING in kept_out.text
    assert "Ada's own wish" not in kept_out.text
    # Of what is not there, who may see nothing is told the same.
    assert say(office, DEE, verb.format(99)).text == kept_out.text
    assert MISSING in say(office, ADA, verb.format(2)).text
    assert MISSING not in say(office, ADA, verb.format(1)).text
    assert MISSING not in say(office, CYD, verb.format(1)).text


@pytest.mark.parametrize("verb", ["runs", "cost"])
def test_lists_hold_what_one_may_see(office: Governed, verb: str) -> None:
    own, every = say(office, ADA, verb), say(office, CYD, verb)

    assert "Ada's own wish" in own.text
    assert "Cyd's own wish" not in own.text
    assert "Ada's own wish" in every.text
    assert MISSING in say(office, DEE, verb).text


def test_who_is_asked_sees_the_approval_and_not_the_run(office: Governed) -> None:
    assert "Xenia" in say(office, BEN, "approvals 1").text
    assert "Xenia" in say(office, BEN, "approvals").text
    assert MISSING in say(office, BEN, "status 1").text

    assert MISSING in say(office, DEE, "approvals 1").text
    assert say(office, DEE, "approvals").text == "Nothing waits for a decision."
    assert "Xenia" in say(office, ADA, "approvals 1").text
    assert MISSING in say(office, ADA, "approvals 2").text


def test_a_page_of_ones_own_shows_no_runs_to_who_may_see_none(office: Governed) -> None:
    runtime = office.product.runtime

    assert MISSING in runtime.mine(DEE).hidden.replace("'see-own'", "'see'")
    assert runtime.mine(ADA).hidden == ""
    assert [line.request for line in runtime.mine(ADA).running] == ["Ada's own wish"]
    assert [one.number for one in runtime.mine(BEN).waiting] == [1, 2]


@pytest.mark.parametrize("path", PATHS)
def test_the_console_shows_what_its_operator_may_see(office: Governed, path: str) -> None:
    status, told = _get(office, path)

    assert status == 400, told
    assert "it needs the grant 'see" in str(told)
    assert "wish" not in str(told)


def test_the_console_lists_only_what_concerns_its_operator(office: Governed) -> None:
    assert _get(office, "/api/approvals") == (200, {"approvals": [], "cards": []})
    status, told = _get(office, "/api/runs/1/why")
    assert "wish" not in str(told)
    assert MISSING in str(told), status


def test_no_query_of_sight_answers_without_the_grant(office: Governed) -> None:
    sight = office.product.runtime.sight
    queries: list[Callable[[], object]] = [
        lambda: sight.view("1", DEE),
        lambda: sight.runs(DEE),
        lambda: sight.trace("1", DEE),
        lambda: sight.audit("1", DEE),
        lambda: sight.artifact("1", "x", DEE),
        lambda: sight.distil("1", DEE),
        lambda: sight.approval("1", DEE),
        lambda: sight.check("1", DEE),
        lambda: sight.check(None, ADA),
    ]

    for query in queries:
        with pytest.raises(Refused, match=MISSING):
            query()
    with pytest.raises(NotFound):
        sight.view("99", ADA)


def test_who_may_not_see_is_still_recorded_when_they_try_to_decide(office: Governed) -> None:
    approval = office.product.runtime.approval("2", workspace=None)

    with pytest.raises(Refused, match="may not decide"):
        office.decide(approval, DEE, Verdict.APPROVE)

    assert "DecisionRefused" in office.events("2")


def _get(office: Governed, path: str) -> tuple[int, object]:
    place = urlsplit(office.product.url)
    connection = HTTPConnection(place.hostname or "", place.port, timeout=30)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        text = response.read().decode()
    finally:
        connection.close()
    return response.status, json.loads(text) if response.status == 200 else text
