"""Start on a workflow's form: read by its schema, in the name of whoever pressed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from bots.bridge import Bridge
from bots.commands.asked import Asked
from bots.commands.dispatch import execute
from bots.commands.grammar import Command
from bots.door import Door
from bots.teams.answer_card import draw_reply
from bots.teams.decisions import STALE, Outcome
from bots.teams.inbound import Click
from bots.teams.start_form import (
    KEY,
    START,
    THREADLESS,
    WORKFLOW,
    draw_start,
    seen_by,
    typed_inputs,
)
from runtime.domain.conversation import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Starts:
    """Begins the run, or gives the form back with what is wrong with it."""

    runtime: Door
    bridge: Bridge

    async def press(self, click: Click, person: Person) -> Outcome:
        """Do what a form's button says."""
        workflow, key = click.data.text(WORKFLOW), click.data.identifier(KEY)
        if click.verb != START or not workflow or not key:
            return Outcome(problem=STALE)
        return await self.bridge(self._start, click, person, workflow, key)

    def _start(self, click: Click, person: Person, workflow: str, key: str) -> Outcome:
        form = self.runtime.starting.form(workflow, person)
        seen, there = seen_by(click.data), click.reference
        if THREADLESS in seen:
            there = there.new_thread(key)
        asked = Asked(
            runtime=self.runtime,
            person=person,
            place=there.place,
            surface="teams",
            event_key=_event(click, key),
        )
        values = typed_inputs(form, click.data)
        reply = execute(Command(verb="run", workflow=workflow, values=values), asked)
        if reply.form is not None:
            drawn = draw_start(reply.form, reply.wrong, key=key, seen=seen)
            return Outcome(card=drawn, problem=reply.text)
        if not reply.ok:
            return Outcome(problem=reply.text)
        return Outcome(card=draw_reply(f"{form.title}\n{reply.text}"), settled=True)


def _event(click: Click, key: str) -> str:
    # The key was in a client's hands: bound to where it is pressed, it can be no other event's.
    spelled = f"{click.reference.tenant}:{click.reference.conversation}:form:{key}"
    return f"teams:form:{hashlib.sha256(spelled.encode()).hexdigest()[:40]}"
