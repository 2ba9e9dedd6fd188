"""Names that lead to a public address while they are checked, and inside a moment later."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from runtime.domain.errors import ToolFailed
from runtime.tools.http import Http
from runtime.tools.network import Network
from tests.worlds.rebinding import RebindingNames, Wire
from tests.worlds.web_server import Page, WebServer

PUBLIC = "93.184.216.34"
INSIDE = (
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "169.254.169.254",
    "169.254.170.2",
    "168.63.129.16",
    "100.100.100.200",
    "10.0.0.7",
    "172.16.0.7",
    "192.168.1.7",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "fd00:ec2::254",
    "fe80::1",
)
REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True)
class Ground:
    """A public site, what lies inside, and everything that was dialled."""

    site: WebServer
    inside: WebServer
    wire: Wire
    names: RebindingNames

    @property
    def http(self) -> Http:
        return Http(network=Network(resolve=self.names.resolve))

    def url(self, name: str, path: str = "/") -> str:
        # The port of what lies inside: it is reached at once should anybody look the name up anew.
        return f"http://{name}:{self.inside.port}{path}"

    def held(self) -> bool:
        """Tell whether nothing but the public site was ever dialled."""
        return self.inside.seen == [] and set(self.wire.dialled) <= {PUBLIC}


@pytest.fixture
def ground(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    pages = {"/": Page(body=b"public")}
    with (
        WebServer(pages) as site,
        WebServer({"/": Page(body=b"inside")}) as inside,
        RebindingNames({}) as names,
    ):
        wire = Wire({PUBLIC: site.port})
        monkeypatch.setattr(socket, "create_connection", wire)
        yield Ground(site, inside, wire, names)


def spelled(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def named(number: int) -> str:
    return f"flip{number}.example"


def test_a_name_that_turns_inside_after_the_check_is_called_where_it_was_checked(
    ground: Ground,
) -> None:
    for number, address in enumerate(INSIDE):
        ground.names.names[named(number)] = [[PUBLIC], [address]]

        first = ground.http.get(ground.url(named(number)))
        assert first.body == b"public"
        assert ground.names.asked[named(number)] == 1
        with pytest.raises(ToolFailed, match="may not be called"):
            ground.http.get(ground.url(named(number)))

    assert len(ground.site.seen) == len(INSIDE)
    assert ground.held()


def test_a_name_that_leads_inside_first_is_refused_and_may_mend_its_ways(ground: Ground) -> None:
    for number, address in enumerate(INSIDE):
        ground.names.names[named(number)] = [[address], [PUBLIC]]

        with pytest.raises(ToolFailed, match="may not be called"):
            ground.http.get(ground.url(named(number)))
        assert ground.http.get(ground.url(named(number))).body == b"public"

    assert ground.held()


def test_one_address_inside_among_public_ones_is_enough_to_refuse(ground: Ground) -> None:
    for number, address in enumerate(INSIDE):
        ground.names.names[named(number)] = [[PUBLIC, address]]

        with pytest.raises(ToolFailed, match="may not be called"):
            ground.http.get(ground.url(named(number)))

    assert ground.wire.dialled == []


@pytest.mark.parametrize("status", REDIRECTS)
def test_a_redirect_to_a_name_that_turned_inside_is_not_followed(
    ground: Ground, status: int
) -> None:
    for number, address in enumerate(INSIDE):
        name, other = named(number), f"other{number}.example"
        ground.names.names |= {name: [[PUBLIC], [address]], other: [[address]]}
        places = (ground.url(name), ground.url(other), ground.url(spelled(address)))
        for place in (*places, f"//{spelled(address)}/", "/"):
            ground.names.asked.clear()
            ground.site.pages["/go"] = Page(status=status, headers={"Location": place})

            with pytest.raises(ToolFailed, match="may not be called"):
                ground.http.get(ground.url(name, "/go"))

    assert ground.held()
    assert {one.path for one in ground.site.seen} == {"/go"}


def test_what_is_sent_goes_where_it_was_checked_and_follows_no_redirect(ground: Ground) -> None:
    name = named(0)
    for address in INSIDE:
        ground.names.asked.clear()
        ground.names.names[name] = [[PUBLIC], [address]]
        ground.site.pages["/go"] = Page(status=307, headers={"Location": ground.url(name)})

        reply = ground.http.post(
            ground.url(name, "/go"), b"{}", content_type="application/json", key="k"
        )
        assert reply.status == 307
        with pytest.raises(ToolFailed, match="may not be called"):
            ground.http.send("PUT", ground.url(name, "/go"), b"{}", headers={})

    assert ground.held()


def test_the_wire_would_show_whoever_looks_a_name_up_twice(ground: Ground) -> None:
    ground.names.names[named(0)] = [[PUBLIC], ["127.0.0.1"]]
    network = Network(resolve=ground.names.resolve)
    careless = network.destination(ground.url(named(0)))
    again = ground.names.resolve(careless.host, careless.port)

    with socket.create_connection((again[0], careless.port), timeout=10) as reached:
        reached.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert reached.recv(4096)

    assert not ground.held()
