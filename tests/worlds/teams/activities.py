"""What Teams sends to a bot's endpoint, as JSON."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

from tests.worlds.teams.cast import BOT, BOT_NAME, Chat, Member

_NUMBERS = itertools.count(1_700_000_000_001)
MENTION = f"<at>{BOT_NAME}</at>"


def new_id() -> str:
    """Give a message id as Teams gives them."""
    return str(next(_NUMBERS))


def envelope(kind: str, person: Member, chat: Chat, *, service_url: str) -> dict[str, Any]:
    """Give what every activity has."""
    account: dict[str, Any] = {"id": person.id, "name": person.name}
    if person.object_id:
        account["aadObjectId"] = person.object_id
    conversation: dict[str, Any] = {
        "id": chat.id,
        "conversationType": chat.kind,
        "tenantId": person.tenant,
    }
    if chat.kind != "personal":
        conversation["isGroup"] = True
    channel_data: dict[str, Any] = {"tenant": {"id": person.tenant}}
    if chat.team:
        channel_data["team"] = {"id": chat.team}
    return {
        "type": kind,
        "id": new_id(),
        "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "channelId": "msteams",
        "serviceUrl": service_url,
        "from": account,
        "recipient": {"id": BOT, "name": BOT_NAME},
        "conversation": conversation,
        "channelData": channel_data,
        "entities": [{"type": "clientInfo", "locale": "en-GB", "platform": "Windows"}],
    }


def message(
    person: Member, chat: Chat, text: str, *, service_url: str, mention: bool
) -> dict[str, Any]:
    """Give something a person wrote."""
    body = envelope("message", person, chat, service_url=service_url)
    body |= {"text": text, "textFormat": "plain"}
    if mention:
        body["text"] = f"{MENTION}\u00a0{text}"
        body["entities"].append(
            {"type": "mention", "text": MENTION, "mentioned": {"id": BOT, "name": BOT_NAME}}
        )
    if chat.kind == "channel" and ";messageid=" not in chat.id:
        body["conversation"]["id"] = f"{chat.id};messageid={body['id']}"
    return body


def execute(
    person: Member,
    chat: Chat,
    *,
    service_url: str,
    message_id: str,
    verb: str,
    data: dict[str, Any],
    automatic: bool = False,
) -> dict[str, Any]:
    """Give a press on ``Action.Execute``, or a card that came into view."""
    body = envelope("invoke", person, chat, service_url=service_url)
    body["name"] = "adaptiveCard/action"
    body["replyToId"] = message_id
    body["value"] = {
        "action": {"type": "Action.Execute", "verb": verb, "data": data},
        "trigger": "automatic" if automatic else "manual",
    }
    return body


def submit(
    person: Member, chat: Chat, *, service_url: str, message_id: str, data: dict[str, Any]
) -> dict[str, Any]:
    """Give a press on ``Action.Submit``: a message without words."""
    body = envelope("message", person, chat, service_url=service_url)
    return body | {"replyToId": message_id, "value": data}


def installed(
    person: Member, chat: Chat, *, service_url: str, action: str = "add"
) -> dict[str, Any]:
    """Give the news that the app was added somewhere; ``remove`` says that it is gone."""
    body = envelope("installationUpdate", person, chat, service_url=service_url)
    return body | {"action": action}


def slash(person: Member, chat: Chat, text: str, *, service_url: str) -> dict[str, Any]:
    """Give a slash command, which only its author sees."""
    body = message(person, chat, text, service_url=service_url, mention=False)
    body["recipient"]["isTargeted"] = True
    return body


def handed(
    person: Member,
    chat: Chat,
    *,
    service_url: str,
    request: str | None = None,
    said: str = "<p>Please <b>compare</b> the offers &amp; buy<br>the best</p>",
    command: str = "hand",
) -> dict[str, Any]:
    """Give the choice of "Hand to Baton" on a message of Ben's; with ``request``, its form sent."""
    body = envelope("invoke", person, chat, service_url=service_url)
    step = "fetchTask" if request is None else "submitAction"
    body["name"] = f"composeExtension/{step}"
    body["value"] = {
        "commandId": command,
        "commandContext": "message",
        "messagePayload": {
            "id": "1600000000007",
            "from": {"user": {"displayName": "Ben", "id": "aaaa"}},
            "body": {"contentType": "html", "content": said},
        },
    }
    if request is not None:
        body["value"]["data"] = {"request": request}
    return body


def consented(
    person: Member,
    chat: Chat,
    *,
    service_url: str,
    message_id: str,
    asked: dict[str, Any],
    upload_url: str,
    agrees: bool = True,
) -> dict[str, Any]:
    """Give the answer to the question whether a file may be put into somebody's OneDrive."""
    body = envelope("invoke", person, chat, service_url=service_url)
    name, content = asked["name"], asked["content"]
    context = content["acceptContext" if agrees else "declineContext"]
    value: dict[str, Any] = {
        "type": "fileUpload",
        "action": "accept" if agrees else "decline",
        "context": context,
    }
    if agrees:
        value["uploadInfo"] = {
            "contentUrl": upload_url.partition("?")[0],
            "name": name,
            "uploadUrl": upload_url,
            "uniqueId": "1150D938-8870-4044-9F2C-5BBDEBA70C8C",
            "fileType": name.rpartition(".")[2],
        }
    return body | {"name": "fileConsent/invoke", "replyToId": message_id, "value": value}
