"""Statements on who has installed the app of a channel, and on installations under way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from runtime.storage.channel_tables import install_state, installation
from runtime.storage.upsert import upsert

_i = installation.c
_s = install_state.c
_KEEP = upsert(
    installation,
    key=("channel", "workspace"),
    change=lambda new: {name: new[name] for name in ("sealed", "installed_by", "at")},
)


def keep(
    connection: Connection, channel: str, workspace: str, *, sealed: str, by: str, now: datetime
) -> None:
    """Keep a workspace's secret; installed again, the newest counts."""
    _KEEP.count(
        connection,
        {
            "channel": channel,
            "workspace": workspace,
            "sealed": sealed,
            "installed_by": by,
            "at": now,
        },
    )


def find(connection: Connection, channel: str, workspaces: Sequence[str]) -> tuple[str, str] | None:
    """Give workspace and sealed secret of the first of these that has installed it."""
    rows = {
        row.workspace: row.sealed
        for row in connection.execute(
            select(_i.workspace, _i.sealed).where(
                _i.channel == channel, _i.workspace.in_(workspaces)
            )
        )
    }
    return next(((one, rows[one]) for one in workspaces if one in rows), None)


def listed(connection: Connection, channel: str) -> list[str]:
    """Name the workspaces that have installed it, the latest first."""
    statement = select(_i.workspace).where(_i.channel == channel)
    return list(connection.execute(statement.order_by(_i.at.desc(), _i.workspace)).scalars())


def reseal(
    connection: Connection, channel: str, workspace: str, *, before: str, sealed: str
) -> None:
    """Replace a sealed secret, unless it was replaced meanwhile."""
    connection.execute(
        update(installation)
        .where(_i.channel == channel, _i.workspace == workspace, _i.sealed == before)
        .values(sealed=sealed)
    )


def drop(connection: Connection, channel: str, workspace: str) -> bool:
    """Forget a workspace's secret; False where there was none."""
    gone = connection.execute(
        delete(installation).where(_i.channel == channel, _i.workspace == workspace)
    )
    return gone.rowcount > 0


def begin(connection: Connection, channel: str, state: str, *, until: datetime) -> None:
    """Remember an installation under way."""
    connection.execute(insert(install_state).values(state=state, channel=channel, until=until))


def end(connection: Connection, channel: str, state: str, *, now: datetime) -> bool:
    """Take a state, once and in time; and sweep out those that nobody took."""
    taken = connection.execute(
        delete(install_state).where(_s.state == state, _s.channel == channel, _s.until > now)
    )
    connection.execute(delete(install_state).where(_s.until <= now))
    return taken.rowcount > 0
