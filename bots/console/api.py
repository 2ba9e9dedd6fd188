"""What the page asks and does. Every answer is JSON; errors are raised and worded by the front."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import cast

from aiohttp import web

from bots.approval_builder import LONGEST_CODE, approval_card, arguments
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
from bots.console.files import preview
from bots.console.place import OPERATOR, place_of
from bots.console.shapes import card
from bots.console.watch import Watch
from bots.door import Door
from bots.downloads import attachment
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
        return json_answer({"rev": snapshot.rev, "entries": snapshot.entries})

    async def say(self, request: web.Request) -> web.Response:
        """Take what a person typed: a request, a reply, or a command that begins with ``/``.

        ``id`` is chosen by the page; sending the same id again says nothing twice.
        """
        body = await body_of(request)
        place = place_of(text_in(body, "key"))
        event_key = f"console:{place.key}:{text_in(body, 'id')}"
        text = text_in(body, "text").strip()
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
            return json_answer({"reply": reply.text, "ok": reply.ok, "run": reply.run_id})
        received = await self._bridge(
            self._runtime.receive,
            Message(event_key=event_key, person=OPERATOR, place=place, text=text, addressed=True),
        )
        return json_answer(
            {
                "reception": received.reception.value,
                "run": received.run_id,
                "number": received.number,
            }
        )

    async def agents(self, request: web.Request) -> web.Response:
        """List the agents."""
        del request
        return json_answer({"agents": agent_objects(await self._bridge(self._runtime.agents))})

    async def approvals(self, request: web.Request) -> web.Response:
        """List what waits for a decision."""
        del request
        pending = await self._bridge(self._runtime.sight.approvals, OPERATOR)
        return json_answer(
            {
                "approvals": [approval_object(one) for one in pending],
                "cards": [card(approval_card(one)) for one in pending],
            }
        )

    async def approval(self, request: web.Request) -> web.Response:
        """Give one approval with every argument whole."""
        approval = await self._bridge(
            self._runtime.sight.approval, request.match_info["id"], OPERATOR
        )
        whole = [asdict(one) for one in arguments(approval, limit=None)]
        return json_answer({**card(approval_card(approval)), "arguments": whole})

    async def decide(self, request: web.Request) -> web.Response:
        """Take a verdict. Arguments that were cut must have been opened before a yes."""
        body = await body_of(request)
        word = text_in(body, "verdict")
        if word not in set(Verdict):
            raise Refused(f"{word!r} is no verdict; use one of {', '.join(Verdict)}")
        verdict = Verdict(word)
        approval = await self._bridge(
            self._runtime.approval_for, request.match_info["id"], OPERATOR
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
                reason=text_in(body, "reason").strip(),
                nonce=text_in(body, "nonce") or None,
                code=text_in(body, "code").strip()[:LONGEST_CODE],
            ),
        )
        shown = card(approval_card(decided.approval))
        return json_answer({"won": decided.won, "final": decided.final, "approval": shown})

    async def answer(self, request: web.Request) -> web.Response:
        """Answer what an agent asked."""
        body = await body_of(request)
        text = text_in(body, "text").strip()
        if not text:
            raise Refused("there is no answer; write or choose one")
        received = await self._bridge(self._runtime.answer, text_in(body, "step"), OPERATOR, text)
        return json_answer({"reception": received.reception.value, "run": received.run_id})

    async def steer(self, request: web.Request) -> web.Response:
        """Cancel, pause, resume or retry a run."""
        change = {
            "cancel": self._runtime.cancel,
            "pause": self._runtime.pause,
            "resume": self._runtime.resume,
            "retry": self._runtime.retry,
        }[request.match_info["verb"]]
        view = await self._bridge(change, request.match_info["run"], OPERATOR)
        return json_answer({"card": card(run_card(view))})

    async def skip(self, request: web.Request) -> web.Response:
        """Have a run go on without one step of its plan."""
        body = await body_of(request)
        view = await self._bridge(
            self._runtime.skip,
            request.match_info["run"],
            text_in(body, "step"),
            OPERATOR,
            reason=text_in(body, "reason"),
        )
        return json_answer({"card": card(run_card(view))})

    async def runs(self, request: web.Request) -> web.Response:
        """List the latest runs, newest first."""
        limit = request.query.get("limit", "30")
        count = max(1, min(int(limit), 200)) if limit.isdecimal() else 30
        lines = await self._bridge(self._runtime.sight.runs, OPERATOR, limit=count)
        return json_answer({"runs": [run_line_object(line) for line in lines]})

    async def run(self, request: web.Request) -> web.Response:
        """Give one run: its card, its answer and its raw values."""
        view = await self._bridge(self._runtime.sight.view, request.match_info["run"], OPERATOR)
        return json_answer(
            {
                **run_object(view),
                "card": card(run_card(view)),
                "answer_card": card(answer(view)),
                "approval_cards": [card(approval_card(one)) for one in view.approvals],
            }
        )

    async def trace(self, request: web.Request) -> web.Response:
        """Give every step of a run."""
        rows = await self._bridge(self._runtime.sight.trace, request.match_info["run"], OPERATOR)
        return json_answer({"steps": trace_objects(rows)})

    async def why(self, request: web.Request) -> web.Response:
        """Explain why a run is where it is."""
        asked = Asked(
            runtime=self._runtime, person=OPERATOR, place=place_of("why"), surface=_SURFACE
        )
        command = Command(verb="why", target=request.match_info["run"])
        reply = await self._bridge(execute, command, asked)
        return json_answer({"text": reply.text, **reply.data})

    async def workflow(self, request: web.Request) -> web.Response:
        """Give the workflow that a run would be."""
        made = await self._bridge(self._runtime.sight.distil, request.match_info["run"], OPERATOR)
        return json_answer({"name": made.name, "text": made.text})

    async def audit(self, request: web.Request) -> web.Response:
        """Give a run's audit chain."""
        records = await self._bridge(self._runtime.sight.audit, request.match_info["run"], OPERATOR)
        return json_answer({"records": audit_objects(records)})

    async def evidence(self, request: web.Request) -> web.Response:
        """Have a run's evidence made; its files lie with the run's a moment later."""
        number = await self._bridge(
            self._runtime.evidence, request.match_info["run"], OPERATOR, None
        )
        return json_answer({"number": number})

    async def artifact(self, request: web.Request) -> web.Response:
        """Give a file to keep, or with ``?view=1`` its readable contents."""
        artifact, content = await self._bridge(
            self._runtime.sight.artifact,
            request.match_info["run"],
            request.match_info["name"],
            OPERATOR,
        )
        if request.query.get("view"):
            return json_answer(preview(artifact, content))
        return attachment(artifact, content)


def json_answer(value: Json) -> web.Response:
    """Give a value as the answer to a request."""
    return web.json_response(text=json.dumps(value, ensure_ascii=False))


async def body_of(request: web.Request) -> JsonObject:
    """Read the JSON object that a page sent. Raises ``Refused``."""
    try:
        body = cast(object, json.loads(await request.text()))
    except ValueError as broken:
        raise Refused("the request's body is not JSON") from broken
    if not isinstance(body, dict):
        raise Refused("the request's body is not a JSON object")
    return cast(JsonObject, body)


def text_in(body: JsonObject, key: str) -> str:
    """Give a text that a page sent, empty where it did not. Raises ``Refused``."""
    value = body.get(key, "")
    if not isinstance(value, str):
        raise Refused(f"{key!r} must be text")
    return value
