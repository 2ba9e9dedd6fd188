"""``oauth.v2.access``: a code, once, for a workspace's bot token."""

from __future__ import annotations

import base64

from tests.worlds.slack.cast import CLIENT_ID, CLIENT_SECRET
from tests.worlds.slack.errors import SlackError
from tests.worlds.slack.payload import Payload
from tests.worlds.slack.state import State

_CODE = "code-for-"


def code_for(team: str, *, number: int = 1) -> str:
    """Give a code as Slack would append it to the redirect of whoever installs the app.

    ``team`` is the id of the workspace, or of the organisation that installs it for all of its own.
    """
    return f"{_CODE}{team}.{number}"


def exchange(state: State, *, login: str, code: str) -> Payload:
    """Give the workspace's token. Raises ``SlackError`` for another's secret or a used code."""
    expected = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
    if login != f"Basic {expected}":
        raise SlackError("bad_client_secret")
    named = code.removeprefix(_CODE).partition(".")[0]
    everybody = state.directory.teams.values()
    org_wide = {one.enterprise_id: one for one in everybody if one.is_org_wide}
    team = state.directory.teams.get(named) or org_wide.get(named)
    if team is None or code in state.codes_used:
        raise SlackError("invalid_code")
    state.codes_used.add(code)
    return {
        "access_token": team.bot_token,
        "token_type": "bot",
        "scope": "chat:write",
        "bot_user_id": team.bot_user_id,
        "app_id": team.app_id,
        "team": None if team.is_org_wide else team.payload(),
        "enterprise": {"id": team.enterprise_id} if team.enterprise_id else None,
        "is_enterprise_install": team.is_org_wide,
        "authed_user": {"id": "U061ADA"},
    }
