"""Where a model's URL may lead: 79 spellings of places it may not, and how it gets anywhere."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from runtime.domain.errors import TimedOut, ToolFailed, Upstream
from runtime.tools.addresses import closed_because
from runtime.tools.http import Http
from runtime.tools.network import Network
from tests.worlds.web_server import Page, WebServer

CLOSED_HOSTS = [
    # This machine, in every spelling some parser reads as 127.0.0.1.
    "127.0.0.1",
    "127.0.0.2",
    "127.255.255.254",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "127.0.0.01",
    "127.0.0.1.",
    "127.0.0.0x1",
    "１２７.０.０.１",
    "127。0。0。1",
    "①②⑦.0.0.1",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "foo.localhost",
    "0.0.0.0",
    "0",
    "0.1.2.3",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    # Private networks.
    "10.0.0.1",
    "10.255.255.255",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "192.168.1.254",
    "3232235777",
    "0xc0a80101",
    "[fc00::1]",
    "[fd12:3456:789a::1]",
    "[::ffff:192.168.0.1]",
    # Metadata of clouds, and the local link.
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "169.254.170.2",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[fe80::1%25eth0]",
    "[fe80::1%eth0]",
    "[::ffff:169.254.169.254]",
    "metadata.google.internal",
    # Carriers, benchmarks, documentation, multicast, reserved, broadcast.
    "100.64.0.1",
    "100.127.255.255",
    "198.18.0.1",
    "198.19.255.255",
    "192.0.2.1",
    "198.51.100.1",
    "203.0.113.1",
    "192.88.99.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "[ff02::1]",
    "[2001:db8::1]",
    "[3fff::1]",
    # IPv4 carried inside IPv6.
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::1]",
    "[2002:7f00:1::]",
    "[2002:c0a8:101::1]",
    "[2001:0:7f00:1::]",
    "[100::1]",
    "[::ffff:0:127.0.0.1]",
    "[4000::1]",
]

CLOSED_URLS = [
    "file:///etc/passwd",
    "ftp://example.com/",
    "gopher://example.com/",
    "javascript:alert(1)",
    "//example.com/",
    "example.com",
    "http://",
    "http:///path",
    "http://user:secret@example.com/",
    "http://example.com@127.0.0.1/",
    "http://127.0.0.1#@example.com/",
    "http://example.com\\@127.0.0.1/",
    "http://exa mple.com/",
    "http://example.com/\r\nHost: evil",
    "http://exam\tple.com/",
    "http://example.com:0/",
    "http://example.com:99999/",
    "http://example.com:port/",
    "http://%31%32%37.0.0.1/",
    "http://[::1/",
    "http://[v1.x]/",
    "http://-example.com/",
    "http://example..com/",
    "http://127.0.0.1%00.example.com/",
    "http://" + "a" * 300 + ".com/",
    "http://example.com/" + "a" * 9000,
    "\x00http://example.com/",
]


def resolver_of(addresses: dict[str, Sequence[str]]) -> Network:
    def resolve(host: str, port: int) -> Sequence[str]:
        if host in addresses:
            return addresses[host]
        raise OSError("unknown name")

    return Network(resolve=resolve)


INTERNAL = {
    "localhost": ["127.0.0.1", "::1"],
    "foo.localhost": ["127.0.0.1"],
    "metadata.google.internal": ["169.254.169.254"],
}


def test_seventy_nine_spellings_are_tried_and_no_two_are_the_same() -> None:
    assert len(set(CLOSED_HOSTS)) == len(CLOSED_HOSTS) == 79
    assert len(set(CLOSED_URLS)) == len(CLOSED_URLS) == 27


@pytest.mark.parametrize("host", CLOSED_HOSTS)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_no_spelling_of_a_closed_address_gets_through(scheme: str, host: str) -> None:
    network = resolver_of(dict(INTERNAL))

    with pytest.raises(ToolFailed):
        network.destination(f"{scheme}://{host}:8080/latest/meta-data/")


@pytest.mark.parametrize("url", CLOSED_URLS)
def test_a_url_that_is_not_plainly_http_is_refused(url: str) -> None:
    network = resolver_of({"example.com": ["93.184.216.34"]})

    with pytest.raises(ToolFailed):
        network.destination(url)


def test_a_public_address_is_pinned() -> None:
    network = resolver_of({"example.com": ["93.184.216.34", "2606:2800:21f::1"]})

    destination = network.destination("HTTPS://Example.COM/a b".replace(" ", "%20") + "?q=ü#frag")

    assert destination.host == "example.com"
    assert destination.port == 443
    assert destination.target == "/a%20b?q=%C3%BC"
    assert destination.addresses == ("93.184.216.34", "2606:2800:21f::1")


def test_one_closed_address_among_public_ones_closes_the_name() -> None:
    network = resolver_of({"both.example": ["93.184.216.34", "10.0.0.5"]})

    with pytest.raises(ToolFailed, match="private network"):
        network.destination("http://both.example/")


def test_a_name_nobody_knows_is_a_passing_trouble() -> None:
    with pytest.raises(Upstream, match="cannot be found") as caught:
        resolver_of({}).destination("http://nowhere.example/")

    assert not caught.value.ambiguous


@given(address=st.ip_addresses(v=4))
def test_what_the_standard_library_calls_private_is_closed(address: ipaddress.IPv4Address) -> None:
    if not address.is_global or address.is_multicast:
        assert closed_because(str(address)) is not None


@given(address=st.ip_addresses(v=6))
def test_an_ipv6_address_that_is_not_global_is_closed(address: ipaddress.IPv6Address) -> None:
    if not address.is_global or address.is_multicast or address.ipv4_mapped or address.sixtofour:
        assert closed_because(str(address)) is not None


@given(text=st.text(max_size=60))
def test_no_text_makes_the_check_itself_break(text: str) -> None:
    network = resolver_of({})

    for url in (text, f"http://{text}", f"https://{text}/"):
        try:
            network.destination(url)
        except (ToolFailed, Upstream):
            continue
        raise AssertionError(f"{url!r} was let through")


def this_machine(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


def http_to(*servers: WebServer, timeout_seconds: float = 10.0, largest: int = 10_000) -> Http:
    network = Network(allowed=frozenset(server.place for server in servers))
    return Http(network=network, timeout_seconds=timeout_seconds, largest_body_bytes=largest)


def test_an_operator_may_open_one_port_of_this_machine() -> None:
    with WebServer({"/": Page(body=b"hello")}) as open_one, WebServer({}) as closed_one:
        http = http_to(open_one)

        assert http.get(open_one.url("/")).body == b"hello"
        with pytest.raises(ToolFailed, match="this machine"):
            http.get(closed_one.url("/"))

    assert closed_one.seen == []


def test_every_redirect_is_checked_like_the_first_url() -> None:
    with WebServer({}) as inside, WebServer({}) as front:
        targets = [inside.url("/"), "http://169.254.169.254/", "file:///etc/passwd", "//[::1]/"]
        for target in targets:
            front.pages["/go"] = Page(status=302, headers={"Location": target})

            with pytest.raises(ToolFailed):
                http_to(front).get(front.url("/go"))

    assert inside.seen == []


def test_permitted_redirects_are_followed_up_to_a_limit() -> None:
    pages = {
        "/a": Page(status=302, headers={"Location": "/b"}),
        "/b": Page(status=308, headers={"Location": "c"}),
        "/c": Page(body=b"there"),
        "/round": Page(status=302, headers={"Location": "/round"}),
    }
    with WebServer(pages) as server:
        http = http_to(server)

        reply = http.get(server.url("/a"))
        with pytest.raises(ToolFailed, match="more than 5 redirects"):
            http.get(server.url("/round"))

    assert reply.body == b"there"
    assert reply.url.endswith("/c")


def test_a_name_that_changes_its_address_is_reached_where_it_was_checked() -> None:
    with WebServer({"/": Page(body=b"inside")}) as inside:
        answers = [["127.0.0.1"], ["93.184.216.34"]]
        asked: list[str] = []

        def rebinding(host: str, port: int) -> Sequence[str]:
            asked.append(host)
            return answers[(len(asked) - 1) % 2]

        network = Network(resolve=rebinding)
        with pytest.raises(ToolFailed):
            network.destination(f"http://flip.example:{inside.port}/")
        pinned = network.destination(f"http://flip.example:{inside.port}/")

    assert pinned.addresses == ("93.184.216.34",)
    assert len(asked) == 2
    assert inside.seen == []


def test_the_connection_uses_the_checked_address_and_asks_no_second_time() -> None:
    with WebServer({"/": Page(body=b"ok")}) as server:
        asked: list[str] = []

        def once(host: str, port: int) -> Sequence[str]:
            asked.append(host)
            if len(asked) > 1:
                raise AssertionError("resolved twice")
            return ["127.0.0.1"]

        network = Network(allowed=frozenset({"shop.example"}), resolve=once)
        reply = Http(network=network).get(f"http://shop.example:{server.port}/")

    assert reply.status == 200
    assert server.seen[0].host == f"shop.example:{server.port}"


def test_a_proxy_from_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with WebServer({}) as proxy, WebServer({"/": Page(body=b"direct")}) as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url(""))

        assert http_to(server).get(server.url("/")).body == b"direct"

    assert proxy.seen == []


def test_tls_is_spoken_with_the_name_and_checked_against_it(tmp_path: Path) -> None:
    certificate, serving = _certificate(tmp_path, "shop.example")
    trusting = ssl.create_default_context(cafile=str(certificate))
    with WebServer({"/": Page(body=b"safe")}, tls=serving) as server:
        network = Network(
            allowed=frozenset({"shop.example", "other.example"}), resolve=this_machine
        )
        http = Http(network=network, tls=trusting)

        assert http.get(f"https://shop.example:{server.port}/").body == b"safe"
        with pytest.raises(Upstream, match="cannot be reached"):
            http.get(f"https://other.example:{server.port}/")
        with pytest.raises(Upstream, match="cannot be reached"):
            Http(network=network).get(f"https://shop.example:{server.port}/")


def test_a_redirect_out_of_tls_is_not_followed(tmp_path: Path) -> None:
    certificate, serving = _certificate(tmp_path, "shop.example")
    trusting = ssl.create_default_context(cafile=str(certificate))
    pages = {"/": Page(status=302, headers={"Location": "http://shop.example/"})}
    with WebServer(pages, tls=serving) as server:
        network = Network(allowed=frozenset({"shop.example"}), resolve=this_machine)

        with pytest.raises(ToolFailed, match="from https to http"):
            Http(network=network, tls=trusting).get(f"https://shop.example:{server.port}/")


def test_a_body_is_kept_up_to_the_cap() -> None:
    with WebServer({"/": Page(body=b"x" * 20_000)}) as server:
        reply = http_to(server).get(server.url("/"))

    assert len(reply.body) == 10_000
    assert reply.truncated


def test_a_server_that_drips_is_cut_off_in_time() -> None:
    with WebServer({}) as server:

        def drip(handler: BaseHTTPRequestHandler) -> None:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            while not server.released.wait(0.05):
                handler.wfile.write(b".")
                handler.wfile.flush()

        server.pages["/drip"] = Page(act=drip)

        with pytest.raises(TimedOut, match="took too long"):
            http_to(server, timeout_seconds=0.5).get(server.url("/drip"))


def test_a_server_that_never_answers_is_cut_off_in_time() -> None:
    with WebServer({}) as server:

        def hang(handler: BaseHTTPRequestHandler) -> None:
            server.released.wait()

        server.pages["/hang"] = Page(act=hang)

        with pytest.raises(TimedOut):
            http_to(server, timeout_seconds=0.3).get(server.url("/hang"))


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_an_answer_that_is_no_http_is_a_passing_trouble(answer: bytes) -> None:
    def act(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(answer)

    with WebServer({"/": Page(act=act)}) as server, pytest.raises(Upstream):
        http_to(server).get(server.url("/"))


def test_nothing_listening_means_nothing_was_sent() -> None:
    with WebServer({}) as server:
        url, http = server.url("/"), http_to(server)

    with pytest.raises(Upstream) as caught:
        http.post(url, b"{}", content_type="application/json", key="k")

    assert not caught.value.ambiguous


def test_an_answer_lost_after_sending_leaves_the_outcome_in_doubt() -> None:
    with WebServer({"/": Page(act=lambda _: None)}) as server:
        with pytest.raises(Upstream) as caught:
            http_to(server).post(
                server.url("/"), b"{}", content_type="application/json", key="step-1"
            )

        assert caught.value.ambiguous
        assert server.seen[0].headers["idempotency-key"] == "step-1"


def _certificate(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "cert.pem", folder / "key.pem"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(public, private)
    return public, serving
