"""Workflows as paths: start one, and look at what became of it."""

from __future__ import annotations

import asyncio
import json
from typing import cast

from aiohttp import web

from bots.bridge import Bridge
from bots.door import Door
from bots.http.openapi import describe
from bots.http.problem import BadRequest, Reused
from bots.http.tokens import Tokens
from bots.status import error_text
from runtime.domain.conversation import Message, Person, Place, Reception
from runtime.domain.errors import NotFound
from runtime.domain.ids import new_id
from runtime.domain.json import Json, JsonObject
from runtime.domain.run import RunView

_LOOK_SECONDS = 0.25
_LONGEST_WAIT_SECONDS = 60.0
_LONGEST_KEY = 200
_ENDED = frozenset({"succeeded", "failed", "cancelled"})


class Runs:
    """What a token may start, started."""

    def __init__(self, runtime: Door, bridge: Bridge, tokens: Tokens) -> None:
        self._runtime = runtime
        self._bridge = bridge
        self._tokens = tokens

    async def start(self, request: web.Request) -> web.Response:
        """Start a workflow with the body as its input; with ``wait``, answer at its end."""
        person = self._tokens.holder(request)
        wait = _seconds(request.query.get("wait", "0"))
        run = await self._bridge(
            self._begin,
            request.match_info["name"],
            person,
            _object(await request.read()),
            key=request.headers.get("Idempotency-Key", ""),
        )
        lacking = await self._bridge(self._runtime.sight.refusal, person)
        if lacking is not None:
            return await self._unseen(request, run, lacking)
        view = await self._until_ended(run, wait)
        answer = await self._bridge(self._object, request, view)
        return web.json_response(
            answer,
            status=200 if view.status in _ENDED else 202,
            headers={"Location": str(answer["status_url"])},
        )

    async def look(self, request: web.Request) -> web.Response:
        """Say how a run stands that this token's person has asked for."""
        person = self._tokens.holder(request)
        view = await self._bridge(
            self._own, request.match_info["run"], request.match_info["name"], person
        )
        return web.json_response(await self._bridge(self._object, request, view))

    async def describe(self, request: web.Request) -> web.Response:
        """Describe what the token may start."""
        person = self._tokens.holder(request)
        workflows = await self._bridge(self._runtime.starting.startable, person)
        return web.json_response(describe(workflows, server=str(request.url.origin())))

    def _begin(self, name: str, person: Person, given: JsonObject, *, key: str) -> str:
        if len(key) > _LONGEST_KEY:
            raise BadRequest(f"an Idempotency-Key has at most {_LONGEST_KEY} characters")
        starting = self._runtime.starting
        form = starting.form(name, person)
        whole = starting.fill(name, person, (), given=given)
        event_key = f"http:{person.principal}/{name}/{key or new_id('req')}"
        received = self._runtime.receive(
            Message(
                event_key=event_key,
                person=person,
                # A conversation of its own: nobody reads along, and no other run is at work in it.
                place=Place(channel="http", workspace=person.workspace, key=event_key, address={}),
                text=form.title,
                addressed=True,
                workflow=name,
                input=whole,
            )
        )
        assert received.run_id is not None, "what is addressed begins a run"
        if received.reception is Reception.DUPLICATE:
            known = self._runtime.view(received.run_id, workspace=None).run
            if not starting.is_same_input(known.input, whole):
                raise Reused(
                    "this Idempotency-Key was sent before with another input; send a new one"
                )
        return received.run_id

    def _own(self, run: str, name: str, person: Person) -> RunView:
        view = self._runtime.view(run, workspace=person.workspace)
        if view.run.requester != person.principal or view.run.agent != name:
            raise NotFound(f"there is no run {run!r} of {name!r} that this token has started")
        self._runtime.sight.check(run, person)
        return view

    async def _until_ended(self, run: str, seconds: float) -> RunView:
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while True:
            view = await self._bridge(self._runtime.view, run, workspace=None)
            left = until - loop.time()
            if view.status in _ENDED or left <= 0:
                return view
            await asyncio.sleep(min(_LOOK_SECONDS, left))

    async def _unseen(self, request: web.Request, run: str, lacking: str) -> web.Response:
        """Say that a run was accepted, and why nothing of it is shown to who has begun it."""
        known = (await self._bridge(self._runtime.view, run, workspace=None)).run
        url = _status_url(request, run)
        return web.json_response(
            {"run": run, "number": known.number, "status_url": url, "hidden": lacking},
            status=202,
            headers={"Location": url},
        )

    def _object(self, request: web.Request, view: RunView) -> JsonObject:
        run = view.run
        failed = run.error is not None
        output: Json = None
        if view.status == "succeeded":
            output = self._runtime.starting.output_of(run.id)
        return {
            "run": run.id,
            "number": run.number,
            "status": view.status,
            "status_url": _status_url(request, run.id),
            "answer": run.answer or None,
            "output": output,
            "error": error_text(run.error) if failed else None,
            "error_code": (run.error or {}).get("code"),
        }


def _status_url(request: web.Request, run: str) -> str:
    path = f"/workflows/{request.match_info['name']}/runs/{run}"
    return str(request.url.origin().with_path(path))


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= _LONGEST_WAIT_SECONDS:
        raise BadRequest(f"wait={text!r} is not understood; write seconds from 0 to 60")
    return seconds


def _object(body: bytes) -> JsonObject:
    try:
        value = cast("object", json.loads(body or b"{}"))
    except (ValueError, RecursionError) as broken:
        raise BadRequest(
            "the body is not JSON; send the workflow's input as a JSON object"
        ) from broken
    if not isinstance(value, dict):
        raise BadRequest("the body is not a JSON object; send the workflow's input as one")
    return cast("JsonObject", value)
