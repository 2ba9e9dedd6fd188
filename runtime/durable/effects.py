"""How one effect is carried out so that a crash anywhere leaves the truth behind.

| a crash after | before | then |
|---|---|---|
| a read's effect | its result | it is done again |
| a write's intent | its outcome | it is done again with the same key |
| an irreversible intent | its outcome | ``reconcile``; where that cannot tell, a person is asked |

"It did not happen" is believed only of a process that cannot act any more: one that merely sleeps
in the middle of its call will go on with it when it wakes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NoReturn

from runtime.domain.effects import Effect
from runtime.domain.errors import (
    BatonError,
    Misconfigured,
    Refused,
    TimedOut,
    ToolFailed,
    Upstream,
)
from runtime.domain.json import Json
from runtime.domain.states import ENDED_STEP, StepStatus
from runtime.domain.step import Step
from runtime.durable import failure
from runtime.durable.attempt import Attempt
from runtime.durable.leaf import Found, Leaf
from runtime.durable.unwind import GiveBack, Suspend
from runtime.storage import runs, steps

_log = logging.getLogger(__name__)
_LOOK_AGAIN = timedelta(seconds=2)
_PATIENCE = timedelta(minutes=2)
"""How long after the intent a process that lives, but says nothing, is waited for."""
Effector = Callable[[], Json]


def perform(attempt: Attempt, name: str, run: Effector, leaf: Leaf) -> Json:
    """Give the journalled result of an effect, or carry it out and journal it.

    Raises the journalled error where it failed for good; suspends where it must wait.
    """
    entry = attempt.journal.ask(attempt.path(name), kind=leaf.kind)
    if entry is not None and entry.status in ENDED_STEP:
        return result_of(attempt, entry)
    attempt.safe_point()
    if entry is None:
        return _first(attempt, name, run, leaf)
    if entry.status == StepStatus.UNKNOWN:
        raise Suspend(f"whether {leaf.title or name} happened")
    if entry.status == StepStatus.WAITING:
        _wait_for_retry(attempt, entry)
    if entry.status == StepStatus.RUNNING and leaf.effect == Effect.IRREVERSIBLE:
        return _in_doubt(attempt, entry, run, leaf)
    entry = _adopted(attempt, entry, leaf)
    if entry.status in ENDED_STEP:
        return result_of(attempt, entry)
    return _carry_out(attempt, entry, run, leaf)


def result_of(attempt: Attempt, entry: Step) -> Json:
    """Give the output of an ended entry, or raise what it ended with."""
    if entry.status == StepStatus.SUCCEEDED:
        return attempt.output_of(entry)
    raise failure.to_error(entry.path, entry.error)


def _adopted(attempt: Attempt, entry: Step, leaf: Leaf) -> Step:
    adopted = attempt.adopt_leaf(entry)
    if adopted.status == StepStatus.UNKNOWN:
        raise Suspend(f"whether {leaf.title or entry.path} happened")
    return adopted


def _in_doubt(attempt: Attempt, entry: Step, run: Effector, leaf: Leaf) -> Json:
    """Settle an irreversible effect whose earlier attempt ended, or fell silent, without a word."""
    # Looked at first: what it has not done by the time it is dead, it never will.
    acting = attempt.engine.may_still_act(entry)
    found = _asked(entry, leaf)
    if acting and not (found is not None and found.happened):
        now = attempt.now()
        if now < (entry.started_at or entry.created_at) + _PATIENCE:
            title = leaf.title or entry.path
            raise Suspend(f"word from whoever began {title}", wake_at=now + _LOOK_AGAIN)
        found = None
    entry = _adopted(attempt, entry, leaf)
    if entry.status in ENDED_STEP:
        return result_of(attempt, entry)
    if found is None:
        _doubt(attempt, entry, leaf)
    if not found.happened:
        return _carry_out(attempt, entry, run, leaf)
    attempt.finish_leaf(entry, status=StepStatus.SUCCEEDED, output=found.result)
    return found.result


def _first(attempt: Attempt, name: str, run: Effector, leaf: Leaf) -> Json:
    if leaf.effect == Effect.READ:
        return _read(attempt, name, run, leaf)
    row = _row(attempt, name, leaf, status=StepStatus.RUNNING)
    # The intent is durable before the world is touched; a crash from here on is a known doubt.
    attempt.insert_leaf(row)
    return _carry_out(attempt, steps.from_row(row), run, leaf)


def _read(attempt: Attempt, name: str, run: Effector, leaf: Leaf) -> Json:
    began = attempt.now()
    try:
        output = run()
    except Upstream as error:
        delay = leaf.retry.delay(1, error)
        row = _row(attempt, name, leaf, status=StepStatus.FAILED, started_at=began)
        if delay is None:
            spelled = failure.to_json(error)
            row.update(error=spelled, failures=1, finished_at=attempt.now())
            attempt.insert_leaf(row)
            raise failure.to_error(attempt.path(name), spelled) from error
        at = attempt.now() + timedelta(seconds=delay)
        row.update(status=StepStatus.WAITING, failures=1, error=_retried(error, at))
        attempt.insert_leaf(row)
        raise _later(error, at) from error
    except BatonError as error:
        row = _row(attempt, name, leaf, status=StepStatus.FAILED, started_at=began)
        spelled = failure.to_json(error)
        row.update(error=spelled, finished_at=attempt.now())
        attempt.insert_leaf(row)
        raise failure.to_error(attempt.path(name), spelled) from error
    cost = leaf.cost(output) if leaf.cost else None
    row = _row(attempt, name, leaf, status=StepStatus.SUCCEEDED, started_at=began)
    row.update(
        output=output,
        cost_usd=cost.usd if cost else 0.0,
        tokens=cost.tokens if cost else 0,
        finished_at=attempt.now(),
    )
    attempt.insert_leaf(row, cost=cost)
    return output


def _carry_out(attempt: Attempt, entry: Step, run: Effector, leaf: Leaf) -> Json:
    under_way = attempt.engine.under_way
    if leaf.effect != Effect.IRREVERSIBLE:
        return _attempted(attempt, entry, run, leaf)
    # Until its outcome is written, whoever takes the step over must not believe it undone.
    under_way.add(entry.id)
    try:
        return _attempted(attempt, entry, run, leaf)
    finally:
        under_way.discard(entry.id)


def _attempted(attempt: Attempt, entry: Step, run: Effector, leaf: Leaf) -> Json:
    if not attempt.engine.leases.valid(attempt.step.id):
        # It slept between intent and effect: whoever has the step now may have asked already
        # whether it happened, and was told that it did not. So it must not happen from here on.
        attempt.finish_leaf(entry, status=StepStatus.READY)
        raise GiveBack
    try:
        output = run()
    except Upstream as error:
        if leaf.effect == Effect.IRREVERSIBLE and error.ambiguous:
            return _reconcile(attempt, entry, leaf, error)
        _retry_or_fail(attempt, entry, leaf, error)
    except (ToolFailed, Refused, Misconfigured) as error:
        _fail(attempt, entry, error)
    except Exception as error:
        # A bug in the tool. A write may be looked at again by whoever reads the failure; what an
        # irreversible tool had done before it broke, nobody here knows.
        _log.exception("effect %s broke", entry.path)
        if leaf.effect == Effect.IRREVERSIBLE:
            return _reconcile(attempt, entry, leaf, Upstream("the tool broke"))
        _fail(attempt, entry, error)
    cost = leaf.cost(output) if leaf.cost else None
    attempt.finish_leaf(entry, status=StepStatus.SUCCEEDED, output=output, cost=cost)
    return output


def _fail(attempt: Attempt, entry: Step, error: Exception) -> NoReturn:
    spelled = failure.to_json(error)
    attempt.finish_leaf(entry, status=StepStatus.FAILED, error=spelled, failures=entry.failures + 1)
    raise failure.to_error(entry.path, spelled) from error


def _retry_or_fail(attempt: Attempt, entry: Step, leaf: Leaf, error: Upstream) -> NoReturn:
    failures = entry.failures + 1
    delay = leaf.retry.delay(failures, error)
    if delay is None:
        _fail(attempt, entry, error)
    at = attempt.now() + timedelta(seconds=delay)
    attempt.finish_leaf(
        entry, status=StepStatus.WAITING, error=_retried(error, at), failures=failures
    )
    raise _later(error, at) from error


def _reconcile(attempt: Attempt, entry: Step, leaf: Leaf, error: Upstream) -> Json:
    """Find out whether an effect happened that this very attempt got no clear answer to."""
    found = _asked(entry, leaf)
    if found is None:
        _doubt(attempt, entry, leaf)
    if not found.happened:
        if isinstance(error, TimedOut):
            # Its thread goes on where nobody hears it, and may do it yet.
            _doubt(attempt, entry, leaf)
        _retry_or_fail(attempt, entry, leaf, error)
    attempt.finish_leaf(entry, status=StepStatus.SUCCEEDED, output=found.result)
    return found.result


def _asked(entry: Step, leaf: Leaf) -> Found | None:
    """Ask the tool's hook; None where it has none or cannot tell."""
    if leaf.reconcile is None:
        return None
    try:
        return leaf.reconcile()
    except Exception:
        # A hook that cannot answer leaves the doubt as it is; a person is asked.
        _log.exception("reconcile hook of %s broke", entry.path)
        return None


def _doubt(attempt: Attempt, entry: Step, leaf: Leaf) -> NoReturn:
    """Say that nobody knows, and ask a person, in one transaction."""
    with attempt.engine.database.write() as connection:
        runs.lock(connection, attempt.run.id)
        attempt.finish_leaf(
            entry,
            status=StepStatus.UNKNOWN,
            error={"code": "unknown_outcome", "message": "nobody knows whether it happened"},
            connection=connection,
        )
        if leaf.doubted is not None:
            leaf.doubted(connection, entry.id)
    attempt.engine.ring_said(attempt.run.conversation_id)
    raise Suspend(f"whether {leaf.title or entry.path} happened")


def _wait_for_retry(attempt: Attempt, entry: Step) -> None:
    at = datetime.fromisoformat(str((entry.error or {}).get("retry_at")))
    if attempt.now() < at:
        raise Suspend(f"a retry: {(entry.error or {}).get('message', '')}", wake_at=at)


def _retried(error: Upstream, at: datetime) -> dict[str, Json]:
    return {**failure.to_json(error), "retry_at": at.isoformat()}


def _later(error: Upstream, at: datetime) -> Suspend:
    return Suspend(f"a retry: {error.public}", wake_at=at)


def _row(attempt: Attempt, name: str, leaf: Leaf, **values: object) -> dict[str, object]:
    started = values.pop("started_at", None) or attempt.now()
    return attempt.leaf_row(
        name,
        kind=leaf.kind,
        title=leaf.title,
        actor=leaf.actor,
        effect=leaf.effect,
        key=key_of(attempt, name),
        input=leaf.input,
        decision=leaf.decision,
        started_at=started,
        **values,
    )


def key_of(attempt: Attempt, name: str) -> str:
    """Give the idempotency key of an effect: its own name, the same for every repeat."""
    return attempt.id(name)
