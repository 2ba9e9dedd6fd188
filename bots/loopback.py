"""Whether a request comes from this machine itself, and was not forwarded to it."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from aiohttp import web

_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP")


def is_local(request: web.Request) -> bool:
    """Tell whether a caller sits here, addressed us by a local name, and no proxy stands between.

    Another site's name that resolves to this machine is somebody's attack.
    """
    forwarded = any(name in request.headers for name in _FORWARDED)
    return _is_loopback(request.remote) and not forwarded and _is_local_name(request.host)


def _is_loopback(remote: str | None) -> bool:
    try:
        address = ipaddress.ip_address((remote or "").partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _is_local_name(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name in _LOCAL_NAMES or name.endswith(".localhost")
