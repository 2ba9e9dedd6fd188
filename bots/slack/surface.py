"""Everything Baton asks of Slack: methods, events, shortcuts. The one source of scopes.

A method that is not here is not called, an event that is not here is not listened to, and the
manifest is made of what is here. Scopes: https://docs.slack.dev/reference/scopes
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_HISTORY = frozenset({"channels:history", "groups:history", "im:history", "mpim:history"})
_NOTHING = frozenset[str]()

METHODS: Final[Mapping[str, frozenset[str]]] = {
    "agents.sessions.setStatus": frozenset({"chat:write"}),
    "assistant.threads.setSuggestedPrompts": frozenset({"assistant:write"}),
    "auth.test": _NOTHING,
    "chat.appendStream": frozenset({"chat:write"}),
    "chat.postEphemeral": frozenset({"chat:write"}),
    "chat.postMessage": frozenset({"chat:write"}),
    "chat.startStream": frozenset({"chat:write"}),
    "chat.stopStream": frozenset({"chat:write"}),
    "chat.unfurl": frozenset({"links:write"}),
    "chat.update": frozenset({"chat:write"}),
    # A history is read wherever Baton is spoken to, and so are members.
    "conversations.history": _HISTORY,
    "conversations.info": frozenset({"channels:read", "groups:read", "im:read", "mpim:read"}),
    "conversations.members": frozenset({"channels:read", "groups:read", "im:read", "mpim:read"}),
    "conversations.open": frozenset({"im:write"}),
    "conversations.replies": _HISTORY,
    "files.completeUploadExternal": frozenset({"files:write"}),
    "files.getUploadURLExternal": frozenset({"files:write"}),
    "functions.completeError": _NOTHING,
    "functions.completeSuccess": _NOTHING,
    # By the app's own secret, not by a bot's token.
    "oauth.v2.access": _NOTHING,
    "usergroups.users.list": frozenset({"usergroups:read"}),
    "users.info": frozenset({"users:read"}),
    "views.open": _NOTHING,
    "views.publish": _NOTHING,
    "views.update": _NOTHING,
}
"""What a bot token needs for each method that Baton calls."""

EVENTS: Final[Mapping[str, Mapping[str, frozenset[str]]]] = {
    "agent_session_stopped": {"agent_session_stopped": _NOTHING},
    "app_context_changed": {"app_context_changed": _NOTHING},
    "app_home_opened": {"app_home_opened": _NOTHING},
    "app_uninstalled": {"app_uninstalled": _NOTHING},
    "app_mention": {"app_mention": frozenset({"app_mentions:read"})},
    "function_executed": {"function_executed": _NOTHING},
    "link_shared": {"link_shared": frozenset({"links:read"})},
    # One event to the code, four subscriptions to Slack: one for each kind of place.
    "message": {
        "message.channels": frozenset({"channels:history"}),
        "message.groups": frozenset({"groups:history"}),
        "message.im": frozenset({"im:history"}),
        "message.mpim": frozenset({"mpim:history"}),
    },
    "tokens_revoked": {"tokens_revoked": _NOTHING},
}
"""What Baton listens to, as the subscriptions it takes, with the scopes each needs."""

COMMAND: Final = "/baton"
HAND_OVER: Final = "run.from_message"
"""The shortcut in a message's menu."""
NEW_RUN: Final = "run.new"
"""The shortcut in the search bar, and the dialog it opens."""
START_RUN: Final = "start_run"
"""The step for Workflow Builder."""
ADDRESSES: Final = "users:read.email"
"""Lets ``users.info`` tell a member's e-mail address, which only linking by it has a use for."""


def scopes(*, addresses: bool = False) -> list[str]:
    """Give the scopes a bot token needs for all of it, in order; with ``addresses``, those too."""
    by_events = (needed for taken in EVENTS.values() for needed in taken.values())
    also = {ADDRESSES} if addresses else _NOTHING
    return sorted(also.union({"commands"}, *METHODS.values(), *by_events))
