"""The dialog to hand an approval to somebody else: whom, and if one likes, why."""

from __future__ import annotations

from collections.abc import Mapping

from slack_bolt.async_app import AsyncAck, AsyncApp

from bots.approval_builder import lost
from bots.slack import dialogs
from bots.slack.blocks import leaf, plain_text, rich, section
from bots.slack.directory import TO_DECIDE_SECONDS
from bots.slack.form_fields import VALUE, input_block, text_area
from bots.slack.hand import Hand
from bots.slack.inbound import Click
from bots.slack.payload import Payload
from bots.slack.people import Claim, person
from bots.spelling import cut
from runtime.domain.approval import Approval, Reassign
from runtime.domain.conversation import Person, PersonKind
from runtime.domain.errors import Refused
from runtime.domain.json import JsonObject
from runtime.domain.states import ApprovalStatus

REASSIGN = "approval.reassign_submit"
TO, WHY = "to", "why"
_LONGEST_REASON = 500
_RULE = (
    "They decide in your place, where the policy does not keep them from it. "
    "Until they have decided, you may as well."
)
_NOBODY = "Choose who shall decide in your place."
_NOT_A_MEMBER = "Only members of this workspace may decide; choose somebody else."


class Reassigning:
    """Each takes one payload, makes one call into the runtime, and answers 200."""

    def __init__(self, hand: Hand) -> None:
        self._hand = hand

    def register(self, app: AsyncApp) -> None:
        """Take the button, and the dialog it opens."""
        app.action("approval.reassign")(self.choosing)
        app.view(REASSIGN)(self.chosen)

    async def choosing(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Open the dialog to somebody who may decide; say why not to anybody else."""
        click = self._hand.read(body)

        async def choose(deciding: Person) -> str:
            approval, deciding = await self._hand.deciding(click, deciding)
            if approval.status is not ApprovalStatus.PENDING:
                raise Refused(lost(approval))
            board = self._hand.board
            refusal = await board.bridge(board.runtime.refusal, approval.id, deciding)
            if refusal is None:
                await self._hand.open(click, reassign_dialog(approval, click))
            return refusal or ""

        await self._hand.do(click, choose)
        await ack()

    async def chosen(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Hand it over; a refusal is shown beside the chosen person."""
        payload = Payload(body)
        values = payload.at("view", "state", "values")
        click = self._hand.read_submitted(payload, "approval.reassign")
        user = values.identifier(TO, VALUE, "selected_user")
        reason = values.text(WHY, VALUE, "value")[:_LONGEST_REASON]

        async def reassign(giver: Person) -> str:
            if not user:
                return _NOBODY
            approval, giver = await self._hand.deciding(click, giver)
            to = await self._member(click, user)
            wanted = Reassign(
                approval=approval.id,
                person=giver,
                to=to.principal,
                to_name=to.name,
                surface="slack",
                reason=reason,
            )
            await self._hand.board.bridge(self._hand.board.runtime.governing.reassign, wanted)
            return ""

        problem = await self._hand.attempt(click, reassign)
        if problem:
            await ack(response_action="errors", errors={TO: cut(problem, 500)})
        else:
            await ack()

    async def _member(self, click: Click, user: str) -> Person:
        """Give who was chosen, as Slack describes them now. Raises ``Refused`` and ``Upstream``."""
        installation, board = click.installation, self._hand.board
        try:
            profile = await board.directory.profile(user, max_age_seconds=TO_DECIDE_SECONDS)
        except Refused:
            raise Refused(_NOT_A_MEMBER) from None
        claim = Claim(user_id=user, team_id=installation.team_id or installation.enterprise_id)
        found = person(claim, installation, profile)
        if found.kind is not PersonKind.MEMBER:
            raise Refused(_NOT_A_MEMBER)
        # Before it is handed over: the card is owed to the chats that are known then.
        await board.reachable.open(found, installation)
        return found


def reassign_dialog(approval: Approval, click: Click) -> JsonObject:
    """Ask who shall decide; closing this dialog changes nothing."""
    chooser: JsonObject = {
        "type": "users_select",
        "placeholder": plain_text("Choose a person", limit=150),
    }
    return {
        "type": "modal",
        "callback_id": REASSIGN,
        "private_metadata": dialogs.ids_of(click),
        "title": plain_text(f"Hand over approval {approval.number}", limit=24),
        "submit": plain_text("Hand over", limit=24),
        "close": plain_text("Keep it", limit=24),
        "blocks": [
            rich(section(leaf(f"{cut(approval.tool, 120)}: ", bold=True), leaf(_RULE))),
            input_block(TO, "Who decides in your place?", chooser),
            input_block(
                WHY, "Why? Everybody who sees the card reads this.",
                text_area(longest=_LONGEST_REASON), optional=True,
            ),
        ],
    }  # fmt: skip
