"""The Slack app as a manifest, made of what the code listens to and calls."""

from __future__ import annotations

from urllib.parse import urlsplit

from bots.slack.surface import COMMAND, EVENTS, HAND_OVER, NEW_RUN, START_RUN, scopes
from runtime.domain.errors import Refused
from runtime.domain.json import Json, JsonObject

EVENTS_PATH = "/slack/events"
INSTALL_PATH = "/slack/install"
REDIRECT_PATH = "/slack/oauth_redirect"
EXAMPLE = "https://baton.example.com"

PROMPTS = (
    ("Compare vendors", "Compare the vendor offers and recommend one"),
    ("What waits for me", "What is waiting for a decision?"),
    ("Buy laptops", "Buy 12 laptops from the best vendor"),
)
"""What a newcomer is offered to ask: a title, and the message it sends."""


def manifest(*, url: str = EXAMPLE, socket: bool = False, addresses: bool = False) -> JsonObject:
    """Give the manifest for an app that Slack reaches at ``url``, or by Socket Mode.

    With ``addresses`` it may see members' e-mail addresses.

    Raises:
        Refused: the address is not one that Slack would call.
    """
    parts = urlsplit(url)
    if not socket and (parts.scheme != "https" or not parts.hostname):
        raise Refused(f"{url!r} is no https address; Slack calls nothing else")
    root = f"https://{parts.netloc}{parts.path.rstrip('/')}"
    events_url = f"{root}{EVENTS_PATH}"
    here: JsonObject = {} if socket else {"request_url": events_url}
    subscribed = sorted(name for taken in EVENTS.values() for name in taken)
    return {
        "display_information": {
            "name": "Baton",
            "description": "Takes requests, plans them, asks before it acts, and answers.",
            "background_color": "#1f2430",
        },
        "features": _features(events_url="" if socket else events_url, domain=parts.hostname or ""),
        "oauth_config": {
            "scopes": {"bot": list(scopes(addresses=addresses))},
            **({} if socket else {"redirect_urls": [f"{root}{REDIRECT_PATH}"]}),
        },
        "settings": {
            "event_subscriptions": {**here, "bot_events": list(subscribed)},
            "interactivity": {"is_enabled": True, **here},
            # Without it Workflow Builder does not offer the step.
            "org_deploy_enabled": True,
            "socket_mode_enabled": socket,
            "token_rotation_enabled": False,
        },
        "functions": {START_RUN: _start_run()},
    }


def _features(*, events_url: str, domain: str) -> JsonObject:
    command: dict[str, Json] = {
        "command": COMMAND,
        "description": "Look after runs and approvals",
        "usage_hint": "run TEXT | status 12 | approvals | help",
        "should_escape": True,
    }
    if events_url:
        command["url"] = events_url
    return {
        "agent_view": {
            "agent_description": "Does work that people ask for, and asks before it acts.",
            "suggested_prompts": [
                {"title": title, "message": message} for title, message in PROMPTS
            ],
        },
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "bot_user": {"display_name": "Baton", "always_online": True},
        "shortcuts": [
            {
                "name": "New run",
                "type": "global",
                "callback_id": NEW_RUN,
                "description": "Ask Baton for something",
            },
            {
                "name": "Hand to Baton",
                "type": "message",
                "callback_id": HAND_OVER,
                "description": "Let Baton work on this message",
            },
        ],
        "slash_commands": [command],
        **({"unfurl_domains": [domain]} if domain else {}),
    }


def _start_run() -> JsonObject:
    """Describe the step: https://docs.slack.dev/workflows/creating-custom-workflow-steps."""
    text = "string"
    return {
        "title": "Start a run",
        "description": "Give Baton a request, wait for it, and use its answer",
        "input_parameters": {
            "request": {
                "type": text,
                "title": "Request",
                "description": "What should be done",
                "name": "request",
                "is_required": True,
            },
            "channel": {
                "type": "slack#/types/channel_id",
                "title": "Channel",
                "description": "Where the run is shown and approvals are asked for",
                "name": "channel",
                "is_required": True,
            },
            "user_context": {
                "type": "slack#/types/user_context",
                "title": "Person",
                "description": "Who asks: approvals and limits go by this person",
                "name": "user_context",
                "is_required": True,
            },
        },
        "output_parameters": {
            name: {"type": text, "title": title, "description": title, "name": name}
            for name, title in (
                ("answer", "The answer"),
                ("outcome", "succeeded, failed or cancelled"),
                ("run", "The run's number"),
            )
        },
    }
