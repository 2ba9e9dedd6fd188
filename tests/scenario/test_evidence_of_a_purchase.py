"""The evidence of a whole run in Slack: everything is on record, and it proves itself."""

from __future__ import annotations

import json

from bots.process import evidence_of
from runtime.audit.page import check_page
from runtime.audit.verify import check_pack
from runtime.domain.json import JsonObject, object_of
from tests.worlds.scene import Scene


def events(records: tuple[JsonObject, ...]) -> list[str]:
    return [str(one["event"]) for one in records]


def facts_of(records: tuple[JsonObject, ...], event: str) -> list[JsonObject]:
    return [object_of(one["facts"]) for one in records if one["event"] == event]


def test_the_evidence_of_a_purchase_is_complete_and_holds(scene: Scene) -> None:
    ts = scene.ask("Buy 12 laptops from the best vendor").ts
    scene.until_approvals()
    scene.approve(scene.approval_card(ts))
    scene.answer(ts)
    product = scene.product
    evidence = evidence_of(product.settings, product.runtime.database, product.clock)

    exported = evidence.export("1", workspace=None)

    checked = check_pack(exported.pack, key=evidence.signer().key)
    assert checked.problems == ()
    assert check_page(exported.page).problems == ()
    told = events(checked.records)
    assert told[0] == "RunAccepted"
    assert told.count("ApprovalRequested") == told.count("ApprovalDecided") == 1
    (decided,) = facts_of(checked.records, "ApprovalDecided")
    (asked,) = facts_of(checked.records, "ApprovalRequested")
    assert decided["digest"] == asked["digest"]
    assert facts_of(checked.records, "CardShown")[0]["shown"]
    called = facts_of(checked.records, "ToolCalled")
    (ordered,) = [one for one in called if one["tool"] == "record_purchase_order"]
    assert object_of(ordered["decision"])["approval"] == decided["approval"]
    assert told.index("ApprovalDecided") < next(
        number
        for number, one in enumerate(checked.records)
        if object_of(one["facts"]).get("tool") == "record_purchase_order"
        and one["event"] == "ToolCalled"
    )
    assert all(one["prompt"] for one in facts_of(checked.records, "ModelAsked"))
    assert evidence.inspect().problems == ()
    assert "Buy 12 laptops" not in json.dumps([one["facts"] for one in checked.records])
    assert "Buy 12 laptops" in exported.page.decode()
