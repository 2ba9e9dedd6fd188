"""The scripted server itself, on a thread of its own."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from aiohttp import web

from tests.worlds.openai.script import Answer, Rule, Script


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One request, as it came."""

    headers: Mapping[str, str]
    body: Mapping[str, Any]


class OpenAIWorld:
    """Serve a script on loopback while the ``with`` block lasts."""

    def __init__(self, *rules: Rule, script: Script | None = None, port: int = 0) -> None:
        self.script = script or Script(*rules)
        self.requests: list[Received] = []
        self.most_at_once = 0
        self._at_once = 0
        self._changed = threading.Condition()
        self._port = port
        self._loop = asyncio.new_event_loop()
        self._released = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def base_url(self) -> str:
        """What clients take as ``api_base``."""
        return f"http://127.0.0.1:{self._port}/v1"

    def release(self) -> None:
        """Let every held answer go, and hold none from now on."""
        self._loop.call_soon_threadsafe(self._released.set)

    def wait_for_requests(self, count: int, *, seconds: float = 10.0) -> None:
        """Wait until ``count`` requests have come. Raises ``TimeoutError``."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.requests) >= count, timeout=seconds):
                raise TimeoutError(f"{len(self.requests)} of {count} requests came")

    def __enter__(self) -> OpenAIWorld:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _start(self) -> None:
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_get("/requests", self._list)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def _stop(self) -> None:
        self._released.set()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _list(self, _: web.Request) -> web.Response:
        return web.json_response(
            [{"headers": dict(one.headers), "body": one.body} for one in self.requests]
        )

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        with self._changed:
            self.requests.append(Received(headers=dict(request.headers), body=body))
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            self._changed.notify_all()
        try:
            answer = self.script.answer(body)
            if answer.hold:
                await self._released.wait()
            return await _send(answer, request, model=str(body.get("model")))
        finally:
            with self._changed:
                self._at_once -= 1


async def _send(answer: Answer, request: web.Request, *, model: str) -> web.StreamResponse:
    headers = {"Retry-After": answer.retry_after} if answer.retry_after else {}
    if answer.cut == "before":
        _cut(request)
        return web.Response()
    if answer.cut == "middle":
        response = web.StreamResponse(headers={"Content-Length": "5000"})
        await response.prepare(request)
        await response.write(b'{"id": "chatcmpl-')
        _cut(request)
        return response
    if answer.body is not None:
        return web.Response(
            text=answer.body,
            status=answer.status,
            content_type="application/json",
            headers=headers,
        )
    if answer.status != 200:
        error = {"message": answer.message, "type": "scripted", "code": answer.error_code}
        return web.json_response({"error": error}, status=answer.status, headers=headers)
    return web.json_response(_completion(answer, model=model), headers=headers)


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


def _completion(answer: Answer, *, model: str) -> dict[str, object]:
    text = answer.text if answer.json is None else json.dumps(answer.json)
    if answer.huge:
        text = "x" * answer.huge
    calls = [
        {
            "id": f"call_{at}",
            "type": "function",
            "function": {"name": tool["name"], "arguments": _spelled(tool.get("arguments", {}))},
        }
        for at, tool in enumerate(answer.tools)
    ]
    message: dict[str, object] = {"role": "assistant", "content": text or None}
    if calls:
        message["tool_calls"] = calls
    finish = answer.finish or ("tool_calls" if calls else "stop")
    spent = answer.tokens // 3
    return {
        "id": "chatcmpl-scripted",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": model,
        "choices": [{"index": 0, "finish_reason": finish, "message": message}],
        "usage": {
            "prompt_tokens": answer.tokens - spent,
            "completion_tokens": spent,
            "total_tokens": answer.tokens,
        },
    }


def _spelled(arguments: object) -> str:
    return arguments if isinstance(arguments, str) else json.dumps(arguments)
