"""The console as a browser uses it, without the drawing."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from http.client import HTTPConnection
from json import dumps, loads
from typing import Any
from urllib.parse import urlsplit

from tests.worlds.product import Product


@dataclass
class Page:
    """A browser's part: one conversation, the page's token, and nothing drawn."""

    product: Product
    key: str = field(default_factory=lambda: uuid.uuid4().hex)
    token: str = ""

    def get(self, path: str) -> Any:
        return self._ask("GET", path, None)

    def post(self, path: str, body: dict[str, object]) -> Any:
        if not self.token:
            self._ask("GET", "/api/session", None)
        return self._ask("POST", path, body)

    def refused(self, path: str, body: dict[str, object]) -> str:
        """Give the words with which something is refused."""
        if not self.token:
            self._ask("GET", "/api/session", None)
        return str(self._ask("POST", path, body, status=400)["error"])

    def say(self, text: str) -> Any:
        return self.post("/api/thread", {"key": self.key, "id": uuid.uuid4().hex, "text": text})

    def until(self, kind: str, **fields: object) -> Any:
        """Give the newest entry of a kind once it has the given fields."""

        def found() -> Any:
            for entry in reversed(self.get(f"/api/thread?key={self.key}")["entries"]):
                if entry["kind"] == kind and fields.items() <= entry.items():
                    return entry
            return None

        return self.product.until(found)

    def decide(self, approval: Any, verdict: str, reason: str = "") -> Any:
        return self.post(
            f"/api/approvals/{approval['approval_id']}",
            {"verdict": verdict, "reason": reason, "nonce": approval["nonce"]},
        )

    def _ask(
        self, method: str, path: str, body: dict[str, object] | None, *, status: int = 200
    ) -> Any:
        place = urlsplit(self.product.url)
        connection = HTTPConnection(place.hostname or "", place.port, timeout=20)
        headers = {"X-Baton-Csrf": self.token, "Content-Type": "application/json"}
        try:
            connection.request(method, path, dumps(body) if body is not None else None, headers)
            response = connection.getresponse()
            cookie = re.search(r"baton_csrf=([^;]+)", response.getheader("Set-Cookie") or "")
            self.token = cookie.group(1) if cookie else self.token
            content = response.read()
            assert response.status == status, content
            return loads(content)
        finally:
            connection.close()
