"""The operations by which tests steer a world, by name and in JSON.

The in-process object and the ``/control/<operation>`` routes run the very same functions, so
both behave alike. ``looking`` reads, ``deeds`` is what people do, ``stage`` is all the rest.
"""

from __future__ import annotations

from aiohttp import web

from tests.worlds.slack.control import deeds, looking, stage
from tests.worlds.slack.errors import SlackError, UnknownThingError
from tests.worlds.slack.payload import Json, Payload, decode, encode, table
from tests.worlds.slack.server import Server


async def perform(server: Server, name: str, arguments: Payload) -> Json:
    """Run one operation.

    Raises:
        UnknownThingError: no such operation, or it names something the world does not have.
        ValueError: an argument makes no sense.
    """
    acting = {**deeds.OPERATIONS, **stage.OPERATIONS}
    operation = acting.get(name) or looking.OPERATIONS.get(name)
    if operation is None:
        raise UnknownThingError(f"no operation {name!r}")
    try:
        return await operation(server, arguments)
    except SlackError as refusal:
        raise UnknownThingError(f"Slack would refuse: {refusal.error}") from refusal
    finally:
        if name in acting:
            server.state.touch()


def control_routes(server: Server) -> list[web.RouteDef]:
    """Give the routes that serve the operations to other processes."""

    async def control(request: web.Request) -> web.Response:
        body = await request.text()
        try:
            arguments = table(decode(body)) if body else {}
            result = await perform(server, request.match_info["operation"], arguments)
            answer: Payload = {"ok": True, "result": result}
        except (UnknownThingError, ValueError) as wrong:
            kind = "unknown" if isinstance(wrong, UnknownThingError) else "value"
            answer = {"ok": False, "kind": kind, "error": str(wrong)}
        return web.Response(text=encode(answer), content_type="application/json")

    return [web.post("/control/{operation}", control)]
