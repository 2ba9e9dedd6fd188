"""Bytes into a place that Teams has named: Microsoft's storage and nowhere else."""

from __future__ import annotations

from collections.abc import Callable

import aiohttp
from yarl import URL

from bots.teams.service import ServiceUrls
from runtime.domain.errors import Upstream

_TIMEOUT = aiohttp.ClientTimeout(total=120, sock_connect=5)


class Uploads:
    """Puts a file whole, in one request. The address is a key by itself: it is told to nobody."""

    def __init__(
        self, session: Callable[[], aiohttp.ClientSession], *, service_urls: ServiceUrls
    ) -> None:
        self._session = session
        self._service_urls = service_urls

    def takes(self, url: str) -> bool:
        """Say whether an address is one to put files at."""
        return self._service_urls.takes_files(url)

    async def put(self, url: str, content: bytes) -> None:
        """Put the bytes there. No token of ours goes with them, and no redirect is followed.

        Raises ``Upstream`` where they did not arrive, or nobody knows; nothing is tried again.
        """
        last = max(len(content) - 1, 0)
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Range": f"bytes 0-{last}/{len(content)}",
        }
        try:
            async with self._session().put(
                URL(url, encoded=True),
                data=content,
                headers=headers,
                timeout=_TIMEOUT,
                allow_redirects=False,
            ) as answer:
                if 200 <= answer.status < 300:
                    return
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            status = 0
        said = f"HTTP {status}" if status else "no answer"
        raise Upstream(f"your OneDrive did not take the file ({said})", ambiguous=not status)
