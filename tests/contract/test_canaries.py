"""A secret that a tool gives away, and personal data that people write, are in no sink."""

from __future__ import annotations

import base64
import logging
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from bots.commands import run_command
from bots.process import evidence_of
from runtime.domain.approval import Verdict
from runtime.domain.conversation import Person, Place
from runtime.domain.errors import Refused
from runtime.domain.grant import Bound, Wanted
from runtime.domain.halt import HaltScope
from runtime.observability.redaction import Redactor
from runtime.storage import tables
from tests.worlds.crew import calls, plan, step
from tests.worlds.governed import ADA, BEN, Governed, governed
from tests.worlds.openai import Answer, OpenAIWorld

CANARY = "kanarien/vogel+4711=ABCDEFGH"
SPELLINGS = {
    "plain": CANARY,
    "base64": base64.b64encode(CANARY.encode()).decode()[:-4],
    "url": quote(CANARY, safe=""),
    "half": CANARY[:11],
    "other half": CANARY[11:],
    "spaced": " ".join(CANARY),
}
PERSONAL = {
    "card": "4111 1111 1111 1111",
    "iban": "DE89 3704 0044 0532 0130 00",
    "email": "ada.kanarie@mail.example.com",
    "phone": "+49 30 12345678",
}
ENCODED = {f"encoded {kind}": quote(one, safe="") for kind, one in PERSONAL.items()}
WHOLE = [CANARY, SPELLINGS["url"], base64.b64encode(CANARY.encode()).decode()]
"""The secret as people paste it; models break it up as well, in the hope that nobody sees it."""
EVERYTHING = ", ".join((*WHOLE, *PERSONAL.values(), *ENCODED.values()))
WITHIN = base64.b64encode(f"see {CANARY} there".encode()).decode()
HOWS = ("plain", "base64", "url", "spaced", "lines", "parts", "key")
POLICY = """version: 1
roles: {approver: ["slack:T024/UBEN", "console:local/*"]}
"""
OPERATOR = Person(channel="console", workspace="local", external_id="operator", name="Operator")
PAGES = ("", "/trace", "/audit", "/why", "/workflow")
LINES = ("show 1", "why 1", "trace 1", "audit 1", "halts", "runs", "grants 1")


def test_canaries_and_personal_data_are_in_no_sink(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CONFESSED", CANARY)
    caplog.set_level(logging.DEBUG)
    said = f"Ask {' or '.join(PERSONAL.values())}"
    with (
        OpenAIWorld() as models,
        governed(
            tmp_path, models, monkeypatch, policy=POLICY, hide="card,iban,email,phone"
        ) as office,
    ):
        office.crew.plans(plan(step("a")))
        office.crew.works(
            calls(*(("confess", {"how": how}) for how in HOWS)),
            calls(("send", {"to": "Xenia"})),
            Answer(text="told"),
        )
        office.ask(said)
        [approval] = office.asked()
        office.product.runtime.ask_about(approval.id, BEN, f"is it {PERSONAL['card']}?", "slack")
        office.decide(approval, BEN, Verdict.REJECT, reason=f"not {PERSONAL['iban']}")
        office.ended()
        sinks = _sinks(office)
    # What the processes log goes through this before it is written anywhere.
    redact = Redactor([CANARY])
    sinks["log"] = redact("\n".join(record.getMessage() for record in caplog.records))

    canaries = {**SPELLINGS, **PERSONAL}
    found = {
        (sink, form) for sink, text in sinks.items() for form in canaries if canaries[form] in text
    }
    assert found == set()
    assert sinks["prompts"].count("[secret]") >= len(HOWS)
    assert {f"[{kind}]" for kind in PERSONAL} <= set(_words(sinks["table run"]))


def test_what_models_say_and_people_do_besides_is_in_no_sink(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CANARY_TOKEN", CANARY)
    caplog.set_level(logging.DEBUG)
    looks = [*WHOLE, WITHIN, " ".join(CANARY), *PERSONAL.values(), *ENCODED.values()]
    with (
        OpenAIWorld() as models,
        governed(
            tmp_path, models, monkeypatch, policy=POLICY, hide="card,iban,email,phone"
        ) as office,
    ):
        office.crew.plans(plan(step("a"), step("b"), goal=f"Do it with {CANARY}"))
        office.crew.works(
            calls(*(("look", {"what": one}) for one in looks)),
            calls(("look", {"what": [CANARY[:11], CANARY[11:]]})),
            calls(("ask", {"question": f"Is it {EVERYTHING}?", "choices": [CANARY]})),
            calls(("send", {"to": f"Xenia at {EVERYTHING}"})),
            Answer(text=f"It is {EVERYTHING} or {' '.join(CANARY)}."),
            task="task of a",
        )
        office.crew.works(calls(("ask", {"question": "Stay?"})), task="task of b")
        office.crew.synthesises(f"It is {EVERYTHING}.", ["a"])
        office.crew.checks({"passed": True, "findings": [EVERYTHING], "confidence": 0.9})
        office.ask()
        _answered_changed_halted_and_skipped(office)
        answer = office.ended().run.answer
        sinks = _sinks(office) | _shown(office)
    redact = Redactor([CANARY])
    sinks["log"] = redact("\n".join(record.getMessage() for record in caplog.records))

    forms = {**SPELLINGS, **PERSONAL, **ENCODED, "within base64": WITHIN[8:-8]}
    found = {(sink, form) for sink, text in sinks.items() for form in forms if forms[form] in text}
    assert found == set()
    assert {"[secret]", *(f"[{kind}]" for kind in PERSONAL)} <= set(_words(answer))


def _answered_changed_halted_and_skipped(office: Governed) -> None:
    """Let people say all of it wherever they are asked, or may say something."""
    runtime = office.product.runtime
    for question in office.product.until(
        lambda: found if len(found := runtime.view("1", workspace=None).questions) == 2 else None
    ):
        if question.text != "Stay?":
            runtime.answer(question.step_id, ADA, f"yes, {EVERYTHING}")
    [approval] = office.asked()
    for one in (CANARY, *PERSONAL.values()):
        with pytest.raises(Refused, match="BATON_HIDE"):
            office.decide(approval, BEN, arguments={"to": f"Yves, {one}"})
        bound = Bound(path="to", test="equals", value=one)
        with pytest.raises(Refused, match="bound something else"):
            runtime.governing.grant(
                Wanted(run="1", tool="send", uses=1, where=(bound,)), BEN, workspace=None
            )
    halt = runtime.governing.halt(
        HaltScope.WORKSPACE, EVERYTHING, OPERATOR, reason=EVERYTHING, drill=True
    )
    assert "[card]" in halt.reason
    office.decide(approval, BEN, reason=EVERYTHING)
    runtime.skip("1", "b", ADA, reason=EVERYTHING)


def _shown(office: Governed) -> dict[str, str]:
    """Give what HTTP and commands answer, complaints too."""
    place = urlsplit(office.product.url)
    shown: dict[str, str] = {}
    for path in (*(f"/api/runs/1{page}" for page in PAGES), "/api/runs", "/api/approvals"):
        connection = HTTPConnection(place.hostname or "", place.port, timeout=20)
        connection.request("GET", path)
        response = connection.getresponse()
        shown[f"HTTP {path}"] = response.read().decode()
        assert response.status == 200, path
        connection.close()
    here = Place(channel="console", workspace="local", key="canary", address={})
    for line in LINES:
        told = run_command(
            line, runtime=office.product.runtime, person=OPERATOR, place=here, surface="console"
        )
        shown[f"command {line}"] = f"{told.text} {told.data}"
    marks = office.product.settings.data / "marks"
    return {**shown, "tools": marks.read_text()}


def _sinks(office: Governed) -> dict[str, str]:
    product = office.product
    evidence = evidence_of(product.settings, product.runtime.database, product.clock)
    exported = evidence.export("1", workspace=None)
    sinks = {
        "prompts": "\n".join(office.crew.asked("planner") + office.crew.asked("worker")),
        "export": exported.pack.decode() + exported.page.decode(),
        "view": str(product.runtime.view("1", workspace=None)),
        "trace": str(product.runtime.trace("1", workspace=None)),
    }
    with product.runtime.database.read() as connection:
        for table in tables.Row.metadata.sorted_tables:
            rows = connection.execute(table.select())
            sinks[f"table {table.name}"] = "\n".join(str(tuple(row)) for row in rows)
    return sinks


def _words(text: str) -> list[str]:
    return text.replace("'", " ").replace(",", " ").split()
