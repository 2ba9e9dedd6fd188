"""ONE command grammar, for ``/baton`` in Slack, text in Teams, the console and the terminal.

Read ``grammar`` (the verbs, and text into a ``Command``), then ``dispatch`` (``run_command``, the
only thing channels call), ``act`` (verbs that change something), ``look`` (verbs that show
something), ``accounts`` (verbs about oneself), ``plain_text`` (views as lines of text).
"""

from bots.commands.asked import Asked
from bots.commands.dispatch import execute, run_command
from bots.commands.grammar import Command, parse
from bots.commands.reply import CommandReply

__all__ = ["Asked", "Command", "CommandReply", "execute", "parse", "run_command"]
