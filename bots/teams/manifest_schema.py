"""What Teams' published manifest schemas allow of what Baton's app uses, as one JSON Schema.

Drawn up by hand from versions 1.25 and 1.29, and never wider: what it lets pass, they let pass.
``make cards`` checks the app against the published ones themselves.
https://learn.microsoft.com/microsoft-365/extensibility/schema (read November 2026)
"""

from __future__ import annotations

from collections.abc import Mapping

from jsonschema import Draft7Validator

from runtime.domain.json import Json, JsonObject

_GUID: JsonObject = {
    "type": "string",
    "pattern": "^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$",
}
_HTTPS: JsonObject = {"type": "string", "maxLength": 2048, "pattern": "^https://"}
_FILE: JsonObject = {"type": "string", "maxLength": 2048, "pattern": r"^[\w-]+\.png$"}
_YES_OR_NO: JsonObject = {"type": "boolean"}
_MOST_BREACHES = 10


def breaches(app: JsonObject) -> list[str]:
    """Say where a manifest is not what its version's schema allows."""
    slash = app.get("manifestVersion") == "1.29"
    found = Draft7Validator(_schema("1.29" if slash else "1.25", slash=slash)).iter_errors(app)
    return [f"{one.json_path}: {one.message[:200]}" for one in found][:_MOST_BREACHES]


def _schema(version: str, *, slash: bool) -> JsonObject:
    scopes = _list({"enum": ["personal", "team", "groupChat"]}, most=3)
    commands: dict[str, Json] = {
        "scopes": scopes,
        "commands": _list(_object({"title": _text(32), "description": _text(128)}), most=12),
    }
    bot: dict[str, Json] = {
        "botId": _GUID,
        "scopes": scopes,
        "supportsFiles": _YES_OR_NO,
        "isNotificationOnly": _YES_OR_NO,
    }
    if slash:
        commands["triggers"] = _list({"enum": ["mention", "slash"]}, most=2)
        bot["supportsTargetedMessages"] = _YES_OR_NO
    bot["commandLists"] = _list(_object(commands), most=3)
    action = _object(
        {
            "id": _text(64),
            "type": {"const": "action"},
            "title": _text(32),
            "description": _text(128),
            "context": _list({"enum": ["compose", "commandBox", "message"]}, most=3),
            "fetchTask": _YES_OR_NO,
        }
    )
    developer = {
        "name": _text(32),
        "websiteUrl": _HTTPS,
        "privacyUrl": _HTTPS,
        "termsOfUseUrl": _HTTPS,
    }
    where = "https://developer.microsoft.com/json-schemas/teams"
    return _object(
        {
            "$schema": {"const": f"{where}/v{version}/MicrosoftTeams.schema.json"},
            "manifestVersion": {"const": version},
            "version": {"type": "string", "pattern": r"^\d+\.\d+\.\d+$", "maxLength": 256},
            "id": _GUID,
            "developer": _object(developer),
            "name": _object({"short": _text(30), "full": _text(100)}),
            "description": _object({"short": _text(80), "full": _text(4_000)}),
            "icons": _object({"color": _FILE, "outline": _FILE}),
            "accentColor": {"type": "string", "pattern": "^#[0-9a-fA-F]{6}$"},
            "bots": _list(_object(bot), most=1),
            "composeExtensions": _list(
                _object({"botId": _GUID, "commands": _list(action, most=10)}), most=1
            ),
            "validDomains": {"type": "array", "maxItems": 16, "items": _text(2_048)},
        }
    )


def _object(properties: Mapping[str, Json]) -> JsonObject:
    """Give an object of exactly these."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(items: JsonObject, *, most: int) -> JsonObject:
    return {
        "type": "array",
        "items": items,
        "minItems": 1,
        "maxItems": most,
        "uniqueItems": True,
    }


def _text(most: int) -> JsonObject:
    return {"type": "string", "minLength": 1, "maxLength": most}
