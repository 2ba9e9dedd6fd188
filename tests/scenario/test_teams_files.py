"""Files of a run, fetched from Teams by a link that only who opened the file is shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from bots.builders import answer, shown_for
from bots.downloads import PATH, VALID
from runtime.domain.delivery import DeliveryKind
from runtime.domain.run import EVIDENCE, Artifact
from runtime.testing import SteppedClock
from tests.worlds.front_door import a_delivery, a_run, a_view
from tests.worlds.teams.cards import faults, readable, walk
from tests.worlds.teams.cast import ADA, BEN, GROUP, TENANT
from tests.worlds.teams.connector import Posted
from tests.worlds.teams.place import Place, teams_place

PUBLIC = "https://baton.example.com"
CONTENT = b"%PDF-1.7 the offer"
OFFER = Artifact(
    name="offers/Angebot für März.pdf", media_type="application/pdf", size_bytes=len(CONTENT),
    digest="d" * 64, step_id="run_1:/plan/1/compare",
)  # fmt: skip


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def place(clock: SteppedClock) -> Iterator[Place]:
    with teams_place(links=(clock, PUBLIC)) as running:
        yield running


def _answered(place: Place) -> Posted:
    run = a_run(workspace=TENANT, answer="See the file.")
    view = place.door.put(a_view(run, status="succeeded", artifacts=(OFFER,)))
    place.door.contents["run_1", OFFER.name] = CONTENT
    return place.card(answer(view))


def _opened(place: Place, card: Posted) -> str:
    place.world.press(ADA, card, "file.show", GROUP)
    seen = place.world.seen_by(ADA, card)
    assert faults(seen) == []
    assert "good for fifteen minutes" in readable(seen)
    (url,) = _links(seen)
    assert url.startswith(f"{PUBLIC}{PATH}/")
    return url


def _links(card: object) -> list[str]:
    return [one["url"] for one in walk(card) if one.get("type") == "Action.OpenUrl"]


def _fetched(place: Place, url: str) -> tuple[int, bytes, str]:
    here = urlsplit(place.world.endpoint)
    try:
        with urlopen(f"{here.scheme}://{here.netloc}{urlsplit(url).path}", timeout=10) as answered:
            return 200, answered.read(), str(answered.headers["Content-Disposition"])
    except HTTPError as error:
        return error.code, error.read(), ""


def test_who_opens_a_file_gets_a_link_to_it_and_nobody_else_does(
    place: Place, clock: SteppedClock
) -> None:
    card = _answered(place)

    url = _opened(place, card)

    assert _fetched(place, url) == (
        200, CONTENT, "attachment; filename*=UTF-8''Angebot%20f%C3%BCr%20M%C3%A4rz.pdf",
    )  # fmt: skip
    assert _links(card.card) == _links(place.world.seen_by(BEN, card)) == []
    assert "offers" not in url
    clock.step(VALID.total_seconds() + 1)
    status, words, _ = _fetched(place, url)
    assert (status, words) == (
        404,
        b"This link holds no more. Press the button in the chat again.\n",
    )


def test_a_link_opens_that_file_of_that_run_and_nothing_else(place: Place) -> None:
    url = _opened(place, _answered(place))
    head, ticket = url.rsplit("/", 1)

    turned = ticket[:-20] + ("A" if ticket[-20] != "A" else "B") + ticket[-19:]
    for other in (turned, ticket[::-1], "x", "A" * 5_000):
        assert _fetched(place, f"{head}/{other}")[0] == 404

    run = a_run(workspace=TENANT, answer="Made anew.")
    made_anew = replace(OFFER, digest="e" * 64)
    place.door.put(a_view(run, status="succeeded", artifacts=(made_anew,)))
    assert _fetched(place, url)[0] == 404
    place.door.put(
        a_view(replace(run, workspace="another"), status="succeeded", artifacts=(OFFER,))
    )
    assert _fetched(place, url)[0] == 404


def test_evidence_is_opened_like_any_file_and_it_is_the_one_that_was_meant(place: Place) -> None:
    page = Artifact(
        name="run-1.html", media_type="text/html", size_bytes=6, digest="f" * 64, step_id=EVIDENCE
    )
    run = a_run(workspace=TENANT, answer="See the file.")
    view = place.door.put(a_view(run, status="succeeded", artifacts=(OFFER, page)))
    place.door.contents["run_1", page.name] = b"<main>"
    delivery = a_delivery(
        DeliveryKind.ANSWER,
        "evidence/1",
        place=view.place,
        payload={EVIDENCE: "The evidence."},
    )
    shown = shown_for(delivery, view)
    assert shown is not None

    url = _opened(place, place.card(shown))

    assert _fetched(place, url)[:2] == (200, b"<main>")
    assert [one.name for one in answer(view).files] == [OFFER.name]
