"""Speaking in Teams, on the wire: tokens, ids, refusals, doubts, pace."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import pytest

from bots.bridge import Bridge
from bots.channel import Channel
from bots.courier import Courier
from bots.teams.answer_card import draw_copy
from bots.teams.channel import TeamsChannel
from bots.teams.connector import CallError, Connector
from bots.teams.credentials import TeamsCredentials
from bots.teams.identity import Application
from bots.teams.keys import KeyRing
from bots.teams.pace import Pace
from bots.teams.reference import Reference
from bots.teams.tokens_out import EntraTokens
from bots.views import Notice, Shown
from runtime.domain.delivery import Delivery, DeliveryKind
from runtime.domain.errors import Refused, Upstream
from tests.worlds.front_door import FrontDoor, a_delivery, a_view
from tests.worlds.slack.loop_thread import LoopThread
from tests.worlds.teams.cards import readable
from tests.worlds.teams.cast import ADA, BOT, CHANNEL, PERSONAL, TENANT
from tests.worlds.teams.world import MsalHttp, TeamsWorld, teams_world

HELLO = Notice(text="Hello <at>everyone</at> **now**")


@dataclass
class Line:
    """A channel on a loop of its own, and the Teams it speaks to."""

    world: TeamsWorld
    loop: LoopThread
    now: float = 1_000.0

    def __post_init__(self) -> None:
        self.http: MsalHttp = self.world.msal_http()
        self.tokens = EntraTokens(
            Application(self.world.credentials, http_client=self.http), now=lambda: self.now
        )
        self.connector = Connector(
            tokens=self.tokens, service_urls=self.world.credentials.service_urls
        )
        self.channel = TeamsChannel(
            self.world.credentials, connector=self.connector, pace=Pace(now=lambda: self.now)
        )

    @property
    def there(self) -> Reference:
        return Reference(
            service_url=self.world.url,
            conversation=f"{CHANNEL.id};messageid=17",
            kind="channel",
            tenant=TENANT,
            bot=BOT,
            team=CHANNEL.team,
        )

    def owed(self, **changes: Any) -> Delivery:
        return a_delivery(DeliveryKind.NOTICE, place=self.there.place, **changes)

    def send(self, shown: Shown = HELLO, **changes: Any) -> str:
        return self.loop.run(self.channel.send(self.owed(**changes), shown))


@pytest.fixture
def line() -> Iterator[Line]:
    loop = LoopThread("teams-channel")
    with teams_world() as world:
        made = Line(world, loop)
        yield made
        loop.run(made.channel.close())
    loop.stop()


def test_it_is_a_channel_as_the_courier_knows_channels(line: Line) -> None:
    channel: Channel = line.channel

    assert channel.name == "teams"


def test_a_post_goes_into_the_thread_with_its_ids_still_encoded(line: Line) -> None:
    message_id = line.send()

    (message,) = line.world.messages(f"{CHANNEL.id};messageid=17")
    (call,) = line.world.connector.calls
    assert message.id == message_id
    assert readable(message.card) == HELLO.text
    assert call.path == (
        "/v3/conversations/19%3Achan0001%40thread.tacv2%3Bmessageid%3D17/activities"
    )
    assert line.world.connector.violations == []


def test_a_later_revision_is_put_in_the_messages_place(line: Line) -> None:
    message_id = line.send()

    again = line.send(Notice(text="Done"), external_id=message_id)

    (message,) = line.world.connector.messages
    assert again == message_id
    assert readable(message.card) == "Done"
    assert [one.method for one in line.world.connector.calls] == ["POST", "PUT"]


def test_one_token_serves_until_five_minutes_before_its_end(line: Line) -> None:
    first = line.send()
    line.now += 3_000
    line.send(external_id=first)
    assert line.world.connector.tokens == ["token-1"]

    line.now += 400
    line.tokens.forget()
    line.send(external_id=first)

    assert [one.authorization for one in line.world.connector.calls] == [
        "Bearer token-1",
        "Bearer token-1",
        "Bearer token-2",
    ]


def test_a_token_that_was_withdrawn_is_replaced_at_once(line: Line) -> None:
    line.send()
    line.world.connector.withdrawn.add("token-1")

    line.send()

    assert len(line.world.connector.messages) == 2
    assert line.world.connector.tokens == ["token-1", "token-2"]


def test_a_wrong_secret_is_the_operators_and_certain(line: Line) -> None:
    wrong = replace(line.world.credentials, password="hunter2")
    tokens = EntraTokens(Application(wrong, http_client=line.http))
    channel = TeamsChannel(
        wrong, connector=Connector(tokens=tokens, service_urls=wrong.service_urls)
    )

    with pytest.raises(Upstream, match="MICROSOFT_APP_PASSWORD") as failed:
        line.loop.run(channel.send(line.owed(), HELLO))

    assert not failed.value.ambiguous
    assert "hunter2" not in failed.value.public
    line.loop.run(channel.close())


def test_a_token_goes_to_no_connector_that_is_not_trusted(line: Line) -> None:
    with teams_world() as other:
        place = replace(line.there, service_url=other.url).place

        with pytest.raises(Refused, match="not Microsoft's"):
            line.loop.run(line.channel.send(a_delivery(place=place), HELLO))

        assert other.connector.calls == []
    assert line.world.connector.tokens == []


@pytest.mark.parametrize("status", [302, 307])
def test_neither_a_token_nor_words_follow_a_redirect(line: Line, status: int) -> None:
    with teams_world() as other:
        elsewhere = f"{other.url}v3/conversations/c/activities"
        line.world.fault("POST", "/activities", status=status, location=elsewhere)

        with pytest.raises(Upstream):
            line.send()

        assert other.connector.calls == []


@pytest.mark.parametrize("status", [429, 412, 503])
def test_a_post_that_was_turned_away_is_certainly_not_there(line: Line, status: int) -> None:
    line.world.fault("POST", "/activities", status=status, retry_after="7")

    with pytest.raises(Upstream) as failed:
        line.send()

    assert not failed.value.ambiguous
    assert failed.value.retry_after_seconds == 7
    assert line.world.connector.messages == []


@pytest.mark.parametrize("status", [0, 408, 500, 502, 504])
@pytest.mark.parametrize("after", [True, False])
def test_a_post_whose_answer_was_lost_is_a_doubt(line: Line, status: int, after: bool) -> None:
    line.world.fault("POST", "/activities", status=status, after=after)

    with pytest.raises(Upstream) as failed:
        line.send()

    assert failed.value.ambiguous
    assert len(line.world.connector.messages) == int(after)


def test_a_message_in_doubt_is_waited_for_before_it_is_posted_again(line: Line) -> None:
    for attempt in (2, 3, 4):
        with pytest.raises(Upstream, match="a client may show"):
            line.loop.run(line.channel.find(line.owed(doubtful=True, attempt=attempt)))

    assert line.loop.run(line.channel.find(line.owed(doubtful=True, attempt=5))) is None


def test_a_message_in_doubt_that_nobody_shows_is_repeated_with_one_copy_at_most(
    line: Line,
) -> None:
    desk, bridge = FrontDoor(), Bridge()
    desk.put(a_view())
    courier = Courier(desk, bridge, {"teams": line.channel})
    owed = line.owed(payload={"text": "Hello"})
    line.world.fault("POST", "/activities", status=504, after=True)

    desk.outbox = [owed]
    line.loop.run(courier.deliver("con_1"))
    assert desk.log[0][:1] == ("postponed",)
    assert "doubtful" in desk.log[0]
    for attempt in (2, 3, 4, 5):
        desk.outbox = [replace(owed, doubtful=True, attempt=attempt)]
        line.loop.run(courier.deliver("con_1"))

    bridge.close()
    sent = [entry for entry in desk.log if entry[0] == "sent"]
    assert len(line.world.connector.messages) == 2
    assert sent == [("sent", owed.id, line.world.connector.messages[1].id)]


class FoundMeanwhile(FrontDoor):
    """A desk that knows, once a message was sent, that it had been there all along."""

    def mark_sent(self, delivery: Delivery, external_id: str, *, shown: str = "") -> str:
        super().mark_sent(delivery, external_id, shown=shown)
        return "first"


@pytest.mark.parametrize("deletes", [200, 404, 501])
def test_what_was_sent_while_the_first_was_found_is_taken_back(line: Line, deletes: int) -> None:
    desk, bridge = FoundMeanwhile(), Bridge()
    desk.put(a_view())
    courier = Courier(desk, bridge, {"teams": line.channel})
    desk.outbox = [line.owed(payload={"text": "Hello"}, doubtful=True, attempt=5)]
    if deletes != 200:
        line.world.fault("DELETE", "/activities", status=deletes)

    line.loop.run(courier.deliver("con_1"))

    bridge.close()
    left = [readable(one.card) for one in line.world.connector.messages]
    methods = [one.method for one in line.world.connector.calls]
    assert (methods, left) == {
        200: (["POST", "DELETE"], []),
        404: (["POST", "DELETE"], ["Hello"]),
        501: (["POST", "DELETE", "PUT"], [readable(draw_copy().card)]),
    }[deletes]
    assert desk.log[-1][0] == "released"


def test_an_update_may_be_repeated_whatever_became_of_it(line: Line) -> None:
    message_id = line.send()

    for status in (408, 429, 500, 504):
        line.world.fault("PUT", "/activities", status=status, after=True)
        with pytest.raises(Upstream) as failed:
            line.send(Notice(text="Done"), external_id=message_id)
        assert not failed.value.ambiguous
        line.now += 60
    line.send(Notice(text="Done"), external_id=message_id)

    assert len(line.world.connector.messages) == 1


@pytest.mark.parametrize("status", [403, 404])
def test_a_place_that_will_never_take_it_is_given_up(line: Line, status: int) -> None:
    line.world.fault("POST", "/activities", status=status, code="ConversationBlockedByUser")

    with pytest.raises(Refused, match="ConversationBlockedByUser"):
        line.send()


def test_a_message_somebody_deleted_is_posted_anew(line: Line) -> None:
    again = line.send(external_id="1600000000000")

    (message,) = line.world.connector.messages
    assert message.id == again


@pytest.mark.parametrize("status", [400, 413])
def test_a_card_that_is_refused_goes_as_words(line: Line, status: int) -> None:
    line.world.fault("POST", "/activities", status=status)

    line.send()

    (message,) = line.world.connector.messages
    assert message.activity["textFormat"] == "plain"
    assert "‹at›everyone" in message.activity["text"]
    assert message.card == {}


def test_an_unreachable_connector_has_taken_nothing(line: Line) -> None:
    place = replace(line.there, service_url="http://127.0.0.1:9/").place
    urls = replace(line.world.credentials.service_urls, origins=frozenset({"http://127.0.0.1:9"}))
    channel = TeamsChannel(
        line.world.credentials, connector=Connector(tokens=line.tokens, service_urls=urls)
    )

    with pytest.raises(Upstream) as failed:
        line.loop.run(channel.send(a_delivery(place=place), HELLO))

    assert not failed.value.ambiguous
    line.loop.run(channel.close())


def test_a_connector_that_lets_nobody_in_has_taken_nothing(line: Line) -> None:
    with socket.socket() as full, ExitStack() as waiting:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(8):
            # The queue of who waits to be let in is full with these.
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        origin = f"http://127.0.0.1:{full.getsockname()[1]}"
        urls = replace(line.world.credentials.service_urls, origins=frozenset({origin}))
        connector = Connector(tokens=line.tokens, service_urls=urls)
        there = replace(line.there, service_url=f"{origin}/")

        with pytest.raises(CallError, match="unreachable") as failed:
            line.loop.run(connector.post(there, {"type": "message"}))

        line.loop.run(connector.close())
    assert not failed.value.ambiguous


def test_a_delivery_without_an_address_is_refused(line: Line) -> None:
    with pytest.raises(Refused, match="names no Teams conversation"):
        line.loop.run(line.channel.send(a_delivery(), HELLO))


def test_a_roster_is_asked_for_the_team_of_a_channel(line: Line) -> None:
    found = line.loop.run(line.connector.member(line.there, ADA.id))

    assert found.text("name") == "Ada"
    (call,) = line.world.connector.calls
    assert call.path == "/v3/conversations/19%3Ateam0001%40thread.tacv2/members/29%3A1ada"


def test_a_personal_chat_can_be_opened(line: Line) -> None:
    chat = line.loop.run(line.connector.open_personal(line.there, ADA.id))

    assert line.world.connector.chats == {chat: ADA.id}
    assert line.world.connector.calls[0].body["tenantId"] == TENANT


def test_an_answer_that_names_no_message_is_a_doubt(line: Line) -> None:
    there = replace(line.there, conversation=PERSONAL.id)
    line.world.fault("POST", "/activities", status=202)

    with pytest.raises(CallError) as failed:
        line.loop.run(line.connector.post(there, {"type": "message", "text": "x"}))

    assert failed.value.ambiguous


def test_the_pace_holds_within_every_window() -> None:
    now = [0.0]
    pace = Pace(now=lambda: now[0])

    def admit(patience: float = 0.0) -> float:
        return pace.admit(tenant="t", conversation="c", patience_seconds=patience)

    assert [admit() for _ in range(7)] == [0.0] * 7
    assert admit() == pytest.approx(1.0)
    now[0] = 1.0
    assert admit() == 0.0
    assert admit() == pytest.approx(1.0)
    assert admit(patience=1.5) == pytest.approx(1.0)
    sent, now[0] = 9, 3.0
    while admit() == 0.0:
        sent, now[0] = sent + 1, now[0] + 0.5
    assert sent == 60


def test_a_conversation_that_teams_turned_away_rests() -> None:
    now = [0.0]
    pace = Pace(now=lambda: now[0])
    pace.close("c", seconds=9)

    assert pace.admit(tenant="t", conversation="c", patience_seconds=1) == pytest.approx(9.0)
    assert pace.admit(tenant="t", conversation="other", patience_seconds=1) == 0.0
    now[0] = 9.0
    assert pace.admit(tenant="t", conversation="c", patience_seconds=1) == 0.0


def test_a_tenant_is_spoken_to_45_times_a_second_at_most() -> None:
    pace = Pace(now=lambda: 0.0)

    waits = [
        pace.admit(tenant="t", conversation=f"c{number}", patience_seconds=0)
        for number in range(46)
    ]

    assert waits[:45] == [0.0] * 45
    assert waits[45] == pytest.approx(1.0)


def test_keys_are_fetched_once_a_day_and_for_unknown_ids_once_a_minute(line: Line) -> None:
    fetches = line.world.connector
    ring = KeyRing(line.world.credentials.openid_url, line.connector.session, now=lambda: line.now)

    def known(key_id: str) -> bool:
        return line.loop.run(ring.find(key_id)) is not None

    assert known("key-1")
    assert known("key-1")
    assert fetches.key_fetches == 1
    fetches.signer.roll()
    assert known("key-2")
    assert not known("key-1")
    fetches.signer.roll()
    assert not known("key-3")
    assert fetches.key_fetches == 2
    line.now += 61
    assert known("key-3")
    assert fetches.key_fetches == 3
    line.now += 24 * 3_600 + 1
    assert known("key-3")
    assert fetches.key_fetches == 4


def test_while_keys_cannot_be_fetched_the_old_ones_serve(line: Line) -> None:
    ring = KeyRing(line.world.credentials.openid_url, line.connector.session, now=lambda: line.now)
    assert line.loop.run(ring.find("key-1")) is not None
    url, line.world.connector.url = line.world.connector.url, "http://127.0.0.1:9"
    line.now += 24 * 3_600 + 1

    stale = line.loop.run(ring.find("key-1"))
    unknown = line.loop.run(ring.find("key-2"))

    line.world.connector.url = url
    assert stale is not None
    assert unknown is None


def test_loopback_credentials_need_no_token(line: Line) -> None:
    channel = TeamsChannel(TeamsCredentials())
    with teams_world(signed=False) as plain:
        place = replace(line.there, service_url=plain.url).place

        line.loop.run(channel.send(a_delivery(place=place), HELLO))
        with pytest.raises(Refused, match="not Microsoft's"):
            elsewhere = replace(line.there, service_url="https://smba.trafficmanager.net/emea/")
            line.loop.run(channel.send(a_delivery(place=elsewhere.place), HELLO))

        assert len(plain.connector.messages) == 1
        assert plain.connector.violations == []
    line.loop.run(channel.close())
