"""The connector's failures, sorted by who must act, in words that say what to do."""

from __future__ import annotations

from bots.teams.connector import CallError
from runtime.domain.errors import Refused, Unreachable, Upstream

TOO_LARGE = frozenset({400, 413})
"""The card is refused; its words alone must still get through."""
GONE = 404
"""The message to update is not there any more."""

_REFUSALS = {
    400: "Teams does not take this message; an operator finds it in the log",
    403: "the bot was blocked or removed here: install the app again, then ask again",
    404: "this conversation is gone: ask again in a new one",
    405: "Teams does not allow this here",
    413: "this message is too large for Teams; the console shows it",
}


def sorted_error(fault: CallError) -> Refused | Upstream:
    """Say who must act on a fault; what is not known is tried again, never dropped."""
    if fault.code == "untrusted_service_url":
        return Unreachable("this conversation's serviceUrl is not Microsoft's; nothing goes there")
    if fault.status in _REFUSALS and not fault.ambiguous:
        refused = Unreachable if fault.status in (403, GONE) else Refused
        return refused(f"Teams refused with {fault.code!r}: {_REFUSALS[fault.status]}")
    hint = ": check MICROSOFT_APP_ID and MICROSOFT_APP_PASSWORD" if fault.status == 401 else ""
    return Upstream(
        f"Teams answered {fault.code!r}{hint}; it is tried again",
        retry_after_seconds=fault.retry_after_seconds,
        ambiguous=fault.ambiguous,
    )
