"""What may be pressed on an approval: a verdict, with a reason or changes; a question; "I look".

Each is one call into the runtime, which authorises it there and then; a group is looked up in
Entra for the one who presses, and only where the approval asks for one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bots.approval_builder import approval_card, lost
from bots.bridge import Bridge
from bots.door import Door
from bots.teams.approval_card import (
    ASK,
    CLAIM,
    EDIT,
    QUESTION,
    REASON,
    WHY_CHANGED,
    draw_approval,
)
from bots.teams.drawn import Drawn
from bots.teams.edit_form import read_edit
from bots.teams.groups import Groups
from bots.teams.inbound import VERDICT_VERBS, Click
from bots.teams.payload import Payload
from bots.teams.proof import LONGEST_REASON, read_proof
from runtime.domain.approval import Approval, Verdict
from runtime.domain.conversation import Person
from runtime.domain.errors import Refused
from runtime.domain.run import OpenQuestion
from runtime.domain.states import ApprovalStatus

STALE = "This button belongs to an older card; use the newest one, or write: approvals"
_NO_REASON = "Write a few words before you reject, so that the agent can look for another way."
_NO_QUESTION = "Write what you want to know before you ask."
_NOTED = "Your word is noted; more people must agree."
_ANEW = "Your change is asked about anew: somebody else must agree to it."
_SHORTEST = 3
_NOTHING = Payload(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a click; ``problem`` is for the person who clicked."""

    card: Drawn | None = None
    problem: str = ""
    settled: bool = False
    """Nothing more will change on this card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """Takes what was pressed; gives the approval as it stands then, for the one who pressed."""

    runtime: Door
    bridge: Bridge
    groups: Groups | None

    async def look(self, click: Click, person: Person) -> Outcome:
        """Show an approval as this person may see it: buttons are for who may decide."""
        asked, person = await self._asked(click, person)
        approval = await self.bridge(self.runtime.sight.approval, asked.id, person)
        refusal = None
        if approval.status is ApprovalStatus.PENDING:
            refusal = await self.bridge(self.runtime.refusal, approval.id, person)
        return _shown(approval, kept_out=refusal or "")

    async def press(self, click: Click, person: Person) -> Outcome:
        """Do what a button says."""
        if click.verb in VERDICT_VERBS:
            return await self._decide(click, person)
        if click.verb not in (CLAIM, ASK, EDIT):
            return Outcome(problem=STALE)
        approval, person = await self._asked(click, person)
        if click.verb == EDIT:
            return await self._change(click, person, approval)
        if click.verb == CLAIM:
            claimed = await self.bridge(self.runtime.claim_approval, approval.id, person, "teams")
            return _shown(claimed)
        text = click.data.text(QUESTION).strip()[:LONGEST_REASON]
        if len(text) < _SHORTEST:
            return await self._to_mend(click, person, approval, _NO_QUESTION)
        return _shown(await self.bridge(self.runtime.ask_about, approval.id, person, text, "teams"))

    async def _decide(self, click: Click, person: Person) -> Outcome:
        kind = VERDICT_VERBS[click.verb]
        code, reason = read_proof(click.data, kind)
        if kind is Verdict.REJECT:
            reason = click.data.text(REASON).strip()[:LONGEST_REASON]
            if len(reason) < _SHORTEST:
                return await self._to_mend(click, person, None, _NO_REASON)
        if self.groups is not None:
            _, person = await self._asked(click, person)
        verdict = click.verdict(person, reason=reason, code=code)
        if verdict is None:
            return Outcome(problem=STALE)
        try:
            decided = await self.bridge(self.runtime.decide, verdict)
        except Refused as refused:
            if not code:
                raise
            # Their form, with what is wrong with the code; no other code will do than a new one.
            return await self._to_mend(click, person, None, refused.public)
        if not decided.won:
            words = lost(decided.approval)
            return replace(_shown(decided.approval, note=words), problem=words)
        return _shown(decided.approval, note="" if decided.final else _NOTED)

    async def _change(self, click: Click, person: Person, approval: Approval) -> Outcome:
        if approval.editable_schema is None:
            return Outcome(problem=STALE)
        try:
            arguments = read_edit(approval.editable_schema, approval.arguments, click.data)
            reason = click.data.text(WHY_CHANGED).strip()[:LONGEST_REASON]
            verdict = click.verdict(person, reason=reason, arguments=arguments)
            if verdict is None:
                return Outcome(problem=STALE)
            decided = await self.bridge(self.runtime.decide, verdict)
        except Refused as refused:
            return await self._to_mend(click, person, approval, refused.public)
        words = _ANEW if decided.won else lost(decided.approval)
        return replace(_shown(decided.approval, note=words), problem="" if decided.won else words)

    async def _to_mend(
        self, click: Click, person: Person, approval: Approval | None, words: str
    ) -> Outcome:
        """Give the card back with what is wrong with the form and what was typed into it.

        Who may not decide is told so in words: their own view has no form.
        """
        if approval is None:
            approval, person = await self._asked(click, person)
        kept_out = await self.bridge(self.runtime.refusal, approval.id, person)
        if kept_out is not None:
            return Outcome(problem=kept_out)
        return replace(_shown(approval, note=words, typed=click.data), problem=words)

    async def _asked(self, click: Click, person: Person) -> tuple[Approval, Person]:
        """Give the approval a button is of, and the person with the groups it asks for."""
        ref = click.data.identifier("id")
        if not ref:
            raise Refused(STALE)
        approval = await self.bridge(self.runtime.approval_for, ref, person)
        if approval.nonce != click.data.text("nonce"):
            raise Refused(STALE)
        return approval, await self.with_groups(approval, person)

    async def with_groups(self, approval: Approval | OpenQuestion, person: Person) -> Person:
        """Give a person with those groups that this asks for and the person is in."""
        ours = f"teams:{person.workspace}/"
        named = [one for one in approval.eligible_groups if one.startswith(ours)]
        wanted = [one.removeprefix(ours) for one in named]
        if self.groups is None or not wanted:
            return person
        theirs = await self.groups.of(person.external_id, wanted)
        return replace(person, groups=tuple(f"{ours}{one}" for one in sorted(theirs)))


def _shown(
    approval: Approval, *, note: str = "", kept_out: str = "", typed: Payload = _NOTHING
) -> Outcome:
    return Outcome(
        card=draw_approval(approval_card(approval), note=note, kept_out=kept_out, typed=typed),
        settled=approval.status is not ApprovalStatus.PENDING,
    )
