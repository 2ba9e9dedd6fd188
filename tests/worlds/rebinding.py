"""A name server on loopback that changes its mind, and a wire that leads nowhere else.

The server speaks DNS over UDP and gives each name's answers one after another, as whoever owns a
name may do; the last one stays. ``Wire`` stands where sockets are opened: what is dialled at a
public address is carried to a server of the test, as a router would, and every dial is on record.
"""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from collections import Counter
from collections.abc import Sequence
from ipaddress import ip_address
from typing import cast

_A, _AAAA = 1, 28
_ENCODING = "!HHHHHH"
_PATIENCE_SECONDS = 30.0


class RebindingNames:
    """Use as a context manager; ``resolve`` is a resolver that asks this server over the wire."""

    def __init__(self, names: dict[str, Sequence[Sequence[str]]]) -> None:
        self.names = names
        self.asked: Counter[str] = Counter()
        world = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                data, answering = cast("tuple[bytes, socket.socket]", self.request)
                answering.sendto(world._answer(data), self.client_address)

        self._server = socketserver.UDPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def resolve(self, host: str, port: int) -> Sequence[str]:
        """Look a name up as any client does; both kinds of addresses belong to one answer."""
        del port
        found = [*self._ask(host, _A), *self._ask(host, _AAAA)]
        if not found:
            raise OSError("no such name")
        return found

    def _ask(self, host: str, kind: int) -> list[str]:
        labels = b"".join(bytes([len(part)]) + part.encode() for part in host.split("."))
        question = labels + b"\0" + struct.pack("!HH", kind, 1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(_PATIENCE_SECONDS)
            asking.connect(self._server.server_address)
            asking.send(struct.pack(_ENCODING, 4711, 0x0100, 1, 0, 0, 0) + question)
            told = asking.recv(4096)
        count = struct.unpack(_ENCODING, told[:12])[3]
        at, found = 12 + len(question), list[str]()
        for _ in range(count):
            (size,) = struct.unpack("!H", told[at + 10 : at + 12])
            found.append(str(ip_address(told[at + 12 : at + 12 + size])))
            at += 12 + size
        return found

    def _answer(self, data: bytes) -> bytes:
        labels, at = list[str](), 12
        while data[at]:
            labels.append(data[at + 1 : at + 1 + data[at]].decode())
            at += 1 + data[at]
        name = ".".join(labels)
        (kind,) = struct.unpack("!H", data[at + 1 : at + 3])
        if kind == _A:
            self.asked[name] += 1
        turns = self.names.get(name, [()])
        turn = turns[min(self.asked[name], len(turns)) - 1]
        parsed = [ip_address(address) for address in turn]
        version = 4 if kind == _A else 6
        answers = [one.packed for one in parsed if one.version == version]
        header = data[:2] + struct.pack("!HHHHH", 0x8180, 1, len(answers), 0, 0)
        records = [
            # A name already said, its kind, and nothing that may be kept: it lives for 0 seconds.
            b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 0, len(one)) + one
            for one in answers
        ]
        return header + data[12 : at + 5] + b"".join(records)

    def __enter__(self) -> RebindingNames:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Wire:
    """Opens connections in the place of ``socket.create_connection``."""

    def __init__(self, public: dict[str, int]) -> None:
        """``public`` has the port on loopback behind each public address."""
        self._public = public
        self._open = socket.create_connection
        self.dialled: list[str] = []

    def __call__(self, address: tuple[str, int], timeout: float) -> socket.socket:
        """Connect; whatever is not a public address of the test leads where it says."""
        host, port = address
        self.dialled.append(host)
        behind = self._public.get(host)
        there = address if behind is None else ("127.0.0.1", behind)
        assert behind is not None or host.startswith("127."), f"{host}:{port} is no place of ours"
        return self._open(there, timeout=timeout)
