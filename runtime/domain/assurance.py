"""How sure it is that a person is who they seem."""

from __future__ import annotations

from enum import StrEnum


class Assurance(StrEnum):
    """Spelled as in policy.yaml, from the least to the most."""

    MEMBER = "member"
    """The chat says who they are, and that they are a plain member of the workspace."""
    LINKED = "linked"
    """They have shown that an account in another chat is theirs as well."""
    STEPPED_UP = "stepped-up"
    """They have just given a fresh code from a device of theirs."""

    @property
    def rank(self) -> int:
        """Order the levels."""
        return list(Assurance).index(self)
