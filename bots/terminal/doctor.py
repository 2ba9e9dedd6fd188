"""What is set up, what is not, and what to do about it."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable

from bots.commands.reply import CommandReply
from bots.terminal.trouble import told
from bots.terminal.wiring import Wiring
from runtime.domain.json import Json

Check = tuple[str, bool, str]


def examine(wiring: Wiring) -> CommandReply:
    """Check everything, one after another; a check that breaks is a finding and not the end."""
    found: list[Check] = [("python", sys.version_info >= (3, 11), platform.python_version())]
    found += _try("settings", wiring.checks)
    found += _try("database", lambda: _ready(wiring))
    found += _try("agents", lambda: _agents(wiring))
    fine = all(ok for _, ok, _ in found)
    lines = [f"{'✓' if ok else '✗'} {name:<14} {detail}" for name, ok, detail in found]
    lines.append("Everything needed is there." if fine else "Something needs your hand; see ✗.")
    checks: list[Json] = [{"name": name, "ok": ok, "detail": detail} for name, ok, detail in found]
    return CommandReply(text="\n".join(lines), ok=fine, data={"ok": fine, "checks": checks})


def _try(name: str, check: Callable[[], list[Check]]) -> list[Check]:
    try:
        return check()
    except Exception as error:  # whatever is wrong is what the doctor reports
        return [(name, False, told(error))]


def _ready(wiring: Wiring) -> list[Check]:
    problems = wiring.open().ready()
    if not problems:
        return [("database", True, "reachable, tables are current")]
    return [("database", False, problem) for problem in problems]


def _agents(wiring: Wiring) -> list[Check]:
    agents = wiring.open().agents()
    names = ", ".join(agent.name for agent in agents)
    return [("agents", bool(agents), names or "none found; see BATON_AGENTS_PATH")]
