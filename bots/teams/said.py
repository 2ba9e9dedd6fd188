"""Whether typed text is a command, which the whole grammar answers, or a request."""

from __future__ import annotations

from bots.commands.grammar import BY_NAME, parse
from bots.commands.usage import NotUnderstood

_NAME = "baton"
_A_SLIP_IS_AT_MOST_WORDS = 3


def begins_runs(command: str) -> bool:
    """Say whether a command may begin runs, now or from now on."""
    words = command.lower().split(None, 2)
    return words[:1] == ["run"] or words[:2] == ["schedules", "start"]


def command_line(text: str) -> str | None:
    """Give the command in a text, without the ``baton`` before it; None where it is a request.

    "cost of 12 laptops" and "help me choose" begin with a verb and are requests all the same.
    "approve 1a" is a slip of the keyboard: somebody who meant to decide must hear so, and no run
    may come of it.
    """
    words = text.split()
    if not words:
        return None
    if words[0].lower().lstrip("/") == _NAME:
        return text.strip()[len(words[0]) :].strip()
    verb = BY_NAME.get(words[0].lower())
    if verb is None:
        return None
    if len(words) <= _A_SLIP_IS_AT_MOST_WORDS:
        return text
    try:
        command = parse(text)
    except NotUnderstood:
        return None
    # ``help`` takes any word; more than one is no verb's name.
    return None if command.verb == "help" else text
