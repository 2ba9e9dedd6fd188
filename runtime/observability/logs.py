"""Logs: one line each, to standard error, secrets blacked out on the way."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping

from runtime.observability.personal_data import Clean, PersonalData
from runtime.observability.redaction import Redactor, secrets_of

_QUIET = ("dramatiq", "slack_bolt", "slack_sdk", "aiohttp.access", "alembic", "httpx", "mcp")


class _Redacting(logging.Formatter):
    def __init__(self, redact: Clean) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        return self._redact(super().format(record))


def configure_logs(
    level: str,
    environment: Mapping[str, str],
    *,
    hide: Clean = PersonalData(),  # noqa: B008 - it never changes
) -> None:
    """Send logs to standard error; libraries speak only when something is wrong."""
    redact = Redactor(secrets_of(environment))
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Redacting(lambda text: hide(redact(text))))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
