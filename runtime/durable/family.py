"""Children: tasks below a task, run side by side, inline where this thread is free.

The parent keeps its thread while there is a child it can run itself; only when every unfinished
child is in other hands does it suspend, and the last child to end wakes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from runtime.domain.errors import BatonError
from runtime.domain.json import Json
from runtime.domain.states import ENDED_STEP, Control, StepStatus
from runtime.domain.step import Step
from runtime.durable import failure
from runtime.durable.attempt import Attempt
from runtime.durable.bunch import LARGEST, Bunch
from runtime.durable.leaf import Child, Ended
from runtime.durable.unwind import Lost, Suspend
from runtime.storage import steps, trees
from runtime.storage.connection import Connection
from runtime.storage.database import again_when_contended

__all__ = ["Known", "cancel", "ended", "gather", "journalled", "look_again", "run_here", "start"]

Known = dict[str, Step]
MOST_RINGS = 16
"""How many workers a fan-out calls at once. Those who stay go on with children nobody was called
for; the sweep calls for what is left after a few seconds."""
FEW_RINGS = 2
"""How many a wider one calls at first: its children may be done sooner than others have come."""


def gather(attempt: Attempt, children: Sequence[Child], *, cap: int) -> list[Ended]:
    """Start each child when what it needs has succeeded, at most ``cap`` at once; give all ends.

    A child whose needs did not succeed is skipped, and so are those that need it; one that a
    person skipped counts as done, with nothing to give.
    """
    attempt.journal.expect(attempt.path(child.name) for child in children)
    known = journalled(attempt, children)
    while True:
        attempt.safe_point()
        start(attempt, children, known, cap=cap)
        waiting = [step for step in known.values() if step.status not in ENDED_STEP]
        if not waiting and len(known) == len(children):
            return [ended(attempt, child, known[child.name]) for child in children]
        if run_here(attempt, known):
            continue
        look_again(attempt, children, known)


def journalled(attempt: Attempt, children: Sequence[Child]) -> Known:
    """Give the children that an earlier entry started, by name."""
    known: Known = {}
    for child in children:
        entry = attempt.journal.get(attempt.path(child.name))
        if entry is not None:
            known[child.name] = entry
    return known


def start(attempt: Attempt, children: Sequence[Child], known: Known, *, cap: int) -> None:
    """Write the children that may begin now, and put them among the known."""
    active = sum(1 for step in known.values() if step.status not in ENDED_STEP)
    rows: list[dict[str, object]] = []
    changed = True
    fresh: Known = {}
    now = attempt.now()
    while changed:
        changed = False
        for child in children:
            if child.name in known or child.name in fresh:
                continue
            needs = [known.get(name) or fresh.get(name) for name in child.needs]
            if any(need is not None and _dead(need) for need in needs):
                row = _row(attempt, child, status=StepStatus.SKIPPED, input=None)
                row.update(finished_at=attempt.now(), error=_skipped(child, needs))
                changed = True
            elif active < cap and all(need is not None and _gives(need) for need in needs):
                row = _begin(attempt, child, known)
                active += row["status"] == StepStatus.READY
                changed = changed or row["status"] != StepStatus.READY
            else:
                continue
            # By time of begin, as cards show them, they stand in the order they were asked for.
            row["created_at"] = now + timedelta(microseconds=len(rows))
            rows.append(row)
            fresh[child.name] = steps.from_row(row)
    if rows:
        _insert(attempt, rows)
        known.update(fresh)
    if not active and len(known) < len(children):
        left = ", ".join(child.name for child in children if child.name not in known)
        raise ValueError(f"nothing can begin {left}: what they need is not among the children")


def _begin(attempt: Attempt, child: Child, known: Known) -> dict[str, object]:
    outputs = {name: attempt.output_of(known[name]) for name in child.needs}
    try:
        value = child.input(outputs) if callable(child.input) else child.input
    except BatonError as error:
        # Only this child and those that need it have no input; the others go on.
        row = _row(attempt, child, status=StepStatus.FAILED, input=None)
        row.update(finished_at=attempt.now(), error=failure.to_json(error))
        return row
    return _row(attempt, child, status=StepStatus.READY, input=value)


@again_when_contended
def _insert(attempt: Attempt, rows: list[dict[str, object]]) -> None:
    """Write new children; this thread begins with the last, so the others are rung."""
    ready = [row for row in rows if row["status"] == StepStatus.READY]
    with attempt.engine.database.write() as connection:
        control = steps.lock_owned(connection, step_id=attempt.step.id, fence=attempt.fence)
        if control is None:
            raise Lost
        attempt.control = Control(control)
        steps.insert_tasks(connection, rows)
        _announce(attempt, connection, rows)
    # A crash before this ring leaves ready rows that are due; the sweep rings them.
    if attempt.step.parent_id is None:
        attempt.engine.ring_said(attempt.run.conversation_id)
    rings = MOST_RINGS if len(ready) <= MOST_RINGS else FEW_RINGS
    attempt.engine.bell.ring(steps=[str(row["id"]) for row in ready[:-1][:rings]])


def _announce(attempt: Attempt, connection: Connection, rows: list[dict[str, object]]) -> None:
    if attempt.step.parent_id is None:
        attempt.engine.announcer.step_changed(connection, steps.from_row(rows[0]))


def run_here(attempt: Attempt, known: Known) -> bool:
    """Carry out children on this thread for as long as one is free; give whether any was.

    From the last to the first, because the other workers were rung from the first to the last.
    The end of one and the claim of the next share a transaction.
    """
    free = [name for name, step in known.items() if _looks_free(attempt, step)]
    by_id = {known[name].id: name for name in free}
    candidates = list(by_id)
    ran = len(candidates) > MOST_RINGS and _run_bunches(attempt, known, by_id, candidates)
    claimed: Step | None = None
    while claimed is not None or candidates:
        if claimed is None:
            # What is claimed already is entered first: its own safe point gives it back.
            attempt.safe_point()
            tried = candidates.pop()
            claimed = attempt.engine.claim(tried)
            if claimed is None:
                known[by_id[tried]] = _elsewhere(attempt, known[by_id[tried]])
                continue
        ran = True
        name = by_id[claimed.id]
        follower = candidates.pop() if candidates else None
        state, claimed = attempt.engine.run_inline(attempt, claimed, follower=follower)
        known[name] = state or replace(known[name], status=StepStatus.RUNNING)
        if claimed is None and follower is not None:
            known[by_id[follower]] = replace(known[by_id[follower]], status=StepStatus.READY)
            candidates.append(follower)
    return ran


def _run_bunches(
    attempt: Attempt, known: Known, by_id: Mapping[str, str], candidates: list[str]
) -> bool:
    """Carry out children of a wide fan-out many at a time for as long as they are quick."""

    def call_others() -> None:
        attempt.engine.bell.ring(steps=candidates[:MOST_RINGS])

    ran = False
    bunch = Bunch(attempt, call_others=call_others)
    try:
        while bunch.open:
            attempt.safe_point()
            tried = [candidates.pop() for _ in range(min(LARGEST, len(candidates)))]
            free = bunch.claim(tried)
            if not tried:
                break
            states = bunch.carry_out()
            ran = ran or bool(states)
            for one in tried:
                state = states.get(one)
                if state is None and one in free:
                    candidates.append(one)
                elif state is None:
                    state = _elsewhere(attempt, known[by_id[one]])
                known[by_id[one]] = state or known[by_id[one]]
    finally:
        bunch.close()
    return ran


def _elsewhere(attempt: Attempt, step: Step) -> Step:
    """Say that a child is in other hands; it is looked at again only when something has moved."""
    return replace(step, status=StepStatus.RUNNING, due_at=attempt.engine.leases.end())


def _looks_free(attempt: Attempt, step: Step) -> bool:
    if step.status == StepStatus.RUNNING:
        return step.due_at is not None and step.due_at <= attempt.now()
    return step.status == StepStatus.READY


def look_again(
    attempt: Attempt, children: Sequence[Child], known: Known, *, any_end: bool = False
) -> None:
    """Take the newest state of the children; with no news, sleep until there is some.

    ``any_end`` wakes at the next child that ends; else the last wakes.
    """
    open_ids = [step.id for step in known.values() if step.status not in ENDED_STEP]
    with attempt.engine.database.read() as connection:
        own = steps.read_step(connection, attempt.step.id)
        rows = connection.execute(steps.CHILD_STATES, {"ids": open_ids}).mappings().all()
    if own is None or own.attempt != attempt.fence or own.status != StepStatus.RUNNING:
        raise Lost
    news = own.wakeups != attempt.seen
    attempt.seen = own.wakeups
    by_id = {row["id"]: row for row in rows}
    for name, step in known.items():
        row = by_id.get(step.id)
        if row is None:
            continue
        if row["status"] != step.status:
            news = news or row["status"] in ENDED_STEP or row["status"] == StepStatus.READY
        known[name] = replace(
            step,
            status=StepStatus(row["status"]),
            output=row["output"],
            output_blob=row["output_blob"],
            error=row["error"],
            due_at=row["due_at"],
        )
    if news:
        return
    unstarted = len(known) < len(children)
    raise Suspend(_why(known), pending=1 if unstarted or any_end else len(open_ids))


def _why(known: Mapping[str, Step]) -> str:
    names = [step.title or name for name, step in known.items() if step.status not in ENDED_STEP]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _row(attempt: Attempt, child: Child, *, status: StepStatus, input: Json) -> dict[str, object]:
    now = attempt.now()
    return steps.new_row(
        id=attempt.id(child.name),
        run_id=attempt.run.id,
        parent_id=attempt.step.id,
        path=attempt.path(child.name),
        kind=child.kind,
        leaf=False,
        title=child.title,
        actor=child.actor,
        status=status,
        input=input,
        due_at=attempt.engine.ring_again_at() if status == StepStatus.READY else None,
        created_at=now,
        effect=None,
    )


def _gives(step: Step) -> bool:
    return step.status == StepStatus.SUCCEEDED or step.waived


def _dead(step: Step) -> bool:
    return step.status in ENDED_STEP and not _gives(step)


def _skipped(child: Child, needs: Sequence[Step | None]) -> dict[str, Json]:
    dead = next(step for step in needs if step is not None and _dead(step))
    return {
        "code": "skipped",
        "message": f"{child.title or child.name} needs {dead.title or dead.path}: {dead.status}",
    }


def ended(attempt: Attempt, child: Child, step: Step) -> Ended:
    """Give how a child stands, its output fetched."""
    return Ended(
        name=child.name,
        path=step.path,
        status=step.status,
        output=attempt.output_of(step),
        error=step.error,
    )


def cancel(attempt: Attempt, name: str) -> None:
    """Cancel the task of a name and those below it, unless they have ended, and their waiting."""
    below = replace(attempt.step, path=attempt.path(name))
    with attempt.engine.database.write() as connection:
        trees.cancel_below(connection, below, now=attempt.now())
        trees.cancel_one(connection, attempt.id(name), now=attempt.now())
        attempt.engine.announcer.cut_off(connection, below)
