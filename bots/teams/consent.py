"""A file of a run for somebody's own OneDrive: Teams' question, and what it answers. Pure.

Teams asks the person, and where they agree names a place to put the bytes.
https://learn.microsoft.com/microsoftteams/platform/bots/how-to/bots-filesv4 (read November 2026)
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bots.spelling import exact, one_line
from bots.teams.inbound import reference_in
from bots.teams.payload import Payload
from bots.teams.people import Claim, claim_of
from bots.teams.reference import Reference
from runtime.domain.json import JsonObject
from runtime.domain.run import Artifact

_ASKS = "application/vnd.microsoft.teams.card.file.consent"
_IS_THERE = "application/vnd.microsoft.teams.card.file.info"
# What OneDrive takes in no name, and what would be shown as something else.
_UNFIT = re.compile(r'["*:<>?/\\|#%\x00-\x1f\x7f]')
_LONGEST_NAME, _LONGEST_ENDING = 120, 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What a person said to Teams' question. All of it was in a client's hands but who says it."""

    claim: Claim
    reference: Reference
    agreed: bool
    card_id: str
    """The message that asked."""
    run: str
    file: int
    digest: str
    upload_url: str
    content_url: str
    name: str
    unique_id: str
    kind: str


def asking(run: str, at: int, file: Artifact) -> JsonObject:
    """Give the message that asks whether a file may be put into the person's OneDrive."""
    name = file_name(file.name)
    which: JsonObject = {"run": run, "file": at, "digest": file.digest}
    content: JsonObject = {
        "description": f"A file of run {one_line(run, 40)}, for your OneDrive",
        "sizeInBytes": file.size_bytes,
        "acceptContext": which,
        "declineContext": which,
    }
    return {
        "type": "message",
        "attachments": [{"contentType": _ASKS, "name": name, "content": content}],
    }


def there(consent: Consent) -> JsonObject:
    """Give the message that shows a file where it was put."""
    content: JsonObject = {"uniqueId": consent.unique_id, "fileType": consent.kind}
    attachment: JsonObject = {
        "contentType": _IS_THERE,
        "contentUrl": consent.content_url,
        "name": consent.name,
        "content": content,
    }
    return {"type": "message", "attachments": [attachment]}


def read_consent(body: Payload) -> Consent | None:
    """Read ``fileConsent/invoke``; None where it is not from somebody's own chat."""
    reference = reference_in(body)
    value = body.at("value")
    which, put = value.at("context"), value.at("uploadInfo")
    file = which.whole("file")
    if reference is None or not reference.personal or file is None:
        return None
    return Consent(
        claim=claim_of(body, tenant=reference.tenant),
        reference=reference,
        agreed=value.text("action") == "accept",
        card_id=body.identifier("replyToId"),
        run=which.identifier("run"),
        file=file,
        digest=which.identifier("digest"),
        upload_url=put.text("uploadUrl"),
        content_url=put.text("contentUrl"),
        name=one_line(put.text("name"), _LONGEST_NAME),
        unique_id=put.identifier("uniqueId"),
        kind=one_line(put.text("fileType"), _LONGEST_ENDING),
    )


def file_name(name: str) -> str:
    """Give the last part of a file's name as OneDrive takes it, its ending kept."""
    last = _UNFIT.sub("_", exact(name.rsplit("/", 1)[-1])).strip(" .") or "file"
    stem, dot, ending = last.rpartition(".")
    if not dot or not stem or len(ending) > _LONGEST_ENDING:
        return last[:_LONGEST_NAME]
    return f"{stem[: _LONGEST_NAME - len(ending) - 1]}.{ending}"
