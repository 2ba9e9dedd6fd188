"""What is about a person and can be told by its form."""

from __future__ import annotations

from enum import StrEnum


class Personal(StrEnum):
    """Spelled as in ``BATON_HIDE``."""

    CARD = "card"
    IBAN = "iban"
    EMAIL = "email"
    PHONE = "phone"
