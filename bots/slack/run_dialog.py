"""Opening the dialog that begins a run: from a shortcut, a message or a typed line."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from bots.slack.api import CallError
from bots.slack.run_form import Offered, Opened, run_form
from bots.slack.switchboard import Switchboard
from runtime.domain.conversation import Person
from runtime.domain.form import InputForm
from runtime.domain.json import JsonObject

log = logging.getLogger(__name__)


class RunDialog:
    """Knows who may be asked to do something, and draws it."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._board = switchboard

    async def drawn(
        self,
        person: Person,
        opened: Opened,
        *,
        request: str = "",
        form: InputForm | None = None,
        wrong: Mapping[str, str] | None = None,
    ) -> JsonObject:
        """Give the dialog as this person is to see it; ``form`` asks for a workflow's inputs."""
        runtime, bridge = self._board.runtime, self._board.bridge
        offered = Offered(
            agents=await bridge(runtime.agents),
            workflows=await bridge(runtime.starting.startable, person),
        )
        problems = [f"{name} {words}".strip() for name, words in (wrong or {}).items()]
        return run_form(offered, opened, request=request, form=form, problems=problems)

    async def open_beside(
        self,
        trigger_id: str,
        person: Person,
        *,
        channel: str,
        form: InputForm | None = None,
        wrong: Mapping[str, str] | None = None,
    ) -> bool:
        """Open it for somebody who typed a line in a channel; False where Slack opens nothing."""
        if not trigger_id:
            return False
        # Only channels are offered as places to report to; without one it is a direct message.
        here = channel if channel.startswith(("C", "G")) else ""
        view = await self.drawn(person, Opened(here=here), form=form, wrong=wrong)
        try:
            await self._board.api.call("views.open", trigger_id=trigger_id, view=view)
        except CallError as fault:
            log.warning("a dialog was not opened: %s", fault.code)
            return False
        return True
