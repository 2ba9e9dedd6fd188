"""Where a workflow says something: its own conversation, or another that Baton knows."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from runtime.domain.conversation import Place
from runtime.domain.json import JsonObject
from runtime.expressions.evaluator import Evaluator
from runtime.storage import conversations, deliveries
from tests.worlds.flows import FlowWorld, opened

THREAD = Place(
    channel="slack",
    workspace="T9",
    key="C042/17.5",
    address={"channel": "C042", "thread_ts": "17.5", "team": "T9"},
)


@pytest.fixture
def world(sqlite_url: str, evaluator: Evaluator, tmp_path: Path) -> Iterator[FlowWorld]:
    with opened(sqlite_url, partial(FlowWorld, evaluator=evaluator, data=tmp_path)) as made:
        with made.database.write() as connection:
            conversations.ensure(connection, THREAD, now=made.engines.clock.now())
        yield made


def posting(to: str) -> str:
    return f"do:\n  - a: {{call: post, with: {{text: Done, to: '{to}'}}}}\n"


def problem(world: FlowWorld, to: str) -> JsonObject:
    return world.run(posting(to), input={"to": "slack:T9/C042"}).problem


def test_a_channel_that_is_named_hears_it_beside_its_threads_once(world: FlowWorld) -> None:
    run_id = world.accept(posting("slack:T9/C042"))
    for _ in range(2):
        world.engines.do(world.process(), run_id)

    assert world.outcome(run_id).output == {"text": "Done"}
    place = Place(channel="slack", workspace="T9", key="C042/posts", address={})
    with world.database.read() as connection:
        there = conversations.find(connection, place)
        assert there is not None
        [owed] = [one for _, one in deliveries.all_in(connection, there)]
        run_there = conversations.read(connection, there).place
    assert owed.payload == {"text": "Done"}
    assert run_there.address["channel"] == "C042"
    assert run_there.address["apart"] == "true"


@pytest.mark.parametrize(
    ("to", "kind", "words"),
    [
        ("slack:T9/C04", "configuration", "Baton has never been spoken to in 'slack:T9/C04'"),
        ('${ "general" }', "configuration", "names no conversation; write CHANNEL:WORKSPACE/ID"),
        ("${ .to }", "authorization", "lies in another workspace"),
    ],
)
def test_what_is_no_conversation_here_is_refused_with_a_word_about_it(
    world: FlowWorld, to: str, kind: str, words: str
) -> None:
    found = problem(world, to)

    assert str(found["type"]).endswith(f"/errors/{kind}"), found
    assert words in str(found["detail"])
