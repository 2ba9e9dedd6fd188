"""What a transaction is passed around as; above this room nobody needs to know whose type it is."""

from __future__ import annotations

from sqlalchemy import Connection

__all__ = ["Connection"]
