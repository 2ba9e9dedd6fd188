"""Sign the log's head, and check a signature. The key is in a file, where no database reaches."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from runtime.audit import tree
from runtime.audit.record import spelled, when
from runtime.domain.errors import Misconfigured
from runtime.domain.head import TreeHead
from runtime.domain.json import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Holds the private key; only processes that carry out runs have one."""

    private: Ed25519PrivateKey

    @property
    def key(self) -> str:
        """Give the public key, which exports carry and people compare."""
        return self.private.public_key().public_bytes_raw().hex()

    def sign(self, statement: JsonObject) -> str:
        """Sign a statement's canonical bytes."""
        return self.private.sign(spelled(statement)).hex()

    def head(self, *, size: int, root: str, at: datetime) -> TreeHead:
        """Give a signed head."""
        signature = self.sign(head_statement(size=size, root=root, at=at))
        return TreeHead(size=size, root=root, at=at, key=self.key, signature=signature)


def head_statement(*, size: int, root: str, at: datetime) -> JsonObject:
    """Give what is signed of a head."""
    return {"baton": "tree head", "size": size, "root": root, "at": when(at)}


def is_signed(statement: JsonObject, *, key: str, signature: str) -> bool:
    """Tell whether a statement was signed by the holder of a public key."""
    try:
        public = Ed25519PublicKey.from_public_bytes(tree.from_hex(key))
        public.verify(tree.from_hex(signature), spelled(statement))
    except (InvalidSignature, ValueError):
        return False
    return True


def head_holds(head: TreeHead) -> bool:
    """Tell whether a head is what its signer signed."""
    statement = head_statement(size=head.size, root=head.root, at=head.at)
    return is_signed(statement, key=head.key, signature=head.signature)


def open_signer(file: Path) -> Signer:
    """Read the key, or make one where there is none yet.

    Raises:
        Misconfigured: the file is no key, or others may read it.
    """
    if not file.exists():
        _make(file)
    seed = file.read_bytes().strip()
    if file.stat().st_mode & 0o077:
        raise Misconfigured(f"others may read {str(file)!r}, which signs the audit: chmod 600 it")
    try:
        return Signer(private=Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed.decode())))
    except ValueError as error:
        raise Misconfigured(
            f"{str(file)!r} holds no key of 64 hexadecimal digits; restore it from your backup,"
            " or move it away and a new one is made"
        ) from error


def _make(file: Path) -> None:
    """Make a key, whole or not at all; of two who do so at once, the first one's stays."""
    file.parent.mkdir(parents=True, exist_ok=True)
    opened, aside = tempfile.mkstemp(prefix=f"{file.name}.", dir=file.parent)
    try:
        os.write(opened, Ed25519PrivateKey.generate().private_bytes_raw().hex().encode() + b"\n")
        os.fsync(opened)
    finally:
        os.close(opened)
    with suppress(FileExistsError):
        os.link(aside, file)
    Path(aside).unlink()
