"""Which grant a verb needs, beside what the runtime asks for where something is changed."""

from __future__ import annotations

from bots.commands.asked import Asked
from bots.commands.grammar import Command
from runtime.domain.errors import Refused
from runtime.policy.access import Right

_OF_RUNS = frozenset({"status", "trace", "why", "cost", "audit", "runs"})


def require(command: Command, asked: Asked) -> None:
    """Refuse to show runs to who may not see them, naming the grant that is missing.

    Those that a person has asked for they may see with ``see-own``, one at a time.
    """
    if command.verb not in _OF_RUNS:
        return
    governing = asked.runtime.governing
    lacking = governing.lacks(asked.person, Right.SEE)
    if lacking is None:
        return
    if governing.lacks(asked.person, Right.SEE_OWN) is not None:
        raise Refused(lacking)
    if command.target is None:
        raise Refused(f"you may see your own runs only; name one: {command.verb} RUN")
    run = asked.runtime.view(command.target, workspace=asked.workspace).run
    if run.requester != asked.person.principal:
        raise Refused(lacking)
