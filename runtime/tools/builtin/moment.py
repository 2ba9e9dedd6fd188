"""The time, for agents."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from runtime.domain.effects import Effect
from runtime.domain.errors import ToolFailed
from runtime.domain.json import JsonObject
from runtime.domain.ports import Clock
from runtime.tools.decorator import tool
from runtime.tools.tool import Tool


def moment_tools(clock: Clock) -> list[Tool]:
    """Give ``now``."""

    def now(timezone: str = "UTC") -> JsonObject:
        """Give the present date and time.

        Args:
            timezone: Such as Europe/Berlin or UTC.
        """
        try:
            local = clock.now().astimezone(ZoneInfo(timezone))
        except (KeyError, ValueError, OSError) as error:
            raise ToolFailed(
                f"{timezone!r} is no time zone; write one such as Europe/Berlin"
            ) from error
        return {
            "time": local.isoformat(timespec="seconds"),
            "timezone": timezone,
            "weekday": local.strftime("%A"),
        }

    return [tool(effect=Effect.READ)(now)]
