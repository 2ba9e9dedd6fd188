"""What the page asks and does. Every answer is JSON; errors are raised and worded by the front."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import cast

from aiohttp import web

from bots.approval_builder import approval_card, arguments
from bots.as_json import (
    agent_objects,
    approval_object,
    audit_objects,
    run_line_object,
    run_object,
    trace_objects,
)
from bots.bridge import Bridge
from bots.builders import answer, run_card
from bots.commands import Asked, Command, execute, run_command
from bots.console.files import attachment, preview
from bots.console.place import OPERATOR, place_of
from bots.console.shapes import card
from bots.console.watch import Watch
from bots.door import Door
from runtime.domain.approval import Decide, Verdict
from runtime.domain.conversation import Message
from runtime.domain.errors import Refused
from runtime.domain.json import Json, JsonObject

_LONGEST_TEXT = 20_000
_SURFACE = "console"


class Api:
    """The console's requests, on behalf of the operator of this machine."""

    def __init__(self, runtime: Door, bridge: Bridge, watch: Watch) -> None:
        self._runtime = runtime
        self._bridge = bridge
        self._watch = watch

    async def thread(self, request: web.Request) -> web.Response:
        """Give a conversation as it is now."""
        snapshot = await self._watch.read(place_of(request.query.get("key", "")))
        return _json({"rev": snapshot.rev, "entries": snapshot.entries})

    async def say(self, request: web.Request) -> web.Response:
        """Take what a person typed: a request, a reply, or a command that begins with ``/``.

        ``id`` is chosen by the page; sending the same id again says nothing twice.
        """
        body = await _body(request)
        place = place_of(_text(body, "key"))
        event_key = f"console:{place.key}:{_text(body, 'id')}"
        text = _text(body, "text").strip()
        if not text:
            raise Refused("there is no text; write what should be done")
        if len(text) > _LONGEST_TEXT:
            raise Refused(
                f"the text has {len(text):,} characters; at most {_LONGEST_TEXT:,} are taken"
            )
        if text.startswith("/"):
            reply = await self._bridge(
                run_command,
                text.removeprefix("/baton").removeprefix("/"),
                runtime=self._runtime,
                person=OPERATOR,
                place=place,
                surface=_SURFACE,
                event_key=event_key,
            )
            return _json({"reply": reply.text, "ok": reply.ok, "run": reply.run_id})
        received = await self._bridge(
            self._runtime.receive,
            Message(event_key=event_key, person=OPERATOR, place=place, text=text, addressed=True),
        )
        return _json(
            {
                "reception": received.reception.value,
                "run": received.run_id,
                "number": received.number,
            }
        )

    async def agents(self, request: web.Request) -> web.Response:
        """List the agents."""
        del request
        return _json({"agents": agent_objects(await self._bridge(self._runtime.agents))})

    async def approvals(self, request: web.Request) -> web.Response:
        """List what waits for a decision."""
        del request
        pending = await self._bridge(self._runtime.approvals, workspace=None)
        return _json(
            {
                "approvals": [approval_object(one) for one in pending],
                "cards": [card(approval_card(one)) for one in pending],
            }
        )

    async def approval(self, request: web.Request) -> web.Response:
        """Give one approval with every argument whole."""
        approval = await self._bridge(
            self._runtime.approval, request.match_info["id"], workspace=None
        )
        whole = [asdict(one) for one in arguments(approval, limit=None)]
        return _json({**card(approval_card(approval)), "arguments": whole})

    async def decide(self, request: web.Request) -> web.Response:
        """Take a verdict. Arguments that were cut must have been opened before a yes."""
        body = await _body(request)
        word = _text(body, "verdict")
        if word not in set(Verdict):
            raise Refused(f"{word!r} is no verdict; use one of {', '.join(Verdict)}")
        verdict = Verdict(word)
        approval = await self._bridge(
            self._runtime.approval, request.match_info["id"], workspace=None
        )
        was_cut = any(not one.complete for one in approval_card(approval).arguments)
        if verdict is Verdict.APPROVE and was_cut and body.get("opened") is not True:
            raise Refused("the arguments are too long for the card; open all of them first")
        decided = await self._bridge(
            self._runtime.decide,
            Decide(
                approval=approval.id,
                person=OPERATOR,
                verdict=verdict,
                surface=_SURFACE,
                reason=_text(body, "reason").strip(),
                nonce=_text(body, "nonce") or None,
            ),
        )
        shown = card(approval_card(decided.approval))
        return _json({"won": decided.won, "final": decided.final, "approval": shown})

    async def answer(self, request: web.Request) -> web.Response:
        """Answer what an agent asked."""
        body = await _body(request)
        text = _text(body, "text").strip()
        if not text:
            raise Refused("there is no answer; write or choose one")
        received = await self._bridge(self._runtime.answer, _text(body, "step"), OPERATOR, text)
        return _json({"reception": received.reception.value, "run": received.run_id})

    async def steer(self, request: web.Request) -> web.Response:
        """Cancel, pause, resume or retry a run."""
        change = {
            "cancel": self._runtime.cancel,
            "pause": self._runtime.pause,
            "resume": self._runtime.resume,
            "retry": self._runtime.retry,
        }[request.match_info["verb"]]
        view = await self._bridge(change, request.match_info["run"], OPERATOR)
        return _json({"card": card(run_card(view))})

    async def runs(self, request: web.Request) -> web.Response:
        """List the latest runs, newest first."""
        limit = request.query.get("limit", "30")
        count = max(1, min(int(limit), 200)) if limit.isdecimal() else 30
        lines = await self._bridge(self._runtime.runs, workspace=None, limit=count)
        return _json({"runs": [run_line_object(line) for line in lines]})

    async def run(self, request: web.Request) -> web.Response:
        """Give one run: its card, its answer and its raw values."""
        view = await self._bridge(self._runtime.view, request.match_info["run"], workspace=None)
        return _json(
            {
                **run_object(view),
                "card": card(run_card(view)),
                "answer_card": card(answer(view)),
                "approval_cards": [card(approval_card(one)) for one in view.approvals],
            }
        )

    async def trace(self, request: web.Request) -> web.Response:
        """Give every step of a run."""
        rows = await self._bridge(self._runtime.trace, request.match_info["run"], workspace=None)
        return _json({"steps": trace_objects(rows)})

    async def why(self, request: web.Request) -> web.Response:
        """Explain why a run is where it is."""
        asked = Asked(
            runtime=self._runtime, person=OPERATOR, place=place_of("why"), surface=_SURFACE
        )
        command = Command(verb="why", target=request.match_info["run"])
        reply = await self._bridge(execute, command, asked)
        return _json({"text": reply.text, **reply.data})

    async def audit(self, request: web.Request) -> web.Response:
        """Give a run's audit chain."""
        records = await self._bridge(self._runtime.audit, request.match_info["run"], workspace=None)
        return _json({"records": audit_objects(records)})

    async def artifact(self, request: web.Request) -> web.Response:
        """Give a file to keep, or with ``?view=1`` its readable contents."""
        artifact, content = await self._bridge(
            self._runtime.artifact,
            request.match_info["run"],
            request.match_info["name"],
            workspace=None,
        )
        if request.query.get("view"):
            return _json(preview(artifact, content))
        return attachment(artifact, content)


def _json(value: Json) -> web.Response:
    return web.json_response(text=json.dumps(value, ensure_ascii=False))


async def _body(request: web.Request) -> JsonObject:
    try:
        body = cast(object, json.loads(await request.text()))
    except ValueError as broken:
        raise Refused("the request's body is not JSON") from broken
    if not isinstance(body, dict):
        raise Refused("the request's body is not a JSON object")
    return cast(JsonObject, body)


def _text(body: JsonObject, key: str) -> str:
    value = body.get(key, "")
    if not isinstance(value, str):
        raise Refused(f"{key!r} must be text")
    return value
