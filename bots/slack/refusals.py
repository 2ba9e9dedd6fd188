"""Slack's error codes, sorted by who must act, in words that say what to do."""

from __future__ import annotations

from bots.slack.api import CallError
from runtime.domain.errors import Refused, Upstream

REPOST = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
"""The message to update is out of reach; a new one takes its place."""

TOO_LARGE = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long"}
)
"""The drawing is refused; the words alone must still get through."""

_INVITE = "invite the app to the channel (/invite), then retry"
_REINSTALL = "an operator must install the app again and set SLACK_BOT_TOKEN"
_RIGHTS = "an admin of the workspace must allow the app to post there"
_REFUSALS = {
    "channel_not_found": f"Slack does not let Baton see this channel: {_INVITE}",
    "not_in_channel": f"Baton is not a member of this channel: {_INVITE}",
    "is_archived": "the channel is archived: unarchive it, or ask again in another one",
    "cannot_reply_to_message": "this message takes no replies: ask again in a new message",
    "thread_not_found": "the thread is gone: ask again in a new message",
    "restricted_action": f"a workspace setting keeps Baton from posting here: {_RIGHTS}",
    "restricted_action_read_only_channel": f"this channel is read-only: {_RIGHTS}",
    "restricted_action_thread_locked": "this thread is locked: ask again in a new message",
    "restricted_action_thread_only_channel": f"this channel takes replies only: {_RIGHTS}",
    "restricted_action_non_threadable_channel": f"this channel has no threads: {_RIGHTS}",
    "messages_tab_disabled": "the app's Messages tab is off: an operator must enable it",
    "ekm_access_denied": f"the organisation's key policy forbids posting: {_RIGHTS}",
    "team_access_not_granted": f"the app has no access to this workspace: {_RIGHTS}",
    "no_permission": f"the app has no permission to post: {_RIGHTS}",
    "missing_scope": "the app lacks a scope: an operator must add the ones of the manifest",
    "token_revoked": f"Slack has revoked the app's token: {_REINSTALL}",
    "token_expired": f"the app's token has expired: {_REINSTALL}",
    "account_inactive": f"the app was removed from this workspace: {_REINSTALL}",
    "invalid_auth": f"Slack does not accept the app's token: {_REINSTALL}",
    "not_authed": f"no token was sent: {_REINSTALL}",
}


def is_final(fault: CallError) -> bool:
    """Say whether Slack will never do it, however often it is asked."""
    return fault.code in _REFUSALS and not fault.ambiguous


def sorted_error(fault: CallError) -> Refused | Upstream:
    """Say who must act on a fault; what is not known is tried again, never dropped."""
    if is_final(fault):
        return Refused(f"Slack refused with {fault.code!r}: {_REFUSALS[fault.code]}")
    return Upstream(
        f"Slack answered {fault.code!r}; it is tried again",
        retry_after_seconds=fault.retry_after_seconds,
        ambiguous=fault.ambiguous,
    )
