"""What the Events API sends: the envelope, and the events inside it."""

from __future__ import annotations

import time
import uuid

from tests.worlds.slack.cast import VERIFICATION_TOKEN
from tests.worlds.slack.directory import Channel, Team
from tests.worlds.slack.messages import Stored
from tests.worlds.slack.payload import Payload, text
from tests.worlds.slack.state import State

_COPIED = ("client_msg_id", "user", "text", "ts", "team", "blocks", "thread_ts", "parent_user_id")
_BOT_FIELDS = ("bot_id", "app_id", "bot_profile", "subtype", "metadata", "files")


def envelope(team: Team, event: Payload, *, is_ext_shared: bool = False) -> Payload:
    """Wrap an event as one delivery, under an id of its own."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": team.id,
        "enterprise_id": team.enterprise_id,
        "context_team_id": team.id,
        "context_enterprise_id": team.enterprise_id,
        "api_app_id": team.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": "Ev" + uuid.uuid4().hex[:12].upper(),
        "event_time": int(time.time()),
        "authorizations": [
            {
                "enterprise_id": team.enterprise_id,
                "team_id": None if team.is_org_wide else team.id,
                "user_id": team.bot_user_id,
                "is_bot": True,
                "is_enterprise_install": team.is_org_wide,
            }
        ],
        "is_ext_shared_channel": is_ext_shared,
        "event_context": f"4-{uuid.uuid4().hex}",
    }


def mention_event(stored: Stored, channel: Channel) -> Payload:
    """Tell of a message that names the bot."""
    return {"type": "app_mention", **_shown(stored, channel)}


def message_event(stored: Stored, channel: Channel) -> Payload:
    """Tell of a message in a channel the bot is in."""
    return {"type": "message", **_shown(stored, channel), "channel_type": channel.kind}


def changed_event(stored: Stored, channel: Channel, *, ts: str) -> Payload:
    """Tell of an edit."""
    before = stored.earlier[-1] if stored.earlier else {}
    return {
        "type": "message",
        "subtype": "message_changed",
        "message": dict(stored.raw),
        "previous_message": dict(before),
        "channel": channel.id,
        "hidden": True,
        "ts": ts,
        "event_ts": ts,
        "channel_type": channel.kind,
    }


def deleted_event(stored: Stored, channel: Channel, *, ts: str) -> Payload:
    """Tell of a deletion."""
    return {
        "type": "message",
        "subtype": "message_deleted",
        "previous_message": dict(stored.raw),
        "deleted_ts": stored.ts,
        "channel": channel.id,
        "hidden": True,
        "ts": ts,
        "event_ts": ts,
        "channel_type": channel.kind,
    }


def home_opened_event(state: State, *, team: Team, user: str, tab: str, channel: str) -> Payload:
    """Tell that somebody looks at the app's Home or Messages tab."""
    event: Payload = {
        "type": "app_home_opened",
        "user": user,
        "channel": channel,
        "tab": tab,
        "event_ts": state.clock.next_ts(),
    }
    home = state.views.homes.get((team.id, user))
    return {**event, "view": home.payload()} if home and tab == "home" else event


def session_stopped_event(state: State, *, channel: str, thread_ts: str, user: str) -> Payload:
    """Tell that somebody pressed Slack's own Stop button."""
    streaming = [
        item for item in state.messages.of_thread(channel, thread_ts) if item.streaming_since
    ]
    for item in streaming:
        item.streaming_since = None
    return {
        "type": "agent_session_stopped",
        "channel": channel,
        "thread_ts": thread_ts,
        "user": user,
        "streaming_message_ts": [item.ts for item in streaming],
        "event_ts": state.clock.next_ts(),
    }


def subscription_name(event: Payload) -> str:
    """Give the name under which a manifest subscribes to an event."""
    kind = text(event.get("type"))
    if kind != "message":
        return kind
    places = {"channel": "channels", "group": "groups"}
    place = text(event.get("channel_type"))
    return f"message.{places.get(place, place)}"


def _shown(stored: Stored, channel: Channel) -> Payload:
    raw = stored.raw
    kept: Payload = {name: raw[name] for name in (*_COPIED, *_BOT_FIELDS) if name in raw}
    event: Payload = {**kept, "channel": channel.id, "event_ts": stored.ts}
    if channel.is_ext_shared:
        event |= {"user_team": raw.get("team"), "source_team": raw.get("team")}
    return event
