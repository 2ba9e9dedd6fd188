"""Shapes of what Baton's own functions are given: ``call: agent`` and the others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from runtime.catalog.workflow.parts import ANYTHING, DURATION, EXPRESSION, EXPRESSION_PATTERN
from runtime.catalog.workflow.shape import Either, Listing, Named, Record, Shape, Text
from runtime.catalog.workflow.sponsor import SPELLED

PURPOSES: Final = ("work", "check", "synthesise")
ENDS: Final = ("hold", "deny")
LIMITS: Final = ("usd", "tokens", "time")

_TEXT = Text()
_SAID = ANYTHING
"""A text, or whatever an expression gives, which is then spelled."""
_OBJECT = Either(text=EXPRESSION, mapping=Named(value=ANYTHING))
_LIST = Either(text=EXPRESSION, listing=Listing(item=ANYTHING))
_PEOPLE = Either(text=_TEXT, listing=Listing(item=_TEXT))
"""The words for people of policy.yaml: ``requester``, ``role:NAME``, a principal, a group."""
_PLACE = Text(
    pattern=re.compile(f"{EXPRESSION_PATTERN.pattern}|{SPELLED.pattern}", re.DOTALL),
    write="CHANNEL:WORKSPACE/ID, such as slack:T024/C042",
)
_BUDGET = Either(text=EXPRESSION, mapping=Record(fields=dict.fromkeys(LIMITS, ANYTHING)))


def _one_of(*words: str) -> Text:
    pattern = re.compile(f"{EXPRESSION_PATTERN.pattern}|^(?:{'|'.join(words)})$", re.DOTALL)
    return Text(pattern=pattern, write=f"{', '.join(words[:-1])} or {words[-1]}")


def _call(fields: Mapping[str, Shape], *needed: str) -> Record:
    given = Record(fields=fields, required=needed)
    return Record(fields={"call": _TEXT, "with": given}, required=("call", "with"))


OWN_CALLS: Final[Mapping[str, Record]] = {
    "agent": _call(
        {
            "agent": _TEXT,
            "task": _SAID,
            "inputs": _OBJECT,
            "schema": _OBJECT,
            "purpose": _one_of(*PURPOSES),
        },
        "agent",
        "task",
    ),
    "approval": _call(
        {
            "title": _SAID,
            "details": _OBJECT,
            "stages": _LIST,
            "policy": _TEXT,
            "expires": DURATION,
            "on_expiry": _one_of(*ENDS),
            "reason": _SAID,
        },
        "title",
    ),
    "ask": _call(
        {"question": _SAID, "of": _PEOPLE, "choices": _LIST, "schema": _OBJECT}, "question"
    ),
    "plan": _call({"goal": _SAID, "inputs": _OBJECT, "schema": _OBJECT, "budget": _BUDGET}, "goal"),
    "post": _call({"text": _SAID, "to": _PLACE}, "text"),
    "tool": _call({"tool": _TEXT, "arguments": _OBJECT}, "tool"),
}
"""By the name of the function."""
