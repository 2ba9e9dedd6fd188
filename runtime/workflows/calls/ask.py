"""``call: ask``: a question to certain people, whose answer is data of the type that is wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from runtime.agent.poll import REQUESTER, Poll, choices_in
from runtime.agent.question import KIND, asking
from runtime.catalog.workflow.approving import stages_at_work
from runtime.domain.effects import Effect
from runtime.domain.errors import Misconfigured
from runtime.domain.json import Json, JsonObject
from runtime.durable.context import Pending
from runtime.durable.leaf import Leaf
from runtime.policy.case import Case
from runtime.storage import approvals
from runtime.storage.connection import Connection
from runtime.workflows import origins
from runtime.workflows.calls.gated import Deed, perform
from runtime.workflows.doing import Doing
from runtime.workflows.flow import Passed
from runtime.workflows.problem import fault

_MOST_CHOICES = 50


def ask(doing: Doing, given: JsonObject) -> Passed:
    """Ask, and wait for the first answer that is one; a ``timeout`` of the task ends the wait."""
    act, text = doing.act, str(given["question"])
    poll = _poll(doing, given)
    if poll.of != REQUESTER:
        _allowed(doing, text, poll)
    leaf = Leaf(
        kind=KIND,
        title=text,
        actor=act.workflow.actor,
        input={
            "question": text,
            "choices": list(poll.choices),
            "of": list(poll.of),
            "schema": poll.schema,
        },
    )

    def opened(connection: Connection, leaf_id: str) -> None:
        now = act.outfit.services.clock.now()
        write = asking(
            act.ctx.run,
            text=text,
            choices=poll.offered,
            now=now,
            names=() if poll.of == REQUESTER else _names(doing, connection, poll),
        )
        write(connection, leaf_id)

    answer = act.ctx.open(f"{doing.name}/question", leaf, opened)
    if isinstance(answer, Pending):
        whom = "" if poll.of == REQUESTER else f" from {poll.for_whom}"
        act.ctx.suspend(f"an answer{whom} to {text}")
    origins.seen(act, answer)
    return doing.gives(answer)


def _allowed(doing: Doing, text: str, poll: Poll) -> None:
    """Put it before the policy, where it leaves the hands of whoever began the run."""
    shown: JsonObject = {"question": text, "of": list(poll.of), "choices": list(poll.offered)}
    perform(doing, Deed(tool="ask", effect=Effect.READ, arguments=shown, run=lambda _: None))


def _names(doing: Doing, connection: Connection, poll: Poll) -> tuple[str, ...]:
    """Name whom the question is for at this moment. Raises ``Faulted`` where that is nobody."""
    services, run = doing.act.outfit.services, doing.act.ctx.run
    owner = approvals.thread_owner(connection, run.conversation_id)
    case = Case(requester=run.requester, thread_owner=owner, at=services.clock.now())
    names = services.current_policy().eligible_names(poll.stage, case)
    if not names:
        words = f"{poll.for_whom or 'this'} is nobody at this moment; name people in policy.yaml"
        raise fault("configuration", words, at=doing.task.reference)
    return names


def _poll(doing: Doing, given: JsonObject) -> Poll:
    at = doing.task.reference
    schema = given.get("schema")
    if schema is not None and not isinstance(schema, Mapping):
        raise fault("configuration", "'schema' is no JSON schema; write a mapping", at=at)
    choices = _choices(doing, given.get("choices"))
    if choices and schema is not None:
        raise fault("configuration", "write either 'choices' or 'schema', not both", at=at)
    poll = Poll(
        of=_people(doing, given.get("of")),
        choices=choices or choices_in(schema or {}),
        schema=None if choices else schema,
    )
    if len({one.casefold() for one in poll.offered}) < len(poll.choices):
        raise fault("configuration", "two choices read the same; rename one", at=at)
    return poll


def _choices(doing: Doing, value: Json) -> tuple[Json, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > _MOST_CHOICES:
        words = f"'choices' is no list of at most {_MOST_CHOICES}"
        raise fault("configuration", words, at=doing.task.reference)
    for one in value:
        if not isinstance(one, str | int | float) or not str(one).strip():
            words = f"the choice {one!r} is no text, number, true or false"
            raise fault("configuration", words, at=doing.task.reference)
    return tuple(value)


def _people(doing: Doing, value: Json) -> tuple[str, ...]:
    """Read whom it asks, in the words of a stage of an approval."""
    if value is None:
        return REQUESTER
    named: Sequence[Json] = [value] if isinstance(value, str) else cast("list[Json]", value)
    try:
        [stage] = stages_at_work([{"eligible": list(named)}], doing.act.kit.policy)
    except Misconfigured as error:
        words = error.public.replace("stages[0].eligible", "of")
        raise fault("configuration", words, at=doing.task.reference) from error
    return stage.eligible
