"""The yardstick for fronts: Slack's signature, one row, one commit, the answer; and nothing else.

A process of its own, with the HTTP server and the driver that the product uses and as many threads.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import subprocess
import sys
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from aiohttp import web

from bench.bare_commit import bare_commit
from bench.places import free_port
from bench.processes import wait_until_ready

_THREADS = 8
_ROOT = Path(__file__).parents[1]


@contextmanager
def bare_front(url: str, secret: str) -> Generator[str]:
    """Run one while the block lasts; give its address."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.bare_front", str(port), url, secret], cwd=_ROOT
    )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_until_ready(address, process)
        yield address
    finally:
        process.terminate()
        process.wait(15)


class _Bare:
    def __init__(self, url: str, secret: str) -> None:
        self._url = url.replace("postgresql+psycopg://", "postgresql://", 1)
        self._secret = secret.encode()
        self._pool = ThreadPoolExecutor(_THREADS)
        self._own = threading.local()
        bare_commit(self._url)()  # Makes the table, before threads would do so at once.

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        signed = b"v0:" + request.headers["X-Slack-Request-Timestamp"].encode() + b":" + body
        expected = "v0=" + hmac.new(self._secret, signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, request.headers["X-Slack-Signature"]):
            return web.Response(status=401)
        await asyncio.get_running_loop().run_in_executor(self._pool, self._commit)
        return web.Response()

    async def ready(self, _: web.Request) -> web.Response:
        return web.Response()

    def _commit(self) -> None:
        if not hasattr(self._own, "commit"):
            self._own.commit = bare_commit(self._url)
        self._own.commit()


def _main(port: int, url: str, secret: str) -> None:
    bare = _Bare(url, secret)
    application = web.Application()
    application.router.add_post("/slack/events", bare.take)
    application.router.add_get("/readyz", bare.ready)
    web.run_app(application, host="127.0.0.1", port=port, print=None, access_log=None)


if __name__ == "__main__":
    _main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
