"""The two ways in which Slack hands things to an app, for tests that are played over both.

What comes in differs by carrier until a listener has it, and so does how its answer goes back:
every door, card, dialog and refusal is played over both, once. What Baton sends is the same call
to the same API whoever is listening, so failures of Slack, races and crashes are played over one.
"""

from __future__ import annotations

import pytest

HTTP = "http"
SOCKET = "socket"

over_both = pytest.mark.parametrize("carrier", [HTTP, SOCKET], indirect=True)
"""Play a test over signed HTTP requests, and again over Socket Mode without a signing secret."""
