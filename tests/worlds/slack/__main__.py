"""``python -m tests.worlds.slack --port N``: a world for other processes.

Prints one JSON line with its address and tokens as soon as it listens, and ends on SIGTERM or
SIGINT.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from tests.worlds.slack.cast import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET
from tests.worlds.slack.payload import encode
from tests.worlds.slack.world import started_server


async def serve(port: int, target: str) -> None:
    server = await started_server(port)
    server.behaviour.target_url = target
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    sys.stdout.write(
        encode(
            {
                "url": server.url,
                "api_url": f"{server.url}/api/",
                "bot_token": BOT_TOKEN,
                "app_token": APP_TOKEN,
                "signing_secret": SIGNING_SECRET,
            }
        )
        + "\n"
    )
    sys.stdout.flush()
    await stopped.wait()
    await server.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.worlds.slack")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--target", default="", help="where the app takes HTTP deliveries")
    given = parser.parse_args()
    asyncio.run(serve(given.port, given.target))
