"""One durable agent turn on PostgreSQL: a model call, a tool call, all of it journalled.

The model is a stub on loopback, in a process of its own, and reached through LiteLLM under two
names: as a server of one's own, which it is, and as OpenAI's, which costs LiteLLM more. In between
the same conversation is sent through LiteLLM alone, each time with two bare commits after it: no
engine that journals what the model said and what the tool gave can take less.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from bench.bare_commit import bare_commit
from bench.places import POSTGRES, Places
from bench.processes import CONTENT, stub_model
from bench.stub_model import ROUNDS
from bench.table import Measured, median
from bots import process
from runtime.domain.conversation import Message, Person, Place
from runtime.domain.ids import new_id
from runtime.domain.run import RunView
from runtime.queue.broker import RUNS
from runtime.settings import Settings

_RUNS = 8
_SOME_SECONDS = 30.0
ME = Person(channel="terminal", workspace="local", external_id="bench")


def measure(places: Places) -> Iterator[Measured]:
    """Measure turns by the journal's own times: from one model call's start to the next one's."""
    for name, provider, goal in (
        ("durable agent turn", "hosted_vllm", 6.0),
        ("durable agent turn, as OpenAI's", "openai", None),
    ):
        turns, alone, commits = _measured(places, f"{provider}/stub")
        call, commit = median(alone) * 1000, median(commits) * 1000
        turn = median(turns) * 1000
        yield Measured(
            name=name, on=POSTGRES, value=turn, unit="ms", goal=goal,
            beside=f"LiteLLM alone {call:.2f} ms, two bare commits {2 * commit:.2f} ms;"
            f" {turn / (call + 2 * commit):.2f} times both",
        )  # fmt: skip


def _measured(places: Places, model: str) -> tuple[list[float], list[float], list[float]]:
    """Give the seconds of turns, of calls through LiteLLM alone and of bare commits."""
    turns: list[float] = []
    alone: list[float] = []
    commits: list[float] = []
    with stub_model(places.folder / "model.log") as model_url:
        os.environ["OPENAI_API_KEY"] = "not-a-key"
        os.environ["OPENAI_API_BASE"] = os.environ["HOSTED_VLLM_API_BASE"] = model_url
        settings = Settings.model_validate(
            {
                "database_url": places.url(POSTGRES),
                "home": places.folder / "turns",
                "model": model,
                "agents_path": CONTENT,
                "log_level": "ERROR",
            }
        )
        base = process.open_base(settings, works=True)
        worker = process.make_worker(base)
        queue = process.consume(base, worker, None, {RUNS})
        ask, commit = _litellm_alone(model, model_url), bare_commit(places.url(POSTGRES))
        try:
            for number in range(_RUNS):
                view = ended(base, said(base, "walk"))
                if number:  # The first run loads the library.
                    turns += _turns(base, view)
                    for _ in range(ROUNDS):
                        alone.append(ask())
                        commits += [commit(), commit()]
        finally:
            process.wind_down(base, worker, queue)
    return turns, alone, commits


def said(base: process.Base, task: str) -> str:
    """Ask the clerk for something; give the run's id."""
    place = Place(channel="terminal", workspace="local", key=new_id("bench"), address={})
    message = Message(
        event_key=new_id("event"),
        place=place,
        person=ME,
        text=task,
        agent="clerk",
        addressed=True,
    )
    received = base.runtime.receive(message)
    assert received.run_id is not None
    return received.run_id


def ended(base: process.Base, run: str) -> RunView:
    """Wait for a run to succeed."""
    give_up_at = time.monotonic() + _SOME_SECONDS
    while (view := base.runtime.view(run, workspace=None)).status != "succeeded":
        assert time.monotonic() < give_up_at, f"{run} is {view.status}"
        assert view.status != "failed", view.run.error
        time.sleep(0.25)  # Looking takes as long as a turn.
    return view


def _turns(base: process.Base, view: RunView) -> list[float]:
    rows = base.runtime.trace(view.run.id, workspace=None)
    began = sorted(
        row.step.started_at for row in rows if row.step.kind == "model" and row.step.started_at
    )
    return [(after - before).total_seconds() for before, after in pairwise(began)]


def _litellm_alone(model: str, model_url: str) -> Callable[[], float]:
    import litellm

    # As long as the conversation is in the middle of a run.
    function = {"name": "calculate", "arguments": '{"expression": "6 * 7"}'}
    call = {"id": "call_0", "type": "function", "function": function}
    exchange = [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_0", "content": '{"result": "42"}'},
    ]
    parameters = {"type": "object", "properties": {"expression": {"type": "string"}}}
    arguments: Mapping[str, Any] = {
        "model": model,
        "messages": [
            {"role": "system", "content": "You do what the scripted model says."},
            {"role": "user", "content": '{"task": "walk", "inputs": {}, "request": "walk"}'},
            *(exchange * (ROUNDS // 2)),
        ],
        "tools": [
            {
                "type": "function",
                "function": {"name": "calculate", "description": "", "parameters": parameters},
            }
        ],
        "api_base": model_url,
        "api_key": "not-a-key",
    }

    def ask() -> float:
        started = time.perf_counter()
        litellm.completion(**arguments)
        return time.perf_counter() - started

    return ask
