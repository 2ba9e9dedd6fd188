"""Who and what every world starts with."""

from __future__ import annotations

from tests.worlds.slack.directory import Channel, Directory, Team, User, UserGroup

TEAM = "T024BATON"
OTHER_TEAM = "T099OTHER"
APP = "A0BATON"
BOT_USER = "U0BATON"
BOT = "B0BATON"
BOT_TOKEN = "xoxb-simulated-bot"
APP_TOKEN = "xapp-simulated-app"
SIGNING_SECRET = "simulated-signing-secret"
CLIENT_ID = "1.2"
CLIENT_SECRET = "simulated-client-secret"
VERIFICATION_TOKEN = "simulated-verification-token"

ADA = "U061ADA"
BEN = "U062BEN"
CYD = "U063CYD"
GUEST = "U071GUEST"
SINGLE_GUEST = "U072SINGLE"
STRANGER = "U081STRANGER"
GONE = "U091GONE"
OTHER_BOT = "U0OTHERBOT"

GENERAL = "C0GENERAL"
PRIVATE = "C0PRIVATE"
SHARED = "C0SHARED"
ARCHIVED = "C0ARCHIVED"
WITHOUT_BOT = "C0NOBOT"

APPROVERS = "S0APPROVERS"


def opening_directory() -> Directory:
    """Give a workspace with one of each kind of person and channel."""
    directory = Directory()
    directory.add_team(
        Team(
            id=TEAM,
            name="Baton Works",
            domain="baton-works",
            app_id=APP,
            bot_id=BOT,
            bot_user_id=BOT_USER,
            bot_token=BOT_TOKEN,
        )
    )
    directory.add_team(
        Team(
            id=OTHER_TEAM,
            name="Other Works",
            domain="other-works",
            app_id=APP,
            bot_id="B0OTHER",
            bot_user_id="U0BATONOTHER",
            bot_token="xoxb-simulated-other",
        )
    )
    for user in _people():
        directory.add_user(user)
    for channel in _channels():
        directory.add_channel(channel)
    directory.groups[APPROVERS] = UserGroup(
        id=APPROVERS, team=TEAM, name="Approvers", handle="approvers", users=[ADA, BEN]
    )
    return directory


def _people() -> list[User]:
    return [
        User(id=BOT_USER, team=TEAM, name="baton", real_name="Baton", is_bot=True, bot_id=BOT),
        User(
            id="U0BATONOTHER",
            team=OTHER_TEAM,
            name="baton",
            real_name="Baton",
            is_bot=True,
            bot_id="B0OTHER",
        ),
        User(id=ADA, team=TEAM, name="ada", real_name="Ada Lovelace", is_admin=True),
        User(id=BEN, team=TEAM, name="ben", real_name="Ben Franklin"),
        User(id=CYD, team=TEAM, name="cyd", real_name="Cyd Charisse"),
        User(id=GUEST, team=TEAM, name="gus", real_name="Gus Guest", is_restricted=True),
        User(
            id=SINGLE_GUEST,
            team=TEAM,
            name="sol",
            real_name="Sol Single",
            is_restricted=True,
            is_ultra_restricted=True,
        ),
        User(id=STRANGER, team=OTHER_TEAM, name="sid", real_name="Sid Stranger", is_stranger=True),
        User(id=GONE, team=TEAM, name="gone", real_name="Gone Away", deleted=True),
        User(
            id=OTHER_BOT,
            team=TEAM,
            name="otherbot",
            real_name="Other Bot",
            is_bot=True,
            bot_id="B0OTHERBOT",
        ),
    ]


def _channels() -> list[Channel]:
    everyone = [BOT_USER, ADA, BEN, CYD, GUEST, OTHER_BOT]
    return [
        Channel(
            id=GENERAL, team=TEAM, name="general", members=[*everyone, SINGLE_GUEST], creator=ADA
        ),
        Channel(
            id=PRIVATE,
            team=TEAM,
            name="board",
            is_private=True,
            members=[BOT_USER, ADA, BEN],
            creator=ADA,
        ),
        Channel(
            id=SHARED,
            team=TEAM,
            name="partners",
            is_ext_shared=True,
            connected_teams=[OTHER_TEAM],
            members=[*everyone, STRANGER],
            creator=ADA,
        ),
        Channel(
            id=ARCHIVED,
            team=TEAM,
            name="attic",
            is_archived=True,
            members=everyone,
            creator=ADA,
        ),
        Channel(id=WITHOUT_BOT, team=TEAM, name="quiet", members=[ADA, BEN], creator=BEN),
    ]
