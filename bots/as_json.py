"""Rows as JSON objects: what ``--json`` prints and the console's API gives. A contract."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from bots.door import AgentLine
from bots.status import error_text, turned_down
from bots.views import Shown
from runtime.domain.approval import Approval
from runtime.domain.json import Json, JsonObject
from runtime.domain.run import AuditRecord, RunLine, RunView, StepRow
from runtime.domain.step import Cost


def run_object(view: RunView) -> JsonObject:
    """Give a whole run; ``error`` is its words and ``error_code`` its stable name, or null."""
    run = view.run
    failed = run.error is not None
    return {
        "run": run.id,
        "number": run.number,
        "status": view.status,
        "request": run.request,
        "goal": run.goal,
        "requester": run.requester,
        "answer": run.answer or None,
        "error": error_text(run.error) if failed else None,
        "error_code": (run.error or {}).get("code"),
        "approvals": [approval_object(one) for one in view.approvals],
        "questions": [
            {"step": one.step_id, "text": one.text, "choices": list(one.choices)}
            for one in view.questions
        ],
        "steps": [
            {
                "path": step.path,
                "title": step.title,
                "kind": step.kind,
                "owner": step.actor,
                "status": step.status.value,
                "turned_down": None if refused is None else refused.status.value,
                "waits_for": step.waits_for or None,
            }
            for step in view.steps
            for refused in (turned_down(step, view.approvals),)
        ],
        "revision": view.run.revision,
        "sources": list(view.run.sources),
        "artifacts": [
            {
                "name": file.name,
                "media_type": file.media_type,
                "size_bytes": file.size_bytes,
                "digest": file.digest,
                "evidence": file.is_evidence,
            }
            for file in view.artifacts
        ],
        "demonstration": view.run.demonstration,
        "cost_usd": run.spent.usd,
        "tokens": run.spent.tokens,
        "started_at": moment(run.created_at),
        "finished_at": moment(run.finished_at),
    }


def run_line_object(line: RunLine) -> JsonObject:
    """Give a run as lists show it."""
    return {
        "run": line.id,
        "number": line.number,
        "status": line.status,
        "request": line.request,
        "requester_name": line.requester_name,
        "cost_usd": line.spent.usd,
        "tokens": line.spent.tokens,
        "started_at": moment(line.created_at),
        "finished_at": moment(line.finished_at),
    }


def approval_object(approval: Approval) -> JsonObject:
    """Give an approval; the nonce is for cards only and stays out."""
    stage = approval.stages[min(approval.stage, len(approval.stages) - 1)]
    return {
        "id": approval.id,
        "number": approval.number,
        "run": approval.run_id,
        "run_number": approval.run_number,
        "question": approval.question.value,
        "tool": approval.tool,
        "what": approval.preview.what or None,
        "where": approval.preview.where or None,
        "reversible": approval.preview.reversible,
        "arguments": approval.arguments,
        "digest": approval.digest,
        "agent": approval.agent,
        "reason": approval.reason,
        "rule": approval.rule,
        "eligible": list(approval.may_decide),
        "asked_of": list(stage.eligible),
        "quorum": stage.quorum,
        "status": approval.status.value,
        "requester": approval.requester,
        "expires_at": moment(approval.expires_at),
        "decided_by": approval.decided_by,
        "decided_by_name": approval.decided_by_name or None,
        "decided_at": moment(approval.decided_at),
        "decided_on": approval.decided_on or None,
        "decision_reason": approval.decision_reason or None,
        "reminders": approval.reminders,
        **_talk(approval),
    }


def _talk(approval: Approval) -> JsonObject:
    """Give what people did and said about it so far, and what it follows from."""
    return {
        "claimed_by": approval.claimed_by,
        "claimed_by_name": approval.claimed_by_name or None,
        "agents": list(approval.chain),
        "replaces": approval.replaces,
        "differences": [
            {"name": one.name, "before": one.before, "after": one.after}
            for one in approval.differences
        ],
        "history": [
            {
                "by": one.principal,
                "by_name": one.name or None,
                "on_behalf_of": one.on_behalf_of,
                "stage": one.stage + 1,
                "verdict": one.verdict.value,
                "reason": one.reason or None,
                "surface": one.surface,
                "at": moment(one.at),
            }
            for one in approval.history
        ],
        "handed": [
            {
                "by": one.principal,
                "by_name": one.name or None,
                "to": one.successor,
                "to_name": one.successor_name or None,
                "reason": one.reason or None,
                "surface": one.surface,
                "at": moment(one.at),
            }
            for one in approval.handed
        ],
        "questions": [
            {
                "id": one.id,
                "by": one.asked_by,
                "by_name": one.asked_by_name,
                "text": one.text,
                "answer": one.answer or None,
                "answered_by_name": one.answered_by_name or None,
            }
            for one in approval.questions
        ],
    }


def trace_objects(rows: Sequence[StepRow]) -> list[Json]:
    """Give the tree in reading order; ``depth`` says how far to indent."""
    return [
        {
            "id": row.step.id,
            "path": row.step.path,
            "depth": row.depth,
            "kind": row.step.kind,
            "leaf": row.step.leaf,
            "title": row.step.title,
            "owner": row.step.actor,
            "status": row.step.status.value,
            "attempt": row.step.attempt,
            "failures": row.step.failures,
            "waits_for": row.step.waits_for or None,
            "effect": row.step.effect.value if row.step.effect else None,
            "input": row.step.input,
            "output": row.step.output,
            "error": row.step.error,
            "decision": row.step.decision,
            "cost_usd": row.step.cost.usd,
            "tokens": row.step.cost.tokens,
            "started_at": moment(row.step.started_at),
            "finished_at": moment(row.step.finished_at),
        }
        for row in rows
    ]


def audit_objects(records: Sequence[AuditRecord]) -> list[Json]:
    """Give a run's audit chain in order."""
    return [
        {
            "sequence": record.sequence,
            "at": moment(record.at),
            "event": record.event,
            "facts": record.facts,
            "digest": record.digest,
        }
        for record in records
    ]


def digest_of(shown: Shown) -> str:
    """Give the hash of what a card says, before any channel's format."""
    spelled = json.dumps(asdict(shown), sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(spelled.encode("utf-8", "backslashreplace")).hexdigest()


def agent_objects(agents: Sequence[AgentLine]) -> list[Json]:
    """Give the catalogue's agents."""
    return [
        {
            "name": agent.name,
            "version": agent.version,
            "description": agent.description,
            "role": str(agent.role),
            "capabilities": list(agent.capabilities),
            "tier": agent.tier,
            "tools": list(agent.tools),
        }
        for agent in agents
    ]


def cost_object(cost: Cost) -> JsonObject:
    """Give what something used up."""
    return {"cost_usd": cost.usd, "tokens": cost.tokens}


def moment(at: datetime | None) -> str | None:
    """Spell a time in ISO 8601, or null."""
    return None if at is None else at.isoformat()
