from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request
from prometheus_client import CollectorRegistry, Counter

from bots.bridge import Bridge
from bots.channel import Channel
from bots.console.channel import ConsoleChannel
from bots.presence import instance_name, is_served
from bots.server import create_app
from bots.terminal.channel import TerminalChannel
from bots.views import Notice
from runtime.catalog.workflow.read import parse_workflow
from runtime.domain.approval import Stage, Verdict
from runtime.domain.assurance import Assurance
from runtime.domain.delivery import DeliveryKind
from runtime.domain.run import Artifact, OpenQuestion, StepRow
from runtime.domain.thread import ThreadEntry
from tests.worlds.front_door import (
    NOON,
    FrontDoor,
    a_delivery,
    a_run,
    a_step,
    a_view,
    an_approval,
)

Client = TestClient[Request, Application]


@pytest.fixture
def door() -> FrontDoor:
    return FrontDoor()


@pytest.fixture
async def client(door: FrontDoor) -> AsyncIterator[Client]:
    async for client in serving(door):
        yield client


async def serving(door: FrontDoor, *, console_token: str | None = None) -> AsyncIterator[Client]:
    bridge = Bridge(threads=2)
    registry = CollectorRegistry()
    Counter("things", "Things that happened", registry=registry).inc()
    app = create_app(
        door,
        bridge,
        console_token=console_token,
        instance=instance_name("sqlite:///x"),
        registry=registry,
    )
    async with TestClient(TestServer(app)) as client:
        yield client
    bridge.close()


async def change(client: Client, path: str, body: object, **headers: str) -> ClientResponse:
    page = await client.get("/")
    token = page.cookies["baton_csrf"].value
    return await client.post(path, json=body, headers={"X-Baton-Csrf": token, **headers})


async def given(answer: ClientResponse) -> Any:
    assert answer.status == 200, await answer.text()
    return await answer.json()


# The page


async def test_the_page_is_local_files_under_a_strict_policy(client: Client) -> None:
    page = await client.get("/")

    text = await page.text()
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http://" not in text
    assert "https://" not in text
    assert "<style" not in text
    assert " style=" not in text
    script = "text/javascript"
    for name, kind in (("app.js", script), ("workflows.js", script), ("style.css", "text/css")):
        file = await client.get(f"/console/{name}")
        assert (file.status, file.content_type) == (200, kind)
    assert (await client.get("/console/..%2fapi.py")).status == 404


async def test_the_script_never_reads_text_as_markup(client: Client) -> None:
    files = ("app.js", "workflows.js")
    script = "".join([await (await client.get(f"/console/{name}")).text() for name in files])

    for sink in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert sink not in script


# Talking


async def test_a_message_starts_a_run_and_appears_with_its_card(
    client: Client, door: FrontDoor
) -> None:
    said = await change(client, "/api/thread", {"key": "abc", "id": "m1", "text": "Compare <b>"})

    assert await given(said) == {"reception": "started", "run": "run_1", "number": 12}
    (message,) = door.messages
    assert message.person.principal == "console:local/operator"
    assert (message.addressed, message.place.key) == (True, "abc")
    thread = await given(await client.get("/api/thread?key=abc"))
    assert [entry["kind"] for entry in thread["entries"]] == ["said", "run"]
    assert thread["entries"][0]["text"] == "Compare <b>"
    assert thread["entries"][1]["steps"][0]["title"] == "Compare the offers"


async def test_the_same_message_sent_twice_is_one(client: Client, door: FrontDoor) -> None:
    body = {"key": "abc", "id": "m1", "text": "Compare"}
    await change(client, "/api/thread", body)

    again = await given(await change(client, "/api/thread", body))

    assert again["reception"] == "duplicate"
    assert len(door.messages) == 1


async def test_a_slash_command_is_answered_in_words(client: Client, door: FrontDoor) -> None:
    door.put(a_view())

    for typed in ("/status 12", "/baton status 12"):
        body = {"key": "abc", "id": typed[-5:], "text": typed}
        reply = await given(await change(client, "/api/thread", body))
        assert "Run #12 · running" in reply["reply"]
    assert door.messages == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"key": "abc", "id": "m", "text": "  "}, "there is no text"),
        ({"key": "a b", "id": "m", "text": "x"}, "'a b' is no conversation's key"),
        ({"key": "abc", "id": "m", "text": "x" * 20_001}, "20,001 characters"),
        ({"key": "abc", "id": "m", "text": 5}, "'text' must be text"),
        (["not", "an", "object"], "not a JSON object"),
    ],
)
async def test_a_bad_message_is_refused_in_words(client: Client, body: object, words: str) -> None:
    answer = await change(client, "/api/thread", body)

    assert answer.status == 400
    assert words in (await answer.json())["error"]


async def test_an_event_stream_sends_the_thread_and_then_its_changes(
    client: Client, door: FrontDoor
) -> None:
    await change(client, "/api/thread", {"key": "abc", "id": "m1", "text": "Compare"})

    async with client.get("/api/events?key=abc") as stream:
        first = await next_event(stream)
        door.put(replace(door.views["run_1"], status="paused"))
        second = await next_event(stream)

    assert [entry["kind"] for entry in first["entries"]] == ["said", "run"]
    assert first["entries"][1]["status"] == "running"
    assert second["entries"][1]["status"] == "paused"
    assert first["rev"] != second["rev"]


async def test_time_passing_is_no_change(client: Client, door: FrontDoor) -> None:
    await change(client, "/api/thread", {"key": "abc", "id": "m1", "text": "Compare"})
    before = await given(await client.get("/api/thread?key=abc"))

    door.put(replace(door.views["run_1"], read_at=NOON.replace(hour=20)))

    after = await given(await client.get("/api/thread?key=abc"))
    assert before["rev"] == after["rev"]
    assert before["entries"][1]["elapsed_seconds"] < after["entries"][1]["elapsed_seconds"]


async def test_nobody_listening_means_no_polling(client: Client, door: FrontDoor) -> None:
    async with client.get("/api/events?key=abc") as stream:
        await next_event(stream)
        assert any(task.get_name() == "console thread abc" for task in asyncio.all_tasks())

    async with asyncio.timeout(10):
        while any(task.get_name() == "console thread abc" for task in asyncio.all_tasks()):
            await asyncio.sleep(0.01)


async def next_event(stream: ClientResponse) -> Any:
    async with asyncio.timeout(10):
        while True:
            line = (await stream.content.readline()).decode()
            if line.startswith("data: "):
                return json.loads(line[6:])


# Deciding


async def test_a_click_decides_with_nonce_and_reason(client: Client, door: FrontDoor) -> None:
    door.put(a_view(status="waiting", approvals=(an_approval(),)))

    body = {"verdict": "approve", "reason": " fine ", "nonce": "n0nce"}
    decided = await given(await change(client, "/api/approvals/apr_3", body))

    assert decided["won"]
    assert decided["approval"]["outcome"].startswith("Approved by Operator")
    (decision,) = door.decisions
    assert (decision.verdict, decision.reason, decision.surface, decision.nonce) == (
        Verdict.APPROVE,
        "fine",
        "console",
        "n0nce",
    )


async def test_a_critical_call_is_decided_with_a_code_that_is_passed_on_alone(
    client: Client, door: FrontDoor
) -> None:
    stage = Stage(
        eligible=("role:approver",),
        assurance=Assurance.STEPPED_UP,
        reasons_for=(Verdict.APPROVE,),
    )
    door.put(a_view(status="waiting", approvals=(an_approval(stages=(stage,)),)))

    card = await given(await client.get("/api/approvals/apr_3"))
    body = {"verdict": "approve", "nonce": "n0nce", "reason": "fine", "code": " 123 456 "}
    await given(await change(client, "/api/approvals/apr_3", body))

    assert (card["code_for"], card["reasons_for"]) == (["approve"], ["approve"])
    assert [one.code for one in door.decisions] == ["123 456"]
    assert "123 456" not in repr(door.decisions)


async def test_a_click_on_an_old_card_is_refused(client: Client, door: FrontDoor) -> None:
    door.put(a_view(status="waiting", approvals=(an_approval(),)))

    answer = await change(
        client, "/api/approvals/apr_3", {"verdict": "approve", "nonce": "of-yesterday"}
    )

    assert answer.status == 400
    assert "out of date" in (await answer.json())["error"]
    assert door.decisions == []


async def test_whoever_is_late_is_told_the_outcome(client: Client, door: FrontDoor) -> None:
    door.put(a_view(status="waiting", approvals=(an_approval(),)))
    await change(client, "/api/approvals/apr_3", {"verdict": "reject", "reason": "no"})

    late = await given(await change(client, "/api/approvals/apr_3", {"verdict": "approve"}))

    assert not late["won"]
    assert late["approval"]["outcome"].startswith("Rejected by Operator")


async def test_cut_arguments_are_opened_before_a_yes(client: Client, door: FrontDoor) -> None:
    long = an_approval(arguments={"text": "x" * 2_000 + "THE END"})
    door.put(a_view(status="waiting", approvals=(long,)))

    blind = await change(client, "/api/approvals/apr_3", {"verdict": "approve"})
    whole = await given(await client.get("/api/approvals/apr_3"))
    seen = await change(client, "/api/approvals/apr_3", {"verdict": "approve", "opened": True})

    assert blind.status == 400
    assert whole["arguments"][0]["value"].endswith("THE END")
    assert seen.status == 200
    assert len(door.decisions) == 1


async def test_looking_never_decides(client: Client, door: FrontDoor) -> None:
    door.put(a_view(status="waiting", approvals=(an_approval(),)))

    await client.get("/api/approvals/apr_3?verdict=approve")
    await client.get("/api/approvals")

    assert door.decisions == []


async def test_a_question_is_shown_and_answered(client: Client, door: FrontDoor) -> None:
    question = OpenQuestion(
        step_id="run_1:/a", text="Which **one**?", choices=("A", "B"), asked_at=NOON
    )
    door.put(a_view(status="waiting", questions=(question,)))
    delivery = a_delivery(DeliveryKind.QUESTION, "run_1:/a")
    door.threads["abc"] = [ThreadEntry(at=NOON, mine=True, text="", delivery=delivery)]

    thread = await given(await client.get("/api/thread?key=abc"))
    await change(client, "/api/questions", {"step": "run_1:/a", "text": "B"})

    (card,) = thread["entries"]
    assert (card["kind"], card["choices"]) == ("question", ["A", "B"])
    assert card["blocks"][0]["children"][1]["tag"] == "strong"
    assert door.answers == [("run_1:/a", "B")]


# Runs


@pytest.mark.parametrize("verb", ["cancel", "pause", "resume", "retry"])
async def test_a_run_is_steered(client: Client, door: FrontDoor, verb: str) -> None:
    door.put(a_view())

    assert (await change(client, f"/api/runs/12/{verb}", {})).status == 200

    assert door.log == [(verb, "run_1")]


async def test_a_run_page_has_card_answer_trace_why_and_audit(
    client: Client, door: FrontDoor
) -> None:
    door.put(a_view(a_run(answer="# Done"), status="succeeded"))
    door.traces["run_1"] = [StepRow(step=a_step(input={"task": "x"}, output=[1]), depth=1)]

    run = await given(await client.get("/api/runs/12"))
    trace = await given(await client.get("/api/runs/run_1/trace"))
    why = await given(await client.get("/api/runs/12/why"))
    audit = await given(await client.get("/api/runs/12/audit"))
    runs = await given(await client.get("/api/runs"))
    agents = await given(await client.get("/api/agents"))

    assert run["card"]["number"] == 12
    assert run["answer_card"]["blocks"] == [{"tag": "h1", "children": ["Done"]}]
    assert trace["steps"][0]["input"] == {"task": "x"}
    assert (trace["steps"][0]["depth"], trace["steps"][0]["output"]) == (1, [1])
    assert "succeeded" in why["text"]
    assert audit == {"records": []}
    assert [one["number"] for one in runs["runs"]] == [12]
    assert agents["agents"][0]["name"] == "analyst"


async def test_a_file_is_read_on_the_page_or_kept(client: Client, door: FrontDoor) -> None:
    put_file(door, "out/offers.csv", "text/csv", b'vendor,price\n"A, B",<b>1</b>\n')

    seen = await given(await client.get("/api/runs/12/artifacts/out/offers.csv?view=1"))
    kept = await client.get("/api/runs/12/artifacts/out/offers.csv")

    assert seen["blocks"] == [
        {"tag": "table", "head": [["vendor"], ["price"]], "rows": [[["A, B"], ["<b>1</b>"]]]}
    ]
    assert await kept.read() == b'vendor,price\n"A, B",<b>1</b>\n'
    assert kept.headers["Content-Disposition"] == "attachment; filename*=UTF-8''offers.csv"


async def test_a_file_that_is_a_web_page_is_never_run(client: Client, door: FrontDoor) -> None:
    put_file(door, "x.html", "text/html", b"<script>alert(1)</script>")

    kept = await client.get("/api/runs/12/artifacts/x.html")
    seen = await given(await client.get("/api/runs/12/artifacts/x.html?view=1"))

    assert kept.content_type == "application/octet-stream"
    assert kept.headers["X-Content-Type-Options"] == "nosniff"
    assert kept.headers["Content-Security-Policy"].startswith("sandbox")
    assert seen["blocks"] == [{"tag": "pre", "children": ["<script>alert(1)</script>"]}]


async def test_a_file_that_is_no_text_is_only_kept(client: Client, door: FrontDoor) -> None:
    put_file(door, "x.bin", "application/octet-stream", b"\x00\xff")

    seen = await given(await client.get("/api/runs/12/artifacts/x.bin?view=1"))

    assert seen["blocks"] == []


def put_file(door: FrontDoor, name: str, media_type: str, content: bytes) -> None:
    file = Artifact(
        name=name, media_type=media_type, size_bytes=len(content), digest="d", step_id="s"
    )
    door.put(a_view(artifacts=(file,)))
    door.contents["run_1", name] = content


async def test_what_is_not_there_is_a_404_in_words(client: Client) -> None:
    answer = await client.get("/api/runs/999")

    assert answer.status == 404
    assert await answer.json() == {
        "error": "there is no run '999'; see: runs",
        "code": "not_found",
    }


async def test_a_bug_answers_without_its_insides(
    client: Client, door: FrontDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> None:
        raise RuntimeError("postgresql://user:secret@host")

    monkeypatch.setattr(door, "runs", broken)

    answer = await client.get("/api/runs")

    assert answer.status == 500
    assert "secret" not in await answer.text()


# Who may come in


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"X-Forwarded-For": "203.0.113.9"},
        {"Forwarded": "for=203.0.113.9"},
        {"Host": "localhost.evil.example:8080"},
        {"Host": "[broken"},
    ],
)
async def test_a_caller_from_elsewhere_is_refused_with_what_to_do(
    client: Client, headers: dict[str, str]
) -> None:
    for path in ("/", "/api/runs", "/api/thread?key=abc"):
        answer = await client.get(path, headers=headers)
        assert answer.status == 403
        assert "BATON_CONSOLE_TOKEN" in await answer.text()


async def test_a_change_without_the_pages_token_is_refused(client: Client, door: FrontDoor) -> None:
    body = {"key": "abc", "id": "m", "text": "x"}

    bare = await client.post("/api/thread", json=body)
    wrong = await client.post("/api/thread", json=body, headers={"X-Baton-Csrf": "guess"})

    assert [bare.status, wrong.status] == [403, 403]
    assert (await bare.json())["code"] == "stale_page"
    assert door.messages == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://[broken"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_a_change_from_another_sites_page_is_refused(
    client: Client, door: FrontDoor, headers: dict[str, str]
) -> None:
    answer = await change(client, "/api/thread", {"key": "a", "id": "m", "text": "x"}, **headers)

    assert answer.status == 403
    assert door.messages == []


async def test_with_a_token_the_console_can_be_used_from_elsewhere(door: FrontDoor) -> None:
    far = {"Host": "baton.example"}
    async for client in serving(door, console_token="long-and-secret"):
        assert (await client.get("/", headers=far)).status == 403
        assert (await client.get("/?token=guess", headers=far)).status == 403
        entry = await client.get("/?token=long-and-secret", headers=far, allow_redirects=False)
        cookie = entry.cookies["baton_console"]
        inside = await client.get(
            "/api/runs", headers={**far, "Cookie": f"baton_console={cookie.value}"}
        )
        bearer = await client.get(
            "/api/runs", headers={**far, "Authorization": "Bearer long-and-secret"}
        )

        assert (entry.status, entry.headers["Location"]) == (303, "/")
        assert cookie["httponly"]
        assert "long-and-secret" not in cookie.value
        assert [inside.status, bearer.status] == [200, 200]


# Health


async def test_health_readiness_and_metrics_answer(client: Client, door: FrontDoor) -> None:
    alive = await given(await client.get("/healthz"))
    ready = await given(await client.get("/readyz"))
    metrics = await (await client.get("/metrics")).text()
    door.problems.append("the database does not answer")
    unready = await client.get("/readyz")

    assert alive["alive"]
    assert ready == {"ready": True, "problems": []}
    assert "things_total 1.0" in metrics
    assert unready.status == 503
    assert (await unready.json())["problems"] == ["the database does not answer"]


async def test_a_readiness_check_that_breaks_means_not_ready(
    client: Client, door: FrontDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> list[str]:
        raise ConnectionError("postgresql://user:secret@host")

    monkeypatch.setattr(door, "ready", broken)

    answer = await client.get("/readyz")

    assert answer.status == 503
    assert "secret" not in await answer.text()


async def test_a_terminal_recognises_the_server_of_its_own_installation(client: Client) -> None:
    host, port = client.host, client.port
    assert port is not None

    def served(url: str) -> bool:
        return is_served(host, port, instance=instance_name(url), timeout_seconds=5)

    assert await asyncio.to_thread(served, "sqlite:///x")
    assert not await asyncio.to_thread(served, "sqlite:///other")


async def test_open_pages_are_sent_away_at_shutdown(door: FrontDoor) -> None:
    async for client in serving(door):
        stream = await client.get("/api/events?key=abc")
        await next_event(stream)

        async with asyncio.timeout(5):
            await client.server.close()

        rest = await stream.content.read()
        assert b"event: thread" not in rest


@pytest.mark.parametrize("channel", [ConsoleChannel(), TerminalChannel()])
async def test_the_courier_finds_every_delivery_where_it_is_read_from(channel: Channel) -> None:
    delivery = a_delivery()

    assert await channel.send(delivery, Notice(text="x")) == delivery.id
    assert await channel.find(delivery) == delivery.id


# Workflows


async def test_a_workflow_is_started_by_a_form_made_of_its_schema(
    client: Client, door: FrontDoor
) -> None:
    door.flows.append(
        parse_workflow(
            "document: {dsl: '1.0.3', namespace: a, name: order, version: '1.0.0', title: Order}\n"
            "input: {schema: {document: {type: object, required: [pieces],\n"
            "  properties: {pieces: {type: integer, title: How many, minimum: 1}}}}}\n"
            "do: [{a: {set: {x: 1}}}]\n",
            file="order.yaml",
        )
    )
    listed = await given(await client.get("/api/workflows"))
    form = await given(await client.get("/api/workflows/order"))

    async def start(pieces: str) -> Any:
        body = {"id": "form-1", "values": {"pieces": pieces}}
        return await given(await change(client, "/api/workflows/order", body))

    wrong = await start("0"), await start(""), await start("some")
    begun = await start("3")
    again = await start("3")

    assert [one["title"] for one in listed["workflows"]] == ["Order"]
    [field] = form["fields"]
    assert (field["title"], field["type"], field["required"]) == ("How many", "integer", True)
    assert ["pieces" in one["wrong"] for one in wrong] == [True, True, True]
    assert begun["number"] == again["number"]
    [message] = door.messages
    assert (message.workflow, message.input) == ("order", {"pieces": 3})
    paused = await change(client, "/api/schedules/order/pause", {"id": "form-1"})
    assert (paused.status, (await paused.json())["code"]) == (400, "refused")
    assert (await change(client, "/api/schedules/order/stop", {"id": "form-1"})).status == 404
    unknown = await client.get("/api/workflows/other")
    assert unknown.status == 404
    assert (await client.post("/api/workflows/order", json={})).status == 403
