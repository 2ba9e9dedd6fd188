"""Who may post to ``/api/messages``: every way in that is wrong, against a running front."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.worlds.front_door import FrontDoor
from tests.worlds.teams import activities
from tests.worlds.teams.cast import ADA, APP_ID, OTHER_TENANT, PERSONAL
from tests.worlds.teams.front import teams_front
from tests.worlds.teams.signing import Key
from tests.worlds.teams.world import TeamsWorld, teams_world

_DAY = 24 * 3_600


@pytest.fixture(scope="module")
def world() -> Iterator[TeamsWorld]:
    with teams_world() as running:
        yield running


@pytest.fixture
def door(world: TeamsWorld) -> Iterator[FrontDoor]:
    door = FrontDoor()
    with teams_front(world, door):
        yield door


def _hello(world: TeamsWorld, **changes: Any) -> dict[str, Any]:
    body = activities.message(ADA, PERSONAL, "hello", service_url=world.url, mention=False)
    return {name: one for name, one in {**body, **changes}.items() if one is not None}


def _unsecured(world: TeamsWorld) -> str:
    claims = {"iss": "https://api.botframework.com", "aud": APP_ID, "serviceurl": world.url}
    parts = [{"alg": "none", "kid": "key-1"}, {**claims, "exp": time.time() + 600}]
    encoded = [base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=") for one in parts]
    return b".".join([*encoded, b""]).decode()


def test_what_microsoft_signed_is_taken(world: TeamsWorld, door: FrontDoor) -> None:
    answer = world.deliver(_hello(world))

    assert (answer.status, answer.body) == (200, None)
    assert [one.text for one in door.messages] == ["hello"]


@pytest.mark.parametrize(
    ("claims", "without", "reason"),
    [
        ({"exp": time.time() - 310}, (), "expired"),
        ({"exp": time.time() - _DAY}, (), "expired"),
        ({"exp": "tomorrow"}, (), "expired"),
        ({"nbf": True}, (), "not_yet_valid"),
        ({}, ("exp",), "bad_token"),
        ({"nbf": time.time() + _DAY}, (), "not_yet_valid"),
        ({"aud": "11111111-2222-4333-8444-555555555555"}, (), "bad_token"),
        ({"aud": ""}, (), "bad_token"),
        ({}, ("aud",), "bad_token"),
        ({"iss": "https://sts.windows.net/x/"}, (), "bad_token"),
        ({"iss": "https://api.botframework.com.evil.example"}, (), "bad_token"),
        ({}, ("iss",), "bad_token"),
        ({}, ("serviceurl",), "wrong_service_url"),
        ({"serviceurl": "https://smba.trafficmanager.net/emea/"}, (), "wrong_service_url"),
    ],
)
def test_a_token_with_a_wrong_claim_is_refused(
    world: TeamsWorld,
    door: FrontDoor,
    claims: dict[str, Any],
    without: tuple[str, ...],
    reason: str,
) -> None:
    token = world.connector.signer.token(world.url, without=without, **claims)

    answer = world.deliver(_hello(world), token=token)

    assert answer.status == 401
    assert answer.body == {"error": reason}
    assert door.messages == []


def test_clocks_may_differ_by_five_minutes(world: TeamsWorld, door: FrontDoor) -> None:
    late = world.connector.signer.token(world.url, exp=time.time() - 240, nbf=time.time() + 240)

    assert world.deliver(_hello(world), token=late).status == 200
    assert len(door.messages) == 1


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "a.b.c",
        "..",
        "eyJhbGciOiJSUzI1NiJ9.e30.c2ln",
        "\N{LATIN SMALL LETTER E WITH ACUTE}" * 10,
        "A" * 7_000,
    ],
    ids=["x", "dots", "empty", "no key id", "not ascii", "long"],
)
def test_a_malformed_token_is_refused(world: TeamsWorld, door: FrontDoor, token: str) -> None:
    assert world.deliver(_hello(world), token=token).status == 401
    assert door.messages == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic YTpi"},
    ],
)
def test_no_token_at_all_is_refused(
    world: TeamsWorld, door: FrontDoor, headers: dict[str, str]
) -> None:
    answer = world.deliver(_hello(world), headers=headers)

    assert (answer.status, answer.body) == (401, {"error": "no_token"})
    assert door.messages == []


def test_a_good_token_under_another_scheme_is_refused(world: TeamsWorld, door: FrontDoor) -> None:
    token = world.connector.signer.token(world.url)

    answer = world.deliver(_hello(world), headers={"Authorization": f"Token {token}"})

    assert answer.status == 401
    assert door.messages == []


def test_unsigned_and_symmetric_tokens_are_refused(world: TeamsWorld, door: FrontDoor) -> None:
    symmetric = world.connector.signer.token(world.url, algorithm="HS256")

    for token in (_unsecured(world), symmetric):
        answer = world.deliver(_hello(world), token=token)
        assert (answer.status, answer.body) == (401, {"error": "malformed_token"})
    assert door.messages == []


def test_a_forgers_key_under_a_known_id_is_refused(world: TeamsWorld, door: FrontDoor) -> None:
    forged = world.connector.signer.token(world.url, key=Key("key-1"))

    answer = world.deliver(_hello(world), token=forged)

    assert (answer.status, answer.body) == (401, {"error": "bad_token"})
    assert door.messages == []


@pytest.mark.parametrize("endorsements", [None, [], ["webchat"]])
def test_a_key_that_may_not_sign_for_teams_is_refused(
    world: TeamsWorld, door: FrontDoor, endorsements: list[str] | None
) -> None:
    other = Key("other", endorsements=endorsements)
    world.connector.signer.keys.insert(0, other)

    answer = world.deliver(_hello(world), token=world.connector.signer.token(world.url, key=other))

    world.connector.signer.keys.remove(other)
    assert (answer.status, answer.body) == (401, {"error": "unendorsed_key"})
    assert door.messages == []


def test_what_was_proven_once_is_taken_again_until_its_key_is_withdrawn(
    world: TeamsWorld, door: FrontDoor
) -> None:
    old = world.connector.signer.token(world.url)
    for _ in range(2):
        assert world.deliver(_hello(world), token=old).status == 200
    elsewhere = _hello(world, serviceUrl="https://smba.trafficmanager.net/emea/")
    assert world.deliver(elsewhere, token=old).body == {"error": "wrong_service_url"}

    world.connector.signer.roll()
    assert world.deliver(_hello(world)).status == 200
    answer = world.deliver(_hello(world), token=old)

    assert (answer.status, answer.body) == (401, {"error": "unknown_key"})
    assert len(door.messages) == 3


def test_a_rolled_key_is_found_and_inventions_are_looked_up_once(
    world: TeamsWorld, door: FrontDoor
) -> None:
    assert world.deliver(_hello(world)).status == 200
    world.connector.signer.roll()
    before = world.connector.key_fetches

    assert world.deliver(_hello(world)).status == 200
    for number in range(20):
        invented = world.connector.signer.token(world.url, key_id=f"invented-{number}")
        answer = world.deliver(_hello(world), token=invented)
        assert (answer.status, answer.body) == (401, {"error": "unknown_key"})

    assert world.connector.key_fetches == before + 1
    assert world.deliver(_hello(world)).status == 200
    assert len(door.messages) == 3


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"serviceUrl": None}, "wrong_service_url"),
        ({"serviceUrl": "https://smba.trafficmanager.net/emea/"}, "wrong_service_url"),
        ({"channelId": None}, "wrong_channel"),
        ({"channelId": "emulator"}, "wrong_channel"),
    ],
)
def test_a_body_that_the_token_does_not_speak_of_is_refused(
    world: TeamsWorld, door: FrontDoor, changes: dict[str, Any], reason: str
) -> None:
    answer = world.deliver(_hello(world, **changes))

    assert (answer.status, answer.body) == (401, {"error": reason})
    assert door.messages == []


@pytest.mark.parametrize(
    "service_url",
    [
        "https://evil.example/",
        "http://smba.trafficmanager.net/emea/",
        "https://smba.trafficmanager.net.evil.example/",
        "https://smba.trafficmanager.net@evil.example/",
        "https://smba.trafficmanager.net:8443/",
        "https://evilbotframework.com/",
        "https://evil.example\\.botframework.com/",
        "file:///etc/passwd",
    ],
)
def test_a_token_for_a_strange_connector_is_refused_and_nothing_is_sent_there(
    world: TeamsWorld, door: FrontDoor, service_url: str
) -> None:
    token = world.connector.signer.token(service_url)
    minted = len(world.connector.tokens)

    answer = world.deliver(_hello(world, serviceUrl=service_url), token=token)

    assert (answer.status, answer.body) == (401, {"error": "untrusted_service_url"})
    assert door.messages == []
    assert len(world.connector.tokens) == minted


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"channelData": {"tenant": {"id": OTHER_TENANT}}, "conversation": {"id": "a:1"}}, "w"),
        ({"channelData": {}, "conversation": {"id": "a:1"}}, "w"),
        ({"channelData": {"tenant": {"id": OTHER_TENANT}}}, "tenants_differ"),
    ],
)
def test_another_tenant_is_refused(
    world: TeamsWorld, door: FrontDoor, changes: dict[str, Any], reason: str
) -> None:
    answer = world.deliver(_hello(world, **changes))

    reason = "wrong_tenant" if reason == "w" else reason
    assert (answer.status, answer.body) == (403, {"error": reason})
    assert door.messages == []


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"{", 401),
        (b"[]", 401),
        (b'"text"', 401),
        (b"\xff\xfe", 401),
        (b"[" * 50_000, 401),
        (b'{"type": "message", "from": "Ada"}', 401),
        (b"x" * (1024 * 1024 + 1), 413),
    ],
)
def test_junk_is_refused_whatever_token_it_comes_with(
    world: TeamsWorld, door: FrontDoor, raw: bytes, status: int
) -> None:
    assert world.deliver(raw).status == status
    assert door.messages == []


def test_only_json_is_read(world: TeamsWorld, door: FrontDoor) -> None:
    answer = world.deliver(_hello(world), headers={"Content-Type": "text/plain"})

    assert answer.status == 415
    assert door.messages == []
