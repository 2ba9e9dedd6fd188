"""Proving to Entra who we are, and asking Graph who others are, on the wire."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from bots.teams.credentials import TeamsCredentials
from bots.teams.groups import Groups
from bots.teams.identity import Application, ManagedIdentity, identity_of
from bots.teams.tokens_out import GRAPH, EntraTokens, NoTokens
from runtime.domain.errors import Misconfigured, Upstream
from tests.worlds.slack.loop_thread import LoopThread
from tests.worlds.teams.cast import ADA, APP_ID, BEN, TENANT
from tests.worlds.teams.world import TeamsWorld, teams_world

BUYERS, LAWYERS = "bbbbbbbb-0000-4000-8000-00000000000b", "bbbbbbbb-0000-4000-8000-00000000000c"


@pytest.fixture(scope="module")
def loop() -> Iterator[LoopThread]:
    loop = LoopThread("teams-identity")
    yield loop
    loop.stop()


@pytest.fixture
def world() -> Iterator[TeamsWorld]:
    with teams_world() as running:
        yield running


def _certified(folder: Path) -> tuple[Path, x509.Certificate]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "baton")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file = folder / "baton.pem"
    file.write_bytes(pem + certificate.public_bytes(serialization.Encoding.PEM))
    return file, certificate


def test_a_certificate_proves_us_in_place_of_a_secret(
    world: TeamsWorld, loop: LoopThread, tmp_path: Path
) -> None:
    file, world.connector.certificate = _certified(tmp_path)
    credentials = replace(world.credentials, password="", certificate=file)
    credentials.require()

    tokens = EntraTokens(identity_of(credentials, http_client=world.msal_http()))

    assert loop.run(tokens.authorization()) == "Bearer token-1"


def test_another_certificate_proves_nothing(
    world: TeamsWorld, loop: LoopThread, tmp_path: Path
) -> None:
    file, _ = _certified(tmp_path)
    (tmp_path / "other").mkdir()
    _, world.connector.certificate = _certified(tmp_path / "other")
    credentials = replace(world.credentials, password="", certificate=file)

    tokens = EntraTokens(Application(credentials, http_client=world.msal_http()))

    with pytest.raises(Upstream, match="certificate"):
        loop.run(tokens.authorization())


def test_a_managed_identity_needs_no_secret(world: TeamsWorld, loop: LoopThread) -> None:
    credentials = TeamsCredentials(app_id=APP_ID, tenant_id=TENANT, managed_identity=True)
    credentials.require()
    http = world.msal_http()

    tokens = EntraTokens(identity_of(credentials, http_client=http))

    assert loop.run(tokens.authorization()) == "Bearer token-1"
    assert loop.run(tokens.authorization()) == "Bearer token-1"
    (asked,) = http.requests
    assert asked.startswith("http://169.254.169.254/metadata/identity/oauth2/token?")
    assert f"client_id={APP_ID}" in asked


def test_the_machine_of_another_identity_gets_no_token(world: TeamsWorld, loop: LoopThread) -> None:
    tokens = EntraTokens(ManagedIdentity("someone-else", http_client=world.msal_http()))

    with pytest.raises(Upstream, match="gave Baton no token") as failed:
        loop.run(tokens.authorization())

    assert not failed.value.ambiguous


def test_a_certificate_file_is_looked_at_before_the_start(tmp_path: Path) -> None:
    half = tmp_path / "half.pem"
    half.write_text("-----BEGIN CERTIFICATE-----", encoding="utf-8")

    for file, problem in ((tmp_path / "none.pem", "cannot be read"), (half, "a private key")):
        with pytest.raises(Misconfigured, match=problem):
            TeamsCredentials(app_id=APP_ID, tenant_id=TENANT, certificate=file).require()


@dataclass
class Asking:
    """A line to Graph with time in the test's hands."""

    world: TeamsWorld
    loop: LoopThread
    session: aiohttp.ClientSession
    now: float = 0.0

    def __post_init__(self) -> None:
        identity = Application(self.world.credentials, http_client=self.world.msal_http())
        self.groups = Groups(
            EntraTokens(identity, resource=GRAPH, now=lambda: self.now),
            lambda: self.session,
            url=self.world.connector.url,
            now=lambda: self.now,
        )

    def of(self, object_id: str, *groups: str) -> frozenset[str]:
        return self.loop.run(self.groups.of(object_id, groups))


@pytest.fixture
def asking(world: TeamsWorld, loop: LoopThread) -> Iterator[Asking]:
    async def session() -> aiohttp.ClientSession:
        return aiohttp.ClientSession()

    world.connector.groups[ADA.object_id] = {BUYERS}
    opened = loop.run(session())
    yield Asking(world, loop, opened)
    loop.run(opened.close())


def test_graph_says_who_is_in_a_group_and_is_asked_once_in_five_minutes(asking: Asking) -> None:
    assert asking.of(ADA.object_id, BUYERS, LAWYERS) == {BUYERS}
    assert asking.of(ADA.object_id, LAWYERS) == set()
    assert asking.of(BEN.object_id, BUYERS) == set()
    assert len(asking.world.connector.group_questions) == 2

    asking.world.connector.groups[ADA.object_id] = set()
    asking.now += 299
    assert asking.of(ADA.object_id, BUYERS) == {BUYERS}
    asking.now += 2
    assert asking.of(ADA.object_id, BUYERS) == set()


def test_more_than_twenty_groups_are_asked_in_parts(asking: Asking) -> None:
    many = [f"cccccccc-0000-4000-8000-{number:012d}" for number in range(45)]

    assert asking.of(ADA.object_id, *many, BUYERS) == {BUYERS}
    assert [len(groups) for _, groups in asking.world.connector.group_questions] == [20, 20, 6]


@pytest.mark.parametrize("status", [403, 404, 429, 500])
def test_while_graph_cannot_be_asked_nobody_is_in_any_group(asking: Asking, status: int) -> None:
    asking.of(ADA.object_id, BUYERS)
    asking.now += 301
    for _ in range(2):
        asking.world.fault("POST", "checkMemberGroups", status=status)

    with pytest.raises(Upstream, match="try again"):
        asking.of(ADA.object_id, BUYERS)

    assert asking.of(ADA.object_id, BUYERS) == {BUYERS}


def test_this_machine_alone_has_no_tokens_at_all(loop: LoopThread) -> None:
    assert loop.run(NoTokens().authorization()) == ""
