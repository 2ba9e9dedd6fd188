"""Whether a request is Slack's, is fresh, and is new. Pure but for the memory of what was seen."""

from __future__ import annotations

import hashlib
import hmac
import re
from asyncio import Future, get_running_loop
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

WINDOW_SECONDS = 300
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_MOST_SEEN = 50_000


def fault_in_signature(
    body: bytes, *, secret: str, timestamp: str, signature: str, now: datetime
) -> str:
    """Say why a request is not Slack's, or give an empty string where it is.

    Checks the bytes as they came: https://docs.slack.dev/authentication/verifying-requests-from-slack
    """
    if not timestamp or not signature:
        return "unsigned"
    if _TIMESTAMP.fullmatch(timestamp) is None or _SIGNATURE.fullmatch(signature) is None:
        return "malformed_signature"
    if abs(now.timestamp() - int(timestamp)) > WINDOW_SECONDS:
        return "stale"
    expected = hmac.new(
        secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256
    ).hexdigest()
    if not hmac.compare_digest(f"v0={expected}", signature):
        return "bad_signature"
    return ""


@dataclass(frozen=True, slots=True)
class _Seen:
    until: float
    took_effect: Future[bool]


class ReplayGuard:
    """Lets each signature take effect once within the window in which it would verify.

    Slack signs its own retries anew, unless they fall into the same second; so a request that
    failed may come again, and a copy that arrives meanwhile waits for what becomes of the first.
    """

    def __init__(self, *, now: Callable[[], datetime]) -> None:
        self._now = now
        self._seen: OrderedDict[str, _Seen] = OrderedDict()

    async def enter(self, signature: str) -> bool:
        """Give True to the one that shall go on, and must ``leave``; False to a replay."""
        self._forget()
        while (seen := self._seen.get(signature)) is not None:
            if await seen.took_effect:
                return False
            if self._seen.get(signature) is seen:
                del self._seen[signature]
        # A timestamp up to one window ahead of us verifies for two windows.
        until = self._now().timestamp() + 2 * WINDOW_SECONDS
        self._seen[signature] = _Seen(until, get_running_loop().create_future())
        return True

    def leave(self, signature: str, *, took_effect: bool) -> None:
        """Say what became of the one that went on."""
        seen = self._seen.get(signature)
        if seen is None or seen.took_effect.done():
            return
        seen.took_effect.set_result(took_effect)
        if not took_effect:
            del self._seen[signature]

    def _forget(self) -> None:
        now = self._now().timestamp()
        while self._seen:
            oldest = next(iter(self._seen.values()))
            if oldest.until > now and len(self._seen) < _MOST_SEEN:
                return
            if not oldest.took_effect.done():
                return
            self._seen.popitem(last=False)
