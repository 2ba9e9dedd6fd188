"""Files of a run put into somebody's own OneDrive, by what Teams calls file consent."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from bots.builders import answer
from bots.teams.consent import file_name
from bots.teams.service import ServiceUrls
from runtime.domain.run import Artifact
from tests.worlds.front_door import a_run, a_view
from tests.worlds.teams import activities
from tests.worlds.teams.cards import buttons, faults, file_of, readable
from tests.worlds.teams.cast import ADA, GROUP, GUEST, PERSONAL, TENANT, Member
from tests.worlds.teams.connector import Posted
from tests.worlds.teams.place import Place, teams_place
from tests.worlds.teams.world import Answer

CONTENT = b"%PDF-1.7 the offer"
OFFER = Artifact(
    name="offers/Angebot: März.pdf", media_type="application/pdf", size_bytes=len(CONTENT),
    digest="d" * 64, step_id="run_1:/plan/1/compare",
)  # fmt: skip
ASKS = "application/vnd.microsoft.teams.card.file.consent"
IS_THERE = "application/vnd.microsoft.teams.card.file.info"


@pytest.fixture
def place() -> Iterator[Place]:
    with teams_place() as running:
        yield running


def _answered(place: Place) -> Posted:
    run = a_run(workspace=TENANT, answer="See the file.")
    view = place.door.put(a_view(run, status="succeeded", artifacts=(OFFER,)))
    place.door.contents["run_1", OFFER.name] = CONTENT
    return place.card(answer(view), PERSONAL)


def _files(place: Place, kind: str) -> list[Posted]:
    return [
        one
        for one in place.world.messages(PERSONAL)
        if file_of(one.activity).get("contentType") == kind
    ]


def _asked(place: Place) -> Posted:
    card = _answered(place)
    place.world.press(ADA, card, "file.show", PERSONAL)
    place.world.press(ADA, card, "file.keep", PERSONAL)
    seen = place.world.seen_by(ADA, card)
    assert faults(seen) == []
    assert "Teams asks you below" in readable(seen)
    (asked,) = place.world.until(lambda: _files(place, ASKS))
    return asked


def _address(place: Place, name: str = "offer", key: str = "sesame") -> str:
    return f"{place.world.connector.url}/onedrive/{name}?tempauth={key}"


def _says(
    place: Place, asked: Posted, url: str, *, person: Member = ADA, agrees: bool = True
) -> Answer:
    return place.world.deliver(
        activities.consented(
            person, PERSONAL, service_url=place.world.url, message_id=asked.id,
            asked=file_of(asked.activity), upload_url=url, agrees=agrees,
        )
    )  # fmt: skip


def _told(place: Place, words: str) -> bool:
    return any(words in readable(one.card) for one in place.world.messages(PERSONAL))


def test_a_file_goes_where_its_reader_agrees_to_have_it(place: Place) -> None:
    asked = _asked(place)
    question = file_of(asked.activity)
    assert (question["name"], question["content"]["sizeInBytes"]) == (
        "Angebot_ März.pdf",
        len(CONTENT),
    )

    assert _says(place, asked, _address(place)).status == 200

    (shown,) = place.world.until(lambda: _files(place, IS_THERE))
    content, headers = place.world.connector.files["offer"]
    assert content == CONTENT
    assert "Authorization" not in headers
    assert file_of(shown.activity)["contentUrl"] == _address(place).partition("?")[0]
    place.world.until(lambda: not _files(place, ASKS))
    assert place.world.connector.violations == []


def test_an_answer_that_is_delivered_again_puts_nothing_again(place: Place) -> None:
    asked = _asked(place)
    first = _says(place, asked, _address(place))
    place.world.until(lambda: _files(place, IS_THERE))

    assert place.world.deliver(first.activity).status == 200
    # What follows is answered after whatever that delivery could have begun.
    place.world.say(ADA, PERSONAL, "help")
    place.world.until(lambda: _told(place, "help"))

    assert len(_files(place, IS_THERE)) == 1
    assert not _told(place, "did not take the file")


def test_who_declines_is_asked_no_more_and_nothing_is_put(place: Place) -> None:
    asked = _asked(place)

    _says(place, asked, "", agrees=False)

    place.world.until(lambda: not _files(place, ASKS))
    assert place.world.connector.files == {}


def test_a_place_that_is_not_microsofts_gets_nothing(place: Place) -> None:
    asked = _asked(place)

    _says(place, asked, "https://files.evil.example/put?tempauth=sesame")

    place.world.until(lambda: _told(place, "Nothing was put anywhere"))
    assert place.world.connector.files == {}


def test_what_onedrive_refuses_is_told_and_its_address_is_in_no_log(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    asked = _asked(place)

    with caplog.at_level(logging.DEBUG):
        _says(place, asked, _address(place, key="another-key"))
        place.world.until(lambda: _told(place, "did not take the file (HTTP 404)"))

    assert "another-key" not in caplog.text


def test_who_agrees_must_be_let_in_and_the_file_be_the_same(place: Place) -> None:
    asked = _asked(place)

    _says(place, asked, _address(place, "by-a-guest"), person=GUEST)
    place.world.until(lambda: _told(place, "guest accounts may not"))
    question = file_of(asked.activity)
    question["content"]["acceptContext"]["digest"] = "e" * 64
    _says(place, asked, _address(place, "made-anew"))
    place.world.until(lambda: _told(place, "made this file anew"))

    assert place.world.connector.files == {}


def test_where_others_read_too_no_file_is_offered(place: Place) -> None:
    run = a_run(workspace=TENANT, answer="See the file.")
    view = place.door.put(a_view(run, status="succeeded", artifacts=(OFFER,)))
    place.door.contents["run_1", OFFER.name] = CONTENT
    card = place.card(answer(view), GROUP)

    place.world.press(ADA, card, "file.show", GROUP)

    assert "file.keep" not in {one.verb for one in buttons(place.world.seen_by(ADA, card))}
    forged = activities.execute(
        ADA, GROUP, service_url=place.world.url, message_id=card.id, verb="file.keep",
        data={"run": "run_1", "file": 0},
    )  # fmt: skip
    refused = place.world.deliver(forged)
    assert "your own chat with Baton only" in refused.body["value"]


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("https://contoso-my.sharepoint.com/personal/ada/_api/v2.0/up?tempauth=x", True),
        ("https://contoso-my.sharepoint.us/up?tempauth=x", True),
        ("http://contoso-my.sharepoint.com/up", False),
        ("https://contoso-my.sharepoint.com:8443/up", False),
        ("https://evil.example/?x=.sharepoint.com", False),
        ("https://sharepoint.com.evil.example/up", False),
        ("https://evilsharepoint.com/up", False),
        ("https://user@contoso-my.sharepoint.com/up", False),
        ("https://evil.example\\@contoso-my.sharepoint.com/up", False),
        ("https://127.0.0.1/up", False),
        ("https://smba.trafficmanager.net/up", False),
        ("", False),
    ],
)
def test_files_are_put_at_microsofts_storage_only(url: str, *, taken: bool) -> None:
    assert ServiceUrls().takes_files(url) is taken


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("a/b/offers.csv", "offers.csv"),
        ("..", "file"),
        ('x<>:"|?*#%.txt', "x_________.txt"),
        ("long" * 60 + ".pdf", ("long" * 60)[:116] + ".pdf"),
        (".env", "env"),
    ],
)
def test_a_file_has_a_name_that_onedrive_takes(name: str, given: str) -> None:
    assert file_name(name) == given
