"""Record what handlers did, for ``test_histories.py`` to replay with the handlers of the day.

``python -m tests.histories.record`` makes the histories anew with the demonstration model. Do it
when handlers are meant to do something else from now on; runs that are under way under the old
histories then need the old version, so say so in the changelog.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import RowMapping, select

from runtime.domain.approval import Decide, Verdict
from runtime.domain.conversation import Message, Person, Place
from runtime.domain.run import RunView
from runtime.service import Runtime
from runtime.settings import Settings
from runtime.storage import tables
from runtime.storage.database import Database

FOLDER = Path(__file__).parent
AGENTS = Path(__file__).parents[2] / "agents"
PERSON = Person(channel="console", workspace="local", external_id="operator", name="Operator")
ENDED = ("succeeded", "failed", "cancelled")


@dataclass(frozen=True, kw_only=True)
class Story:
    """One run to be recorded."""

    name: str
    request: str
    verdict: Verdict = Verdict.APPROVE
    agent: str | None = None
    said: tuple[str, ...] = field(default=())


STORIES = (
    Story(name="purchase_approved", request="Buy 12 laptops from the best vendor"),
    Story(
        name="purchase_rejected", request="Buy 12 laptops from the best vendor",
        verdict=Verdict.REJECT,
    ),
    Story(
        name="purchase_with_a_reply", request="Buy 12 laptops from the best vendor",
        said=("Deliver them to Oslo, please",),
    ),
    Story(name="one_agent", request="Compare the vendors of laptops", agent="analyst"),
)  # fmt: skip


def main() -> None:
    """Record every story."""
    for story in STORIES:
        with tempfile.TemporaryDirectory() as home:
            history = _record(story, Path(home))
        target = FOLDER / f"{story.name}.json"
        text = json.dumps(history, indent=1, sort_keys=True, ensure_ascii=False)
        target.write_text(text + "\n", encoding="utf-8")
        sys.stdout.write(f"{target.name}: {len(history['step'])} steps\n")


def _record(story: Story, home: Path) -> dict[str, Any]:
    from bots import process

    os.environ.update(BATON_HOME=str(home), BATON_AGENTS_PATH=str(AGENTS))
    settings = Settings()
    runtime = process.open_runtime(settings)
    place = Place(channel="console", workspace="local", key=story.name, address={})
    received = runtime.receive(
        Message(
            event_key="console:1", person=PERSON, place=place, text=story.request,
            addressed=True, agent=story.agent,
        )
    )  # fmt: skip
    assert received.run_id is not None
    for number, text in enumerate(story.said, start=2):
        runtime.receive(
            Message(
                event_key=f"console:{number}", person=PERSON, place=place, text=text,
                addressed=True,
            )
        )  # fmt: skip

    def until(view: RunView) -> bool:
        _decide(runtime, view, story.verdict)
        return view.status in ENDED

    process.work_until(settings, runtime, received.run_id, until)
    return snapshot(Database(settings.database), received.run_id)


def _decide(runtime: Runtime, view: RunView, verdict: Verdict) -> None:
    for approval in runtime.approvals(workspace=None, run=view.run.id):
        runtime.decide(
            Decide(
                approval=approval.id, person=PERSON, verdict=verdict, surface="console",
                reason="as the story goes",
            )
        )  # fmt: skip


def snapshot(database: Database, run_id: str) -> dict[str, Any]:
    """Give the rows that a run's handlers were functions of."""
    with database.read() as connection:
        run = connection.execute(select(tables.run).where(tables.run.c.id == run_id)).mappings()
        row = run.one()
        steps = connection.execute(
            select(tables.step)
            .where(tables.step.c.run_id == run_id)
            .order_by(tables.step.c.created_at, tables.step.c.id)
        ).mappings()
        catalog = connection.execute(
            select(tables.definition).where(tables.definition.c.digest == row["catalog"])
        ).mappings()
        return {
            "run": _plain(row),
            "step": [_plain(step) for step in steps],
            "definition": _plain(catalog.one()),
        }


def _plain(row: RowMapping) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
        if value is not None
    }


if __name__ == "__main__":
    main()
