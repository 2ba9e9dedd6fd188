"""Who is speaking: tenant and directory id, as a verified activity and the roster say them."""

from __future__ import annotations

from dataclasses import dataclass

from bots.teams.payload import Payload
from runtime.domain.conversation import Person, PersonKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What an activity says about its author. ``object_id`` is empty for who has no account."""

    user_id: str
    """The connector's id, ``29:…``: to look the person up and to speak to them."""
    object_id: str
    tenant: str
    name: str
    is_bot: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What the roster says about a member."""

    object_id: str
    tenant: str
    name: str
    is_guest: bool
    email: str = ""
    """One that the tenant vouches for; empty where there is none."""


def claim_of(body: Payload, *, tenant: str) -> Claim:
    """Read the author: never from names, texts or card data."""
    role = body.text("from", "role").lower()
    return Claim(
        user_id=body.identifier("from", "id"),
        object_id=body.directory_id("from", "aadObjectId"),
        tenant=body.directory_id("from", "tenantId") or tenant,
        name=body.text("from", "name"),
        is_bot=role in ("bot", "skill") or body.text("from", "id").startswith("28:"),
    )


def read_profile(answer: Payload) -> Profile:
    """Read one member of a roster."""
    return Profile(
        object_id=answer.directory_id("aadObjectId") or answer.directory_id("objectId"),
        tenant=answer.directory_id("tenantId"),
        name=answer.text("name"),
        is_guest=answer.text("userRole").lower() in ("guest", "anonymous"),
        email=_proven_address(answer),
    )


def _proven_address(answer: Payload) -> str:
    """Give a member's sign-in name where it is their address as well.

    Its domain is always one of the tenant's own; the other address is free text in Entra and may
    name anybody's mailbox, so where the two differ nothing is proven. A guest's sign-in name
    carries ``#EXT#``.
    """
    name = answer.text("userPrincipalName").strip().lower()
    address = answer.text("email").strip().lower()
    return name if "#ext#" not in name and address in ("", name) else ""


def person(claim: Claim, profile: Profile | None, *, home: str) -> Person:
    """Give the person behind a claim; ``home`` is the tenant that Baton works for."""
    return Person(
        channel="teams",
        workspace=(profile.tenant if profile else "") or claim.tenant,
        external_id=claim.object_id,
        name=(profile.name if profile else "") or claim.name,
        kind=_kind(claim, profile, home=home),
    )


def _kind(claim: Claim, profile: Profile | None, *, home: str) -> PersonKind:
    if claim.is_bot:
        return PersonKind.BOT
    if not claim.object_id or claim.tenant != home:
        return PersonKind.EXTERNAL
    if profile is None:
        return PersonKind.MEMBER
    if profile.tenant not in ("", home) or profile.object_id not in ("", claim.object_id):
        return PersonKind.EXTERNAL
    return PersonKind.GUEST if profile.is_guest else PersonKind.MEMBER
