"""Files of runs into somebody's own OneDrive: offered where they open one, put where they agree.

Only in their own chat with Baton: Teams knows file consent nowhere else. Who agrees is let in anew,
by what they may see at that moment; what Teams' question carries names a file and proves nothing.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from bots.bridge import Bridge
from bots.door import Door
from bots.teams.consent import Consent, asking, read_consent, there
from bots.teams.directory import Directory
from bots.teams.payload import Payload
from bots.teams.recent import Recent
from bots.teams.reference import Reference
from bots.teams.trouble import spell_trouble
from bots.teams.uploads import Uploads
from bots.teams.whisper import Whisper
from runtime.domain.conversation import Person
from runtime.domain.errors import BatonError, NotFound, Refused
from runtime.domain.run import Artifact

log = logging.getLogger(__name__)

_AGAIN = "Nothing was put anywhere; open the file once more and press Save to OneDrive."
_NO_PLACE = f"Teams named no place for the file that Baton knows as Microsoft's. {_AGAIN}"
_FAILED = f"Baton could not fetch the file at this moment. {_AGAIN}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """Asks, and does what was agreed to. One question is answered once."""

    runtime: Door
    bridge: Bridge
    directory: Directory
    whisper: Whisper
    uploads: Uploads
    answered: Recent = field(default_factory=Recent)

    def offer(self, reference: Reference, run: str, at: int, file: Artifact) -> None:
        """Ask, in somebody's own chat, whether a file may be put into their OneDrive."""
        if not reference.personal:
            raise Refused("files go into a OneDrive from your own chat with Baton only")
        self.whisper.show(reference, asking(run, at, file))

    async def consented(self, body: Payload) -> None:
        """Take the answer; what it leads to is done after Teams has its own."""
        consent = read_consent(body)
        if consent is None:
            return
        # Teams repeats what it thinks was lost, and a place takes a file once.
        key = f"{consent.reference.conversation} {consent.card_id} {consent.upload_url}"
        if key in self.answered:
            return
        self.answered.add(key)
        self.whisper.soon(self._settled(consent))

    async def _settled(self, consent: Consent) -> None:
        words = await self._put(consent) if consent.agreed else ""
        if words:
            self.whisper.reply(consent.reference, words)
        if consent.card_id:
            self.whisper.remove(consent.reference, consent.card_id)

    async def _put(self, consent: Consent) -> str:
        """Put the file and show it; give what went wrong in words."""
        if not self.uploads.takes(consent.upload_url):
            log.warning("a file was not put: its place is none of Microsoft's")
            return _NO_PLACE
        try:
            person = await self.directory.decider(consent.claim, consent.reference)
            content = await self.bridge(self._content, consent, person)
            await self.uploads.put(consent.upload_url, content)
        except BatonError as error:
            return f"{error.public}. {_AGAIN}"
        except Exception as error:
            # The runtime could not be asked; the file is where it was, and the person asks again.
            log.error("a file could not be put: %s", spell_trouble(error))
            return _FAILED
        if self.uploads.takes(consent.content_url):
            self.whisper.show(consent.reference, there(consent))
            return ""
        return "The file is in your OneDrive."

    def _content(self, consent: Consent, person: Person) -> bytes:
        view = self.runtime.sight.view(consent.run, person)
        if not 0 <= consent.file < len(view.artifacts):
            raise NotFound("the run has no such file")
        found, content = self.runtime.sight.artifact(
            consent.run, view.artifacts[consent.file].name, person
        )
        if found.digest != consent.digest:
            raise NotFound("the run has made this file anew")
        return content
