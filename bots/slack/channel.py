"""Speaking in Slack: posts, updates, and finding what an interrupted post left behind."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from bots.slack.address import Address, address_of, home_of, installation_of, thread_begun
from bots.slack.api import CallError, SlackApi
from bots.slack.backing import Backing
from bots.slack.credentials import SlackCredentials
from bots.slack.drawn import Drawn
from bots.slack.groups import Groups
from bots.slack.home import draw_home
from bots.slack.line import Line
from bots.slack.nudges import UNTOLD, Nudges
from bots.slack.open_homes import OpenHomes
from bots.slack.rate import RateGate
from bots.slack.refusals import REPOST, TOO_LARGE, is_final, sorted_error
from bots.slack.rendering import draw, metadata, pieces
from bots.slack.sessions import Sessions
from bots.slack.speaking import speak_for
from bots.slack.streams import BrokenOffError, Burst, NotBegunError, Streams, burst_of
from bots.slack.thread import Said, read_thread
from bots.slack.uploads import Uploads, attachments
from bots.slack.workflow_step import complete, step_waiting
from bots.views import Answer, ApprovalCard, QuestionCard, RunCard, Shown
from runtime.domain.conversation import Person, Place
from runtime.domain.delivery import Delivery
from runtime.domain.errors import Upstream
from runtime.domain.json import Json

log = logging.getLogger(__name__)

_ENDED = frozenset({"succeeded", "failed", "cancelled"})


class SlackChannel:
    """Implements ``bots.channel.Channel``. A message's id is its ``ts`` in the place's channel.

    Slack has no idempotency key for posts, so every message carries the delivery's id as metadata
    and ``find`` looks for it: https://github.com/slackapi/slack-api-specs/issues/10.
    """

    def __init__(
        self,
        credentials: SlackCredentials,
        *,
        backing: Backing | None = None,
        api: SlackApi | None = None,
        gate: RateGate | None = None,
        streams: bool = False,
    ) -> None:
        credentials.require_posting()
        self._api = api or SlackApi(credentials)
        self._line = Line(self._api, gate or RateGate())
        self._sessions = Sessions(self._line)
        self._streams = Streams(self._line)
        self._may_stream = streams
        self._backing = backing
        self._uploads = Uploads(self._line, credentials, backing) if backing else None
        self._groups = Groups(self._api)
        self._nudges = Nudges(self._line, backing, self._groups) if backing else None
        self._homes = OpenHomes(backing, self._groups) if backing else None
        self._takes_plain_blocks_only: set[str] = set()
        """Teams whose Slack has refused the newer blocks."""

    @property
    def name(self) -> str:
        """Give the name that places carry."""
        return "slack"

    async def send(self, delivery: Delivery, shown: Shown) -> str:
        """Post into the place's thread, or update the message that is there already."""
        speak_for(installation_of(delivery.place))
        step = step_waiting(delivery)
        try:
            if step:
                return await complete(self._line, step, shown)
            if user := home_of(delivery):
                return await self._redraw_home(delivery, user)
            address = address_of(delivery)
            if isinstance(shown, Answer):
                return await self._answer(delivery, address, shown)
            if isinstance(shown, ApprovalCard) and self._homes is not None:
                await self._homes.show_approval(delivery, address)
            asks_others = isinstance(shown, QuestionCard) and bool(shown.for_whom)
            if (isinstance(shown, ApprovalCard) or asks_others) and not await self._is_for(
                delivery, address
            ):
                return UNTOLD
            ts = await self._say(
                delivery,
                address,
                draw(shown),
                ts=delivery.external_id,
                urgent=not isinstance(shown, RunCard) or shown.status in _ENDED,
            )
        except CallError as fault:
            raise sorted_error(fault) from None
        if isinstance(shown, RunCard):
            await self._sessions.tell(address, shown)
            if delivery.external_id is None and self._homes is not None:
                await self._homes.show_run(delivery)
        return ts

    def begun(self, delivery: Delivery, external_id: str) -> Place | None:
        """Give the thread that a message began, so that all that follows goes there."""
        return thread_begun(delivery, external_id)

    def page(self, delivery: Delivery) -> str:
        """Name the Home tab a delivery redraws: everything on it is drawn at once."""
        user = home_of(delivery)
        return f"home:{user}" if user else ""

    async def find(self, delivery: Delivery) -> str | None:
        """Look through the thread for the bot's own message with this delivery's id."""
        if step_waiting(delivery) or home_of(delivery):
            return None
        speak_for(installation_of(delivery.place))
        try:
            said = await read_thread(self._line, address_of(delivery))
        except CallError as fault:
            raise sorted_error(fault) from None
        return said.keyed.get(delivery.id)

    async def close(self) -> None:
        """Close the connections to Slack."""
        await self._api.close()

    async def _is_for(self, delivery: Delivery, address: Address) -> bool:
        """Tell whether a card is to be posted here; and see to it that it is where it must be."""
        if delivery.external_id == UNTOLD:
            return False
        if self._nudges is None or delivery.external_id is not None:
            return True
        if address.own:
            return await self._nudges.is_wanted(delivery, address)
        await self._nudges.spread(delivery, address)
        return True

    async def _redraw_home(self, delivery: Delivery, user: str) -> str:
        if self._backing is not None:
            person = Person(channel="slack", workspace=delivery.place.workspace, external_id=user)
            waiting = await self._backing.waiting(person.workspace)
            person = await self._groups.with_groups(person, waiting)
            view = draw_home(await self._backing.mine(person))
            there = Address(
                channel=user, thread_ts="", team=installation_of(delivery.place).team_id
            )
            # What comes up while it waits for its turn is in the next one, so it waits outside.
            await self._line.paced(
                "views.publish",
                there,
                {"user_id": user, "view": view},
                urgent=False,
                patience_seconds=0.0,
            )
        return f"home:{user}"

    async def _answer(self, delivery: Delivery, address: Address, answer: Answer) -> str:
        """Post an answer in as many messages as it needs, and then its files.

        Every piece has a key of its own, and only an answer of one message has the delivery's:
        so ``find`` takes no half of an answer for the whole, and a repeat goes on where the
        interrupted one stopped.
        """
        drawn = pieces(answer)
        files = attachments(answer) if self._uploads else ()
        if len(drawn) == 1 and not files:
            return await self._at_once(delivery, address, answer, drawn[0])
        said = Said()
        if delivery.attempt > 1 or delivery.external_id is not None:
            said = await read_thread(self._line, address)
        posted: list[str] = []
        for at, piece in enumerate(drawn, start=1):
            key = f"{delivery.id}/{at}"
            there = said.keyed.get(key) or (delivery.external_id if at == 1 else None)
            if there is None or delivery.external_id is not None:
                there = await self._say(delivery, address, piece, ts=there, key=key)
            posted.append(there)
        if self._uploads and files and not said.has_files(files, after=posted[-1]):
            await self._uploads.share(delivery, address, answer, files)
        return posted[0]

    async def _at_once(
        self, delivery: Delivery, address: Address, answer: Answer, drawn: Drawn
    ) -> str:
        """Say an answer that is one message: streamed where that fits, else posted.

        However a stream ends, its message becomes the answer; a crash between its first and its
        last call leaves a message without a key, where the answer is said the next time.
        """
        burst = burst_of(answer, drawn, address, workspace=delivery.place.workspace)
        if burst is None or delivery.external_id is not None:
            return await self._say(delivery, address, drawn, ts=delivery.external_id)
        begun = await self._broken_off(address) if delivery.doubtful else None
        if begun is None:
            try:
                return await self._streamed(delivery, address, burst)
            except NotBegunError:
                return await self._say(delivery, address, drawn, ts=None)
            except BrokenOffError as broken:
                begun = broken.ts
        await self._streams.end(address, begun)
        try:
            return await self._say(delivery, address, drawn, ts=begun)
        except Upstream as busy:
            # It is there already, in part: nobody may post it again without looking.
            raise Upstream(
                busy.public, retry_after_seconds=busy.retry_after_seconds, ambiguous=True
            ) from None
        except CallError as fault:
            raise CallError(
                fault.code,
                retry_after_seconds=fault.retry_after_seconds,
                ambiguous=fault.ambiguous or not is_final(fault),
            ) from None

    async def _streamed(self, delivery: Delivery, address: Address, burst: Burst) -> str:
        if not self._may_stream or address.team in self._takes_plain_blocks_only:
            raise NotBegunError
        return await self._streams.say(address, burst, key=delivery.id)

    async def _broken_off(self, address: Address) -> str | None:
        said = await read_thread(self._line, address)
        return next(iter(said.unmarked), None)

    async def _say(
        self,
        delivery: Delivery,
        address: Address,
        drawn: Drawn,
        *,
        ts: str | None,
        key: str = "",
        urgent: bool = True,
    ) -> str:
        """Say it as well as Slack takes it: nobody may wait for a card that is never shown."""
        plain_only = address.team in self._takes_plain_blocks_only
        *attempts, words = _ever_plainer(drawn, plain_only=plain_only)
        for attempt in attempts:
            try:
                said = await self._put(
                    address, attempt, ts=ts, key=key or delivery.id, urgent=urgent
                )
            except CallError as fault:
                if fault.code not in TOO_LARGE:
                    raise
                log.warning("Slack refused a form of delivery %s: %s", delivery.id, fault.code)
            else:
                if drawn.plain and attempt.blocks == drawn.plain:
                    self._takes_plain_blocks_only.add(address.team)
                return said
        return await self._put(address, words, ts=ts, key=key or delivery.id, urgent=urgent)

    async def _put(
        self, address: Address, drawn: Drawn, *, ts: str | None, key: str, urgent: bool
    ) -> str:
        said: dict[str, Json] = {
            "channel": address.channel,
            "text": drawn.text,
            "blocks": drawn.blocks,
            "metadata": metadata(key),
        }
        if ts is not None:
            try:
                answer = await self._line.paced(
                    "chat.update", address, {**said, "ts": ts}, urgent=urgent
                )
            except CallError as fault:
                if fault.code not in REPOST:
                    raise
                log.info("delivery %s is posted anew: %s", key, fault.code)
            else:
                return answer.timestamp("ts") or ts
        answer = await self._line.paced(
            "chat.postMessage",
            address,
            {
                **said,
                "thread_ts": address.thread_ts or None,
                "unfurl_links": False,
                "unfurl_media": False,
            },
        )
        posted = answer.timestamp("ts")
        if not posted:
            raise CallError("no_timestamp_in_answer", ambiguous=True)
        return posted


def _ever_plainer(drawn: Drawn, *, plain_only: bool) -> Iterator[Drawn]:
    """Give the forms in which a message can be said, the best first; the last has no blocks."""
    plain = Drawn(text=drawn.text, blocks=drawn.plain)
    if drawn.fits and not (drawn.plain and plain_only):
        yield drawn
    if plain.blocks and plain.fits:
        yield plain
    hint = "This could not be drawn as a card; /baton runs and /baton approvals show all of it."
    yield Drawn(text=f"{drawn.text}\n{hint}", blocks=())
