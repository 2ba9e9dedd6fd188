"""The verbs that change something."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bots.approval_builder import approval_card, outcome_line
from bots.as_json import approval_object, run_object
from bots.commands.asked import Asked
from bots.commands.changes import changed_arguments
from bots.commands.factor import take_code
from bots.commands.grammar import Command
from bots.commands.reply import CommandReply
from bots.commands.starting import asking, with_workflow
from bots.commands.usage import NotUnderstood
from bots.spelling import exact, one_line, plural
from bots.status import status_line
from runtime.domain.approval import VERDICTS, Approval, Decide, Question, Verdict
from runtime.domain.assurance import Assurance
from runtime.domain.conversation import Message, Person, Reception
from runtime.domain.errors import NotFound, Refused
from runtime.domain.form import InputNeeded
from runtime.domain.ids import new_id
from runtime.domain.json import JsonObject
from runtime.domain.run import OpenQuestion, RunView

SEEN_DIGITS = 8


def start(command: Command, asked: Asked) -> CommandReply:
    """Start a run, or pass the text to the run that is live in this conversation."""
    try:
        command = with_workflow(command, asked)
    except InputNeeded as needed:
        return asking(needed, asked)
    received = asked.runtime.receive(
        Message(
            event_key=f"command:{asked.event_key or new_id('cmd')}",
            person=asked.person,
            place=asked.place,
            text=command.text,
            addressed=True,
            agent=command.agent,
            workflow=command.workflow,
            input=command.input,
        )
    )
    number = received.number
    match received.reception:
        case Reception.STARTED:
            text = f"Run #{number} has started. Follow it with: {asked.prefix}status {number}"
        case Reception.REPLIED:
            text = f"Passed on to run #{number}, which is still going on here."
        case Reception.DUPLICATE:
            text = f"This was received before, as run #{number}."
        case Reception.IGNORED:
            raise Refused(f"nothing listens here; write: {asked.prefix}run TEXT")
    return CommandReply(
        text=text,
        run_id=received.run_id,
        data={"run": received.run_id, "number": number, "reception": received.reception.value},
    )


def cancel(command: Command, asked: Asked) -> CommandReply:
    """Stop a run for good."""
    return _steer(asked.runtime.cancel, command, asked)


def pause(command: Command, asked: Asked) -> CommandReply:
    """Start nothing new in a run."""
    return _steer(asked.runtime.pause, command, asked)


def resume(command: Command, asked: Asked) -> CommandReply:
    """Go on with a paused run."""
    return _steer(asked.runtime.resume, command, asked)


def retry(command: Command, asked: Asked) -> CommandReply:
    """Go on with a failed run where it failed."""
    return _steer(asked.runtime.retry, command, asked)


def skip(command: Command, asked: Asked) -> CommandReply:
    """Have a run go on without one step of its plan."""
    word, _, reason = command.text.strip().partition(" ")
    return _steer(
        lambda run, person: asked.runtime.skip(run, word, person, reason=reason), command, asked
    )


def approve(command: Command, asked: Asked) -> CommandReply:
    """Let a call be made; one whose arguments were cut must have been read whole first."""
    approval = asked.runtime.approval_for(command.target or "", asked.person)
    cut = [one.name for one in approval_card(approval).arguments if not one.complete]
    if cut and approval.digest[:SEEN_DIGITS] != command.seen:
        raise Refused(
            f"{', '.join(map(repr, cut))} of #{approval.number} is too long for a card; read all "
            f"of it and approve with the line at its end: {asked.prefix}approvals {approval.number}"
        )
    return _decide(command, asked, Verdict.APPROVE, arguments=_instead(command, approval))


def _instead(command: Command, approval: Approval) -> JsonObject | None:
    if not command.changes:
        return command.arguments
    before = approval.arguments if command.arguments is None else command.arguments
    return changed_arguments(before, command.changes, approval.editable_schema or {})


def claim(command: Command, asked: Asked) -> CommandReply:
    """Say that somebody is looking at an approval."""
    seen = asked.runtime.approval_for(command.target or "", asked.person)
    approval = asked.runtime.claim_approval(seen.id, asked.person, asked.surface)
    return CommandReply(
        text=f"#{approval.number} {exact(approval.tool)}: its cards say that you are looking at it."
        " Others may still decide.",
        data=approval_object(approval),
        run_id=approval.run_id,
    )


def ask(command: Command, asked: Asked) -> CommandReply:
    """Ask the requester something before deciding."""
    seen = asked.runtime.approval_for(command.target or "", asked.person)
    approval = asked.runtime.ask_about(seen.id, asked.person, command.text, asked.surface)
    return CommandReply(
        text=f"#{approval.number}: {exact(approval.requester)} was asked: "
        f"{one_line(command.text, 300)}",
        data=approval_object(approval),
        run_id=approval.run_id,
    )


def reject(command: Command, asked: Asked) -> CommandReply:
    """Refuse a call; the reason reaches the agent."""
    return _decide(command, asked, Verdict.REJECT)


def resolve(command: Command, asked: Asked) -> CommandReply:
    """Say what became of a call in doubt."""
    word = command.text.strip().lower()
    outcomes = {verdict.value: verdict for verdict in VERDICTS[Question.OUTCOME]}
    if word not in outcomes:
        raise NotUnderstood(f"{word!r} is no outcome; write: resolve N happened|repeat|abort")
    return _decide(command, asked, outcomes[word])


def answer(command: Command, asked: Asked) -> CommandReply:
    """Answer what an agent asked; with several open questions it must be said which."""
    sight, run = asked.runtime.sight, command.target or ""
    question = _question_meant(sight.questions(run, asked.person), command, asked)
    # A choice is taken as it was offered, however it was typed.
    same = [one for one in question.choices if one.casefold() == command.text.casefold()]
    text = same[0] if same else command.text
    received = asked.runtime.answer(question.step_id, asked.person, text)
    try:
        data = run_object(sight.view(run, asked.person))
    except (NotFound, Refused):
        # Who is asked something about a run need not see it.
        data = {"run": received.run_id, "number": received.number}
    return CommandReply(
        text=f"Run #{received.number} was told: {one_line(text, 300)}",
        data=data,
        run_id=received.run_id,
    )


def _question_meant(
    open_ones: Sequence[OpenQuestion], command: Command, asked: Asked
) -> OpenQuestion:
    run, nth = command.target, command.nth
    number = run if run and run.startswith("run_") else f"#{run}"
    if not open_ones:
        raise Refused(f"run {number} asks nothing at this moment; see: {asked.prefix}status")
    if nth is not None and 1 <= nth <= len(open_ones):
        return open_ones[nth - 1]
    if nth is None and len(open_ones) == 1:
        return open_ones[0]
    listed = "\n".join(
        f"  {asked.prefix}answer {run}.{at} TEXT   {one_line(one.text, 200)}"
        for at, one in enumerate(open_ones, start=1)
    )
    raise Refused(f"run {number} asks {plural(len(open_ones), 'thing')}; name one:\n{listed}")


def _steer(
    change: Callable[[str, Person], RunView], command: Command, asked: Asked
) -> CommandReply:
    run = command.target or ""
    # Changing what one may not see must look the same as changing what is not there.
    asked.runtime.view(run, workspace=asked.workspace)
    view = change(run, asked.person)
    return CommandReply(
        text=f"Run #{view.run.number}: {status_line(view)}",
        data=run_object(view),
        run_id=view.run.id,
    )


def _decide(
    command: Command, asked: Asked, verdict: Verdict, *, arguments: JsonObject | None = None
) -> CommandReply:
    approval = asked.runtime.approval_for(command.target or "", asked.person)
    code, reason = "", command.text
    if any(stage.assurance is Assurance.STEPPED_UP for stage in approval.stages):
        code, reason = take_code(command.text)
    decided = asked.runtime.decide(
        Decide(
            approval=approval.id,
            person=asked.person,
            verdict=verdict,
            surface=asked.surface,
            reason="" if approval.question is Question.OUTCOME else reason,
            code=code,
            arguments=arguments,
        )
    )
    approval = decided.approval
    name = f"#{approval.number} {exact(approval.tool)}"
    if not decided.won:
        text = f"{name} was decided already: {outcome_line(approval) or 'see its card'}"
    elif approval.verdict is Verdict.EDIT:
        text = f"{name}: your change is noted; what it makes of the call is asked anew."
    elif not decided.final:
        text = f"{name}: your word is noted; more people must agree before it is called."
    else:
        text = f"{name}: {outcome_line(approval)}. Run #{approval.run_number} goes on."
    return CommandReply(
        text=text,
        ok=decided.won,
        code="" if decided.won else "decided_already",
        data={**approval_object(approval), "won": decided.won, "final": decided.final},
        run_id=approval.run_id,
    )
