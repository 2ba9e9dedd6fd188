"""A product and a Slack together, and what people do there again and again."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.domain.approval import Approval
from runtime.domain.delivery import DeliveryKind
from runtime.domain.run import RunView
from tests.worlds.product import Product
from tests.worlds.slack.cast import ADA, GENERAL
from tests.worlds.slack.values import Delivery, Message
from tests.worlds.slack.world import SlackWorld


@dataclass(frozen=True, slots=True)
class Scene:
    """One workspace with Baton in it."""

    product: Product
    world: SlackWorld

    def ask(self, text: str, *, person: str = ADA, channel: str = GENERAL) -> Delivery:
        """Mention the bot."""
        return self.world.mention(person, channel, text)

    def said(self, ts: str, *, channel: str = GENERAL) -> list[Message]:
        """Give what the bot has posted in a thread, oldest first."""
        return [one for one in self.world.thread(channel, ts) if one.bot_id is not None]

    def cards(self, ts: str, begins: str, *, channel: str = GENERAL) -> list[Message]:
        """Give the bot's messages in a thread whose words begin so."""
        return [one for one in self.said(ts, channel=channel) if one.text.startswith(begins)]

    def card(self, ts: str, begins: str, *, channel: str = GENERAL) -> Message:
        """Wait for the one message in a thread whose words begin so."""

        def only() -> Message | None:
            found = self.cards(ts, begins, channel=channel)
            assert len(found) < 2, f"{len(found)} messages begin with {begins!r}"
            return found[0] if found else None

        return self.world.until(only)

    def until_approvals(self, count: int = 1) -> list[Approval]:
        """Wait until so many approvals are pending."""

        def pending() -> list[Approval] | None:
            found = self.product.runtime.approvals(workspace=None)
            return found if len(found) >= count else None

        return self.product.until(pending)

    def approval_card(self, ts: str, number: int = 1, *, channel: str = GENERAL) -> Message:
        """Wait for the card of a pending approval."""
        return self.card(ts, f"Approval {number} is needed", channel=channel)

    def approve(self, card: Message, *, person: str = ADA) -> Delivery:
        """Press Approve."""
        return self.world.click(person, card, "approval.approve")

    def reject(self, card: Message, reason: str, *, person: str = ADA) -> Delivery:
        """Press Reject and write why."""
        self.world.click(person, card, "approval.reject")
        view = self.world.until(lambda: self.world.views(person))[-1]
        return self.world.submit_view(person, view, {"words": reason})

    def share_links(self, person: str, *urls: str) -> Delivery:
        """Write a message that holds links to the installation's own pages."""
        return self.world.emit(
            {
                "type": "link_shared",
                "user": person,
                "channel": GENERAL,
                "message_ts": "1.2",
                "unfurl_id": "C1.2.3",
                "source": "conversations_history",
                "links": [{"url": url, "domain": "baton.example.com"} for url in urls],
                "event_ts": "1.2",
            }
        )

    def told(self, person: str, part: str) -> Message:
        """Wait until somebody alone was told something that holds these words."""

        def heard() -> Message | None:
            found = self.world.ephemerals(person)
            return next((one for one in found if part in one.text), None)

        return self.world.until(heard)

    def until_quiet(self) -> None:
        """Wait until nothing is owed to any conversation."""
        self.product.until(lambda: not self._owed())

    def answer(self, ts: str, run: str = "1", *, channel: str = GENERAL) -> tuple[RunView, Message]:
        """Wait for a run's end, and for its answer in the thread."""
        view = self.product.until_ended(run)

        def sent() -> Message | None:
            # A run may end before its first message has begun the thread it lives in.
            place = self.product.runtime.view(view.run.id, workspace=None).place
            ids = [
                entry.delivery.external_id
                for entry in self.product.runtime.thread(place)
                if entry.delivery is not None
                and entry.delivery.run_id == view.run.id
                and entry.delivery.kind is DeliveryKind.ANSWER
            ]
            # None: the thread was begun between the two looks.
            assert len(ids) < 2, f"{len(ids)} answers are on record"
            found = [one for one in self.said(ts, channel=channel) if one.ts in ids]
            return found[0] if found else None

        return view, self.product.until(sent)

    def _owed(self) -> int:
        numbers = {one.name: one.value for one in self.product.runtime.numbers()}
        return int(numbers["deliveries_due"])
