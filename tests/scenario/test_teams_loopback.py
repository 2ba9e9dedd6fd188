"""Without an application id: this machine, and nobody else."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bots.bridge import Bridge
from bots.teams.app import PATH, TeamsFront
from bots.teams.credentials import TeamsCredentials
from runtime.clock import SystemClock
from runtime.domain.errors import Misconfigured
from runtime.settings import Settings
from tests.worlds.front_door import FrontDoor
from tests.worlds.teams import activities
from tests.worlds.teams.cast import ADA, APP_ID, PERSONAL, TENANT
from tests.worlds.teams.front import teams_front
from tests.worlds.teams.world import TeamsWorld, teams_world


@pytest.fixture(scope="module")
def world() -> Iterator[TeamsWorld]:
    with teams_world(signed=False) as running:
        yield running


@pytest.fixture
def door(world: TeamsWorld) -> Iterator[FrontDoor]:
    door = FrontDoor()
    with teams_front(world, door):
        yield door


def _hello(world: TeamsWorld, **changes: Any) -> dict[str, Any]:
    body = activities.message(ADA, PERSONAL, "hello", service_url=world.url, mention=False)
    return {name: one for name, one in {**body, **changes}.items() if one is not None}


def test_an_unsigned_activity_of_this_machine_is_taken(world: TeamsWorld, door: FrontDoor) -> None:
    assert world.deliver(_hello(world)).status == 200

    assert [one.person.principal for one in door.messages] == [ADA.principal]
    assert world.connector.violations == []


def test_a_playground_without_rosters_or_tenants_is_enough(
    world: TeamsWorld, door: FrontDoor
) -> None:
    world.fault("GET", "/members/", status=405)
    body = _hello(world, channelData={})
    body["conversation"].pop("tenantId")

    assert world.deliver(body).status == 200

    (message,) = door.messages
    assert message.person.principal == f"teams:loopback/{ADA.object_id}"


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "203.0.113.9"},
        {"Forwarded": "for=203.0.113.9"},
        {"X-Forwarded-Host": "baton.example"},
        {"X-Real-IP": "203.0.113.9"},
        {"Host": "baton.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_what_came_through_a_tunnel_or_from_a_page_is_refused(
    world: TeamsWorld, door: FrontDoor, headers: dict[str, str]
) -> None:
    answer = world.deliver(_hello(world), headers=headers)

    assert (answer.status, answer.body) == (401, {"error": "not_loopback"})
    assert door.messages == []


@pytest.mark.parametrize(
    "service_url",
    [None, "", "https://smba.trafficmanager.net/emea/", "http://10.0.0.7:9000/", "//127.0.0.1/"],
)
def test_a_connector_elsewhere_is_refused(
    world: TeamsWorld, door: FrontDoor, service_url: str | None
) -> None:
    answer = world.deliver(_hello(world, serviceUrl=service_url))

    assert (answer.status, answer.body) == (401, {"error": "untrusted_service_url"})
    assert door.messages == []


@pytest.mark.parametrize(
    ("at_home", "from_home"), [(True, False), (False, True), (False, False), (True, True)]
)
async def test_unsigned_activities_are_taken_only_from_and_at_loopback(
    world: TeamsWorld, at_home: bool, from_home: bool
) -> None:
    """Each end by itself: this machine's other address stands for everybody else's."""
    door, bridge, app = FrontDoor(), Bridge(), web.Application()
    TeamsFront(TeamsCredentials(), door, bridge, clock=SystemClock()).mount(app)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "0.0.0.0", 0).start()
    home, outside, port = "127.0.0.1", _own_address(), runner.addresses[0][1]
    source = (home if from_home else outside, 0)

    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(local_addr=source)) as session,
        session.post(
            f"http://{home if at_home else outside}:{port}{PATH}",
            json=_hello(world),
            headers={"Host": "localhost"},
        ) as answer,
    ):
        status = answer.status

    await runner.cleanup()
    bridge.close()
    taken = at_home and from_home
    assert status == (200 if taken else 401)
    assert len(door.messages) == int(taken)


def test_teams_is_there_on_loopback_and_elsewhere_only_with_an_application() -> None:
    def settings(**given: Any) -> Settings:
        return Settings.model_validate({"microsoft_app_id": None, **given})

    at_home = TeamsCredentials.of(settings(host="127.0.0.1"))
    assert at_home is not None
    assert at_home.loopback
    assert TeamsCredentials.of(settings(host="::1")) is not None
    assert TeamsCredentials.of(settings(host="localhost")) is not None
    assert TeamsCredentials.of(settings(host="0.0.0.0")) is None
    assert TeamsCredentials.of(settings(host="10.0.0.7")) is None
    signed = TeamsCredentials.of(
        settings(host="0.0.0.0", microsoft_app_id=APP_ID, microsoft_app_tenant_id=TENANT)
    )
    assert signed is not None
    assert not signed.loopback


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"app_id": "baton"}, "MICROSOFT_APP_ID"),
        ({"app_id": APP_ID}, "MICROSOFT_APP_TENANT_ID"),
        ({"app_id": APP_ID, "tenant_id": "common"}, "MICROSOFT_APP_TENANT_ID"),
        ({"app_id": APP_ID, "tenant_id": TENANT}, "MICROSOFT_APP_PASSWORD"),
    ],
)
def test_half_an_application_is_refused_at_the_start(given: dict[str, Any], missing: str) -> None:
    with pytest.raises(Misconfigured, match=missing):
        TeamsFront(TeamsCredentials(**given), FrontDoor(), Bridge(), clock=SystemClock())


def test_the_secret_is_in_no_spelling_of_the_credentials() -> None:
    assert "hunter2" not in repr(TeamsCredentials(app_id=APP_ID, password="hunter2"))


def _own_address() -> str:
    """Give this machine's address towards others; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return socket.gethostbyname(socket.gethostname())
        return str(probe.getsockname()[0])
