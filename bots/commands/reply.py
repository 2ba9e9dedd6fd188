"""The answer to a command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from runtime.domain.form import InputForm
from runtime.domain.json import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandReply:
    """Plain text for people and the same as JSON for scripts. The text is not markup."""

    text: str
    ok: bool = True
    """False where it was refused or did not succeed; also the exit status of the terminal."""
    data: JsonObject = field(default_factory=dict[str, None])
    run_id: str | None = None
    """The run it is about, where there is one."""
    private: bool = False
    """For the person alone, wherever they wrote: a channel must not show it to others."""
    code: str = ""
    """The error's stable code when it was refused; ``usage`` when it was not understood."""
    form: InputForm | None = None
    """A form to ask for what is missing, with code ``input_needed``; ``wrong`` has what is wrong
    with which field. A channel that draws no forms says ``text``, which tells what to type."""
    wrong: Mapping[str, str] = field(default_factory=dict[str, str])
