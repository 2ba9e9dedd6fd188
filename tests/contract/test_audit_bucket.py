"""Heads in a bucket: signed for, never written over, and compared with the log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runtime.audit import anchor
from runtime.audit.bucket import Bucket, open_bucket
from runtime.audit.sigv4 import Credentials, signed
from runtime.domain.errors import Misconfigured, Upstream
from runtime.storage.database import Database
from runtime.testing import SteppedClock
from tests.worlds.bucket import KEY_ID, REGION, SECRET, Shelf, bucket_server
from tests.worlds.ledger import Ledger


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with bucket_server() as running:
        yield running


def bucket(shelf: Shelf, *, secret: str = SECRET) -> Bucket:
    made = open_bucket(shelf.url, key_id=KEY_ID, secret=secret, region=REGION, clock=SteppedClock())
    assert made is not None
    return made


@pytest.fixture
def ledger(database: Database, tmp_path: Path, shelf: Shelf) -> Ledger:
    return Ledger(database=database, home=tmp_path / "home", bucket=bucket(shelf))


def test_a_signature_is_the_one_that_amazon_publishes() -> None:
    # https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html (2026-11)
    key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    known = Credentials(key_id="AKIAIOSFODNN7EXAMPLE", secret=key, region="us-east-1")
    at = datetime(2013, 5, 24, tzinfo=UTC)
    host = {"Host": "examplebucket.s3.amazonaws.com"}

    of_object = signed(
        known, "GET", path="/test.txt", query={}, headers={**host, "Range": "bytes=0-9"},
        body=b"", at=at,
    )  # fmt: skip
    of_list = signed(
        known, "GET", path="/", query={"prefix": "J", "max-keys": "2"}, headers=host,
        body=b"", at=at,
    )  # fmt: skip

    assert of_object["Authorization"].endswith(
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    )
    assert of_list["Authorization"].endswith(
        "Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
    )


def test_heads_go_to_the_bucket_and_to_the_file_and_are_compared(
    ledger: Ledger, shelf: Shelf
) -> None:
    for _ in range(3):
        ledger.tell()
        ledger.sweep()
        ledger.clock.step(61)

    assert sorted(shelf.objects) == [f"/audit/heads/head-{size:016}.json" for size in (5, 10, 15)]
    assert shelf.refused == []
    assert ledger.bucket is not None
    assert anchor.stored(ledger.bucket) == anchor.read(ledger.evidence.anchors)
    assert ledger.inspect().problems == ()


def test_a_log_made_anew_is_told_by_the_bucket_alone(ledger: Ledger, shelf: Shelf) -> None:
    ledger.tell(runs=2)
    ledger.sweep()
    ledger.evidence.anchors.unlink()
    ledger.alter("DELETE FROM audit WHERE position >= 5", "DELETE FROM audit_head")

    problems = ledger.inspect().problems

    assert any("shows that the log was longer: 5 are left" in one for one in problems)
    assert any("taken out of the database" in one for one in problems)


def test_what_is_in_the_bucket_is_never_written_over(ledger: Ledger, shelf: Shelf) -> None:
    ledger.tell()
    ledger.sweep()
    (name, content) = next(iter(shelf.objects.items()))
    assert ledger.bucket is not None
    (head,) = anchor.stored(ledger.bucket)

    assert anchor.store(ledger.bucket, replace(head, root="00" * 32)) is False

    assert shelf.objects == {name: content}
    assert json.loads(content)["root"] == head.root


def test_a_bucket_that_is_away_is_tried_again_and_nothing_is_lost(
    ledger: Ledger, shelf: Shelf
) -> None:
    ledger.tell()
    shelf.answers = 503
    anchoring = ledger.evidence.chores(ledger.bell)[-1]
    ledger.evidence.catch_up()

    with pytest.raises(Upstream, match="answered 503; it is tried again"):
        anchoring()
    assert anchor.read(ledger.evidence.anchors) == []
    shelf.answers = None

    assert anchoring() == 1
    assert len(shelf.objects) == len(anchor.read(ledger.evidence.anchors)) == 1


def test_who_does_not_know_the_secret_gets_nowhere_and_it_is_told_nowhere(shelf: Shelf) -> None:
    stranger = bucket(shelf, secret="another-secret-canary")

    with pytest.raises(Misconfigured, match="answered 403 to PUT") as refused:
        stranger.add("head-1.json", b"{}")

    assert shelf.objects == {}
    assert "canary" not in f"{refused.value} {stranger!r}"


def test_a_bucket_without_its_keys_or_without_a_name_is_refused() -> None:
    clock = SteppedClock()
    with pytest.raises(Misconfigured, match="BATON_AUDIT_BUCKET_SECRET"):
        open_bucket("https://s3.test/b", key_id="k", secret=None, region="r", clock=clock)
    with pytest.raises(Misconfigured, match="names no bucket"):
        open_bucket("https://s3.test/", key_id="k", secret="s", region="r", clock=clock)
    assert open_bucket(None, key_id=None, secret=None, region="r", clock=clock) is None
