"""Who answers for a workflow that starts by itself, and where it asks, as its file may say.

``document.metadata`` is open to what the language has no word for: ``sponsor`` names the people of
whom one must set it going, ``channel`` the place in which they must do it. Both are said twice,
once in the file and once in a chat, so that nobody answers for what somebody else wrote down. A
file that may be anybody's says ``sponsor: whoever-starts-it``; one that says nothing cannot be set
going, and is told of wherever workflows are, because it looks as if it started and never will.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from runtime.domain.conversation import Person, Place
from runtime.domain.json import Json, JsonObject, object_of

SPELLED: Final = re.compile(r"[a-z]+:[^/\s]+/\S+")
"""How files name people and conversations."""
WHOEVER: Final = "whoever-starts-it"
_EXAMPLE: Final = {"sponsor": "slack:T024/U061", "channel": "slack:T024/C042"}


def sponsors_of(document: JsonObject) -> tuple[str, ...]:
    """Name the people of whom one must answer for it; nobody where it may be anybody."""
    said = tuple(map(str, _said(document, "sponsor")))
    return () if WHOEVER in said else said


def complaints(document: JsonObject) -> Iterator[tuple[str, str]]:
    """Say under which key of the metadata something is wrong, and what."""
    for key, example in _EXAMPLE.items():
        for one in _said(document, key):
            if one == WHOEVER and key == "sponsor":
                continue
            if not isinstance(one, str) or not SPELLED.fullmatch(one):
                yield key, f"{one!r} is not spelled as {example!r}; write CHANNEL:WORKSPACE/ID"


def lacking(document: JsonObject) -> str | None:
    """Say what to write where a file says when it starts, and not who answers for it."""
    if not object_of(document.get("schedule")) or _said(document, "sponsor"):
        return None
    return (
        "it starts by itself, and the file does not say who answers for it; write under `document`"
        f" `metadata: {{sponsor: '{_EXAMPLE['sponsor']}'}}`, or `sponsor: {WHOEVER}` for"
        " anybody who may start it"
    )


def unfit(document: JsonObject, person: Person, place: Place) -> str | None:
    """Say why this person cannot answer for it in this place; None where they can."""
    unanswered = lacking(document)
    if unanswered is not None:
        return unanswered
    people = sponsors_of(document)
    if people and person.principal not in people:
        return f"its file names {' or '.join(people)} as its sponsor"
    places = tuple(map(str, _said(document, "channel")))
    if places and not any(_is_in(place, one) for one in places):
        return f"its file says that it asks in {' or '.join(places)}"
    return None


def _is_in(place: Place, spelled: str) -> bool:
    """Tell whether a conversation is, or is a thread of, what a file names."""
    here = f"{place.channel}:{place.workspace}/{place.key}"
    rest = here.removeprefix(spelled)
    return here.startswith(spelled) and (not rest or rest[0] in "/;")


def _said(document: JsonObject, key: str) -> Sequence[Json]:
    found = object_of(object_of(document.get("document")).get("metadata")).get(key)
    if found is None:
        return ()
    return found if isinstance(found, list) else [found]
