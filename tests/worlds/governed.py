"""The whole product with the crew at work in it, and people who decide about what it does."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from runtime.domain.approval import Approval, Decide, Decided, Verdict
from runtime.domain.conversation import Message, Person, Place
from runtime.domain.ids import new_id
from runtime.domain.json import JsonObject
from runtime.domain.run import RunView
from tests.worlds.crew import KEY_VARIABLE, Crew, crew, marks
from tests.worlds.openai import OpenAIWorld
from tests.worlds.product import Product, product

TEAM = "T024"


def member(name: str, *, team: str = TEAM, channel: str = "slack") -> Person:
    """Give a plain member of a workspace."""
    return Person(channel=channel, workspace=team, external_id=f"U{name.upper()}", name=name)


ADA, BEN, CYD, DEE, EVE = (member(name) for name in ("Ada", "Ben", "Cyd", "Dee", "Eve"))
"""In these tests Ada asks; who may decide is each policy's."""


@dataclass(frozen=True, slots=True)
class Governed:
    """One installation, and what people do in it."""

    product: Product
    crew: Crew

    def ask(self, text: str = "do it", *, person: Person = ADA, key: str | None = None) -> str:
        """Begin a run; give its number."""
        place = Place(
            channel=person.channel, workspace=person.workspace, key=key or new_id("t"), address={}
        )
        received = self.product.runtime.receive(
            Message(event_key=new_id("e"), person=person, place=place, text=text, addressed=True)
        )
        return str(received.number)

    def asked(self, count: int = 1, *, run: str | None = None) -> list[Approval]:
        """Wait until so many approvals are pending."""

        def pending() -> list[Approval] | None:
            found = self.product.runtime.approvals(workspace=None, run=run)
            return found if len(found) >= count else None

        return self.product.until(pending)

    def decide(
        self,
        approval: Approval,
        person: Person,
        verdict: Verdict = Verdict.APPROVE,
        *,
        reason: str = "",
        arguments: JsonObject | None = None,
    ) -> Decided:
        """Say yes, or something else."""
        return self.product.runtime.decide(
            Decide(
                approval=approval.id,
                person=person,
                verdict=verdict,
                surface="slack",
                reason=reason,
                arguments=arguments,
            )
        )

    def events(self, run: str = "1") -> list[str]:
        """Name what is on record of a run."""
        return [one.event for one in self.product.runtime.audit(run, workspace=None)]

    def ended(self, run: str = "1") -> RunView:
        """Wait for a run's end."""
        return self.product.until_ended(run)

    def marks(self) -> list[str]:
        """Give what the crew's tools did, counted at their far side."""
        return marks(self.product.settings.data)

    def now_says(self, policy: str) -> None:
        """Change policy.yaml as an operator does, and wait until it is read."""
        (self.crew.folder / "policy.yaml").write_text(policy)
        library = self.product.runtime.library
        self.product.until(lambda: library.current().policy_text == policy)


@contextmanager
def governed(
    home: Path,
    models: OpenAIWorld,
    monkeypatch: pytest.MonkeyPatch,
    *,
    policy: str,
    database_url: str | None = None,
    worker: str = "hand_off_to: [helper]\n",
    secret_keys: str | None = None,
    hide: str | None = None,
) -> Generator[Governed]:
    """Run the product with the crew under a policy."""
    monkeypatch.setenv(KEY_VARIABLE, "sk-crew-canary-0123456789")
    agents = crew(home / "crew", models, policy=policy, worker=worker)
    with product(
        home / "home",
        agents=agents.folder,
        model=None,
        database_url=database_url,
        secret_keys=secret_keys,
        hide=hide,
    ) as running:
        yield Governed(running, agents)
