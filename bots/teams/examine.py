"""Whether Teams is set up, asked of everybody who must play along."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import aiohttp
from cryptography import x509

from bots.teams.credentials import TeamsCredentials
from bots.teams.keys import KeyRing
from bots.teams.tokens_out import Tokens, tokens_for
from runtime.domain.errors import Misconfigured, Upstream

_SOON = timedelta(days=30)
_TIMEOUT = aiohttp.ClientTimeout(total=10, sock_connect=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at; ``todo`` says what to do where it is not fine."""

    ok: bool
    detail: str
    todo: str = ""


def examine(
    credentials: TeamsCredentials | None,
    *,
    tokens: Tokens | None = None,
    now: datetime | None = None,
) -> list[Finding]:
    """Look at settings, certificate, token and keys; ends within half a minute."""
    if credentials is None:
        return [Finding(ok=True, detail="not set up")]
    if credentials.loopback:
        return [Finding(ok=True, detail="for programs of this machine only; no application is set")]
    try:
        credentials.require()
    except Misconfigured as error:
        return [Finding(ok=False, detail=error.public, todo="correct it in .env")]
    found = _certificate(credentials, now or datetime.now(UTC))
    return [*found, *asyncio.run(_ask(credentials, tokens or tokens_for(credentials)))]


def _certificate(credentials: TeamsCredentials, now: datetime) -> list[Finding]:
    if credentials.certificate is None or credentials.managed_identity:
        return []
    try:
        read = x509.load_pem_x509_certificate(credentials.certificate.read_bytes())
    except ValueError:
        return [
            Finding(
                ok=False,
                detail=f"{str(credentials.certificate)!r} holds no certificate that can be read",
                todo="put the certificate into the file, in PEM",
            )
        ]
    ends = read.not_valid_after_utc
    if ends - now > _SOON:
        return []
    return [
        Finding(
            ok=ends > now,
            detail=f"the certificate ends on {ends:%Y-%m-%d}",
            todo="make a new one, and add it to the application before then",
        )
    ]


async def _ask(credentials: TeamsCredentials, tokens: Tokens) -> list[Finding]:
    found: list[Finding] = []
    try:
        await tokens.authorization()
        found.append(Finding(ok=True, detail=f"application {credentials.app_id} gets tokens"))
    except Upstream as error:
        todo = "correct the application's id, tenant and secret in .env"
        found.append(Finding(ok=False, detail=error.public, todo=todo))
    async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
        ring = KeyRing(credentials.openid_url, lambda: session)
        # Any id: what is asked is whether keys can be fetched at all.
        await ring.find("-")
    if ring.is_empty:
        found.append(
            Finding(
                ok=False,
                detail=f"Microsoft's keys cannot be fetched from {credentials.openid_url}",
                todo="let this machine reach login.botframework.com; nobody is let in without them",
            )
        )
    return found
