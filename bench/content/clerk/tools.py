"""One tool that needs a person's approval."""

from __future__ import annotations

from runtime.tools import Effect, tool


@tool(effect=Effect.IRREVERSIBLE)
def sign(paper: str) -> dict[str, object]:
    """Sign a paper.

    Args:
        paper: Which one.
    """
    return {"signed": paper}
