"""What every listener needs: the runtime, the way to it, and who is who."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from bots.bridge import Bridge
from bots.door import Door
from bots.slack.api import SlackApi
from bots.slack.directory import TO_DECIDE_SECONDS, TO_SPEAK_SECONDS, Directory
from bots.slack.groups import Groups
from bots.slack.identity import Identity, Installation
from bots.slack.people import Claim, person
from bots.slack.reachable import Reachable
from bots.slack.whisper import Whisper
from runtime.domain.conversation import Person, PersonKind
from runtime.domain.errors import Refused, Upstream

log = logging.getLogger(__name__)

DOWN = (
    "Baton cannot reach its database at this moment, and nothing was done. "
    "Try again in a minute; if it stays so, tell whoever runs Baton."
)
OUTSIDER = (
    "Baton works for members of the workspace that installed it. Ask a member to do this for you."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Switchboard:
    """Shared by all listeners of one front."""

    runtime: Door
    bridge: Bridge
    api: SlackApi
    directory: Directory
    groups: Groups
    reachable: Reachable
    whisper: Whisper
    whoami: Callable[[], Identity | None]

    async def speaker(self, claim: Claim, installation: Installation) -> Person:
        """Give who says something.

        What Slack said last counts while it cannot be asked; where it will not tell at all, the
        signed envelope does.

        Raises:
            Upstream: Slack cannot be asked now, and never was; the event comes again.
        """
        try:
            profile = await self.directory.profile(claim.user_id, max_age_seconds=TO_SPEAK_SECONDS)
        except Refused as refused:
            log.warning("speaking is allowed by envelope alone: %s", refused.public)
            profile = None
        except Upstream:
            profile = self.directory.remembered(claim.user_id)
            if profile is None:
                raise
        return await self._vouched(person(claim, installation, profile), claim)

    async def decider(self, claim: Claim, installation: Installation) -> Person:
        """Give who decides or commands something, checked with Slack.

        Raises:
            Upstream: Slack cannot be asked now; nothing may be decided on a guess.
            Refused: a bot, a guest, an outsider, or somebody Slack does not tell about.
        """
        if not claim.user_id:
            raise Refused("Slack did not say who did this, so nothing was done; try again")
        profile = await self.directory.profile(claim.user_id, max_age_seconds=TO_DECIDE_SECONDS)
        found = person(claim, installation, profile)
        if found.kind is PersonKind.BOT:
            raise Refused("Baton takes decisions from people only")
        if found.kind is PersonKind.EXTERNAL:
            raise Refused(OUTSIDER)
        self.reachable.note(found, installation)
        return await self._vouched(found, claim)

    async def _vouched(self, found: Person, claim: Claim) -> Person:
        """Tell the runtime a member's address, once for each time that Slack was asked."""
        news = self.directory.untold(claim.user_id)
        if news is not None and found.kind is PersonKind.MEMBER:
            await self.bridge(self.runtime.vouch, found, news.email)
            self.directory.told(claim.user_id)
        return found

    async def with_groups(self, person: Person) -> Person:
        """Give a person with their groups, of those that anything waiting here asks for.

        Raises:
            Upstream, Refused: Slack does not say.
        """
        waiting = await self.bridge(self.runtime.approvals, workspace=person.workspace)
        return await self.groups.with_groups(person, waiting)

    async def with_groups_asked(self, person: Person, line: str) -> Person:
        """Do the same for who answers a run by a command: ``answer 12 TEXT``."""
        word = next(iter(line.split(None, 2)[1:]), "")
        run = word.removeprefix("#").partition(".")[0]
        asked = await self.bridge(self.runtime.sight.groups_asked, run)
        return await self.groups.in_groups(person, asked)
