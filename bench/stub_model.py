"""An OpenAI-compatible model that costs next to nothing: ``python -m bench.stub_model``.

It has one sum calculated ``ROUNDS`` times and is content. The scripted model of the tests keeps
what it was asked, reads rules and serves through a web framework: half a millisecond of every call,
which would be measured as the product's. Prints its base URL and serves until it is ended.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Final, cast

ROUNDS: Final = 15
_LENGTH: Final = b"content-length:"


def _answer(message: dict[str, object], finish: str) -> bytes:
    usage = {"prompt_tokens": 20, "completion_tokens": 10, "total_tokens": 30}
    completion = {
        "id": "chatcmpl-stub",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "stub",
        "choices": [{"index": 0, "finish_reason": finish, "message": message}],
        "usage": usage,
    }
    body = json.dumps(completion).encode()
    head = ("HTTP/1.1 200 OK", "Content-Type: application/json", f"Content-Length: {len(body)}")
    return "\r\n".join((*head, "", "")).encode() + body


_FUNCTION: Final = {"name": "calculate", "arguments": '{"expression": "6 * 7"}'}
_CALL: Final = {"id": "call_0", "type": "function", "function": _FUNCTION}
_ON: Final = _answer({"role": "assistant", "content": None, "tool_calls": [_CALL]}, "tool_calls")
_DONE: Final = _answer({"role": "assistant", "content": "walked"}, "stop")


class _Stub(asyncio.Protocol):
    """One kept connection: whole requests in, made answers out."""

    def __init__(self) -> None:
        self._heard = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._heard += data
        head, blank, body = self._heard.partition(b"\r\n\r\n")
        if not blank:
            return
        length = int(head.lower().partition(_LENGTH)[2].split(b"\r\n", 1)[0])
        if len(body) < length:
            return
        self._heard = body[length:]
        told = json.loads(body[:length])["messages"]
        results = sum(message["role"] == "tool" for message in told)
        self._transport.write(_DONE if results >= ROUNDS else _ON)


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Stub, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    sys.stdout.write(f"http://127.0.0.1:{port}/v1\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
