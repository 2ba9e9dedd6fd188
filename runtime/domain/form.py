"""What a workflow must be told to start, as fields that any surface can ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from runtime.domain.errors import Refused
from runtime.domain.json import Json, JsonObject


class FieldKind(StrEnum):
    """What may be entered. Whatever it is, it is handed over as the text that was entered."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    """``yes`` or ``no``; ``true`` and ``false`` are understood too."""
    CHOICE = "choice"
    """One of ``choices``."""
    DATE = "date"
    """``2026-12-24``."""
    LIST = "list"
    """Values separated by commas, or a JSON array."""
    JSON = "json"
    """Anything, as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputField:
    """One input of a workflow."""

    name: str
    title: str
    """What people are shown; the name where the author gave no title."""
    description: str
    kind: FieldKind
    required: bool
    choices: tuple[str, ...] = ()
    """For ``CHOICE``: what may be entered, spelled as it is handed over."""
    default: Json = None
    """What holds where nothing is entered; None where there is no default."""
    initial: str = ""
    """What the field shows to begin with: what was entered before, else the default."""
    least: float | None = None
    most: float | None = None
    longest: int | None = None
    """The most characters; None where the author set no limit."""

    @property
    def missing(self) -> bool:
        """Tell whether the workflow cannot start without somebody entering this."""
        return self.required and not self.initial


@dataclass(frozen=True, slots=True, kw_only=True)
class InputForm:
    """All inputs of a workflow, as the author wrote them, with what is known already."""

    workflow: str
    version: str
    title: str
    summary: str
    fields: tuple[InputField, ...]
    given: JsonObject
    """What was given before: to be handed over again together with what is entered."""

    @property
    def missing(self) -> tuple[InputField, ...]:
        """Give the fields that somebody must fill in."""
        return tuple(field for field in self.fields if field.missing)


class InputNeeded(Refused):
    """The person must act: a workflow needs other input than it was given.

    ``form`` asks for it, with what was given filled in; ``wrong`` says per field what is wrong
    with it. Complaints about no field in particular stand under the empty name.
    """

    code: ClassVar[str] = "input_needed"

    def __init__(self, form: InputForm, wrong: Mapping[str, str]) -> None:
        said = "; ".join(f"{name}: {words}" if name else words for name, words in wrong.items())
        super().__init__(f"the workflow {form.workflow!r} cannot start with this input: {said}")
        self.form = form
        self.wrong = wrong
