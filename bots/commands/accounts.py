"""Commands about one's own accounts. Every answer is for the person alone: a code is a key."""

from __future__ import annotations

from bots.commands.asked import Asked
from bots.commands.grammar import Command
from bots.commands.reply import CommandReply
from bots.spelling import exact

_OTHER = {"slack": "Teams", "teams": "Slack"}
_YES = "yes"


def link(command: Command, asked: Asked) -> CommandReply:
    """Give a code, or take one; it is taken once its owner has been named and confirmed."""
    words = command.text.split()
    confirmed = len(words) > 1 and words[-1].lower() == _YES
    code = "".join(words[:-1] if confirmed else words)
    if not code:
        return _offer(asked)
    linked = asked.runtime.link(asked.person, code, confirmed=confirmed)
    other = f"{exact(linked.name) or 'somebody'} ({exact(linked.principal)})"
    if linked.done:
        return CommandReply(
            text=f"Done. You and {other} count as one person now. To undo it: {asked.prefix}unlink",
            data={"linked": linked.principal},
            private=True,
        )
    return CommandReply(
        text=(
            f"This code is of {other}. Linked, that account may do whatever you may, and you"
            " count once where several must agree. If it is yours, and you asked for the code"
            f" yourself, write: {asked.prefix}link {code} {_YES}"
        ),
        ok=False,
        code="confirm",
        data={"confirm": linked.principal},
        private=True,
    )


def unlink(command: Command, asked: Asked) -> CommandReply:
    """Let this account stand by itself."""
    del command
    changed = asked.runtime.unlink(asked.person)
    text = "This account stands by itself now." if changed else "This account was not linked."
    return CommandReply(text=text, data={"unlinked": changed}, private=True)


def _offer(asked: Asked) -> CommandReply:
    code = asked.runtime.link_code(asked.person)
    where = _OTHER.get(asked.person.channel, "the other chat")
    return CommandReply(
        text=(
            f"In {where}, write to me within ten minutes: link {code}\n"
            "Whoever says this code becomes you: show it to nobody."
        ),
        private=True,
    )
