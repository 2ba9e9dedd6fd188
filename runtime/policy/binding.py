"""What a person's yes is bound to: exactly this call, proposed by exactly this agent."""

from __future__ import annotations

from runtime.domain.canonical import digest
from runtime.domain.json import JsonObject


def call_digest(
    *, tool: str, arguments: JsonObject, agent: str, policy: str, fingerprint: str | None
) -> str:
    """Give the SHA-256 that an approval stores and that is computed again before execution.

    ``agent`` carries its version (``operator@3f2a91``), ``policy`` is its digest, ``fingerprint``
    is the target's present state as the tool's preview gave it. A difference in any of them voids
    the approval.
    """
    return digest(
        {
            "tool": tool,
            "arguments": arguments,
            "agent": agent,
            "policy": policy,
            "fingerprint": fingerprint,
        }
    )
