"""Workflows on the page: a list, and a form for each that starts it."""

from __future__ import annotations

from aiohttp import web

from bots.bridge import Bridge
from bots.commands import Asked, Command, execute
from bots.commands.schedules import schedule_object
from bots.commands.starting import field_object
from bots.console.api import body_of, json_answer, text_in
from bots.console.place import OPERATOR, place_of
from bots.door import Door
from runtime.domain.errors import Refused
from runtime.domain.json import object_of

_SURFACE = "console"


class Workflows:
    """The console's requests about workflows, on behalf of the operator of this machine."""

    def __init__(self, runtime: Door, bridge: Bridge) -> None:
        self._runtime = runtime
        self._bridge = bridge

    async def listed(self, request: web.Request) -> web.Response:
        """List the workflows, and when those start that do so by themselves."""
        del request
        starting = self._runtime.starting
        workflows = await self._bridge(starting.startable, OPERATOR)
        schedules = await self._bridge(starting.schedules.listed, workspace=None)
        return json_answer(
            {
                "workflows": [one.describe() for one in workflows],
                "schedules": [schedule_object(one) for one in schedules],
            }
        )

    async def schedule(self, request: web.Request) -> web.Response:
        """Set a workflow going by itself in the operator's name, pause or resume it.

        What its runs say and ask appears in conversations of their own.
        """
        body = await body_of(request)
        verb, name = request.match_info["verb"], request.match_info["name"]
        asked = Asked(
            runtime=self._runtime,
            person=OPERATOR,
            place=place_of(text_in(body, "id")),
            surface=_SURFACE,
        )
        command = Command(verb="schedules", text=f"{verb} {name}")
        reply = await self._bridge(execute, command, asked)
        if not reply.ok:
            raise Refused(reply.text)
        return json_answer(reply.data)

    async def form(self, request: web.Request) -> web.Response:
        """Give what a workflow asks for."""
        name = request.match_info["name"]
        form = await self._bridge(self._runtime.starting.form, name, OPERATOR)
        return json_answer(
            {
                "workflow": form.workflow,
                "version": form.version,
                "title": form.title,
                "summary": form.summary,
                "fields": [field_object(one) for one in form.fields],
            }
        )

    async def start(self, request: web.Request) -> web.Response:
        """Start a workflow with what was filled in, or say by field what is wrong with it.

        ``id`` is chosen by the page; sending the same id again starts nothing twice.
        """
        body = await body_of(request)
        filled = object_of(body.get("values"))
        # A conversation of its own: this is no reply to anything.
        place = place_of(text_in(body, "id"))
        asked = Asked(
            runtime=self._runtime,
            person=OPERATOR,
            place=place,
            surface=_SURFACE,
            event_key=f"console:{place.key}",
        )
        command = Command(
            verb="run",
            workflow=request.match_info["name"],
            values=tuple((name, text_in(filled, name)) for name in filled),
        )
        reply = await self._bridge(execute, command, asked)
        if reply.form is not None:
            return json_answer({"wrong": dict(reply.wrong)})
        if not reply.ok:
            raise Refused(reply.text)
        return json_answer({"run": reply.run_id, "number": reply.data["number"]})
