"""``call: post``: something said in the conversation of the run, or in another that is named."""

from __future__ import annotations

from dataclasses import replace

from runtime.catalog.workflow.sound import inner_of
from runtime.catalog.workflow.sponsor import SPELLED
from runtime.catalog.workflow.task import CallTask
from runtime.domain.conversation import Place
from runtime.domain.delivery import DeliveryKind
from runtime.domain.effects import Effect
from runtime.domain.json import Json, JsonObject
from runtime.domain.run import Run
from runtime.storage import conversations, deliveries
from runtime.storage.connection import Connection
from runtime.tools.tool import Call
from runtime.workflows.calls.gated import Deed, perform
from runtime.workflows.doing import Doing
from runtime.workflows.flow import Passed
from runtime.workflows.problem import fault

_LOCAL = "local"


def post(doing: Doing, given: JsonObject) -> Passed:
    """Owe it to the conversation; the courier says it, once."""
    text, to = str(given["text"]), given.get("to")
    act, shown = doing.act, {"text": text}
    if to is not None:
        _check(doing, str(to))
        shown["to"] = str(to)

    def say(call: Call) -> Json:
        now = act.outfit.services.clock.now()
        with act.outfit.services.database.write() as connection:
            conversation_id = act.ctx.run.conversation_id
            if to is not None:
                there = _place(doing, connection, str(to))
                conversation_id = conversations.ensure(connection, there, now=now).id
            # The key makes a repeat the same delivery.
            deliveries.owe(
                connection,
                conversation_id=conversation_id,
                run_id=act.ctx.run.id,
                kind=DeliveryKind.NOTICE,
                subject_id=call.key,
                now=now,
                payload={"text": text},
            )
        return {"text": text}

    deed = Deed(tool="post", effect=Effect.WRITE, arguments=shown, run=say)
    return doing.gives(perform(doing, deed))


def _check(doing: Doing, to: str) -> None:
    """Refuse a name that is none, or leads out of the workspace without the author's hand.

    Raises ``Faulted``.
    """
    if not SPELLED.fullmatch(to):
        words = f"{to!r} names no conversation; write CHANNEL:WORKSPACE/ID, such as slack:T024/C042"
        raise fault("configuration", words, at=doing.task.reference)
    task = doing.task
    assert isinstance(task, CallTask)
    written = task.arguments.get("to") if isinstance(task.arguments, dict) else None
    literal = isinstance(written, str) and inner_of(written) is None
    workspace = to.partition(":")[2].partition("/")[0]
    if not (literal or _may_leave(doing.act.ctx.run, workspace)):
        words = f"{to!r} lies in another workspace; only the file itself may name one, in plain"
        raise fault("authorization", words, at=doing.task.reference)


def _may_leave(run: Run, workspace: str) -> bool:
    return run.workspace in (workspace, _LOCAL)


def _place(doing: Doing, connection: Connection, to: str) -> Place:
    """Give the conversation, beside its threads. Raises ``Faulted`` where nobody knows it."""
    channel, _, rest = to.partition(":")
    workspace, _, key = rest.partition("/")
    known = conversations.known_at(connection, channel, workspace, key)
    if known is None:
        words = f"Baton has never been spoken to in {to!r}; mention it there once"
        raise fault("configuration", words, at=doing.task.reference)
    return replace(known, key=f"{key}/posts", address={**known.address, "apart": "true"})
