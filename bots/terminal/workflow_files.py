"""``baton workflows check``: whether files are sound, for editors and build servers."""

from __future__ import annotations

from pathlib import Path

from bots.commands.reply import CommandReply
from bots.spelling import plural
from runtime.catalog.workflow.check import check_workflows


def check_files(paths: list[str], *, agents_path: Path) -> CommandReply:
    """Check files and folders; ``FILE:LINE: POINTER: what is wrong; what to write``.

    Raises:
        NotFound: there is no such file, or no workflow at all.
    """
    checked = check_workflows([Path(path) for path in paths], agents_path=agents_path)
    problems = checked.problems
    sound = f"{plural(len(checked.files), 'workflow')}: sound"
    return CommandReply(
        text="\n".join(map(str, problems)) or sound,
        ok=not problems,
        code="unsound" if problems else "",
        data={
            "sound": not problems,
            "files": [str(file) for file in checked.files],
            "workflows": [one.actor for one in checked.workflows],
            "problems": [
                {"file": one.file, "line": one.line, "pointer": one.pointer, "problem": one.text}
                for one in problems
            ],
        },
    )
