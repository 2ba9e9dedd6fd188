"""Slack's requests against a running front: who is let in, and what one deed leads to.

Slack is the simulated one; the runtime is a small stand-in that keeps the promises of its front
door in memory, so that only the channel is on trial. What a listener makes of what comes in is
played over both carriers; signatures, sizes and raw bodies are HTTP's alone.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import Lock
from typing import cast

import aiohttp
import pytest
from aiohttp import web

from bots.approval_builder import approval_card
from bots.bridge import Bridge
from bots.builders import question_card
from bots.commands.grammar import VERBS
from bots.door import AgentLine
from bots.governing import Governing
from bots.sight import Sight
from bots.slack.address import place
from bots.slack.app import SlackFront
from bots.slack.channel import SlackChannel
from bots.slack.credentials import SlackCredentials
from bots.slack.identity import Installation
from bots.slack.manifest import EVENTS_PATH as PATH
from bots.starting import Starting
from bots.views import RunCard, Shown
from runtime.catalog.workflow.document import Workflow
from runtime.clock import SystemClock
from runtime.domain.approval import (
    Approval,
    Decide,
    Decided,
    OnExpiry,
    Preview,
    Question,
    Stage,
    Verdict,
)
from runtime.domain.budget import Budget, BudgetLeft
from runtime.domain.conversation import (
    Linked,
    Message,
    Person,
    PersonKind,
    Place,
    Received,
    Reception,
)
from runtime.domain.delivery import Delivery, DeliveryKind, Sighting
from runtime.domain.errors import Misconfigured, NotFound, Refused
from runtime.domain.mine import Mine
from runtime.domain.number import Number
from runtime.domain.run import (
    Artifact,
    AuditRecord,
    Deed,
    OpenQuestion,
    Run,
    RunLine,
    RunView,
    StepRow,
)
from runtime.domain.states import ApprovalStatus, Control, RunStatus
from runtime.domain.step import Cost
from runtime.domain.thread import ThreadEntry
from runtime.workflows.distil.document import Distilled
from tests.worlds.all_see import AllSee
from tests.worlds.carriers import HTTP, SOCKET, over_both
from tests.worlds.front_door import FreeForAll
from tests.worlds.slack.cast import (
    ADA,
    BEN,
    BOT_USER,
    GENERAL,
    GUEST,
    OTHER_TEAM,
    SHARED,
    STRANGER,
    TEAM,
)
from tests.worlds.slack.payload import table
from tests.worlds.slack.rendering import readable
from tests.worlds.slack.signing import signed_headers
from tests.worlds.slack.values import Message as Seen
from tests.worlds.slack.world import SlackWorld
from tests.worlds.slack_courier import owed_in

NOW = datetime(2026, 9, 1, 14, 2, tzinfo=UTC)
HOME = Installation(team_id=TEAM)


class DownError(Exception):
    """What a database that is away looks like, with somebody's words in its message."""


@dataclass
class Desk:
    """The runtime's front door in memory: one run, one approval, one question."""

    eligible: frozenset[str] = frozenset({f"slack:{TEAM}/{ADA}", f"slack:{TEAM}/{BEN}"})
    down: bool = False
    received: list[Message] = field(default_factory=list[Message])
    decisions: list[Decide] = field(default_factory=list[Decide])
    answers: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    controls: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    asked: Approval = field(default_factory=lambda: APPROVAL)
    question: OpenQuestion | None = None
    _keys: set[str] = field(default_factory=set[str])
    _lock: Lock = field(default_factory=Lock)

    def receive(self, message: Message) -> Received:
        self._reach()
        with self._lock:
            keys = {message.event_key, message.also_known_as or message.event_key}
            if keys & self._keys:
                return Received(reception=Reception.DUPLICATE, run_id="run_1", number=1)
            self._keys |= keys
            self.received.append(message)
        return Received(reception=Reception.STARTED, run_id="run_1", number=1)

    def decide(self, decide: Decide) -> Decided:
        self._reach()
        with self._lock:
            if decide.approval != self.asked.id:
                raise NotFound(f"there is no approval {decide.approval!r}; see /baton approvals")
            if decide.nonce != self.asked.nonce:
                raise Refused("this card is out of date; use the newest one")
            if decide.person.kind is not PersonKind.MEMBER:
                raise Refused("guests decide nothing; ask a member")
            if decide.person.principal not in self.eligible:
                raise Refused("you may not decide this; ask role:finance")
            if self.asked.status is not ApprovalStatus.PENDING:
                return Decided(won=False, final=True, approval=self.asked)
            approved = decide.verdict is Verdict.APPROVE
            self.asked = replace(
                self.asked,
                status=ApprovalStatus.APPROVED if approved else ApprovalStatus.REJECTED,
                verdict=decide.verdict,
                decided_by=decide.person.principal,
                decided_by_name=decide.person.name,
                decided_at=NOW,
                decided_on=decide.surface,
                decision_reason=decide.reason,
            )
            self.decisions.append(decide)
            return Decided(won=True, final=True, approval=self.asked)

    @property
    def governing(self) -> Governing:
        """Everybody may everything here; what else is governed, other tests say."""
        return cast("Governing", FreeForAll())

    def claim_approval(self, ref: str, person: Person, surface: str) -> Approval:
        self._reach()
        self.asked = replace(self.asked, claimed_by=person.principal, claimed_at=NOW)
        return self.asked

    def ask_about(self, ref: str, person: Person, text: str, surface: str) -> Approval:
        self._reach()
        return self.asked

    def answer(self, step_id: str, person: Person, text: str) -> Received:
        self._reach()
        self.answers.append((step_id, person.principal, text))
        self.question = None
        return Received(reception=Reception.REPLIED, run_id="run_1", number=1)

    @property
    def sight(self) -> Sight:
        return AllSee(self, {})

    def steer(self, deed: Deed, run: str, person: Person) -> str:
        if deed == "retry":
            return self.retry(run, person).run.id
        return self._control(deed, run, person).run.id

    def budgets(self, run: str | None, person: Person, place: Place) -> list[BudgetLeft]:
        return []

    def evidence(self, run: str, person: Person, place: Place | None) -> int:
        return self.view(run, workspace=None).run.number

    def cancel(self, run: str, person: Person) -> RunView:
        return self._control("cancel", run, person)

    def pause(self, run: str, person: Person) -> RunView:
        return self._control("pause", run, person)

    def resume(self, run: str, person: Person) -> RunView:
        return self._control("resume", run, person)

    def retry(self, run: str, person: Person) -> RunView:
        raise Refused(f"run {run!r} did not fail, so there is nothing to retry")

    def skip(self, run: str, step: str, person: Person, *, reason: str = "") -> RunView:
        raise Refused(f"run {run!r} has no step that can be skipped now")

    @property
    def starting(self) -> Starting:
        raise NotFound("no workflow is installed here")

    def distil(self, run: str, *, workspace: str | None, name: str = "") -> Distilled:
        raise Refused(f"run {run!r} has no plan that worked")

    def mine(self, person: Person) -> Mine:
        raise NotFound(f"nobody knows {person.name!r}")

    def wish(self, person: Person, *, nudges: bool) -> None:
        raise NotFound(f"nobody knows {person.name!r}")

    def wants_nudges(self, principal: str) -> bool:
        return True

    def opened_home(self, person: Person) -> None:
        raise NotFound(f"nobody knows {person.name!r}")

    def has_home_open(self, principal: str) -> bool:
        return False

    def open_homes(self, channel: str, workspace: str) -> list[str]:
        return []

    def rate(self, run: str, person: Person, *, good: bool, surface: str) -> tuple[int, int]:
        raise NotFound(f"there is no run {run!r}")

    def copy(self, place: Place, *, kind: DeliveryKind, subject_id: str, run_id: str) -> None:
        raise NotFound(f"there is no {subject_id!r}")

    def view(self, run: str, *, workspace: str | None) -> RunView:
        self._reach()
        if run not in ("run_1", "1") or workspace not in (None, TEAM):
            raise NotFound(f"there is no run {run!r}; see /baton runs")
        return run_view(self.question)

    def runs(self, *, workspace: str | None, limit: int = 20) -> list[RunLine]:
        self._reach()
        return [
            RunLine(
                id="run_1",
                number=1,
                status="running",
                request="compare <!here> payload offers",
                requester_name="Ada",
                created_at=NOW,
                finished_at=None,
                spent=Cost(),
            )
        ]

    def approvals(self, *, workspace: str | None, run: str | None = None) -> list[Approval]:
        return [self.asked]

    def approval(self, ref: str, *, workspace: str | None) -> Approval:
        self._reach()
        return self.asked

    def trace(self, run: str, *, workspace: str | None) -> list[StepRow]:
        return []

    def audit(self, run: str, *, workspace: str | None) -> list[AuditRecord]:
        return []

    def artifact(self, run: str, name: str, *, workspace: str | None) -> tuple[Artifact, bytes]:
        raise NotFound(f"there is no file {name!r}")

    def agents(self) -> Sequence[AgentLine]:
        return []

    def workflows(self) -> list[Workflow]:
        return []

    def thread(self, place: Place) -> list[ThreadEntry]:
        return []

    def show(self, delivery: Delivery) -> RunView | Approval | OpenQuestion | None:
        return None

    def approval_for(self, ref: str, person: Person) -> Approval:
        return self.approval(ref, workspace=person.workspace)

    def approvals_for(self, person: Person) -> list[Approval]:
        return self.approvals(workspace=person.workspace)

    def refusal(self, ref: str, person: Person) -> str | None:
        return None if person.principal in self.eligible else "you may not decide this"

    def link_code(self, person: Person) -> str:
        return "AAAA-BBBB-CCCC"

    def link(self, person: Person, code: str, *, confirmed: bool) -> Linked:
        raise Refused("this code is not known; ask for a new one with: link")

    def unlink(self, person: Person) -> bool:
        return False

    def vouch(self, person: Person, email: str) -> None:
        return None

    def keep_surface(self, person: Person, place: Place, *, own: bool) -> None:
        return None

    def lose_surface(self, place: Place, *, reason: str) -> None:
        return None

    def sighted(self, delivery_id: str, place: Place, external_id: str) -> Sighting | None:
        return None

    def numbers(self) -> list[Number]:
        return [Number(name="approvals_pending", value=0.0)]

    def complaints(self) -> list[str]:
        return []

    def ready(self) -> list[str]:
        return []

    def _control(self, verb: str, run: str, person: Person) -> RunView:
        self._reach()
        self.controls.append((verb, run, person.principal))
        return run_view(None)

    def _reach(self) -> None:
        if self.down:
            raise DownError("INSERT failed for 'the secret plan'")


@dataclass
class House:
    """A front under test, and the Slack it talks to."""

    desk: Desk
    world: SlackWorld
    url: str
    front: SlackFront
    channel: SlackChannel

    async def post(
        self, body: bytes, *, headers: dict[str, str] | None = None, at: int | None = None
    ) -> tuple[int, str]:
        """Send a body as Slack would, and with these headers besides."""
        timestamp = int(time.time()) if at is None else at
        signed = signed_headers(self.world.signing_secret, timestamp=timestamp, body=body)
        sent = {"Content-Type": "application/json", **signed, **(headers or {})}
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.url, data=body, headers=sent) as answer,
        ):
            return answer.status, await answer.text()

    async def card(self, shown: Shown, *, key: str = "dlv_1") -> Seen:
        """Post a card where Ada asked for something."""
        asked = await self.world.mention.soon(ADA, GENERAL, "please")
        ts = await self.channel.send(owed_in(asked.ts, key=key), shown)
        return await self.world.message.soon(GENERAL, ts)

    async def told(self, user: str) -> str:
        """Give what one person was told privately, as soon as it is there."""
        shown = await self.world.until_soon(lambda: self.world.ephemerals(user))
        return shown[-1].text


@pytest.fixture
async def house(carrier: str) -> AsyncIterator[House]:
    with SlackWorld.start() as world:
        desk = Desk()
        bridge = Bridge(threads=4)
        socket = carrier == SOCKET
        credentials = SlackCredentials(
            signing_secret="" if socket else world.signing_secret,
            bot_token=world.bot_token,
            app_token=world.app_token if socket else "",
            api_url=world.api_url,
        )
        front = SlackFront(credentials, desk, bridge, clock=SystemClock())
        application = web.Application()
        front.mount(application)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}{PATH}"
        channel = SlackChannel(credentials)
        if socket:
            await world.until_soon(lambda: world.connections() or None)
        else:
            await world.target.soon(url)
        try:
            yield House(desk=desk, world=world, url=url, front=front, channel=channel)
            assert await asyncio.to_thread(lambda: world.violations) == []
        finally:
            await channel.close()
            await runner.cleanup()
            bridge.close()


NOT_TAKEN = {HTTP: 500, SOCKET: 0}
"""What Slack sees of an event that it shall deliver again: over a socket, no acknowledgement."""

EVENT = json.dumps(
    {
        "type": "event_callback",
        "team_id": TEAM,
        "event_id": "Ev0RAW",
        "authorizations": [{"team_id": TEAM, "user_id": BOT_USER, "is_bot": True}],
        "event": {
            "type": "app_mention",
            "user": ADA,
            "text": f"<@{BOT_USER}> hello",
            "ts": "1700000000.000100",
            "channel": GENERAL,
        },
    }
).encode()


@pytest.mark.parametrize(
    ("trick", "reason"),
    [
        ("unsigned", "unsigned"),
        ("badly_signed", "bad_signature"),
        ("stale", "stale"),
        ("ahead", "stale"),
    ],
)
async def test_what_slack_did_not_just_sign_is_refused(
    house: House, trick: str, reason: str
) -> None:
    delivery = await house.world.mention.soon(ADA, GENERAL, "hello", trick=trick)

    assert delivery.status == 401
    assert delivery.json == {"error": reason}
    assert house.desk.received == []


async def test_an_oversized_request_is_refused_before_it_is_read(house: House) -> None:
    delivery = await house.world.mention.soon(ADA, GENERAL, "hello", trick="oversized")

    assert delivery.status == 413
    assert house.desk.received == []


async def test_an_endless_body_is_cut_off(house: House) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(64):
            yield b"x" * 65_536

    async with aiohttp.ClientSession() as session:
        try:
            async with session.post(house.url, data=endless()) as answer:
                status = answer.status
        except aiohttp.ClientError:
            status = 413  # The front hung up while we were still sending.

    assert status == 413


async def test_a_body_that_does_not_unpack_is_refused(house: House) -> None:
    status, _ = await house.post(EVENT, headers={"Content-Encoding": "gzip"})

    assert status == 400
    assert house.desk.received == []


async def test_a_packed_body_counts_by_what_it_unpacks_to(house: House) -> None:
    bomb = gzip.compress(b" " * 50_000_000)

    status, _ = await house.post(bomb, headers={"Content-Encoding": "gzip"})

    assert status == 413


async def test_a_replayed_request_is_answered_and_does_nothing(house: House) -> None:
    delivery = await house.world.slash.soon(ADA, GENERAL, "cancel 1", trick="replayed")

    assert [attempt.status for attempt in delivery.attempts] == [200, 200]
    assert len(house.desk.controls) == 1


async def test_a_request_that_failed_may_come_again_with_the_same_signature(house: House) -> None:
    house.desk.down = True
    now = int(time.time())
    first, _ = await house.post(EVENT, at=now)

    house.desk.down = False
    second, _ = await house.post(EVENT, at=now)

    assert (first, second) == (500, 200)
    assert len(house.desk.received) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Slack-Request-Timestamp": "soon"},
        {"X-Slack-Request-Timestamp": "1e9"},
        {"X-Slack-Request-Timestamp": "-1"},
        {"X-Slack-Request-Timestamp": "9" * 400},
        {"X-Slack-Signature": "v0=zzzz"},
        {"X-Slack-Signature": "v1=" + "0" * 64},
        {"X-Slack-Signature": "v0=" + "\u00e9" * 64},
        {"X-Slack-Signature": ""},
    ],
)
async def test_a_malformed_signature_is_refused_and_never_an_error(
    house: House, headers: dict[str, str]
) -> None:
    status, text = await house.post(EVENT, headers=headers)

    assert status == 401
    assert set(json.loads(text)) == {"error"}
    assert house.desk.received == []


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"", {}, 400),
        (b"{", {}, 400),
        (b"[]", {}, 400),
        (b'"event"', {}, 400),
        (b"null", {}, 400),
        (b"{}", {}, 400),
        (b"\xff\xfe\x00", {}, 400),
        (b"[" * 200_000, {}, 400),
        (b"1" * 10_000, {}, 400),
        (b'{"type":7}', {}, 400),
        (b'{"type":"event_callback"}', {}, 400),
        (b'{"type":"event_callback","event":[]}', {}, 400),
        (b'{"type":"event_callback","event":{"type":7}}', {}, 400),
        (b'{"type":"event_callback","event":{"type":"message"},"authorizations":[7]}', {}, 400),
        (b'{"type":"block_actions","user":7}', {}, 400),
        (b'{"type":"event_callback","event":{"type":"message","channel":7}}', {}, 400),
        (b'{"type":"event_callback","event":{"type":"message","user":true}}', {}, 400),
        (b'{"type":"block_actions","actions":{}}', {}, 400),
        (EVENT, {"Content-Type": "application/json; charset=klingon"}, 400),
        (EVENT, {"Content-Type": "application/json; charset=utf-16"}, 400),
        (EVENT, {"Content-Type": "text/plain"}, 415),
        (EVENT, {"Content-Type": "multipart/form-data; boundary=x"}, 415),
        (b"payload=%7B", {"Content-Type": "application/x-www-form-urlencoded"}, 400),
        (b"payload=%FF%FE", {"Content-Type": "application/x-www-form-urlencoded"}, 400),
        (b"payload=[]", {"Content-Type": "application/x-www-form-urlencoded"}, 400),
        (b"hello", {"Content-Type": "application/x-www-form-urlencoded"}, 400),
        (b"a=1&" * 5_000, {"Content-Type": "application/x-www-form-urlencoded"}, 400),
    ],
)
async def test_junk_with_a_good_signature_is_refused_and_never_an_error(
    house: House, body: bytes, headers: dict[str, str], status: int
) -> None:
    answered, text = await house.post(body, headers=headers)

    assert answered == status
    assert set(json.loads(text)) == {"error"}
    assert house.desk.received == []


@pytest.mark.parametrize(
    "event",
    [
        {"type": "message"},
        {"type": "message", "user": {"id": ADA}, "channel": {}, "ts": []},
        {"type": "app_mention", "text": None, "user": None},
        {"type": "message", "subtype": "message_changed", "message": None},
        {"type": "something_new"},
    ],
)
async def test_an_event_of_an_odd_shape_is_taken_and_ignored(
    house: House, event: dict[str, object]
) -> None:
    whole = {**json.loads(EVENT), "event": event}

    status, _ = await house.post(json.dumps(whole).encode())

    assert status == 200
    assert house.desk.received == []


async def test_no_signed_payload_of_any_shape_is_an_error_of_ours(house: House) -> None:
    chance = random.Random(20260901)
    statuses: Counter[int] = Counter()

    for _ in range(400):
        status, _ = await house.post(json.dumps(odd_payload(chance)).encode())
        statuses[status] += 1

    assert set(statuses) == {200, 400}
    assert house.desk.decisions == []


async def test_headers_that_skip_a_listener_are_not_obeyed(house: House) -> None:
    status, _ = await house.post(
        EVENT,
        headers={"X-Slack-Bolt-Lazy-Only": "1", "X-Slack-Bolt-Lazy-Function-Name": "said"},
    )

    assert status == 200
    assert len(house.desk.received) == 1


async def test_slack_verifies_the_address(house: House) -> None:
    delivery = await house.world.verify_url.soon("abc")
    forged = await house.world.verify_url.soon("abc", trick="unsigned")

    assert (delivery.status, delivery.json) == (200, {"challenge": "abc"})
    assert forged.status == 401


async def test_what_nobody_needs_is_still_delivered(house: House) -> None:
    limited = await house.world.limit_app.soon()
    home = await house.world.open_home.soon(ADA)
    shortcut = await house.world.shortcut.soon(ADA, "unheard_of")

    assert (limited.status, home.status, shortcut.status) == (200, 200, 200)


def test_a_front_without_a_signing_secret_does_not_start() -> None:
    credentials = SlackCredentials(signing_secret="", bot_token="xoxb-1")

    with pytest.raises(Misconfigured, match="SLACK_SIGNING_SECRET"):
        SlackFront(credentials, Desk(), Bridge(threads=1), clock=SystemClock())


def test_secrets_do_not_show_in_what_is_printed() -> None:
    credentials = SlackCredentials(signing_secret="s3cret", bot_token="xoxb-1", app_token="xapp-1")

    assert not any(secret in repr(credentials) for secret in ("s3cret", "xoxb", "xapp"))


@over_both
async def test_a_mention_is_received_once_although_it_arrives_twice(house: House) -> None:
    delivery = await house.world.mention.soon(
        ADA, GENERAL, "compare the offers", trick="duplicated"
    )

    assert all(attempt.status == 200 for attempt in delivery.attempts)
    assert delivery.also  # The same words came as a plain message event as well.
    (received,) = house.desk.received
    assert received.text == "compare the offers"
    assert received.addressed
    assert received.person.principal == f"slack:{TEAM}/{ADA}"
    assert received.person.name == "Ada Lovelace" or received.person.name
    assert received.place.key == f"{GENERAL}/{delivery.ts}"


@over_both
async def test_a_direct_message_is_received(house: House) -> None:
    delivery = await house.world.direct_message.soon(ADA, "what is open?")

    (received,) = house.desk.received
    assert delivery.status == 200
    assert received.addressed
    assert received.place.key.endswith(f"/{delivery.ts}")


@over_both
async def test_a_reply_in_the_thread_reaches_the_same_place(house: House) -> None:
    first = await house.world.mention.soon(ADA, GENERAL, "compare the offers")
    await house.world.reply.soon(BEN, GENERAL, first.ts, "take the second")

    started, reply = house.desk.received
    assert reply.place.key == started.place.key
    assert not reply.addressed
    assert reply.person.principal == f"slack:{TEAM}/{BEN}"


@over_both
async def test_edits_deletions_reactions_and_our_own_words_are_not_heard(house: House) -> None:
    await house.world.configure.soon(echo=True)
    said = await house.world.mention.soon(ADA, GENERAL, "hello")
    await house.channel.send(owed_in(said.ts), RUN)
    await house.world.edit.soon(GENERAL, said.ts, "hello there")
    assert said.message is not None
    await house.world.react.soon(ADA, said.message, "eyes")
    await house.world.delete.soon(GENERAL, said.ts)

    assert len(house.desk.received) == 1


@over_both
async def test_a_database_that_is_down_makes_slack_deliver_again(house: House) -> None:
    await house.world.configure.soon(
        retries=True, retry_delays_seconds=[0.0, 0.0, 0.0], answer_within_seconds=0.5
    )
    house.desk.down = True

    delivery = await house.world.mention.soon(ADA, GENERAL, "hello")

    assert [attempt.status for attempt in delivery.attempts] == [NOT_TAKEN[delivery.carrier]] * 4
    await house.world.configure.soon(answer_within_seconds=3.0)
    house.desk.down = False
    assert (await house.world.mention.soon(ADA, GENERAL, "hello")).status == 200


async def test_an_unexpected_error_does_not_log_what_people_wrote(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.desk.down = True

    await house.world.mention.soon(ADA, GENERAL, "the secret plan")
    await house.world.slash.soon(ADA, GENERAL, "runs the secret plan")

    assert "DownError" in caplog.text
    assert "secret" not in caplog.text
    assert house.world.bot_token not in caplog.text


@over_both
async def test_outsiders_start_nothing_and_are_told_why(house: House) -> None:
    delivery = await house.world.mention.soon(STRANGER, SHARED, "give me the ledger")

    assert delivery.status == 200
    assert house.desk.received == []
    assert "members of the workspace" in await house.told(STRANGER)


@over_both
async def test_a_guest_is_known_to_be_one(house: House) -> None:
    await house.world.mention.soon(GUEST, GENERAL, "hello")

    (received,) = house.desk.received
    assert received.person.kind is PersonKind.GUEST


@over_both
async def test_a_mention_without_words_gets_a_hint(house: House) -> None:
    await house.world.mention.soon(ADA, GENERAL, f"<@{BOT_USER}>")

    assert house.desk.received == []
    assert "Say what you want" in await house.told(ADA)


@over_both
async def test_when_slack_cannot_be_asked_who_somebody_is_the_event_comes_again(
    house: House,
) -> None:
    await house.world.fault.soon("users.info", "server_error", times=2)

    await house.world.configure.soon(answer_within_seconds=0.5)

    first = await house.world.mention.soon(ADA, GENERAL, "hello")

    assert first.status == NOT_TAKEN[first.carrier]
    assert house.desk.received == []


@over_both
async def test_a_command_is_answered_privately_in_its_own_reply(house: House) -> None:
    delivery = await house.world.slash.soon(ADA, GENERAL, "runs")

    answer = cast("dict[str, object]", delivery.json)
    assert delivery.status == 200
    assert answer["response_type"] == "ephemeral"
    assert "offers" in str(answer["text"])
    assert "<!here>" not in delivery.body


@over_both
async def test_a_long_answer_to_a_command_is_shown_whole(house: House) -> None:
    delivery = await house.world.slash.soon(ADA, GENERAL, "help")

    shown = readable(table(delivery.json)["blocks"])
    assert all(verb.summary in shown for verb in VERBS)


@over_both
async def test_a_command_may_hold_the_word_payload(house: House) -> None:
    delivery = await house.world.slash.soon(ADA, GENERAL, "status payload")

    assert delivery.status == 200
    assert "payload" in delivery.body


@over_both
async def test_a_command_says_so_when_the_database_is_down(house: House) -> None:
    house.desk.down = True

    delivery = await house.world.slash.soon(ADA, GENERAL, "runs")

    assert delivery.status == 200
    assert "cannot reach its database" in delivery.body


@over_both
async def test_one_click_decides_and_the_second_is_told_who_was_faster(house: House) -> None:
    card = await house.card(approval_card(APPROVAL))

    first = await house.world.click.soon(BEN, card, "approval.approve")
    second = await house.world.click.soon(ADA, card, "approval.approve")

    assert (first.status, second.status) == (200, 200)
    (decision,) = house.desk.decisions
    assert decision.person.principal == f"slack:{TEAM}/{BEN}"
    assert decision.surface == "slack"
    assert "decided already: Approved by" in await house.told(ADA)


@over_both
async def test_a_card_is_redrawn_without_buttons_once_it_is_decided(house: House) -> None:
    card = await house.card(approval_card(APPROVAL))
    await house.world.click.soon(BEN, card, "approval.approve")

    again = replace(owed_in(card.thread_ts or ""), external_id=card.ts)
    await house.channel.send(again, approval_card(house.desk.asked))

    redrawn = await house.world.message.soon(GENERAL, card.ts)
    assert redrawn.edited
    assert "actions" not in [block["type"] for block in redrawn.blocks]
    assert "Approved by" in json.dumps(redrawn.blocks)


@over_both
async def test_who_may_not_decide_is_told_privately_and_nothing_changes(house: House) -> None:
    house.desk.eligible = frozenset({f"slack:{TEAM}/{BEN}"})
    card = await house.card(approval_card(APPROVAL))

    await house.world.click.soon(ADA, card, "approval.approve")

    assert "you may not decide this" in await house.told(ADA)
    assert house.desk.decisions == []


@over_both
async def test_the_right_user_under_another_team_decides_nothing(house: House) -> None:
    card = await house.card(approval_card(APPROVAL))

    await house.world.click.soon(ADA, card, "approval.approve", user_team=OTHER_TEAM)

    assert house.desk.decisions == []
    assert "members of the workspace" in await house.told(ADA)


@over_both
async def test_nothing_is_decided_while_slack_cannot_say_who_clicks(house: House) -> None:
    card = await house.card(approval_card(APPROVAL))
    await house.world.fault.soon("users.info", "error", error="user_not_visible", times=None)

    await house.world.click.soon(BEN, card, "approval.approve")

    assert house.desk.decisions == []


@over_both
async def test_a_click_says_so_when_the_database_is_down(house: House) -> None:
    card = await house.card(approval_card(APPROVAL))
    house.desk.down = True

    delivery = await house.world.click.soon(BEN, card, "approval.approve")

    assert delivery.status == 200
    assert "cannot reach its database" in await house.told(BEN)
    # The card says what is so: nothing was decided, and it can be.
    shown = await house.world.message.soon(GENERAL, card.ts)
    assert (shown.edited, shown.blocks) == (False, card.blocks)
    house.desk.down = False
    await house.world.click.soon(BEN, card, "approval.approve")
    assert [one.verdict for one in house.desk.decisions] == [Verdict.APPROVE]


@over_both
async def test_a_rejection_asks_for_its_reason_and_then_decides(house: House) -> None:
    card = await house.card(approval_card(APPROVAL))

    await house.world.click.soon(BEN, card, "approval.reject")
    (view,) = await house.world.views.soon(BEN)
    assert house.desk.decisions == []
    await house.world.submit_view.soon(BEN, view, {"words": "too expensive"})

    (decision,) = house.desk.decisions
    assert decision.verdict is Verdict.REJECT
    assert decision.reason == "too expensive"


@over_both
async def test_a_rejection_without_a_reason_is_asked_again(house: House) -> None:
    card = await house.card(approval_card(APPROVAL))
    await house.world.click.soon(BEN, card, "approval.reject")
    (view,) = await house.world.views.soon(BEN)

    delivery = await house.world.submit_view.soon(BEN, view, {"words": " x "})

    assert cast("dict[str, object]", delivery.json)["response_action"] == "errors"
    assert house.desk.decisions == []


@over_both
async def test_closing_the_dialog_decides_nothing(house: House) -> None:
    card = await house.card(approval_card(APPROVAL))
    await house.world.click.soon(BEN, card, "approval.reject")
    (view,) = await house.world.views.soon(BEN)

    await house.world.close_view.soon(BEN, view)

    assert house.desk.decisions == []


@over_both
async def test_a_reply_that_says_yes_approves_nothing(house: House) -> None:
    card = await house.card(approval_card(APPROVAL))

    await house.world.reply.soon(BEN, GENERAL, card.thread_ts or "", "yes, approve it")

    assert house.desk.decisions == []


@over_both
async def test_a_long_call_is_opened_before_it_is_approved(house: House) -> None:
    house.desk.asked = replace(APPROVAL, arguments={"note": "word " * 1_500})
    card = await house.card(approval_card(house.desk.asked))
    assert "approval.approve" not in json.dumps(card.blocks)

    await house.world.click.soon(BEN, card, "approval.show")
    (view,) = await house.world.views.soon(BEN)
    await house.world.submit_view.soon(BEN, view)

    assert json.dumps(view["blocks"]).count("word") == 1_500
    (decision,) = house.desk.decisions
    assert decision.verdict is Verdict.APPROVE


@over_both
async def test_a_long_call_in_doubt_is_opened_before_it_is_repeated(house: House) -> None:
    house.desk.asked = replace(
        APPROVAL, question=Question.OUTCOME, arguments={"note": "word " * 1_500}
    )
    card = await house.card(approval_card(house.desk.asked))
    assert "approval.repeat" not in json.dumps(card.blocks)
    assert "approval.happened" in json.dumps(card.blocks)

    await house.world.click.soon(BEN, card, "approval.show")
    (view,) = await house.world.views.soon(BEN)
    await house.world.submit_view.soon(BEN, view)

    (decision,) = house.desk.decisions
    assert decision.verdict is Verdict.REPEAT


@over_both
async def test_two_people_at_once_make_one_decision(house: House) -> None:
    card = await house.card(approval_card(APPROVAL))

    await asyncio.gather(
        *(
            house.world.click.soon(user, card, "approval.approve")
            for user in (ADA, BEN)
            for _ in range(5)
        )
    )

    assert len(house.desk.decisions) == 1


@over_both
async def test_an_outdated_card_decides_nothing(house: House) -> None:
    card = await house.card(approval_card(replace(APPROVAL, nonce="old")))

    await house.world.click.soon(BEN, card, "approval.approve")

    assert "belongs to an older card" in await house.told(BEN)
    assert house.desk.decisions == []


@over_both
async def test_a_run_is_controlled_from_its_card(house: House) -> None:
    card = await house.card(RUN)

    await house.world.click.soon(ADA, card, "run.pause")
    await house.world.click.soon(ADA, card, "run.cancel")

    assert house.desk.controls == [
        ("pause", "run_1", f"slack:{TEAM}/{ADA}"),
        ("cancel", "run_1", f"slack:{TEAM}/{ADA}"),
    ]


@over_both
async def test_a_control_that_makes_no_sense_is_explained(house: House) -> None:
    card = await house.card(replace(RUN, controls=("retry",)))

    await house.world.click.soon(ADA, card, "run.retry")

    assert "nothing to retry" in await house.told(ADA)


@over_both
async def test_a_choice_answers_with_what_was_asked_not_with_what_the_button_says(
    house: House,
) -> None:
    long = "Acme, because it is " + "much " * 30 + "cheaper"
    asked = OpenQuestion(
        step_id="run_1:/plan/1/ask", text="Which?", choices=("Globex", long), asked_at=NOW
    )
    house.desk.question = asked
    card = await house.card(question_card(asked, run_id="run_1", run_number=1))

    await house.world.click.soon(ADA, card, "question.answer:1")
    await house.world.click.soon(ADA, card, "question.answer:0")

    assert house.desk.answers == [("run_1:/plan/1/ask", f"slack:{TEAM}/{ADA}", long)]
    assert "closed" in await house.told(ADA)


async def test_a_front_starts_while_slack_is_away_and_learns_who_it_is_later() -> None:
    with SlackWorld.start() as world:
        await world.fault.soon("auth.test", "server_error", times=1)
        desk, bridge = Desk(), Bridge(threads=2)
        credentials = SlackCredentials(
            signing_secret=world.signing_secret, bot_token=world.bot_token, api_url=world.api_url
        )
        front = SlackFront(credentials, desk, bridge, clock=SystemClock())
        await front.start()
        try:
            async with asyncio.timeout(5):
                while front.identity is None:
                    await asyncio.sleep(0.02)
        finally:
            await front.stop()
            bridge.close()

        assert front.identity.bot_user_id == BOT_USER


ODD_NAMES = [
    "type",
    "team",
    "user",
    "channel",
    "event",
    "view",
    "actions",
    "message",
    "container",
    "authorizations",
    "team_id",
    "enterprise",
    "trigger_id",
    "callback_id",
    "action_id",
    "value",
    "id",
    "text",
    "ts",
    "state",
    "private_metadata",
    "bot_id",
    "user_team",
    "response_url",
    "response_urls",
    "item",
    "previous_message",
    "assistant_thread",
    "function_data",
    "subtype",
    "thread_ts",
    "is_ext_shared_channel",
    "app_installed_team_id",
    "challenge",
    "submission",
    "files",
]
ODD_TYPES = [
    "event_callback",
    "block_actions",
    "view_submission",
    "view_closed",
    "shortcut",
    "message_action",
    "block_suggestion",
    "url_verification",
    "dialog_submission",
    "interactive_message",
    "workflow_step_edit",
    "x",
]


def odd_value(chance: random.Random, depth: int) -> object:
    kind = chance.random()
    if depth == 0 or kind < 0.4:
        return chance.choice([None, True, 0, 1.5, "", "x", TEAM, ADA])
    if kind < 0.5:
        return [odd_value(chance, depth - 1) for _ in range(chance.randint(0, 2))]
    return {
        chance.choice(ODD_NAMES): odd_value(chance, depth - 1) for _ in range(chance.randint(0, 5))
    }


def odd_payload(chance: random.Random) -> dict[str, object]:
    payload = {chance.choice(ODD_NAMES): odd_value(chance, 3) for _ in range(6)}
    payload["type"] = chance.choice(ODD_TYPES)
    if chance.random() < 0.5:
        kind = chance.choice(["message", "app_mention", "app_home_opened", "tokens_revoked", "x"])
        payload["event"] = {chance.choice(ODD_NAMES): odd_value(chance, 2), "type": kind}
    if chance.random() < 0.5:
        action = chance.choice(["approval.approve", "run.cancel", "question.answer:1", "x"])
        payload["actions"] = [{"action_id": action, "value": odd_value(chance, 1)}]
        payload["user"] = {"id": ADA, "team_id": TEAM}
    return payload


def run_view(question: OpenQuestion | None) -> RunView:
    return RunView(
        run=Run(
            id="run_1",
            number=1,
            workspace=TEAM,
            conversation_id="cnv_1",
            requester=f"slack:{TEAM}/{ADA}",
            requester_name="Ada",
            request="compare",
            agent=None,
            input={},
            goal="compare",
            status=RunStatus.ACTIVE,
            control=Control.GO,
            catalog="c",
            budget=Budget(),
            spent=Cost(),
            answer="",
            sources=(),
            demonstration=False,
            revision=1,
            error=None,
            created_at=NOW,
            finished_at=None,
        ),
        place=place(HOME, channel=GENERAL, thread_ts="1.1"),
        status="running",
        steps=(),
        approvals=(),
        questions=(question,) if question else (),
        artifacts=(),
        read_at=NOW,
    )


RUN = RunCard(
    run_id="run_1",
    number=1,
    goal="Compare the offers",
    status="running",
    status_line="Making a plan.",
    requester="Ada",
    revision=1,
    steps=(),
    elapsed_seconds=3.0,
    cost_usd=0.0,
    tokens=0,
    controls=("pause", "cancel"),
)
APPROVAL = Approval(
    id="apr_1",
    number=7,
    run_id="run_1",
    run_number=1,
    step_id="run_1:/plan/1/order",
    question=Question.CALL,
    tool="record_purchase_order",
    arguments={"vendor": "Acme", "amount": 480},
    digest="d",
    agent="operator@3f2a91",
    policy="p",
    rule="orders",
    reason="Money leaves the house",
    preview=Preview(what="Records a purchase order of 480 EUR"),
    stages=(Stage(eligible=(f"slack:{TEAM}/{BEN}", "role:finance")),),
    stage=0,
    status=ApprovalStatus.PENDING,
    version=1,
    nonce="n0nce",
    requester=f"slack:{TEAM}/{ADA}",
    on_expiry=OnExpiry.DENY,
    created_at=NOW,
    expires_at=None,
    decided_by=None,
    decided_by_name="",
    decided_at=None,
    decided_on="",
    decision_reason="",
    verdict=None,
)
