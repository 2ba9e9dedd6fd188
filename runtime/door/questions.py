"""Give what people are asked, to those who see the run and to those who are asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from runtime.agent.poll import poll_of
from runtime.agent.question import KIND
from runtime.domain.conversation import Person
from runtime.domain.delivery import Delivery
from runtime.domain.errors import NotFound
from runtime.domain.ports import Clock
from runtime.domain.run import OpenQuestion, Run
from runtime.domain.states import ApprovalStatus
from runtime.domain.step import Step
from runtime.door.asked import as_question, case_around, question_of, run_that_asks
from runtime.policy.policy import Policy
from runtime.storage import approvals, inquiries, runs, steps, trees
from runtime.storage.connection import Connection
from runtime.storage.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """Queries; who is asked is told by the policy as it is now."""

    database: Database
    clock: Clock
    policy: Callable[[], Policy]

    def of_run(self, connection: Connection, run: Run) -> list[OpenQuestion]:
        """Give all that a run has asked, and what is asked before deciding in it."""
        leaves = trees.leaves(connection, run.id, kind=KIND)
        own = [self._of_leaf(connection, leaf, run) for leaf in leaves]
        return [*own, *(as_question(one) for one in inquiries.open_in(connection, run.id))]

    def delivered(self, connection: Connection, delivery: Delivery) -> OpenQuestion | None:
        """Give the present state of the question that a delivery shows."""
        asked = inquiries.find(connection, delivery.subject_id)
        if asked is not None:
            approval = approvals.find(connection, asked.approval_id, workspace=None)
            open_still = approval and approval.status == ApprovalStatus.PENDING
            return as_question(asked, closed=not open_still)
        leaf = steps.read_step(connection, delivery.subject_id)
        run = runs.read(connection, delivery.run_id)
        return self._of_leaf(connection, leaf, run) if leaf and run else None

    def one(self, step_id: str, person: Person) -> OpenQuestion:
        """Give a question to somebody near its run, or with a group that is asked.

        Raises ``NotFound``; where it asks groups, whoever answers is looked at again.
        """
        with self.database.read() as connection:
            leaf = steps.read_step(connection, step_id)
            run = runs.read(connection, leaf.run_id) if leaf is not None else None
            if leaf is not None and run is not None and poll_of(leaf) is not None:
                question = self._of_leaf(connection, leaf, run)
                if question.eligible_groups:
                    return question
            run = run_that_asks(
                connection, step_id, person, policy=self.policy(), now=self.clock.now()
            )
            found = [one for one in self.of_run(connection, run) if one.step_id == step_id]
        if not found:
            raise NotFound("there is no such question")
        return found[0]

    def asking(self, ref: str, person: Person) -> list[OpenQuestion]:
        """Give the open questions of a run that ask this person, oldest first."""
        now = self.clock.now()
        with self.database.read() as connection:
            run = runs.find(connection, ref, workspace=None)
            if run is None:
                return []
            case = case_around(connection, run, now)
            return [
                self._of_leaf(connection, leaf, run)
                for leaf in trees.leaves(connection, run.id, kind=KIND)
                if (poll := poll_of(leaf)) is not None
                and poll.lacks(self.policy(), person, case) is None
                and self._of_leaf(connection, leaf, run).is_open
            ]

    def groups_asked(self, ref: str) -> tuple[str, ...]:
        """Name the groups of chats that open questions of a run ask."""
        with self.database.read() as connection:
            run = runs.find(connection, ref, workspace=None)
            found = self.of_run(connection, run) if run is not None else []
        return tuple({group for one in found if one.is_open for group in one.eligible_groups})

    def _of_leaf(self, connection: Connection, leaf: Step, run: Run) -> OpenQuestion:
        now = self.clock.now()
        return question_of(connection, leaf, run, policy=self.policy(), now=now)
