"""Socket Mode: envelopes over a websocket, acknowledged one by one."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable

from aiohttp import WSMsgType, web

from tests.worlds.slack.behaviour import Behaviour
from tests.worlds.slack.cast import APP
from tests.worlds.slack.payload import Json, Payload, decode, encode, table, text
from tests.worlds.slack.values import Attempt, Delivery

MOST_CONNECTIONS = 10


class SocketMode:
    """The app's open websockets; each envelope goes to one of them in turn."""

    def __init__(self, behaviour: Behaviour, *, on_change: Callable[[], None]) -> None:
        self._behaviour = behaviour
        self._on_change = on_change
        self._tickets: set[str] = set()
        self._open: list[tuple[web.WebSocketResponse, web.Request]] = []
        self._acks: dict[str, asyncio.Future[Payload]] = {}
        self._turn = 0
        self._served = 0

    @property
    def connections(self) -> int:
        return len(self._open)

    @property
    def is_used(self) -> bool:
        """Say whether the app has ever been here: what comes while it is away is for a socket."""
        return self._served > 0

    def issue_url(self, base_url: str) -> str:
        """Give a websocket address that is good for one connection."""
        ticket = uuid.uuid4().hex
        self._tickets.add(ticket)
        return f"{base_url.replace('http', 'ws', 1)}/socket?ticket={ticket}&app_id={APP}"

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Hold one connection until either side ends it."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=401)
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if len(self._open) >= MOST_CONNECTIONS:
            await _say(socket, {"type": "disconnect", "reason": "too_many_websockets"})
            await socket.close()
            return socket
        self._open.append((socket, request))
        self._served += 1
        try:
            await _say(socket, self._hello())
            self._on_change()
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._take(message.data)
        finally:
            self._open = [item for item in self._open if item[0] is not socket]
            self._on_change()
        return socket

    async def deliver(self, kind: str, payload: Payload, *, event: bool) -> Delivery:
        """Send an envelope; an event without acknowledgement is sent again."""
        delays = self._behaviour.retry_delays_seconds if event and self._behaviour.retries else []
        attempts = [await self._attempt(kind, payload, retry_number=0)]
        for retry_number, delay in enumerate(delays, start=1):
            if attempts[-1].status == 200:
                break
            await asyncio.sleep(delay)
            attempts.append(await self._attempt(kind, payload, retry_number=retry_number))
        return Delivery(kind=kind, carrier="socket", attempts=tuple(attempts), payload=payload)

    async def disconnect(self, reason: str, most: int) -> int:
        """Ask so many connections to come anew, then close them. Give how many were asked."""
        leaving = self._open[:most]
        if reason != "warning":
            self._open = self._open[most:]
        for socket, _ in leaving:
            await _say(
                socket,
                {"type": "disconnect", "reason": reason, "debug_info": {"host": "simulated"}},
            )
            if reason != "warning":
                await socket.close()
        return len(leaving)

    async def abort(self) -> int:
        """Cut every connection without a word. Give how many there were."""
        cut = list(self._open)
        for _, request in cut:
            if request.transport is not None:
                request.transport.abort()
        return len(cut)

    async def _attempt(self, kind: str, payload: Payload, *, retry_number: int) -> Attempt:
        started = time.perf_counter()
        envelope_id = str(uuid.uuid4())
        envelope: Payload = {
            "envelope_id": envelope_id,
            "type": kind,
            "accepts_response_payload": kind != "events_api",
            "payload": payload,
        }
        if kind == "events_api":
            envelope["retry_attempt"] = retry_number
            envelope["retry_reason"] = "timeout" if retry_number else ""
        acknowledged = asyncio.get_running_loop().create_future()
        self._acks[envelope_id] = acknowledged
        answer: Payload = {}
        error = ""
        try:
            await _say(self._next_socket(), envelope)
            answer = await asyncio.wait_for(acknowledged, self._behaviour.answer_within_seconds)
        except TimeoutError:
            error = "no_ack"
        except (ConnectionError, LookupError):
            error = "connection_failed"
        finally:
            del self._acks[envelope_id]
        given: Json = answer.get("payload")
        return Attempt(
            status=0 if error else 200,
            body=encode(given) if given else "",
            milliseconds=(time.perf_counter() - started) * 1000,
            error=error,
            retry_number=retry_number,
        )

    def _next_socket(self) -> web.WebSocketResponse:
        if not self._open:
            raise LookupError("no Socket Mode connection is open")
        self._turn += 1
        return self._open[self._turn % len(self._open)][0]

    def _take(self, written: str) -> None:
        try:
            answer = table(decode(written))
        except ValueError:
            return
        waiting = self._acks.get(text(answer.get("envelope_id")))
        if waiting and not waiting.done():
            waiting.set_result(answer)

    def _hello(self) -> Payload:
        return {
            "type": "hello",
            "num_connections": len(self._open),
            "connection_info": {"app_id": APP},
            "debug_info": {"host": "simulated", "approximate_connection_time": 18060},
        }


async def _say(socket: web.WebSocketResponse, message: Payload) -> None:
    await socket.send_str(encode(message))
