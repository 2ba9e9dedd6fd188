"""A key that somebody pastes into a chat is in no sink: journal, cards, prompts, audit, exports."""

from __future__ import annotations

from bots.process import evidence_of
from runtime.storage import tables
from tests.worlds.crew import Crew, calls, plan, step
from tests.worlds.openai import Answer
from tests.worlds.scene import Scene

KEYS = [
    "sk-live-canary4711canary4711",
    "xoxb-4711-4711-canarycanary",
    "ghp_canary4711canary4711canary4711canary",
    "AKIACANARY4711CANARY",
    "canary4711-after-a-label",
    "canary4711inaurl",
]
SAID = (
    f"use {KEYS[0]} and {KEYS[1]}, or {KEYS[2]} with {KEYS[3]};"
    f" password: {KEYS[4]}, see https://me:{KEYS[5]}@example.com/"
)


def test_a_pasted_key_is_in_no_sink(working: Scene, agents: Crew) -> None:
    agents.plans(plan(step("a")))
    agents.works(calls(("look", {"what": "it"})), Answer(text="it is there"))
    agents.synthesises("It is there.", ["a"])

    asked = working.ask(SAID)
    working.answer(asked.ts)
    working.until_quiet()

    product = working.product
    evidence = evidence_of(product.settings, product.runtime.database, product.clock)
    exported = evidence.export("1", workspace=None)
    sinks = {
        "prompts": "\n".join(agents.asked("planner") + agents.asked("worker")),
        "cards": "\n".join(f"{one.text} {one.blocks}" for one in working.said(asked.ts)),
        "export": exported.pack.decode() + exported.page.decode(),
    }
    with product.runtime.database.read() as connection:
        for table in tables.Row.metadata.sorted_tables:
            rows = connection.execute(table.select())
            sinks[f"table {table.name}"] = "\n".join(str(tuple(row)) for row in rows)
    found = {(sink, key) for sink, text in sinks.items() for key in KEYS if key in text}
    assert found == set()
    assert "[secret]" in sinks["prompts"]
