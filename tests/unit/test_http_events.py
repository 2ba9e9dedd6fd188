"""CloudEvents are read in all three modes, and what is none is refused with what to send."""

from __future__ import annotations

import json

import pytest
from pydantic import SecretStr

from bots.http.events import MOST, read_events
from bots.http.problem import BadRequest
from bots.http.tokens import read_tokens
from runtime.domain.errors import Misconfigured
from runtime.domain.json import JsonObject

EVENT: JsonObject = {
    "specversion": "1.0",
    "id": "a-1",
    "source": "/till",
    "type": "sold",
    "data": {"pieces": 3},
}
CE = {"ce-specversion": "1.0", "ce-id": "a-1", "CE-Source": "/till", "Ce-Type": "sold"}


def spelled(value: object) -> bytes:
    return json.dumps(value).encode()


def test_one_event_is_the_same_in_every_mode() -> None:
    structured = read_events(
        {"Content-Type": "application/cloudevents+json; charset=utf-8"}, spelled(EVENT)
    )
    batch = read_events(
        {"Content-Type": "application/cloudevents-batch+json"}, spelled([EVENT, EVENT])
    )
    [binary] = read_events(
        {**CE, "ce-subject": "K%C3%B6ln", "Content-Type": "application/json"},
        spelled({"pieces": 3}),
    )

    assert structured == [EVENT]
    assert batch == [EVENT, EVENT]
    assert binary == {**EVENT, "subject": "Köln", "datacontenttype": "application/json"}


@pytest.mark.parametrize(
    ("kind", "body", "data"),
    [
        ("text/plain", b"three", "three"),
        ("application/octet-stream", b"\xff\x00", "/wA="),
        ("application/vnd.shop+json", b"[3]", [3]),
    ],
)
def test_data_is_read_by_its_type(kind: str, body: bytes, data: object) -> None:
    [event] = read_events({**CE, "Content-Type": kind}, body)

    assert event["data"] == data


@pytest.mark.parametrize(
    ("headers", "body", "words"),
    [
        (
            {"Content-Type": "application/json"},
            spelled(EVENT),
            "send an event as",
        ),
        ({"Content-Type": "application/cloudevents+json"}, b"{", "not JSON"),
        ({"Content-Type": "application/cloudevents+json"}, b"NaN", "not JSON"),
        ({"Content-Type": "application/cloudevents+json"}, b"[]", "a JSON object"),
        ({"Content-Type": "application/cloudevents-batch+json"}, b"{}", "a JSON array"),
        (
            {"Content-Type": "application/cloudevents-batch+json"},
            spelled([EVENT] * (MOST + 1)),
            "at most 100",
        ),
        ({**CE, "ce-specversion": "0.3"}, b"", "specversion '0.3' is not read here"),
        ({"ce-id": "1"}, b"", "specversion None is not read here"),
    ],
)
def test_what_is_no_event_is_refused(headers: dict[str, str], body: bytes, words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        read_events(headers, body)


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        ("a-token-that-is-long-enough-to-use", "pair 1 names no person"),
        ("a-token-that-is-long-enough-to-use=ann", "pair 1 names no person"),
        ("short=slack:T1/UANN", "the token of 'slack:T1/UANN' has 5 characters"),
    ],
)
def test_tokens_that_cannot_be_used_are_told_without_their_value(pair: str, words: str) -> None:
    with pytest.raises(Misconfigured, match=words) as caught:
        read_tokens([SecretStr(pair)])

    assert "long-enough" not in caught.value.public
