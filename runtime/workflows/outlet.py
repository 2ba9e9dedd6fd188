"""Where emitted events go beside this installation: one address, which the operator names."""

from __future__ import annotations

import json
from dataclasses import dataclass

from runtime.domain.errors import ToolFailed, Upstream
from runtime.domain.json import JsonObject
from runtime.tools.http import Http

CONTENT_TYPE = "application/cloudevents+json"
_BUSY = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """Sends CloudEvents in structured mode, as sinks of other systems take them."""

    http: Http
    url: str
    token: str | None = None
    """Goes along as a bearer token."""

    def send(self, event: JsonObject, *, key: str) -> None:
        """Send an event. A repeat has the same id, by which a receiver knows it.

        Raises:
            ToolFailed: the address may not be called, or refuses the event.
            Upstream: it does not answer now.
        """
        headers = {"Content-Type": CONTENT_TYPE, "Idempotency-Key": key}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        body = json.dumps(event, ensure_ascii=False).encode()
        reply = self.http.send("POST", self.url, body, headers=headers)
        if reply.status >= 500 or reply.status in _BUSY:
            raise Upstream(f"the receiver of events answered {reply.status}; it is tried again")
        if not 200 <= reply.status < 300:
            raise ToolFailed(
                f"the receiver of events answered {reply.status}; look at BATON_EMIT_URL"
            )
