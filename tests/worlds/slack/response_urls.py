"""Answers by ``response_url``, and answers in the body of an acknowledgement."""

from __future__ import annotations

import asyncio

from aiohttp import web

from tests.worlds.slack.errors import SlackError
from tests.worlds.slack.faults import FaultPlan
from tests.worlds.slack.payload import Payload, decode, is_true, rows, table, text
from tests.worlds.slack.state import State
from tests.worlds.slack.stores import RESPONSE_URL_SECONDS, RESPONSE_URL_USES, ResponseUrl
from tests.worlds.slack.surfaces import View
from tests.worlds.slack.validation.inspector import Inspector

_KNOWN = frozenset(
    """text blocks attachments response_type replace_original delete_original thread_ts metadata
    mrkdwn unfurl_links unfurl_media""".split()  # noqa: SIM905 -- reads better than eleven lines
)


class Answers:
    """Carries out what the app answers to an interaction."""

    def __init__(self, *, state: State, inspector: Inspector, faults: FaultPlan) -> None:
        self._state = state
        self._inspector = inspector
        self._faults = faults

    async def serve(self, request: web.Request) -> web.Response:
        """Take one POST to a response URL."""
        fault = self._faults.draw("response_url")
        if fault and fault.delay_seconds:
            await asyncio.sleep(fault.delay_seconds)
        if fault and fault.kind == "server_error":
            return web.Response(status=fault.status)
        address = self._state.response_urls.get(request.match_info["ticket"])
        try:
            if address is None:
                raise SlackError("no_such_url")
            self._spend(address)
            self.show(address, table(decode(await request.text())), method="response_url")
        except ValueError:
            return web.json_response({"ok": False, "error": "invalid_payload"}, status=400)
        except SlackError as refusal:
            return web.json_response(refusal.payload(), status=404 if address is None else 400)
        finally:
            self._state.touch()
        return web.Response(text="ok")

    def show(self, address: ResponseUrl, content: Payload, *, method: str) -> None:
        """Post, replace or delete, as the answer says."""
        for name in sorted(set(content) - _KNOWN):
            self._state.violate(method, "unknown_argument", f"no such field: {name}")
        shown = self._state.messages.find_shown(address.channel, address.message_ts)
        if shown and is_true(content.get("delete_original")):
            self._state.messages.delete(shown)
            return
        problems = self._inspector.message(content, is_update=False)
        for problem in problems:
            self._state.violate(method, problem.error, problem.detail)
        if problems:
            raise SlackError(problems[0].error)
        parts = ("text", "blocks", "attachments", "metadata")
        said: Payload = {name: content[name] for name in parts if name in content}
        team = self._state.team(address.team)
        if shown and is_true(content.get("replace_original")):
            self._state.messages.edit(shown, said, by=team.bot_user_id)
            return
        thread = text(content.get("thread_ts"))
        if thread:
            said["thread_ts"] = thread
        signed = self._state.bot_message(team, said)
        if content.get("response_type") == "in_channel":
            self._state.messages.post(address.channel, signed)
        else:
            self._state.messages.post_ephemeral(address.channel, address.user, signed)

    def acknowledge_command(self, ticket: str, body: str) -> None:
        """Show what a slash command's acknowledgement says; nothing where it is empty."""
        if not body.strip():
            return
        try:
            content = table(decode(body))
        except ValueError:
            content = Payload(text=body)
        if not content:
            return
        try:
            self.show(self._state.response_urls[ticket], content, method="reply:command")
        except SlackError:
            # The violation is on record; the person sees nothing, as with Slack.
            return

    def acknowledge_view(self, view: View, body: str) -> None:
        """Do with the modal what its submission's acknowledgement says."""
        answer = table(decode(body)) if body.strip() else {}
        action = text(answer.get("response_action"))
        match action:
            case "errors":
                self._check_errors(view, table(answer.get("errors")))
            case "update" | "push":
                self._replace(view, action, table(answer.get("view")))
            case "clear":
                self._state.views.close_all(view.user)
            case "":
                self._state.views.close(view)
            case unknown:
                self._state.violate("reply:view", "invalid_arguments", f"{unknown!r} is no action")

    def _check_errors(self, view: View, errors: Payload) -> None:
        inputs = {
            text(block.get("block_id"))
            for block in map(table, rows(view.content.get("blocks")))
            if block.get("type") == "input"
        }
        for block_id in set(errors) - inputs or (set() if errors else {"(none)"}):
            detail = f"errors name {block_id!r}, which is no input block"
            self._state.violate("reply:view", "invalid_arguments", detail)

    def _replace(self, view: View, action: str, content: Payload) -> None:
        problems = self._inspector.view(content)
        for problem in problems:
            self._state.violate("reply:view", problem.error, problem.detail)
        if problems:
            return
        if action == "update":
            view.content = content
            return
        made = self._state.views.next_id()
        pushed = View(
            id=made,
            team=view.team,
            app=view.app,
            bot=view.bot,
            user=view.user,
            content=content,
            root=view.root,
        )
        try:
            self._state.views.push(pushed)
        except SlackError as refusal:
            self._state.violate("reply:view", refusal.error, "the modal stack is full")

    def _spend(self, address: ResponseUrl) -> None:
        address.uses += 1
        age = self._state.clock.expiry_now() - address.issued_at
        if age > RESPONSE_URL_SECONDS:
            self._state.violate("response_url", "expired_url", "older than 30 minutes")
            raise SlackError("expired_url")
        if address.uses > RESPONSE_URL_USES:
            self._state.violate("response_url", "used_url", "used more than 5 times")
            raise SlackError("used_url")
