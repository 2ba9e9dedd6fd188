"""What is set up, what is not, and what to do about it."""

from __future__ import annotations

from bots.commands.reply import CommandReply
from bots.terminal.checks.check import Check, Examination
from bots.terminal.trouble import told
from bots.terminal.wiring import Wiring
from runtime.domain.json import Json

UNHEALTHY = "unhealthy"


def examine(wiring: Wiring) -> CommandReply:
    """Check everything, one after another; a check that breaks is a finding and not the end."""
    found = [check for one in wiring.examinations() for check in _look(one)]
    wrong = [check for check in found if not check.ok]
    verdict = "Everything needed is there." if not wrong else "Something needs your hand; see ✗."
    checks: list[Json] = [check.to_json() for check in found]
    return CommandReply(
        text="\n".join([*(check.line() for check in found), "", verdict]),
        ok=not wrong,
        code=UNHEALTHY if wrong else "",
        data={"ok": not wrong, "checks": checks},
    )


def _look(examination: Examination) -> list[Check]:
    name, look = examination
    try:
        return look()
    except Exception as error:  # whatever is wrong is what the doctor reports
        return [Check(name=name, ok=False, detail=told(error))]
