"""Which network addresses a model's URL may lead to: the public ones, and no others."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

_CLOSED_V4: Final = tuple(
    (IPv4Network(network), name)
    for network, name in (
        ("0.0.0.0/8", "this host"),
        ("10.0.0.0/8", "a private network"),
        ("100.64.0.0/10", "a carrier's network"),
        ("127.0.0.0/8", "this machine"),
        ("168.63.129.16/32", "a cloud's metadata service"),
        ("169.254.0.0/16", "the local link, where clouds serve metadata"),
        ("172.16.0.0/12", "a private network"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "a 6to4 relay"),
        ("192.168.0.0/16", "a private network"),
        ("198.18.0.0/15", "benchmarks"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved or broadcast"),
    )
)
_PUBLIC_V6: Final = IPv6Network("2000::/3")
_CLOSED_V6: Final = tuple(
    (IPv6Network(network), name)
    for network, name in (
        # Named only for the message: none of them lies in the public range.
        ("::/128", "this host"),
        ("::1/128", "this machine"),
        ("::ffff:0:0/96", "an IPv4 address in disguise"),
        ("64:ff9b::/96", "an IPv4 address behind NAT64"),
        ("64:ff9b:1::/48", "an IPv4 address behind NAT64"),
        ("fc00::/7", "a private network"),
        ("fe80::/10", "the local link"),
        ("ff00::/8", "multicast"),
        # These do, and are closed.
        ("2001::/23", "Teredo and other special purposes"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "an IPv4 address behind 6to4"),
        ("3fff::/20", "documentation"),
    )
)


def closed_because(address: str) -> str | None:
    """Say what an address belongs to that a model's URL may not reach; None for a public one.

    Anything that is no plain address, such as one with a zone, is closed.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return "no plain address"
    if isinstance(parsed, IPv6Address):
        return _closed_v6(parsed)
    return _closed_v4(parsed)


def _closed_v4(address: IPv4Address) -> str | None:
    return next((name for network, name in _CLOSED_V4 if address in network), None)


def _closed_v6(address: IPv6Address) -> str | None:
    if address.scope_id is not None:
        return "the local link"
    name = next((name for network, name in _CLOSED_V6 if address in network), None)
    if name is not None:
        return name
    return None if address in _PUBLIC_V6 else "not public"
