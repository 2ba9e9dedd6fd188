"""Teams, people, channels and user groups of the simulated workspaces."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.worlds.slack.payload import Json, Payload


@dataclass(slots=True, kw_only=True)
class Team:
    """A workspace with the app installed."""

    id: str
    name: str
    domain: str
    app_id: str
    bot_id: str
    bot_user_id: str
    bot_token: str
    enterprise_id: str | None = None
    is_org_wide: bool = False
    """The organisation installed the app, for all of its workspaces, this one among them."""
    scopes: list[str] | None = None
    """What the bot token may do; None checks no scope."""
    revoked: bool = False

    def payload(self) -> Payload:
        return {"id": self.id, "name": self.name, "domain": self.domain}


@dataclass(slots=True, kw_only=True)
class User:
    """A person or a bot."""

    id: str
    team: str
    name: str
    real_name: str
    is_admin: bool = False
    is_bot: bool = False
    bot_id: str | None = None
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_stranger: bool = False
    deleted: bool = False
    email: str = ""
    is_email_confirmed: bool = True
    tz: str = "Europe/London"

    def payload(self) -> Payload:
        profile: Payload = {
            "real_name": self.real_name,
            "real_name_normalized": self.real_name,
            "display_name": self.name,
            "display_name_normalized": self.name,
            "email": self.email or f"{self.name}@example.com",
            "team": self.team,
        }
        if self.bot_id:
            profile["bot_id"] = self.bot_id
        shown: Payload = {
            "id": self.id,
            "team_id": self.team,
            "name": self.name,
            "deleted": self.deleted,
            "profile": profile,
            "is_bot": self.is_bot,
            "is_app_user": False,
            "is_email_confirmed": self.is_email_confirmed,
            "updated": 0,
        }
        if self.is_stranger:
            shown["is_stranger"] = True
        if self.deleted:
            return shown
        return shown | {
            "real_name": self.real_name,
            "tz": self.tz,
            "is_admin": self.is_admin,
            "is_owner": False,
            "is_primary_owner": False,
            "is_restricted": self.is_restricted,
            "is_ultra_restricted": self.is_ultra_restricted,
            "is_email_confirmed": True,
        }


@dataclass(slots=True, kw_only=True)
class Channel:
    """A place for messages."""

    id: str
    team: str
    name: str
    is_private: bool = False
    is_im: bool = False
    is_mpim: bool = False
    is_archived: bool = False
    is_ext_shared: bool = False
    connected_teams: list[str] = field(default_factory=list[str])
    members: list[str] = field(default_factory=list[str])
    creator: str = ""
    created: int = 0

    @property
    def kind(self) -> str:
        """Give ``channel_type`` as events carry it."""
        if self.is_im:
            return "im"
        if self.is_mpim:
            return "mpim"
        return "group" if self.is_private else "channel"

    def payload(self, *, bot_user_id: str) -> Payload:
        if self.is_im:
            other = next((user for user in self.members if user != bot_user_id), "")
            return {
                "id": self.id,
                "created": self.created,
                "is_im": True,
                "is_archived": self.is_archived,
                "is_org_shared": False,
                "is_user_deleted": False,
                "user": other,
                "context_team_id": self.team,
            }
        connected: list[Json] = [*self.connected_teams]
        return {
            "id": self.id,
            "name": self.name,
            "name_normalized": self.name,
            "created": self.created,
            "creator": self.creator,
            "is_channel": not self.is_private and not self.is_mpim,
            "is_group": self.is_private,
            "is_im": False,
            "is_mpim": self.is_mpim,
            "is_private": self.is_private or self.is_mpim,
            "is_archived": self.is_archived,
            "is_general": self.name == "general",
            "is_shared": self.is_ext_shared,
            "is_ext_shared": self.is_ext_shared,
            "is_org_shared": False,
            "is_pending_ext_shared": False,
            "connected_team_ids": connected,
            "context_team_id": self.team,
            "is_member": bot_user_id in self.members,
            "topic": {"value": "", "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
        }


@dataclass(slots=True, kw_only=True)
class UserGroup:
    """A group of people with a handle of its own."""

    id: str
    team: str
    name: str
    handle: str
    users: list[str]
    disabled: bool = False

    def payload(self) -> Payload:
        return {
            "id": self.id,
            "team_id": self.team,
            "is_usergroup": True,
            "name": self.name,
            "handle": self.handle,
            "user_count": len(self.users),
            "date_delete": int(self.disabled),
        }


class Directory:
    """Everyone and every place, by id."""

    def __init__(self) -> None:
        self.teams: dict[str, Team] = {}
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.groups: dict[str, UserGroup] = {}

    def add_team(self, team: Team) -> None:
        self.teams[team.id] = team

    def add_user(self, user: User) -> None:
        self.users[user.id] = user

    def add_channel(self, channel: Channel) -> None:
        self.channels[channel.id] = channel

    def team_of_token(self, token: str) -> Team | None:
        return next((team for team in self.teams.values() if team.bot_token == token), None)

    def conversation_of(self, team: str, people: set[str]) -> Channel | None:
        """Find the direct conversation of exactly these people, the bot included."""
        return next(
            (
                channel
                for channel in self.channels.values()
                if (channel.is_im or channel.is_mpim)
                and channel.team == team
                and set(channel.members) == people
            ),
            None,
        )

    def open_conversation(self, team: Team, people: list[str]) -> Channel:
        """Find or make the direct conversation of the bot with these people."""
        members = [team.bot_user_id, *people]
        found = self.conversation_of(team.id, set(members))
        if found:
            return found
        is_im = len(people) == 1
        opened = Channel(
            id=f"D0{people[0][1:]}{team.id[1:]}" if is_im else f"G0{len(self.channels):04d}MPIM",
            team=team.id,
            name="directmessage" if is_im else "mpdm-" + "--".join(sorted(people)),
            is_im=is_im,
            is_mpim=not is_im,
            members=members,
        )
        self.add_channel(opened)
        return opened
