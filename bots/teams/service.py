"""Where the Bot Connector may live. A token, and anything people wrote, goes nowhere else."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

_HOSTS = frozenset({"smba.trafficmanager.net", "smba.infra.gcc.teams.microsoft.com"})
_PARENTS = (".botframework.com",)
_STORES = (".sharepoint.com", ".sharepoint.us")
"""Where OneDrive for work or school keeps files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceUrls:
    """The allow-list. ``origins`` adds exact ones (``http://127.0.0.1:9000``), for tests.

    In ``loopback`` mode only this machine is spoken to, and no token exists to be lost.
    """

    loopback: bool = False
    origins: frozenset[str] = frozenset()

    def trusts(self, url: str) -> bool:
        """Say whether a ``serviceUrl`` may be called."""
        parts = _split(url)
        if parts is None or parts.query:
            return False
        host = (parts.hostname or "").lower()
        return self._may(parts, host, known=host in _HOSTS or host.endswith(_PARENTS))

    def takes_files(self, url: str) -> bool:
        """Say whether an address may be given a file's bytes; its query is the key to it."""
        parts = _split(url)
        if parts is None:
            return False
        host = (parts.hostname or "").lower()
        return self._may(parts, host, known=host.endswith(_STORES))

    def _may(self, parts: SplitResult, host: str, *, known: bool) -> bool:
        if parts.username is not None or parts.fragment:
            return False
        if self.loopback:
            return is_loopback(host)
        if f"{parts.scheme}://{parts.netloc}".lower() in self.origins:
            return True
        try:
            port = parts.port
        except ValueError:
            return False
        return parts.scheme == "https" and port in (None, 443) and known


def is_loopback(host: str) -> bool:
    """Say whether a host's name or address is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def _split(url: str) -> SplitResult | None:
    # A backslash, a space or a control character reads as one host here and another elsewhere.
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts if parts.scheme in ("http", "https") and parts.hostname else None
