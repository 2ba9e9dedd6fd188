"""``files.*``: uploads in three calls."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from tests.worlds.slack.errors import SlackError
from tests.worlds.slack.methods.method import Method, MethodCall
from tests.worlds.slack.payload import Json, Payload, tables, text
from tests.worlds.slack.stores import File


def _get_upload_url(call: MethodCall) -> Payload:
    length = call.number("length", 0)
    if length <= 0:
        raise SlackError("invalid_arguments", messages=["length must be positive"])
    name = f"F0{len(call.state.files) + 1:06d}"
    file = File(
        id=name,
        team=call.team.id,
        ticket=uuid.uuid4().hex,
        name=call.text("filename"),
        length=length,
        alt_text=call.text("alt_txt"),
    )
    call.state.files[name] = file
    return {"upload_url": f"{call.base_url}/upload/v1/{file.ticket}", "file_id": name}


def _complete(call: MethodCall) -> Payload:
    asked = tables(call.get("files"))
    if not asked:
        raise SlackError("invalid_arguments", messages=["files is empty"])
    files = [_uploaded(call, text(item.get("id"))) for item in asked]
    for file, item in zip(files, asked, strict=True):
        file.title = text(item.get("title")) or file.name
    named = call.text("channel_id") or call.text("channels")
    for channel in [item for item in named.split(",") if item]:
        _share(call, channel, files)
    shown: list[Json] = [file.payload(call.base_url) for file in files]
    return {"files": shown}


def _info(call: MethodCall) -> Payload:
    file = call.state.files.get(call.text("file"))
    if file is None or file.team != call.team.id or file.content is None:
        raise SlackError("file_not_found")
    return {"file": file.payload(call.base_url)}


def _uploaded(call: MethodCall, name: str) -> File:
    file = call.state.files.get(name)
    if file is None or file.team != call.team.id or file.content is None:
        raise SlackError("file_not_found")
    return file


def _share(call: MethodCall, channel_id: str, files: list[File]) -> None:
    channel = call.state.directory.channels.get(channel_id)
    if channel is None or channel.is_archived:
        raise SlackError("channel_not_found")
    if call.team.bot_user_id not in channel.members:
        raise SlackError("not_in_channel")
    for file in files:
        file.channels.append(channel_id)
    shown: list[Json] = [file.payload(call.base_url) for file in files]
    content: Payload = {"text": call.text("initial_comment"), "files": shown, "upload": False}
    if call.text("thread_ts"):
        content["thread_ts"] = call.text("thread_ts")
    call.state.messages.post(channel_id, call.state.bot_message(call.team, content))


METHODS: Mapping[str, Method] = {
    "files.getUploadURLExternal": _get_upload_url,
    "files.completeUploadExternal": _complete,
    "files.info": _info,
}
