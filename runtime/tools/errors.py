"""The one error that only tools raise."""

from __future__ import annotations

from runtime.domain.errors import BatonError


class ToolCrashed(BatonError):
    """The tool's author must act: it raised what no tool should.

    Whether the call had its effect is not known. ``exception`` is the type's name, ``where`` the
    place it came from; the message is scrubbed of secrets, and the original is not chained,
    because its own text is not.
    """

    code = "tool_crashed"

    def __init__(self, public: str, *, exception: str, where: str) -> None:
        super().__init__(public)
        self.exception = exception
        self.where = where
