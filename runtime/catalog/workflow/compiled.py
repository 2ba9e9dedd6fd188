"""Whether what a workflow says in jq is jq, asked of jq itself when a file is read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from runtime.catalog.workflow.sound import Complaint, programs
from runtime.domain.errors import BadExpression
from runtime.domain.json import JsonObject, object_of
from runtime.expressions import names
from runtime.expressions.evaluator import Evaluator
from runtime.expressions.program import Batch

_PLACE: Final = re.compile(r" at <top-level>, line \d+, column \d+:?$")
_WORDS: Final = re.compile(r"[\w ,-]+")
_NAME: Final = re.compile(r"(?!__)[A-Za-z_][A-Za-z0-9_]*")


def uncompiled(document: JsonObject, evaluator: Evaluator) -> Iterator[Complaint]:
    """Give the expressions of a sound document that are no jq, each with its place.

    In the loose mode there are none: what is no expression is a text there.
    """
    evaluate = object_of(document.get("evaluate"))
    if evaluate.get("mode") == "loose" or evaluate.get("language", "jq") != "jq":
        return
    found = list(programs(document, ()))
    if _complaint([program for _, program in found], evaluator) is None:
        return
    for path, program in found:
        complaint = _complaint([program], evaluator)
        if complaint is not None:
            words = _PLACE.sub("", complaint)
            if path[-1] == "set" and _WORDS.fullmatch(program):
                words += f'; a text is written as ${{ "{program}" }}'
            yield path, f"{program!r} is no usable jq: {words}"


def _complaint(said: Sequence[str], evaluator: Evaluator) -> str | None:
    read = {name for one in said for name in names.variables(one) if _NAME.fullmatch(name)}
    try:
        evaluator.check(Batch(programs=tuple(said), variables=tuple(sorted(read))))
    except BadExpression as error:
        return error.complaint
    return None
