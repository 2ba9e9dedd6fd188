"""The app as Teams installs it, made of what the code does, and checked by Teams' own rules.

Version 1.25 of the manifest; 1.29 where slash commands are wanted, which some tenants do not take
yet. https://learn.microsoft.com/microsoft-365/extensibility/schema (read November 2026)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

from bots.commands.grammar import BY_NAME
from runtime.domain.json import Json, JsonObject

HAND = "hand"
"""The message action "Hand to Baton"."""
COLOR_FILE, OUTLINE_FILE = "color.png", "outline.png"
_LISTED = ("status", "approvals", "runs", "why", "cancel", "link", "agents", "cost", "help")
_SCOPES: tuple[Json, ...] = ("personal", "team", "groupChat")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LONGEST = {
    ("name", "short"): 30,
    ("name", "full"): 100,
    ("description", "short"): 80,
    ("description", "full"): 4_000,
    ("developer", "name"): 32,
    ("developer", "websiteUrl"): 2_048,
    ("developer", "privacyUrl"): 2_048,
    ("developer", "termsOfUseUrl"): 2_048,
}
_MOST_COMMANDS = 12
_LONGEST_TITLE, _LONGEST_SUMMARY = 32, 128


@dataclass(frozen=True, slots=True, kw_only=True)
class AppFacts:
    """What differs from one organisation to the next."""

    app_id: str
    organisation: str
    url: str
    """The organisation's page about Baton; its paths ``/privacy`` and ``/terms`` are named too."""
    version: str = "0.1.0"
    slash: bool = False


def manifest(facts: AppFacts) -> JsonObject:
    """Make the manifest."""
    url = facts.url.rstrip("/")
    version = "1.29" if facts.slash else "1.25"
    return {
        "$schema": (
            "https://developer.microsoft.com/json-schemas/teams/"
            f"v{version}/MicrosoftTeams.schema.json"
        ),
        "manifestVersion": version,
        "version": facts.version,
        "id": facts.app_id,
        "developer": {
            "name": facts.organisation,
            "websiteUrl": url,
            "privacyUrl": f"{url}/privacy",
            "termsOfUseUrl": f"{url}/terms",
        },
        "name": {"short": "Baton", "full": "Baton, governed agents for your team"},
        "description": {
            "short": "Plans work, gives it to agents, and asks before anything sensitive.",
            "full": (
                "Say what you want done. Baton plans it, gives each step to a specialised agent or"
                " tool, shows how it goes on one card, asks the right people before anything"
                " sensitive happens, and answers where you asked."
            ),
        },
        "icons": {"color": COLOR_FILE, "outline": OUTLINE_FILE},
        "accentColor": "#2D4C8B",
        "bots": [_bot(facts)],
        "composeExtensions": [_actions(facts)],
        "validDomains": [],
    }


def problems(app: JsonObject) -> list[str]:
    """Say what Teams would refuse, before somebody uploads it."""
    found = [
        f"{'.'.join(path)} is longer than {limit} characters"
        for path, limit in _LONGEST.items()
        if len(_text(app, *path)) > limit
    ]
    found += [f"{'.'.join(path)} is missing" for path in _LONGEST if not _text(app, *path)]
    if not _GUID.fullmatch(_text(app, "id")):
        found.append(f"id is {_text(app, 'id')!r}, which is no GUID in lower case")
    if not re.fullmatch(r"\d+\.\d+\.\d+", _text(app, "version")):
        found.append(f"version is {_text(app, 'version')!r}; write three numbers: 1.0.0")
    for name in ("websiteUrl", "privacyUrl", "termsOfUseUrl"):
        if not _is_https(_text(app, "developer", name)):
            found.append(f"developer.{name} must begin with https:// and name a host")
    for listed in _command_lists(app):
        commands = cast("list[JsonObject]", listed["commands"])
        if len(commands) > _MOST_COMMANDS:
            found.append(f"a command list has more than {_MOST_COMMANDS} commands")
        for command in commands:
            if len(str(command["title"])) > _LONGEST_TITLE:
                found.append(f"the command {command['title']!r} has too long a title")
            if len(str(command["description"])) > _LONGEST_SUMMARY:
                found.append(f"the command {command['title']!r} has too long a description")
    return found


def _bot(facts: AppFacts) -> JsonObject:
    listed: dict[str, Json] = {
        "scopes": list(_SCOPES),
        "commands": [{"title": name, "description": BY_NAME[name].summary} for name in _LISTED],
    }
    bot: dict[str, Json] = {
        "botId": facts.app_id,
        "scopes": list(_SCOPES),
        "supportsFiles": True,
        "isNotificationOnly": False,
    }
    if facts.slash:
        bot["supportsTargetedMessages"] = True
        listed["triggers"] = ["mention", "slash"]
    return {**bot, "commandLists": [listed]}


def _actions(facts: AppFacts) -> JsonObject:
    return {
        "botId": facts.app_id,
        "commands": [
            {
                "id": HAND,
                "type": "action",
                "title": "Hand to Baton",
                "description": "Let Baton do what this message asks for",
                "context": ["message"],
                "fetchTask": True,
            }
        ],
    }


def _text(app: JsonObject, *path: str) -> str:
    value: object = app
    for name in path:
        value = cast("Mapping[str, object]", value).get(name) if isinstance(value, Mapping) else ""
    return value if isinstance(value, str) else ""


def _command_lists(app: JsonObject) -> Iterator[JsonObject]:
    for bot in cast("list[JsonObject]", app.get("bots") or []):
        yield from cast("list[JsonObject]", bot.get("commandLists") or [])


def _is_https(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname)
