"""The workflow of the how-to page, carried out as it stands there."""

from __future__ import annotations

from pathlib import Path

from runtime.domain.json import Json
from runtime.domain.states import StepStatus
from runtime.expressions.evaluator import Evaluator
from runtime.storage import approvals
from runtime.storage.database import Database
from tests.worlds.flows import FlowWorld
from tests.worlds.pages import ROOT, blocks_of


def test_the_page_about_workflows_shows_one_that_works(sqlite_url: str, tmp_path: Path) -> None:
    [text] = [
        block.text
        for block in blocks_of(ROOT / "docs/howto/write-a-workflow.md")
        if block.mark.startswith("file: ")
    ]
    shelves: Json = [{"item": "tea", "left": 2}, {"item": "milk", "left": 9}]
    evaluator, database = Evaluator(), Database(sqlite_url)
    world = FlowWorld(database, evaluator=evaluator, data=tmp_path)

    little = world.run(text, input={"shelves": shelves, "most": 50})
    waiting = world.accept(text, input={"shelves": shelves, "most": 10})
    process = world.process()
    world.engines.do(process, waiting)
    with database.read() as connection:
        [asked] = approvals.of_run(connection, waiting)
    world.engines.answer(asked.step_id, {"verdict": "rejected", "by": "Ada"})
    world.engines.answer_rings(process)
    much = world.outcome(waiting)
    world.close()
    database.close()
    evaluator.close()

    order = [{"item": "tea", "pieces": 20}]
    assert little.output == {"order": order, "approved": True}
    assert asked.preview.what == "Order 20 pieces"
    assert (much.status, much.output) == (
        StepStatus.SUCCEEDED,
        {"order": order, "approved": False},
    )
