"""Slack's request signature: ``v0`` HMAC-SHA256 over the timestamp and the raw body."""

from __future__ import annotations

import hashlib
import hmac


def signature(secret: str, *, timestamp: int, body: bytes) -> str:
    """Give the value of ``X-Slack-Signature``."""
    base = b"v0:" + str(timestamp).encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


def signed_headers(secret: str, *, timestamp: int, body: bytes) -> dict[str, str]:
    """Give the two headers that prove a request is Slack's."""
    return {
        "X-Slack-Request-Timestamp": str(timestamp),
        "X-Slack-Signature": signature(secret, timestamp=timestamp, body=body),
    }
