"""``workflows``: which there are, what one does, takes and when it starts; one made of a run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC
from typing import Final

from bots.as_json import moment
from bots.commands.asked import Asked
from bots.commands.grammar import Command
from bots.commands.plain_text import columns
from bots.commands.reply import CommandReply
from bots.commands.starting import field_object, hint
from bots.commands.usage import NotUnderstood
from bots.spelling import exact, one_line
from runtime.catalog.problems import near
from runtime.catalog.workflow.document import Workflow
from runtime.domain.errors import NotFound
from runtime.domain.form import InputField, InputForm

_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?")
_MOST_LINES: Final = 150


def workflows(command: Command, asked: Asked) -> CommandReply:
    """List the workflows, show one or what is new in it, or make one of a run that worked."""
    match command.text.split():
        case [] | ["list"]:
            return _list(asked)
        case ["show", name]:
            return _show(name, asked)
        case ["diff", name]:
            return _diff(name, asked)
        case ["from-run", run, *names] if len(names) < 2:
            return _from_run(run, asked, name="".join(names))
        case ["check", *_]:
            raise NotUnderstood("files are checked in a terminal: baton workflows check FILE …")
        case _:
            raise NotUnderstood(
                "write: workflows, workflows show NAME, workflows diff NAME, or"
                " workflows from-run RUN [NAME]"
            )


def _from_run(ref: str, asked: Asked, *, name: str) -> CommandReply:
    """Give the document alone, so that it can be saved as it is."""
    run = ref.lower().removeprefix("#")
    asked.runtime.sight.check(run, asked.person)
    if name and not _NAME.fullmatch(name):
        raise NotUnderstood(f"{name!r} is no workflow's name; use small letters, digits and '-'")
    made = asked.runtime.sight.distil(run, asked.person, name=name)
    return CommandReply(text=made.text, data={"name": made.name, "text": made.text})


def _list(asked: Asked) -> CommandReply:
    known = asked.runtime.workflows()
    rows = [(one.actor, one.title, one_line(one.summary)) for one in known]
    listed = columns(rows) or ["No workflows are installed."]
    complaints = asked.runtime.complaints()
    if complaints:
        listed += ["", "To be mended by whoever keeps these files; the rest goes on:", *complaints]
    return CommandReply(
        text="\n".join(listed),
        data={"workflows": [one.describe() for one in known], "complaints": list(complaints)},
    )


def _show(name: str, asked: Asked) -> CommandReply:
    known = {one.name: one for one in asked.runtime.workflows()}
    if name not in known:
        listed = near(name, known) if known else "no workflow is installed"
        raise NotFound(f"there is no workflow {name!r}; {listed}")
    workflow = known[name]
    form = asked.runtime.starting.form(name, asked.person)
    return CommandReply(
        text="\n".join(_lines(workflow, form, asked)),
        data={
            **workflow.describe(),
            "fields": [field_object(one) for one in form.fields],
            "schedule": workflow.definition.get("schedule"),
            "definition": workflow.definition,
        },
    )


def _diff(name: str, asked: Asked) -> CommandReply:
    """Show what the present version changed, for whoever reviews it."""
    changed = asked.runtime.starting.changed(name, asked.person)
    if changed is None:
        return CommandReply(text=f"No run of {name} had another version.", data={"lines": []})
    since = f"{changed.known_since.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    shown = [exact(line) for line in changed.lines[:_MOST_LINES]]
    if len(changed.lines) > _MOST_LINES:
        shown.append(f"… and {len(changed.lines) - _MOST_LINES} lines more; --json has all of them")
    head = f"{name} {changed.before} → {changed.after}; the earlier one was first run {since}"
    return CommandReply(
        text="\n".join([head, *shown]),
        data={
            "workflow": name,
            "before": changed.before,
            "after": changed.after,
            "known_since": moment(changed.known_since),
            "lines": list(changed.lines),
        },
    )


def _lines(workflow: Workflow, form: InputForm, asked: Asked) -> Iterator[str]:
    yield f"{workflow.actor}  {one_line(workflow.title)}"
    if workflow.summary:
        yield f"  {one_line(workflow.summary, 400)}"
    if form.fields:
        yield "It takes:"
        yield from (f"  {line}" for line in columns([_row(one) for one in form.fields]))
    yield "It does:"
    yield from (f"  {index}. {one_line(one.title)}" for index, one in enumerate(workflow.tasks, 1))
    needed = " ".join(f"{one.name}={hint(one)}" for one in form.missing)
    yield f"Start it with: {asked.prefix}run {workflow.name} {needed}".rstrip()


def _row(one: InputField) -> tuple[str, ...]:
    about = one_line(one.description or (one.title if one.title != one.name else ""), 200)
    state = (
        "needed" if one.missing else f"else {exact(one.initial)}" if one.initial else "if wanted"
    )
    return exact(one.name), hint(one), state, about
