"""Who is speaking: from a verified envelope and Slack's own profile, to one of our people."""

from __future__ import annotations

from dataclasses import dataclass

from bots.slack.identity import Installation
from bots.slack.payload import Payload
from runtime.domain.conversation import Person, PersonKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What an envelope says about its author; the team is empty where Slack cannot tell it."""

    user_id: str
    team_id: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What ``users.info`` says about an account."""

    team_id: str
    enterprise_id: str
    name: str
    is_bot: bool
    is_guest: bool
    is_stranger: bool
    is_deleted: bool
    email: str = ""
    """Confirmed by its owner; empty where it is not, or where the app may not see it."""


def read_profile(answer: Payload) -> Profile:
    """Read the answer of ``users.info``."""
    user = answer.at("user")
    names = (
        user.text("profile", "display_name"),
        user.text("profile", "real_name"),
        user.text("real_name"),
        user.text("name"),
    )
    return Profile(
        team_id=user.identifier("team_id"),
        enterprise_id=user.identifier("enterprise_user", "enterprise_id"),
        name=next((name for name in names if name), ""),
        is_bot=user.flag("is_bot") or user.flag("is_workflow_bot"),
        is_guest=user.flag("is_restricted") or user.flag("is_ultra_restricted"),
        is_stranger=user.flag("is_stranger"),
        is_deleted=user.flag("deleted"),
        email=user.text("profile", "email") if user.flag("is_email_confirmed") else "",
    )


def claim_in_event(body: Payload, installation: Installation) -> Claim:
    """Read the author of an event.

    In a channel shared with another company the team of the installation says nothing about the
    author: without a team of their own they stay unknown, and so external.
    """
    event = body.at("event")
    team_id = event.identifier("user_team") or event.identifier("team")
    if not team_id and not body.flag("is_ext_shared_channel"):
        team_id = installation.team_id or installation.enterprise_id
    return Claim(user_id=event.identifier("user"), team_id=team_id)


def claim_in_interaction(body: Payload) -> Claim:
    """Read who clicked or submitted: only ``user.id`` with ``user.team_id`` counts."""
    return Claim(
        user_id=body.identifier("user", "id"),
        team_id=body.identifier("user", "team_id"),
        name=body.text("user", "name") or body.text("user", "username"),
    )


def claim_in_command(body: Payload) -> Claim:
    """Read who typed a slash command; its team is the author's own."""
    return Claim(
        user_id=body.identifier("user_id"),
        team_id=body.identifier("team_id"),
        name=body.text("user_name"),
    )


def person(claim: Claim, installation: Installation, profile: Profile | None) -> Person:
    """Give the person behind a claim. Without a profile, the envelope's word alone counts."""
    kind = _kind(claim, installation, profile)
    abroad = kind is PersonKind.EXTERNAL
    return Person(
        channel="slack",
        workspace=(claim.team_id or "unknown") if abroad else installation.workspace,
        external_id=claim.user_id,
        name=(profile.name if profile else "") or claim.name,
        kind=kind,
    )


def _kind(claim: Claim, installation: Installation, profile: Profile | None) -> PersonKind:
    if profile is not None and profile.is_bot:
        return PersonKind.BOT
    if not _is_at_home(claim, installation, profile):
        return PersonKind.EXTERNAL
    if profile is not None and profile.is_guest:
        return PersonKind.GUEST
    return PersonKind.MEMBER


def _is_at_home(claim: Claim, installation: Installation, profile: Profile | None) -> bool:
    home = {team for team in (installation.team_id, installation.enterprise_id) if team}
    if profile is not None:
        if profile.is_stranger or profile.is_deleted:
            return False
        if installation.enterprise_id and profile.enterprise_id == installation.enterprise_id:
            # Another workspace of the same organisation.
            return bool(claim.team_id)
        if profile.team_id and profile.team_id not in home:
            return False
    return claim.team_id in home
