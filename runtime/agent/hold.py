"""Hold still where the red switch was thrown: nothing is begun, and nothing is lost."""

from __future__ import annotations

from runtime.agent.kit import Services
from runtime.domain.halt import halting
from runtime.durable.context import Context
from runtime.storage import halts


def hold(ctx: Context, services: Services, name: str, *, actor: str, tool: str | None) -> None:
    """Wait, if a halt covers the effect ``name``, until it is lifted; else return.

    What has ended already is only read from the journal, and so is never held.
    """
    if ctx.has_ended(name) or ctx.knows_of_no_halt():
        return
    with services.database.read() as connection:
        standing = halts.standing(connection)
    halt = halting(standing, workspace=ctx.run.workspace, tool=tool, agent=actor.split("@", 1)[0])
    if halt is not None:
        ctx.suspend(f"two people to lift halt {halt.number}: {halt.words}")
