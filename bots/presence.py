"""Whether a server for the same database is up on this machine already."""

from __future__ import annotations

import hashlib
import http.client
import json
from typing import cast


def instance_name(database_url: str) -> str:
    """Name an installation by its database, without telling where that is."""
    return hashlib.sha256(f"baton {database_url}".encode()).hexdigest()[:16]


def is_served(host: str, port: int, *, instance: str, timeout_seconds: float = 0.5) -> bool:
    """Ask the local server's ``/healthz`` whether it is alive and works on this installation."""
    reach = "127.0.0.1" if host in {"", "0.0.0.0", "::"} else host  # noqa: S104  # compared only
    connection = http.client.HTTPConnection(reach, port, timeout=timeout_seconds)
    try:
        connection.request("GET", "/healthz")
        answer = cast(object, json.loads(connection.getresponse().read(10_000)))
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()
    return isinstance(answer, dict) and cast(dict[str, object], answer).get("instance") == instance
