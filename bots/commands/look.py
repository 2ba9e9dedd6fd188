"""The verbs that show something."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from bots.approval_builder import approval_card, arguments
from bots.as_json import (
    agent_objects,
    approval_object,
    audit_objects,
    cost_object,
    run_line_object,
    run_object,
    trace_objects,
)
from bots.builders import run_card
from bots.commands.act import SEEN_DIGITS
from bots.commands.asked import Asked
from bots.commands.explain import reasons
from bots.commands.grammar import Command, help_text
from bots.commands.plain_text import (
    SIGNS,
    approval_lines,
    columns,
    decision_hint,
    run_lines,
    shortened,
)
from bots.commands.reply import CommandReply
from bots.spelling import duration, exact, money, one_line, plural
from bots.status import status_line
from runtime.audit.words import sentence
from runtime.domain.errors import NotFound
from runtime.domain.json import object_of
from runtime.domain.run import AuditRecord, RunView, StepRow
from runtime.domain.step import Cost

_LINES_LIMIT = 200
_COSTED_RUNS = 100
_THOUGHTS = {
    "plan": "makes the plan",
    "replan": "makes the plan anew",
    "work": "decides what to do next",
    "check": "checks the result",
    "synthesise": "words the answer",
}
"""What a model is asked for, by the purpose its steps are named after."""
_STATES = {"succeeded": "has succeeded", "failed": "has failed", "cancelled": "was cancelled"}


def show_help(command: Command, asked: Asked) -> CommandReply:
    """List the verbs, or explain one."""
    del asked
    text = help_text(command.text)
    return CommandReply(text=text, data={"help": text})


def list_runs(command: Command, asked: Asked) -> CommandReply:
    """List the latest runs, newest first."""
    del command
    lines = asked.runtime.sight.runs(asked.person)
    rows = [
        (f"#{line.number}", line.status, one_line(line.requester_name, 20), one_line(line.request))
        for line in lines
    ]
    return CommandReply(
        text="\n".join(columns(rows)) or f"No runs yet. Start one with: {asked.prefix}run TEXT",
        data={"runs": [run_line_object(line) for line in lines]},
    )


def status(command: Command, asked: Asked) -> CommandReply:
    """Show how a run stands, with what it waits for."""
    view = _view(command, asked)
    lines = run_lines(run_card(view))
    for approval in view.approvals:
        card = approval_card(approval)
        if card.verdicts:
            lines += ["", *approval_lines(card), f"  {decision_hint(card, prefix=asked.prefix)}"]
    for at, question in enumerate(view.questions, start=1):
        name = f"{view.run.number}.{at}" if len(view.questions) > 1 else str(view.run.number)
        lines += ["", f"Asked: {one_line(question.text, 500)}"]
        lines += [f"  - {one_line(choice)}" for choice in question.choices]
        lines.append(f"  {asked.prefix}answer {name} TEXT")
    if view.run.answer:
        lines += ["", view.run.answer]
    return CommandReply(text="\n".join(lines), data=run_object(view), run_id=view.run.id)


def trace(command: Command, asked: Asked) -> CommandReply:
    """Show every step of a run as a tree."""
    rows = asked.runtime.sight.trace(command.target or "", asked.person)
    return CommandReply(
        text="\n".join(shortened([_trace_line(row) for row in rows], _LINES_LIMIT)) or "No steps.",
        data={"steps": trace_objects(rows)},
        run_id=rows[0].step.run_id if rows else None,
    )


def why(command: Command, asked: Asked) -> CommandReply:
    """Explain a run's state: what it waits for, what failed, which rules applied."""
    view = _view(command, asked)
    rows = asked.runtime.sight.trace(view.run.id, asked.person)
    found = reasons(view, rows)
    state = _STATES.get(view.status, f"is {view.status}")
    line = status_line(view)
    told = f"failed{line.removeprefix('Failed')}" if view.status == "failed" else f"{state}. {line}"
    head = f"Run #{view.run.number} {told}"
    return CommandReply(
        text="\n".join([head, *(f"- {reason}" for reason in found)]),
        data={"run": view.run.id, "status": view.status, "reasons": list(found)},
        run_id=view.run.id,
    )


def approvals(command: Command, asked: Asked) -> CommandReply:
    """List what waits for a decision, or show one with all of its arguments."""
    if command.target is not None:
        return _one_approval(command.target, asked)
    pending = asked.runtime.sight.approvals(asked.person)
    blocks: list[str] = []
    for approval in pending:
        card = approval_card(approval)
        blocks.append(
            "\n".join([*approval_lines(card), f"  {decision_hint(card, prefix=asked.prefix)}"])
        )
    return CommandReply(
        text="\n\n".join(blocks) or "Nothing waits for a decision.",
        data={"approvals": [approval_object(one) for one in pending]},
    )


def agents(command: Command, asked: Asked) -> CommandReply:
    """List the agents."""
    del command
    known = asked.runtime.agents()
    rows = [
        (agent.name, f"@{agent.version[:7]}", str(agent.role), one_line(agent.description))
        for agent in known
    ]
    return CommandReply(
        text="\n".join(columns(rows)) or "No agents are installed.",
        data={"agents": agent_objects(known)},
    )


def cost(command: Command, asked: Asked) -> CommandReply:
    """Show what a run has cost, by who spent it; without one, what the latest runs have cost."""
    if command.target is None:
        return _cost_of_runs(asked)
    view = asked.runtime.sight.view(command.target, asked.person)
    by_actor: dict[str, Cost] = defaultdict(Cost)
    owners: list[str] = []
    for row in asked.runtime.sight.trace(view.run.id, asked.person):
        # A leaf is often the engine's own; whoever it was done for stands above it.
        del owners[row.depth :]
        owners.append(row.step.actor or (owners[-1] if owners else ""))
        if row.step.leaf and (row.step.cost.tokens or row.step.cost.usd):
            name = owners[-1] or row.step.kind
            sum_so_far = by_actor[name]
            by_actor[name] = Cost(
                usd=sum_so_far.usd + row.step.cost.usd,
                tokens=sum_so_far.tokens + row.step.cost.tokens,
            )
    ranked = sorted(by_actor.items(), key=lambda item: (-item[1].usd, -item[1].tokens, item[0]))
    spent = view.run.spent
    head = f"Run #{view.run.number}: {money(spent.usd)}, {plural(spent.tokens, 'token')}"
    rows = [(f"  {exact(who)}", money(part.usd), f"{part.tokens:,}") for who, part in ranked]
    return CommandReply(
        text="\n".join([head, *columns(rows)]),
        data={
            "run": view.run.id,
            **cost_object(spent),
            "by": [{"who": who, **cost_object(part)} for who, part in ranked],
        },
        run_id=view.run.id,
    )


def audit(command: Command, asked: Asked) -> CommandReply:
    """Show a run's audit chain."""
    records = asked.runtime.sight.audit(command.target or "", asked.person)
    lines = [
        f"{record.sequence:>4}  {record.at:%Y-%m-%d %H:%M:%S} UTC  {_sentence(record)}"
        f"  ({record.event} {record.digest[:12]})"
        for record in records
    ]
    return CommandReply(
        text="\n".join(shortened(lines, _LINES_LIMIT)) or "No audit records.",
        data={"records": audit_objects(records)},
        run_id=records[0].run_id if records else None,
    )


def _sentence(record: AuditRecord) -> str:
    return one_line(sentence(record.event, object_of(record.facts)), 160)


def evidence(command: Command, asked: Asked) -> CommandReply:
    """Have a run's evidence made, with its proofs, as files in this conversation."""
    number = asked.runtime.evidence(command.target or "", asked.person, asked.place)
    return CommandReply(
        text=f"The evidence of run #{number} is being put together; it comes here as two files.",
        data={"number": number},
    )


def _view(command: Command, asked: Asked) -> RunView:
    if command.target is not None:
        return asked.runtime.sight.view(command.target, asked.person)
    for entry in reversed(asked.runtime.thread(asked.place)):
        if entry.delivery is not None:
            return asked.runtime.sight.view(entry.delivery.run_id, asked.person)
    latest = asked.runtime.sight.runs(asked.person, limit=1)
    if not latest:
        raise NotFound(f"there are no runs yet; start one with: {asked.prefix}run TEXT")
    return asked.runtime.sight.view(latest[0].id, asked.person)


def _one_approval(ref: str, asked: Asked) -> CommandReply:
    approval = asked.runtime.sight.approval(ref, asked.person)
    card = approval_card(approval)
    was_cut = any(not argument.complete for argument in card.arguments)
    lines = approval_lines(replace(card, arguments=arguments(approval, limit=None)))
    if card.verdicts:
        seen = approval.digest[:SEEN_DIGITS] if was_cut else ""
        lines.append(f"  {decision_hint(card, prefix=asked.prefix, seen=seen)}")
    return CommandReply(
        text="\n".join(lines), data=approval_object(approval), run_id=approval.run_id
    )


def _cost_of_runs(asked: Asked) -> CommandReply:
    lines = asked.runtime.sight.runs(asked.person, limit=_COSTED_RUNS)
    total = Cost(
        usd=sum(line.spent.usd for line in lines), tokens=sum(line.spent.tokens for line in lines)
    )
    dearest = sorted(lines, key=lambda line: (-line.spent.usd, -line.spent.tokens))[:10]
    rows = [
        (
            f"  #{line.number}",
            money(line.spent.usd),
            f"{line.spent.tokens:,}",
            one_line(line.request),
        )
        for line in dearest
    ]
    head = (
        f"The latest {plural(len(lines), 'run')}: {money(total.usd)}, "
        f"{plural(total.tokens, 'token')}"
    )
    return CommandReply(
        text="\n".join([head, *columns(rows)]),
        data={**cost_object(total), "runs": [run_line_object(line) for line in dearest]},
    )


def _trace_line(row: StepRow) -> str:
    step = row.step
    title = step.title or step.path.rsplit("/", 1)[-1]
    if step.kind == "model":
        title = _THOUGHTS.get(title, title)
    verdict = str(object_of(step.output).get("verdict")) if step.kind == "approval" else ""
    refused = verdict in ("rejected", "expired")
    parts = [f"{SIGNS[verdict if refused else step.status.value]} {one_line(title, 70)}"]
    parts.append(verdict if refused else step.kind)
    if step.actor:
        parts.append(exact(step.actor))
    if step.started_at and step.finished_at:
        took = (step.finished_at - step.started_at).total_seconds()
        parts.append(f"{took * 1000:.0f} ms" if took < 1 else duration(took))
    if step.cost.tokens:
        parts.append(f"{money(step.cost.usd)}, {step.cost.tokens:,} tokens")
    if step.failures:
        parts.append(plural(step.failures, "failure"))
    if step.waits_for:
        parts.append(f"waits for {one_line(step.waits_for)}")
    if step.error and isinstance(message := step.error.get("message"), str):
        parts.append(one_line(message))
    return "  " * row.depth + " · ".join(parts)
