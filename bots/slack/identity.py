"""Who Baton is in Slack, and where it is installed."""

from __future__ import annotations

from dataclasses import dataclass

from bots.slack.payload import Payload


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The side of a conversation that installed Baton."""

    team_id: str
    enterprise_id: str = ""

    @property
    def workspace(self) -> str:
        """Give the workspace as principals spell it: the organisation where there is one."""
        return self.enterprise_id or self.team_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The bot's own account, as ``auth.test`` gave it."""

    bot_id: str
    bot_user_id: str
    installation: Installation


def read_identity(answer: Payload) -> Identity | None:
    """Read the answer of ``auth.test``; None where it does not name a bot and a workspace."""
    bot_user_id, team_id = answer.identifier("user_id"), answer.identifier("team_id")
    if not bot_user_id or not team_id:
        return None
    return Identity(
        bot_id=answer.identifier("bot_id"),
        bot_user_id=bot_user_id,
        installation=Installation(
            team_id=team_id, enterprise_id=answer.identifier("enterprise_id")
        ),
    )


def identity_in_event(body: Payload, known: Identity | None) -> Identity | None:
    """Say for whom an event was delivered.

    The first authorization of a signed event names the installation it is visible to, which in a
    channel shared between companies is not the author's. It also carries the bot's user id, so
    events are understood before the first ``auth.test`` has been answered.
    """
    granted = next(iter(body.items("authorizations")), Payload(None))
    team_id = granted.identifier("team_id") or body.identifier("team_id")
    enterprise_id = granted.identifier("enterprise_id") or body.identifier("enterprise_id")
    bot_user_id = granted.identifier("user_id") if granted.flag("is_bot") else ""
    if known is not None:
        return Identity(
            bot_id=known.bot_id,
            bot_user_id=known.bot_user_id,
            installation=Installation(
                team_id=team_id or known.installation.team_id,
                enterprise_id=enterprise_id or known.installation.enterprise_id,
            ),
        )
    if not bot_user_id or not (team_id or enterprise_id):
        return None
    return Identity(
        bot_id="",
        bot_user_id=bot_user_id,
        installation=Installation(team_id=team_id, enterprise_id=enterprise_id),
    )


def installation_in_click(body: Payload, known: Identity | None) -> Installation:
    """Say where a click, a command or a dialog belongs; ``known`` outranks what the body says."""
    if known is not None:
        return known.installation
    return Installation(
        team_id=body.identifier("team", "id") or body.identifier("team_id"),
        enterprise_id=(
            body.identifier("enterprise", "id")
            or body.identifier("team", "enterprise_id")
            or body.identifier("enterprise_id")
        ),
    )
