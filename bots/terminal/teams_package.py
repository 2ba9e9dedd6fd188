"""``baton teams package``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import cast

from bots.commands.dispatch import refusal
from bots.commands.reply import CommandReply
from bots.terminal.wiring import Wiring
from runtime.domain.errors import BatonError


def build_teams_package(arguments: argparse.Namespace, wiring: Wiring) -> CommandReply:
    """Write the app's file and say where it is."""
    file = Path(cast("str", arguments.out))
    try:
        built = wiring.teams_package(
            url=cast("str", arguments.url),
            organisation=cast("str", arguments.organisation),
            slash=cast("bool", arguments.slash),
        )
    except BatonError as error:
        return refusal(error)
    try:
        file.write_bytes(built)
    except OSError as error:
        return CommandReply(
            text=f"{str(file)!r} cannot be written ({error.strerror}); name another with --out",
            ok=False,
            code="refused",
        )
    return CommandReply(
        text=(
            f"{file} is ready ({len(built):,} bytes). In Teams: Apps, Manage your apps, Upload an"
            " app."
        ),
        data={"file": str(file), "bytes": len(built)},
    )
