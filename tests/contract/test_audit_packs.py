"""Evidence packs: what is in them, and that nothing of them can be changed unnoticed."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.audit.pack import gather, write
from runtime.audit.page import check_page, draw, pack_in
from runtime.audit.verify import check_pack
from runtime.door.evidence import Exported
from runtime.storage import personal_keys, runs
from runtime.storage.database import Database
from tests.worlds.ledger import Ledger
from tests.worlds.services import fresh_sqlite


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    folder = tmp_path_factory.mktemp("ledger")
    with fresh_sqlite(folder) as url:
        database = Database(url)
        made = Ledger(database=database, home=folder / "home")
        made.tell(runs=3)
        yield made
        database.close()


@pytest.fixture(scope="module")
def exported(ledger: Ledger) -> Exported:
    return ledger.evidence.export("2", workspace=None)


def test_a_pack_holds_alone_and_says_what_it_is(ledger: Ledger, exported: Exported) -> None:
    checked = check_pack(exported.pack, key=ledger.evidence.signer().key)

    assert checked.problems == ()
    assert [one["event"] for one in checked.records][0::4] == ["RunAccepted", "RunEnded"]
    assert checked.statement["records"] == 5
    assert check_page(exported.page).problems == ()
    assert pack_in(exported.page) == exported.pack


def test_every_changed_byte_of_a_pack_shows(exported: Exported) -> None:
    pack = exported.pack
    unnoticed = [
        (place, flipped)
        for place in range(len(pack))
        # The other case of a letter is what lenient readers of hashes forgive.
        for flipped in (pack[place] ^ (0x20 if place % 2 else 1), ord(" "))
        if flipped != pack[place]
        if check_pack(pack[:place] + bytes([flipped]) + pack[place + 1 :]).holds
    ]

    assert len(pack) > 3000
    assert unnoticed == []


def test_every_byte_removed_or_added_shows(exported: Exported) -> None:
    pack = exported.pack
    for place in range(0, len(pack), 7):
        assert not check_pack(pack[:place] + pack[place + 1 :]).holds
        assert not check_pack(pack[:place] + b" " + pack[place:]).holds
    assert not check_pack(pack + b"\n").holds
    assert not check_pack(b"").holds


def test_every_cut_shows(exported: Exported) -> None:
    lines = exported.pack.splitlines(keepends=True)
    for place in range(len(exported.pack)):
        if place % 11 == 0:
            assert not check_pack(exported.pack[:place]).holds
    for count in range(len(lines)):
        assert not check_pack(b"".join(lines[:count])).holds


def test_every_record_removed_doubled_or_moved_shows_where(exported: Exported) -> None:
    lines = exported.pack.splitlines(keepends=True)
    for place in range(1, 6):
        removed = check_pack(b"".join(lines[:place] + lines[place + 1 :]))
        doubled = check_pack(b"".join([*lines[: place + 1], *lines[place:]]))
        assert not removed.holds
        assert not doubled.holds
        if place < 5:
            assert f"stands where record {place} should be" in removed.problems[0]
        for other in range(place + 1, 6):
            moved = [*lines]
            moved[place], moved[other] = lines[other], lines[place]
            assert f"record {other}" in check_pack(b"".join(moved)).problems[0]


def test_a_record_of_another_run_does_not_fit(ledger: Ledger, exported: Exported) -> None:
    other = ledger.evidence.export("3", workspace=None).pack.splitlines(keepends=True)
    lines = exported.pack.splitlines(keepends=True)
    for place in range(1, 6):
        mixed = check_pack(b"".join([*lines[:place], other[place], *lines[place + 1 :]]))
        assert any("another run" in problem for problem in mixed.problems)


def test_a_changed_fact_is_named_with_its_record(exported: Exported) -> None:
    changed = exported.pack.replace(b'"verdict":"approve"', b'"verdict":"rejectd"')

    assert "record 4 (ApprovalDecided) was changed" in check_pack(changed).problems


def test_a_pack_signed_by_somebody_else_is_told_from_ours(ledger: Ledger) -> None:
    forger = Ledger(database=ledger.database, home=ledger.home.parent / "forger")
    with ledger.database.read() as connection:
        run = runs.find(connection, "2", workspace=None)
        assert run is not None
        forged = write(gather(connection, run), forger.evidence.signer())

    assert check_pack(forged).holds
    assert not check_pack(forged, key=ledger.evidence.signer().key).holds


def alterations(page: bytes) -> Iterator[bytes]:
    for place in range(0, len(page), 13):
        yield page[:place] + bytes([page[place] ^ 1]) + page[place + 1 :]
        yield page[:place] + page[place + 1 :]
        yield page[:place]


def test_a_changed_page_shows(exported: Exported) -> None:
    page = exported.page
    unnoticed = [one for one in alterations(page) if check_page(one).holds]

    assert unnoticed == []


def test_a_page_asks_for_nothing_and_runs_nothing(exported: Exported) -> None:
    text = exported.page.decode()

    assert not re.search(r"<script|src=|href=|url\(|@import|\son\w+=", text)
    assert "Buy 12 laptops" in text
    assert "cheap enough" in text


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "</template></main><h1>Approved by everybody</h1>",
        "\u202egnihtemos",
        "</style><style>*{display:none}",
    ],
)
def test_what_people_and_models_wrote_cannot_draw_on_the_page(ledger: Ledger, hostile: str) -> None:
    (run,) = ledger.tell(
        [
            ("RunAccepted", {"requester": hostile, "request": hostile, hostile: hostile}),
            ("ApprovalRequested", {"approval": "a", "tool": hostile, "arguments": {hostile: [1]}}),
            ("ApprovalDecided", {"approval": "a", "by": hostile, "verdict": hostile}),
            ("ToolCalled", {"tool": hostile, "actor": hostile, "decision": {"rule": hostile}}),
        ]
    )

    page = ledger.evidence.export(run, workspace=None).page.decode()

    shown = re.sub(r'<template id="pack">[^<]*</template>', "", page)
    assert hostile not in shown
    assert "<script" not in shown
    assert "<img" not in shown
    assert shown.count("<style>") == shown.count("<main>") == shown.count("</main>") == 1
    assert check_page(page.encode()).problems == ()


def test_a_pack_that_is_broken_is_drawn_and_says_so(exported: Exported) -> None:
    broken = exported.pack.replace(b"succeeded", b"suspended")

    assert "This pack was changed" in draw(broken).decode()


@pytest.mark.parametrize(
    "content",
    [
        *(
            b"{}\n",
            b"[]\n",
            b"null\n",
            b'{"head":[],"records":true}\n',
            b"\xff\xfe\n",
            b"[" * 99999,
        ),
        b'{"digest":[],"position":"x","proof":{},"record":[]}\n' * 3,
        b'{"digest":"zz","position":true,"proof":["zz"],"record":{"facts":{"n":1e999}}}\n' * 3,
        b'{"opens":1,"key":"%"}\n{"opens":1,"key":"%"}\n',
    ],
)
def test_what_is_no_pack_is_told_and_never_breaks_the_check(content: bytes) -> None:
    assert not check_pack(content).holds
    assert draw(content)
    page = b'<template id="pack">' + base64.b64encode(content) + b"</template>"
    assert not check_page(page).holds


def erase(ledger: Ledger) -> None:
    with ledger.database.write() as connection:
        personal_keys.destroy(connection, "slack:T1/U2", now=ledger.clock.now())


def test_a_destroyed_key_takes_the_words_and_leaves_the_proofs(tmp_path: Path) -> None:
    with fresh_sqlite(tmp_path) as url:
        ledger = Ledger(database=Database(url), home=tmp_path / "home")
        ledger.tell()
        before = ledger.evidence.export("1", workspace=None)
        erase(ledger)
        after = ledger.evidence.export("1", workspace=None)

        assert b"cheap enough" in before.page
        assert b"cheap enough" not in after.page
        assert b"[erased]" in after.page
        assert b"Buy 12 laptops" in after.page
        assert check_pack(after.pack).problems == ()
        assert ledger.inspect().problems == ()
        told = [json.loads(line) for line in after.pack.splitlines() if b'"opens"' in line]
        assert len(told) == 1
        ledger.database.close()
