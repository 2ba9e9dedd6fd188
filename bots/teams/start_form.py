"""The card that asks for what a workflow needs to start, and what was entered into it. Pure.

Nothing that comes back is trusted: the workflow's whole schema reads it, and who presses is asked
for their rights there and then.
"""

from __future__ import annotations

from collections.abc import Mapping

from bots.commands import CommandReply
from bots.fields import fields_of_form
from bots.spelling import cut
from bots.teams.drawn import Drawn
from bots.teams.elements import Element, button, card, header, line, run, small
from bots.teams.form_fields import LONGEST, input_element, kept, typed_text
from bots.teams.payload import Payload
from runtime.domain.form import InputForm
from runtime.domain.json import JsonObject

START = "start.run"
WORKFLOW, KEY = "workflow", "form"
ALONE, THREADLESS = "alone", "threadless"
_FIELD = "input."
_MOST_FIELDS = 24
_LONGEST_WORDS = 300
_BY_EVERYBODY: JsonObject = {}
_ALONE = "Only you see this form; everybody here sees the run."


def draw_start(
    form: InputForm, wrong: Mapping[str, str], *, key: str, seen: JsonObject = _BY_EVERYBODY
) -> Drawn | None:
    """Draw a form with a field for each input, what is wrong with one above it.

    ``key`` is this form's own: however often it is sent, one run begins. ``seen`` says whether one
    person alone sees the form, and whether it stands in no thread. None where a card cannot hold
    the form.
    """
    named = {one.name for one in form.fields}
    if not form.fields or len(form.fields) > _MOST_FIELDS or set(form.given) - named:
        return None
    body: list[Element] = [header(form.title), *small(form.summary)]
    body += [_complaint(words) for name, words in wrong.items() if name not in named]
    for field, text in fields_of_form(form):
        if len(text) > LONGEST:
            return None
        if field.name in wrong:
            body.append(_complaint(f"{field.title or field.name}: {wrong[field.name]}"))
        body.append(input_element(f"{_FIELD}{field.name}", field, kept(text)))
        body += small(cut(field.description, _LONGEST_WORDS))
    whose = _ALONE if seen.get(ALONE) else "Whoever presses Start asks."
    body += small(f"Workflow {form.workflow}, version {form.version}. {whose}")
    data: JsonObject = {WORKFLOW: form.workflow, KEY: key, **seen}
    press = button("Start", verb=START, data=data, style="positive", inputs=True)
    drawn = Drawn(summary=f"{form.title} needs to be told more", card=card(body, [press]))
    return drawn if drawn.fits else None


def asked_for(
    reply: CommandReply, *, key: str, alone: bool = False, threadless: bool = False
) -> Drawn | None:
    """Draw the form of a typed line's reply; None where it has none, or no card could hold it.

    What is merely missing is not complained about to somebody who has seen no field yet.
    """
    if reply.form is None:
        return None
    given = reply.form.given
    wrong = {name: words for name, words in reply.wrong.items() if not name or name in given}
    seen = {name: True for name, so in ((ALONE, alone), (THREADLESS, threadless)) if so}
    return draw_start(reply.form, wrong, key=key, seen=seen)


def seen_by(data: Payload) -> JsonObject:
    """Read who sees a form and where it stands. It was in a client's hands: it may decide how a
    message is changed and that a run begins a thread, and nothing else.
    """
    return {name: True for name in (ALONE, THREADLESS) if data.at(name).value is True}


def typed_inputs(form: InputForm, data: Payload) -> tuple[tuple[str, str], ...]:
    """Give what was entered, by name; a field that did not come back was left empty."""
    return tuple(
        (one.name, typed_text(data.at(f"{_FIELD}{one.name}").value)) for one in form.fields
    )


def _complaint(words: str) -> Element:
    return line(run(cut(words, _LONGEST_WORDS), color="Attention", bold=True))
