"""What is said when a line is no command."""

from __future__ import annotations

from runtime.domain.errors import Refused


class NotUnderstood(Refused):
    """The text is no command; says which verb was probably meant."""

    code = "usage"
