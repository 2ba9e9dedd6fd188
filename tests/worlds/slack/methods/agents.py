"""``agents.sessions.*``, ``assistant.threads.*``, ``functions.*``, ``reactions.*``."""

from __future__ import annotations

from collections.abc import Mapping

from tests.worlds.slack.directory import Channel
from tests.worlds.slack.errors import SlackError
from tests.worlds.slack.methods.method import Method, MethodCall
from tests.worlds.slack.payload import Json, Payload, rows, table, tables, text, texts
from tests.worlds.slack.stores import Execution, Session

_TITLE_CHARACTERS = 200
_LOADING_MESSAGES = 10


def _set_session_status(call: MethodCall) -> Payload:
    channel, thread = _session_place(call)
    status, title = call.text("status"), call.text("title")
    if len(title) > _TITLE_CHARACTERS:
        call.state.violate(call.name, "invalid_arguments", "title exceeds 200 characters")
        raise SlackError("invalid_arguments", messages=["title is too long"])
    if status not in {"active", "processing", "suspended", "closed"}:
        raise SlackError("invalid_status")
    initiator = call.text("initiator_user_id")
    if initiator and initiator not in channel.members:
        raise SlackError("user_not_found")
    session = call.state.sessions.setdefault(
        (channel.id, thread),
        Session(channel=channel.id, thread_ts=thread, title=title, status=status),
    )
    session.status = status
    session.history.append(status)
    return {"status": status, "agent_status": status, "title": session.title}


def _rename_session(call: MethodCall) -> Payload:
    channel, thread = _session_place(call)
    session = call.state.sessions.get((channel.id, thread))
    if session is None:
        raise SlackError("session_not_found")
    if not 1 <= len(call.text("title")) <= _TITLE_CHARACTERS:
        raise SlackError("invalid_name")
    session.title = call.text("title")
    return {"title": session.title}


def _session_place(call: MethodCall) -> tuple[Channel, str]:
    channel = call.channel("channel_id")
    thread = call.text("thread_ts")
    if not thread:
        raise SlackError("thread_ts_required")
    if channel.is_archived or call.team.bot_user_id not in channel.members:
        raise SlackError("not_authorized")
    return channel, thread


def _set_thread_status(call: MethodCall) -> Payload:
    channel, thread = _assistant_thread(call)
    loading = rows(call.get("loading_messages"))
    if len(loading) > _LOADING_MESSAGES:
        call.state.violate(call.name, "invalid_arguments", f"{len(loading)} loading messages")
        raise SlackError("invalid_arguments", messages=["loading_messages: at most 10"])
    call.state.statuses.put(channel, thread, call.text("status"), texts(loading))
    return {}


def _set_thread_title(call: MethodCall) -> Payload:
    channel, thread = _assistant_thread(call)
    session = call.state.sessions.get((channel, thread))
    if session:
        session.title = call.text("title")
    return {}


def _set_prompts(call: MethodCall) -> Payload:
    channel = call.channel("channel_id")
    if not tables(call.get("prompts")):
        raise SlackError("invalid_arguments", messages=["prompts is empty"])
    call.state.prompts.append({**call.arguments, "channel_id": channel.id})
    return {}


def _assistant_thread(call: MethodCall) -> tuple[str, str]:
    channel = call.channel("channel_id")
    thread = call.text("thread_ts")
    if not call.state.messages.of_thread(channel.id, thread):
        raise SlackError("invalid_thread_ts")
    return channel.id, thread


def _complete_success(call: MethodCall) -> Payload:
    execution = _running(call)
    execution.status, execution.outputs = "completed", table(call.get("outputs"))
    return {}


def _complete_error(call: MethodCall) -> Payload:
    execution = _running(call)
    execution.status, execution.error = "failed", call.text("error")
    return {}


def _running(call: MethodCall) -> Execution:
    execution = call.state.executions.get(call.text("function_execution_id"))
    if execution is None:
        raise SlackError("function_execution_not_found")
    if execution.status != "running":
        raise SlackError("execution_not_in_running_state")
    return execution


def _add_reaction(call: MethodCall) -> Payload:
    channel = call.channel()
    if channel.is_archived:
        raise SlackError("is_archived")
    stored = call.message(channel, call.text("timestamp"))
    react(stored.raw, name=call.text("name"), user=call.team.bot_user_id)
    return {}


def _remove_reaction(call: MethodCall) -> Payload:
    stored = call.message(call.channel(), call.text("timestamp"))
    me = call.team.bot_user_id
    for reaction in tables(stored.raw.get("reactions")):
        if reaction["name"] == call.text("name") and me in rows(reaction["users"]):
            left: list[Json] = [user for user in rows(reaction["users"]) if user != me]
            reaction |= {"users": left, "count": len(left)}
            return {}
    raise SlackError("no_reaction")


def react(raw: Payload, *, name: str, user: str) -> None:
    """Put one person's reaction on a message.

    Raises:
        SlackError: it is there already.
    """
    reactions = rows(raw.setdefault("reactions", []))
    present = next((item for item in tables(reactions) if text(item["name"]) == name), None)
    if present is None:
        reactions.append({"name": name, "users": [user], "count": 1})
        return
    users = rows(present["users"])
    if user in users:
        raise SlackError("already_reacted")
    users.append(user)
    present["count"] = len(users)


METHODS: Mapping[str, Method] = {
    "agents.sessions.setStatus": _set_session_status,
    "agents.sessions.rename": _rename_session,
    "assistant.threads.setStatus": _set_thread_status,
    "assistant.threads.setTitle": _set_thread_title,
    "assistant.threads.setSuggestedPrompts": _set_prompts,
    "functions.completeSuccess": _complete_success,
    "functions.completeError": _complete_error,
    "reactions.add": _add_reaction,
    "reactions.remove": _remove_reaction,
}
