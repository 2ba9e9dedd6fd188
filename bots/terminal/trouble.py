"""An error in one sentence for whoever sits at the terminal."""

from __future__ import annotations

import logging

from bots.spelling import one_line
from runtime.domain.errors import BatonError
from runtime.observability.redaction import Redactor

log = logging.getLogger(__name__)


def told(error: Exception) -> str:
    """Say what went wrong and, where it is known, what to do; never a traceback or a secret."""
    if isinstance(error, BatonError):
        return error.public
    log.debug("the command failed unexpectedly", exc_info=error)
    words = one_line(Redactor()(str(error)), 300)
    return (
        f"{type(error).__name__}: {words or 'no further words'}. "
        "Run `baton doctor` to see what is set up and what is not."
    )
