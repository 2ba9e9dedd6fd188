"""Where HTTP may go: a URL is taken apart, resolved once, checked, and pinned to an address.

A name that resolves to something else a moment later (DNS rebinding) gains nothing: the
connection is made to the address that was checked.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final
from urllib.parse import quote, urlsplit

from runtime.domain.errors import ToolFailed, Upstream
from runtime.tools.addresses import closed_because

LONGEST_URL: Final = 8000
_PORTS: Final = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")

Resolver = Callable[[str, int], Sequence[str]]
"""Gives the addresses of a host name; raises ``OSError`` where there are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A URL that may be called, and the addresses that were checked for it."""

    scheme: str
    host: str
    """As sent in the Host header and to TLS; never with brackets."""
    port: int
    target: str
    """Path and query."""
    addresses: tuple[str, ...]

    @property
    def url(self) -> str:
        """Spell the destination, for people and for resolving a redirect against it."""
        return f"{self.scheme}://{self.authority}{self.target}"

    @property
    def authority(self) -> str:
        """Spell host and port as the Host header does."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def system_addresses(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """What may be reached: every public address, and what an operator ``allowed`` besides.

    An allowed entry is ``host`` or ``host:port`` exactly as a URL spells it; it lifts the check
    of addresses for that host.
    """

    allowed: frozenset[str] = frozenset()
    resolve: Resolver = field(default=system_addresses)

    def destination(self, url: str) -> Destination:
        """Check a URL and resolve it, once.

        Raises:
            ToolFailed: the URL is malformed or leads where it may not.
            Upstream: its name cannot be resolved now.
        """
        scheme, host, port, target = _taken_apart(url)
        allowed = host in self.allowed or f"{host}:{port}" in self.allowed
        addresses = self._addresses(host, port)
        for address in addresses:
            reason = None if allowed else closed_because(address)
            if reason is not None:
                raise ToolFailed(
                    f"{host!r} may not be called: it leads to {reason}. "
                    "Use a public address, or ask an operator to allow this host"
                )
        return Destination(
            scheme=scheme, host=host, port=port, target=target, addresses=tuple(addresses)
        )

    def _addresses(self, host: str, port: int) -> Sequence[str]:
        if ":" in host or host.replace(".", "").isdigit():
            return [host]
        try:
            addresses = self.resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise Upstream(
                f"{host!r} cannot be found: {error}; check its spelling or try again later",
                ambiguous=False,
            ) from error
        if not addresses:
            raise Upstream(f"{host!r} has no address; check its spelling", ambiguous=False)
        return addresses


def _taken_apart(url: str) -> tuple[str, str, int, str]:
    if len(url) > LONGEST_URL:
        raise ToolFailed(f"the URL is longer than {LONGEST_URL} characters; shorten it")
    # urlsplit quietly drops tabs and line breaks, and servers read a backslash as a slash.
    if any(letter <= " " or letter in "\\\x7f" for letter in url):
        raise ToolFailed("the URL holds blanks, backslashes or control characters; encode them")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ToolFailed(f"{url[:200]!r} is no URL: {error}; write https://host/path") from error
    scheme = parts.scheme.lower()
    if scheme not in _PORTS:
        raise ToolFailed(f"{scheme or 'no scheme'!r} cannot be called; write http:// or https://")
    if "@" in parts.netloc:
        raise ToolFailed("a URL may not hold credentials; leave out everything before the @")
    if port == 0:
        raise ToolFailed("port 0 cannot be called; leave it out or name another")
    host = _host(parts.hostname or "", bracketed="[" in parts.netloc)
    target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    if parts.query:
        target += "?" + quote(parts.query, safe="/?%:@!$&'()*+,;=~-._")
    return scheme, host, port or _PORTS[scheme], target


def _host(host: str, *, bracketed: bool) -> str:
    if bracketed:
        try:
            address = IPv6Address(host)
        except AddressValueError as error:
            raise ToolFailed(f"[{host}] is no IPv6 address; correct it") from error
        if address.scope_id is not None:
            raise ToolFailed("an address with a zone cannot be called; use a public address")
        return str(address)
    try:
        # The standard codec also turns full-width digits and dots into plain ones.
        name = host.encode("idna").decode("ascii").lower().removesuffix(".")
    except UnicodeError as error:
        raise ToolFailed(f"{host!r} is no host name; correct it") from error
    if len(name) > 253 or _HOST.fullmatch(name) is None:
        raise ToolFailed(f"{host!r} is no host name; correct it")
    if _NUMERIC_LABEL.fullmatch(name.rpartition(".")[2]):
        return _dotted_quad(name)
    return name


def _dotted_quad(name: str) -> str:
    """Accept the one spelling of an IPv4 address that everybody reads alike."""
    try:
        return str(IPv4Address(name))
    except AddressValueError as error:
        raise ToolFailed(
            f"{name!r} is no address in four decimal parts, such as 198.51.100.7; write it so"
        ) from error
