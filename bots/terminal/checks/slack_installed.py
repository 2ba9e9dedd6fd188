"""Whether Slack still takes the tokens of the workspaces that installed the app from a link."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol

from bots.terminal.checks.check import Check, fine, wrong
from bots.terminal.checks.slack import call_slack, lacking
from runtime.domain.json import JsonObject
from runtime.settings import Settings

MOST_WORKSPACES = 25
LONGEST_SECONDS = 20.0
"""For all of them together; one answer may take five seconds more."""
_AGAIN = "have somebody of it open /slack/install again"


class Installed(Protocol):
    """What is kept of those who installed the app; ``Runtime`` fits it by shape."""

    def installed(self, channel: str) -> list[str]: ...
    def installation(self, channel: str, workspaces: Sequence[str]) -> JsonObject | None: ...


def slack_installed(
    settings: Settings,
    needed: Sequence[str],
    register: Installed,
    *,
    now: Callable[[], float] = time.monotonic,
) -> list[Check]:
    """Ask Slack about each workspace, those that installed last first, within bounds."""
    workspaces = register.installed("slack")
    until = now() + LONGEST_SECONDS
    found: list[Check] = []
    sound = looked_at = 0
    for workspace in workspaces[:MOST_WORKSPACES]:
        if now() > until:
            break
        looked_at += 1
        problems = _look_at(settings.slack_api_url, workspace, needed, register)
        found += problems
        sound += not problems
    left = len(workspaces) - looked_at
    if workspaces:
        hint = f"{left} more were not asked about, to end in time" if left else ""
        told = f"{sound} of {looked_at} workspaces that installed the app are sound"
        found = [*found, *fine("slack", told, hint=hint)]
    return found


def _look_at(
    base_url: str, workspace: str, needed: Sequence[str], register: Installed
) -> list[Check]:
    """Give what is wrong with one; a token is never told."""
    secret = register.installation("slack", [workspace]) or {}
    token = secret.get("token")
    if not isinstance(token, str) or not token:
        return wrong("slack", f"no token is kept for workspace {workspace}", todo=_AGAIN)
    try:
        answer = call_slack(base_url, "auth.test", f"Bearer {token}", lambda: datetime.now(UTC))
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        return wrong(
            "slack",
            f"no answer about workspace {workspace} from {base_url} ({reason})",
            todo="check the network and SLACK_API_URL",
        )
    if answer.body.get("ok") is not True:
        return wrong(
            "slack",
            f"Slack refuses the token of workspace {workspace} ({answer.body.get('error')})",
            todo=_AGAIN,
        )
    missing = lacking(answer.scopes, needed)
    if not missing:
        return []
    named = f"{workspace} ({answer.body.get('team')})"
    return wrong(
        "slack",
        f"in workspace {named} the app lacks the scopes {', '.join(missing)}",
        todo=f"put in the present manifest (baton slack manifest), and {_AGAIN}",
    )
