"""A workflow started by a line: ``run restock item=tea "note=by hand"``."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches

from bots.commands.asked import Asked
from bots.commands.grammar import Command
from bots.commands.reply import CommandReply
from bots.commands.usage import NotUnderstood
from bots.spelling import exact, one_line
from runtime.catalog.workflow.inputs import spelled
from runtime.domain.errors import NotFound
from runtime.domain.form import FieldKind, InputField, InputForm, InputNeeded
from runtime.domain.json import JsonObject

_NAME = r"[A-Za-z_][\w.-]*"
_VALUE = re.compile(
    rf"\"({_NAME})=([^\"]*)\"|'({_NAME})=([^']*)'"
    rf"|({_NAME})=(?:\"([^\"]*)\"|'([^']*)'|(\S+)|(?=\s|$))"
)
_ASSIGNS = re.compile(rf"[\"'“‘]?{_NAME}=")
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'"})
_HINTS = {
    FieldKind.TEXT: "TEXT",
    FieldKind.INTEGER: "NUMBER",
    FieldKind.NUMBER: "NUMBER",
    FieldKind.BOOLEAN: "yes|no",
    FieldKind.DATE: "YYYY-MM-DD",
    FieldKind.LIST: "A,B,…",
    FieldKind.JSON: "JSON",
}


def with_workflow(command: Command, asked: Asked) -> Command:
    """Give the command with its workflow and whole input, where one is meant.

    A text is meant so if it is a workflow's name, alone or with ``NAME=VALUE`` behind it.

    Raises:
        InputNeeded: the workflow needs other input.
        NotFound: nothing of that name may be started.
    """
    if command.workflow is None and command.agent is None:
        command = _understood(command, asked)
    if command.workflow is None:
        return command
    name = command.workflow
    starting = asked.runtime.starting
    form = starting.form(name, asked.person, given=command.input)
    whole = starting.fill(name, asked.person, command.values, given=command.input)
    return replace(command, text=command.text or form.title, input=whole, values=())


def asking(
    needed: InputNeeded, asked: Asked, *, before: str = "run", draw: bool = True
) -> CommandReply:
    """Ask for what a workflow needs: as the line to type, and where it can be drawn as a form."""
    form = needed.form
    lines = [f"{one_line(form.title)} needs to be told more:"]
    for name, words in needed.wrong.items():
        known = next((one for one in form.fields if one.name == name), None)
        lines.append(f"  {_described(known, words) if known else one_line(f'{name} {words}', 300)}")
    lines.append(f"Write: {asked.prefix}{before} {_line(form, needed.wrong)}")
    return CommandReply(
        text="\n".join(lines),
        ok=False,
        code=needed.code,
        data={
            "error": needed.public,
            "error_code": needed.code,
            "workflow": form.workflow,
            "fields": [field_object(one) for one in form.fields],
            "wrong": dict(needed.wrong),
        },
        form=form if draw else None,
        wrong=needed.wrong,
    )


def field_object(one: InputField) -> JsonObject:
    """Give a field as JSON."""
    return {
        "name": one.name,
        "title": one.title,
        "description": one.description or None,
        "type": one.kind.value,
        "required": one.required,
        "choices": list(one.choices),
        "default": one.default,
        "initial": one.initial,
        "missing": one.missing,
        "least": one.least,
        "most": one.most,
        "longest": one.longest,
    }


def hint(one: InputField) -> str:
    """Give what may be typed for a field: ``NUMBER``, or its choices."""
    return "|".join(one.choices) if one.kind is FieldKind.CHOICE else _HINTS[one.kind]


def values_of(words: Sequence[str]) -> tuple[tuple[str, str], ...] | None:
    """Give what words that a shell has split set; None where one of them sets nothing."""
    found = [re.fullmatch(rf"({_NAME})=(.*)", word, re.DOTALL) for word in words]
    pairs = [(one.group(1), one.group(2)) for one in found if one is not None]
    return tuple(pairs) if len(pairs) == len(words) else None


def _understood(command: Command, asked: Asked) -> Command:
    name, _, rest = command.text.partition(" ")
    rest = rest.strip()
    if rest and not _ASSIGNS.match(rest):
        return command
    known = [one.name for one in asked.runtime.starting.startable(asked.person)]
    if name in known:
        values = command.values or values_in(rest, name=name)
        return replace(command, workflow=name, text="", values=values)
    if rest and (near := get_close_matches(name, known, n=1, cutoff=0.8)):
        raise NotFound(
            f"there is no workflow {name!r}; did you mean {near[0]!r}? "
            "To have a plan made instead, say it in other words"
        )
    return command


def values_in(text: str, *, name: str) -> tuple[tuple[str, str], ...]:
    """Give what a line sets. Raises ``NotUnderstood`` where something in it sets nothing."""
    plain = text.translate(_QUOTES)
    found: list[tuple[str, str]] = []
    for match in _VALUE.finditer(plain):
        names, values = match.group(1, 3, 5), match.group(2, 4, 6, 7, 8)
        value = next((one for one in values if one is not None), "")
        found.append((next(filter(None, names)), value))
    if rest := _VALUE.sub("", plain).strip():
        raise NotUnderstood(
            f"{one_line(rest, 80)!r} sets nothing; write: run {name} NAME=VALUE, with quotes "
            'around a value of several words: "note=by hand"'
        )
    return tuple(found)


def _described(one: InputField, words: str) -> str:
    said = f"{exact(one.name)} ({hint(one)}): {one_line(words, 300)}"
    title = one_line(one.title) if one.title != one.name else ""
    about = " · ".join(part for part in (title, one_line(one.description, 200)) if part)
    return f"{said} — {about}" if about else said


def _line(form: InputForm, wrong: Mapping[str, str]) -> str:
    """Give the line that would start it, with what is known as it is and the rest as hints."""
    words = [f"{name}={spelled(value)}" for name, value in form.given.items() if name not in wrong]
    by_name = {one.name: one for one in form.fields}
    words += [f"{name}={hint(by_name[name]) if name in by_name else '…'}" for name in wrong if name]
    return " ".join([form.workflow, *(_quoted(word) for word in words)])


def _quoted(word: str) -> str:
    # In chats a value cannot hold its own quotes; in a shell this is the safe spelling.
    if re.fullmatch(r"[^\s\"'`$\\;&<>()|]+", word):
        return word
    return f'"{word}"' if not set(word) & set('"`$\\') else shlex.quote(word)
