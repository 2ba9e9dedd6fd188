"""Try tasks, catch their errors, and try again as a policy says."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from runtime.catalog.workflow.task import Catch, Duration, RetryPolicy, TryTask
from runtime.domain.errors import Faulted
from runtime.workflows.doing import Doing
from runtime.workflows.flow import CONTINUE, Frame, Passed
from runtime.workflows.problem import fault, matches
from runtime.workflows.timed import within
from runtime.workflows.view import View

_MOST_TRIES_UNBOUNDED: Final = 10
"""How often is tried again where a policy sets no limit: for ever would be a loop without end."""
_MOST_TRIES: Final = 1000


def attempt(doing: Doing) -> Passed:
    """Do tasks, and handle their errors."""
    task = doing.task
    assert isinstance(task, TryTask)
    policy = _policy(doing, task.catch)
    limited = policy is not None and policy.limit is not None
    began = doing.act.ctx.now(f"{doing.name}/first") if limited else None
    tries = 0
    while True:
        try:
            return _once(doing, task, policy, tries)
        except Faulted as error:
            view = doing.view.with_(**{task.catch.variable: error.problem})
            if not _caught(task.catch, error, view, doing):
                raise
            tries += 1
            if policy is None:
                return _handled(doing, task.catch, error)
            if not _again(doing, policy, view, tries, began):
                # Errors that outlast their retries are only swallowed by tasks written for that.
                if not task.catch.tasks:
                    raise
                return _handled(doing, task.catch, error)
            _pause(doing, policy, tries)


def _once(doing: Doing, task: TryTask, policy: RetryPolicy | None, tries: int) -> Passed:
    name = doing.name if tries == 0 else f"{doing.name}/retry/{tries}"
    frame = doing.frame.inside(task.reference, name)
    limit = policy.attempt_limit if policy is not None else None
    if limit is None:
        return doing.inner(task.tasks, doing.flow, frame)
    return within(
        doing.act.ctx,
        f"{name}/attempt",
        doing.view.seconds(limit, doing.data),
        at=task.reference,
        work=lambda: doing.inner(task.tasks, doing.flow, replace(frame, name=f"{name}/attempt")),
    )


def _policy(doing: Doing, catch: Catch) -> RetryPolicy | None:
    if not isinstance(catch.retry, str):
        return catch.retry
    found = doing.act.workflow.use.retries.get(catch.retry)
    if found is None:
        words = f"use.retries has no {catch.retry!r}; add it"
        raise fault("configuration", words, at=doing.task.reference)
    return found


def _caught(catch: Catch, error: Faulted, view: View, doing: Doing) -> bool:
    if not matches(error.problem, catch.errors):
        return False
    if catch.when is not None and not view.condition(catch.when, doing.data):
        return False
    return catch.except_when is None or not view.condition(catch.except_when, doing.data)


def _handled(doing: Doing, catch: Catch, error: Faulted) -> Passed:
    """Do what is to be done about an error; without anything, the task gives its own input."""
    passed = doing.gives(doing.data)
    if catch.tasks:
        variables = {catch.variable: error.problem}
        frame: Frame = doing.frame.inside(doing.task.reference, doing.name, **variables)
        passed = doing.inner(catch.tasks, doing.flow, frame)
    if catch.then is not None and passed.then == CONTINUE:
        passed = replace(passed, then=catch.then)
    return passed


def _again(
    doing: Doing, policy: RetryPolicy, view: View, tries: int, began: datetime | None
) -> bool:
    """Tell whether to try once more after ``tries`` failures."""
    most = policy.most_attempts
    if most is None:
        most = _MOST_TRIES_UNBOUNDED if policy.limit is None else _MOST_TRIES
    if tries > most:
        return False
    if policy.when is not None and not view.condition(policy.when, doing.data):
        return False
    if policy.except_when is not None and view.condition(policy.except_when, doing.data):
        return False
    if policy.limit is None or began is None:
        return True
    now = doing.act.ctx.now(f"{doing.name}/failed/{tries}")
    return (now - began).total_seconds() < doing.view.seconds(policy.limit, doing.data)


def _pause(doing: Doing, policy: RetryPolicy, tries: int) -> None:
    seconds = doing.view.seconds(policy.delay, doing.data) if policy.delay else 0.0
    if policy.backoff == "linear":
        seconds *= tries
    elif policy.backoff == "exponential":
        seconds *= 2.0 ** (tries - 1)
    if policy.jitter is not None:
        low, high = (_seconds(doing, one) for one in policy.jitter)
        chance = doing.act.ctx.random(f"{doing.name}/jitter/{tries}")
        seconds += low + (high - low) * chance
    if seconds > 0:
        doing.act.ctx.sleep(f"{doing.name}/pause/{tries}", seconds)


def _seconds(doing: Doing, duration: Duration) -> float:
    return doing.view.seconds(duration, doing.data)
