"""The files of an answer, shared in its thread: https://docs.slack.dev/messaging/working-with-files."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp

from bots.slack.address import Address
from bots.slack.answer_card import needs_a_file
from bots.slack.api import CallError
from bots.slack.backing import Backing
from bots.slack.credentials import SlackCredentials
from bots.slack.line import Line
from bots.views import Answer
from runtime.domain.delivery import Delivery
from runtime.domain.errors import BatonError, Upstream
from runtime.domain.json import Json

log = logging.getLogger(__name__)

WHOLE_ANSWER = "answer.md"
_MOST_FILES = 10
_LARGEST_BYTES = 25_000_000
_TIMEOUT = aiohttp.ClientTimeout(total=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One file to share; ``text`` is set where it is the answer's own."""

    name: str
    text: str | None = None


def attachments(answer: Answer) -> tuple[Attachment, ...]:
    """Name what is shared with an answer: its files, and itself where it is too long to post.

    What is larger than a chat is for stays in the list of the answer only.
    """
    whole = [Attachment(name=WHOLE_ANSWER, text=answer.text)] if needs_a_file(answer) else []
    files = [
        Attachment(name=file.name) for file in answer.files if 0 < file.size_bytes <= _LARGEST_BYTES
    ]
    return tuple([*whole, *files][:_MOST_FILES])


class Uploads:
    """Shares files in three calls; what Slack will never take is left out, and said in the log."""

    def __init__(self, line: Line, credentials: SlackCredentials, backing: Backing) -> None:
        self._line = line
        self._credentials = credentials
        self._backing = backing

    async def share(
        self,
        delivery: Delivery,
        address: Address,
        answer: Answer,
        files: Sequence[Attachment],
    ) -> None:
        """Share all files in one message of the thread.

        Raises:
            CallError: nobody knows whether they are there, or Slack is too busy.
        """
        try:
            await self._share(address, answer, files)
        except CallError as fault:
            if fault.ambiguous or fault.retry_after_seconds is not None:
                raise
            # The answer is there and lists them; without the scope it will not be otherwise.
            log.error("the files of delivery %s are not shared: %s", delivery.id, fault.code)

    async def _share(self, address: Address, answer: Answer, files: Sequence[Attachment]) -> None:
        shared: list[Json] = []
        for file in files:
            content = await self._content(answer, file)
            if content is not None:
                shared.append(
                    {"id": await self._upload(address, file, content), "title": file.name}
                )
        if shared:
            await self._line.paced(
                "files.completeUploadExternal",
                address,
                {
                    "files": json.dumps(shared),
                    "channel_id": address.channel,
                    "thread_ts": address.thread_ts or None,
                },
            )

    async def _content(self, answer: Answer, file: Attachment) -> bytes | None:
        if file.text is not None:
            return file.text.encode()
        try:
            return await self._backing.contents(answer.run_id, file.name)
        except Upstream:
            raise
        except BatonError as error:
            log.error("a file of run %s is not shared: %s", answer.run_number, error.code)
            return None

    async def _upload(self, address: Address, file: Attachment, content: bytes) -> str:
        ticket = await self._line.paced(
            "files.getUploadURLExternal",
            address,
            {"filename": file.name, "length": len(content)},
        )
        url, file_id = ticket.text("upload_url"), ticket.identifier("file_id")
        # Bytes of a run go to Slack and nowhere else, whatever the answer names.
        if not file_id or not self._credentials.may_upload_to(url):
            raise CallError("unexpected_upload_url")
        session = self._line.api.session()
        try:
            async with session.post(
                url, data=content, timeout=_TIMEOUT, allow_redirects=False
            ) as answer:
                if answer.status != 200:
                    raise CallError(f"upload_http_{answer.status}", retry_after_seconds=5.0)
        except (aiohttp.ClientError, TimeoutError, OSError):
            # Nothing is shared before the third call, so it is safe to begin again.
            raise CallError("upload_lost", retry_after_seconds=5.0) from None
        return file_id
