"""A question to certain people: whom it asks, and what of their words is an answer to it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, cast

from runtime.catalog.fitting import misfits
from runtime.catalog.workflow.inputs import read_value, spelled
from runtime.domain.approval import Stage
from runtime.domain.conversation import Person
from runtime.domain.errors import Refused
from runtime.domain.json import Json, JsonObject, object_of
from runtime.domain.step import Step
from runtime.policy.case import Case
from runtime.policy.eligibility import all_in_words, may_decide
from runtime.policy.policy import Policy

REQUESTER: Final = ("requester",)
_HOW: Final[Mapping[str, str]] = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "yes or no",
    "array": "values with commas between them",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """Written by whoever asks into the input of the leaf that waits, and read from there."""

    of: tuple[str, ...]
    """Whom it asks, in the words of a policy's ``eligible``."""
    choices: tuple[Json, ...]
    """Texts, numbers, yes and no: the answer is one of them, of its type."""
    schema: JsonObject | None
    """Of the answer; None where it is one of the choices, or any text."""

    @property
    def offered(self) -> tuple[str, ...]:
        """Spell the choices as people read and say them."""
        return tuple(spelled(one) for one in self.choices)

    @property
    def for_whom(self) -> str:
        """Say whom it asks."""
        return all_in_words(self.of)

    @property
    def stage(self) -> Stage:
        """Give it in the form that eligibility is asked in."""
        return Stage(eligible=self.of)

    @property
    def how(self) -> str:
        """Say how an answer is written; empty where any text is one."""
        if self.choices or self.schema is None:
            return ""
        fields = _fields(self.schema)
        if fields is None:
            return _HOW.get(str(self.schema.get("type")), "")
        return " ".join(f"{name}={_example(object_of(one))}" for name, one in fields.items())

    def lacks(self, policy: Policy, person: Person, case: Case) -> str | None:
        """Say to somebody why they may not answer; None where they may."""
        if may_decide(policy, self.stage, person, case) is None:
            return None
        return f"this question is for {self.for_whom}; you ({person.principal}) are not asked"

    def read(self, text: str) -> Json:
        """Give what somebody said as the answer it is. Raises ``Refused`` where it is none."""
        if self.choices:
            return self._chosen(text)
        if self.schema is None:
            return text
        if _fields(self.schema) is None:
            answer = read_value(text, self.schema)
        else:
            answer = _filled(text, self.schema)
        wrong = misfits(self.schema, answer)
        if wrong:
            place = "/".join(map(str, wrong[0].path))
            raise Refused(f"{f'{place}: ' if place else ''}{wrong[0].text}; write {self._write}")
        return answer

    def _chosen(self, text: str) -> Json:
        said = text.strip().casefold()
        for choice, words in zip(self.choices, self.offered, strict=True):
            if said in (words.casefold(), str(choice).casefold()):
                return choice
        raise Refused(f"this question takes one of: {'; '.join(self.offered)}")

    @property
    def _write(self) -> str:
        return self.how or "what fits"


def poll_of(leaf: Step) -> Poll | None:
    """Give whom a question asks; None of an agent's, which is its requester's in their words."""
    given = object_of(leaf.input)
    if "of" not in given:
        return None
    schema = given.get("schema")
    return Poll(
        of=tuple(map(str, cast("list[Json]", given["of"]))),
        choices=tuple(cast("list[Json]", given.get("choices") or [])),
        schema=schema if isinstance(schema, Mapping) else None,
    )


def choices_in(schema: JsonObject) -> tuple[Json, ...]:
    """Give the choices that a schema comes down to; none where it leaves more open."""
    words = schema.get("enum")
    if isinstance(words, list):
        return tuple(words)
    return (True, False) if schema.get("type") == "boolean" else ()


def _fields(schema: JsonObject) -> JsonObject | None:
    """Give the fields of an answer of several; None where it is one value."""
    properties = object_of(schema.get("properties"))
    return properties if properties and schema.get("type", "object") == "object" else None


def _filled(text: str, schema: JsonObject) -> Json:
    """Read ``NAME=VALUE`` and the like, or one JSON object."""
    if text.strip().startswith("{"):
        return read_value(text, {"type": "object"})
    properties, answer = object_of(schema.get("properties")), dict[str, Json]()
    for name, words in _pairs(text):
        if name not in properties:
            raise Refused(f"there is no {name!r} to be told; it takes {', '.join(properties)}")
        try:
            answer[name] = read_value(words, object_of(properties[name]))
        except Refused as error:
            raise Refused(f"{name}: {error.public}") from None
    return answer


def _pairs(text: str) -> Iterable[tuple[str, str]]:
    try:
        words = shlex.split(text)
    except ValueError:
        raise Refused("a quotation mark is left open; write NAME=VALUE NAME='MORE WORDS'") from None
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise Refused(f"{word!r} says nothing; write NAME=VALUE NAME='MORE WORDS'")
        yield name, value


def _example(schema: JsonObject) -> str:
    choices = choices_in(schema)
    if choices:
        return "|".join(spelled(one) for one in choices)
    return {"integer": "NUMBER", "number": "NUMBER", "array": "A,B"}.get(
        str(schema.get("type")), "TEXT"
    )
