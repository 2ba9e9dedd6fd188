"""The red switch: stop at once, go on only when two people agree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from runtime.audit import chain
from runtime.domain.conversation import Person
from runtime.domain.delivery import DeliveryKind
from runtime.domain.errors import NotFound, Refused
from runtime.domain.halt import PEOPLE_TO_LIFT, Halt, HaltScope
from runtime.domain.ids import new_id
from runtime.domain.json import JsonObject
from runtime.domain.ports import Bell, Clock
from runtime.durable import outside
from runtime.observability.personal_data import Clean, cleaner
from runtime.policy.access import Right
from runtime.policy.policy import Policy
from runtime.storage import deliveries, halts
from runtime.storage.connection import Connection
from runtime.storage.database import Database, again_when_contended


@dataclass(frozen=True, slots=True, kw_only=True)
class Halting:
    """Each call is one transaction; rings follow it."""

    database: Database
    clock: Clock
    bell: Bell
    policy: Callable[[], Policy]
    clean: Clean = field(default_factory=cleaner)
    """Takes keys and the like out of what people write."""

    @again_when_contended
    def halt(
        self, scope: HaltScope, name: str, person: Person, *, reason: str, drill: bool
    ) -> Halt:
        """Throw it. What runs may end; nothing covered begins, and nobody decides about it.

        People of a workspace stop their own workspace's runs; who sits at this machine stops all.
        """
        self._require(person)
        name, reason = self.clean(name), self.clean(reason)
        if scope in (HaltScope.TOOL, HaltScope.AGENT) and not name:
            raise Refused(f"say which {scope.value}, as in: halt {scope.value} NAME")
        local = person.workspace == "local"
        if scope is HaltScope.EVERYTHING and not local:
            raise Refused("everything is halted at Baton's own machine only; halt workspace here")
        everywhere = local and scope is not HaltScope.WORKSPACE
        now = self.clock.now()
        with self.database.write() as connection:
            halt = halts.add(
                connection,
                Halt(
                    id=new_id("hlt"),
                    number=0,
                    scope=scope,
                    name=name,
                    workspace="" if everywhere else person.workspace,
                    by=person.principal,
                    by_name=person.name or person.principal,
                    reason=reason,
                    drill=drill,
                    at=now,
                ),
            )
            told = self._tell(connection, halt, "RunHalted", _halted_words(halt), now)
        self._ring(told, [])
        return halt

    @again_when_contended
    def lift(self, number: str, person: Person, *, workspace: str | None) -> Halt:
        """Agree to end a halt; it ends with the second person's word."""
        self._require(person)
        now = self.clock.now()
        rings: list[str] = []
        told: list[str] = []
        with self.database.write() as connection:
            halt = self._find(connection, number, workspace)
            if halt.lifted_at is not None:
                raise Refused(f"halt {halt.number} was lifted already")
            if set(person.principals) & set(halt.lifted_by):
                raise Refused("you have agreed already; somebody else must, too")
            agreed = (*halt.lifted_by, person.principal)
            done = now if len(agreed) >= PEOPLE_TO_LIFT else None
            halts.agree(connection, halt, agreed, lifted_at=done)
            halt = replace(halt, lifted_by=agreed, lifted_at=done)
            if done is not None:
                words = f"Halt {halt.number} is lifted: {halt.words}. Work goes on."
                told = self._tell(connection, halt, "RunGoesOn", words, now)
                for run_id, _ in halts.active_runs(connection, workspace=halt.workspace):
                    rings += outside.wake_all(connection, run_id, now=now)
        self._ring(told, rings)
        return halt

    def standing(self, *, workspace: str | None) -> list[Halt]:
        """Give what is halted for a workspace now."""
        with self.database.read() as connection:
            found = halts.standing(connection)
        return [one for one in found if workspace is None or one.workspace in ("", workspace)]

    def _tell(
        self, connection: Connection, halt: Halt, event: str, words: str, now: datetime
    ) -> list[str]:
        """Put it on the record of every run at work there, and say it in their conversations."""
        conversations: list[str] = []
        facts: JsonObject = {
            "halt": halt.id,
            "scope": halt.scope,
            "name": halt.name,
            "by": halt.by,
            "reason": halt.reason,
            "drill": halt.drill,
            "lifted_by": list(halt.lifted_by),
        }
        for run_id, conversation_id in halts.active_runs(connection, workspace=halt.workspace):
            chain.append(connection, run_id, event, facts, now=now)
            deliveries.touch(connection, run_id, now=now)
            if conversation_id not in conversations:
                deliveries.owe(
                    connection,
                    conversation_id=conversation_id,
                    run_id=run_id,
                    kind=DeliveryKind.NOTICE,
                    subject_id=f"{halt.id}/{event}",
                    now=now,
                    payload={"text": words},
                )
                conversations.append(conversation_id)
        return conversations

    def _find(self, connection: Connection, number: str, workspace: str | None) -> Halt:
        is_number = number.isascii() and number.isdigit() and len(number) < 10
        halt = halts.find(connection, int(number), lock=True) if is_number else None
        if halt is None or (workspace is not None and halt.workspace not in ("", workspace)):
            raise NotFound(f"there is no halt {number!r}; `halts` lists them")
        return halt

    def _require(self, person: Person) -> None:
        lacking = self.policy().lacks(person, Right.HALT)
        if lacking is not None:
            raise Refused(lacking)

    def _ring(self, conversations: list[str], steps: list[str]) -> None:
        # A crash before these rings leaves ready steps and due deliveries to the sweep.
        self.bell.ring(steps=steps, conversations=conversations)


def _halted_words(halt: Halt) -> str:
    if halt.drill:
        return f"This is a drill, and nothing stops: {halt.words}."
    begins = f"{halt.words[0].upper()}{halt.words[1:]}"
    return f"{begins}. It goes on when two people say `lift {halt.number}`."
