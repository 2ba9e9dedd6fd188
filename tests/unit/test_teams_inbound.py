"""Activities into our own values: mentions, places, people, commands."""

from __future__ import annotations

from typing import Any

import pytest

from bots.teams.inbound import read_click, read_message, tenant_of
from bots.teams.mentions import mentions_bot, spoken
from bots.teams.payload import Payload
from bots.teams.people import Profile, claim_of, person, read_profile
from bots.teams.reference import Reference
from bots.teams.said import command_line
from bots.teams.service import ServiceUrls
from runtime.domain.conversation import PersonKind
from tests.worlds.teams import activities
from tests.worlds.teams.cast import ADA, BOT, CHANNEL, GROUP, OTHER_TENANT, PERSONAL, TENANT

URL = "https://smba.trafficmanager.net/emea/"


def _body(text: str, *mentions: tuple[str, str, str]) -> Payload:
    body = activities.message(ADA, GROUP, text, service_url=URL, mention=False)
    body["recipient"]["name"] = "run"
    body["entities"] += [
        {"type": kind, "text": said, "mentioned": {"id": who}} for kind, said, who in mentions
    ]
    return Payload(body)


@pytest.mark.parametrize(
    ("text", "mentions", "said"),
    [
        ("<at>run</at> run the run", [("mention", "<at>run</at>", BOT)], "run the run"),
        ("<at>run</at>\u00a0status 12", [("mention", "<at>run</at>", BOT)], "status 12"),
        ("hey <at>run</at>, do it", [("mention", "<at>run</at>", BOT)], "hey , do it"),
        (
            '<at id="0">run</at> ask <at id="1">Ben</at>',
            [("mention", '<at id="0">run</at>', BOT), ("mention", '<at id="1">Ben</at>', "29:b")],
            "ask @Ben",
        ),
        (
            "<at>run</at> <at>run</at> twice",
            [("mention", "<at>run</at>", BOT), ("mention", "<at>run</at>", BOT)],
            "twice",
        ),
        ("<at>run</at> once", [("mention", "<at>run</at>", "29:another")], "@run once"),
        ("run", [("clientInfo", "run", BOT)], "run"),
        ("is 1 &lt; 2 &amp;amp; 3?", [], "is 1 < 2 &amp; 3?"),
        ("&lt;at&gt;Ben&lt;/at&gt;", [], "<at>Ben</at>"),
        ("a\x00b\ud800c", [], "a\ufffdb\ufffdc"),
        ("two\r\nlines\u00a0", [], "two\nlines"),
    ],
)
def test_only_the_bots_own_mentions_are_taken_out(
    text: str, mentions: list[tuple[str, str, str]], said: str
) -> None:
    assert spoken(_body(text, *mentions)) == said


@pytest.mark.parametrize(
    "entities",
    [None, "x", [None, 3, {}], [{"type": "mention"}], [{"type": "mention", "mentioned": "28:x"}]],
)
def test_odd_entities_harm_nobody(entities: Any) -> None:
    body = Payload({"text": None, "entities": entities, "recipient": {"id": BOT}})

    assert spoken(body) == ""
    assert not mentions_bot(body)


def test_a_new_post_of_a_channel_is_its_own_thread() -> None:
    raw = activities.message(ADA, CHANNEL, "x", service_url=URL, mention=True)
    raw["conversation"]["id"] = CHANNEL.id
    first = read_message(Payload(raw))
    reply = read_message(Payload({**raw, "id": "17", "replyToId": raw["id"]}))

    assert first is not None
    assert reply is not None
    assert first.reference.conversation == f"{CHANNEL.id};messageid={raw['id']}"
    assert reply.reference == first.reference
    assert first.event_key != reply.event_key


def test_a_place_can_be_spoken_to_again_from_what_is_stored() -> None:
    raw = activities.message(ADA, CHANNEL, "x", service_url=URL, mention=True)
    heard = read_message(Payload(raw))
    assert heard is not None

    place = heard.reference.place

    assert Reference.of(place.address) == heard.reference
    assert heard.reference.roster == CHANNEL.team
    assert all(isinstance(value, str) for value in place.address.values())
    assert Reference.of({}) is None
    assert Reference.of({"service_url": 3, "conversation": ["x"]}) is None


@pytest.mark.parametrize(
    "changes",
    [{"id": None}, {"conversation": {}}, {"serviceUrl": None}, {"from": {}}, {"from": {"id": BOT}}],
)
def test_a_message_without_its_ids_is_not_heard(changes: dict[str, Any]) -> None:
    raw = activities.message(ADA, PERSONAL, "x", service_url=URL, mention=False)

    assert read_message(Payload({**raw, **changes})) is None


def test_files_are_named_to_the_runtime() -> None:
    raw = activities.message(ADA, PERSONAL, "compare", service_url=URL, mention=False)
    raw["attachments"] = [{"contentType": "text/html"}, {"name": "offers.csv"}]

    heard = read_message(Payload(raw))

    assert heard is not None
    assert heard.text == "compare\n\n(attached: offers.csv)"


@pytest.mark.parametrize(
    ("account", "profile", "kind"),
    [
        ({"aadObjectId": ADA.object_id}, None, PersonKind.MEMBER),
        ({}, None, PersonKind.EXTERNAL),
        ({"aadObjectId": "*"}, None, PersonKind.EXTERNAL),
        ({"aadObjectId": ADA.object_id, "tenantId": OTHER_TENANT}, None, PersonKind.EXTERNAL),
        ({"aadObjectId": ADA.object_id, "role": "bot"}, None, PersonKind.BOT),
        ({"aadObjectId": ADA.object_id, "id": "28:app"}, None, PersonKind.BOT),
        ({"aadObjectId": ADA.object_id}, {"is_guest": True}, PersonKind.GUEST),
        ({"aadObjectId": ADA.object_id}, {"tenant": OTHER_TENANT}, PersonKind.EXTERNAL),
        ({"aadObjectId": ADA.object_id}, {"object_id": "0" * 8}, PersonKind.EXTERNAL),
    ],
)
def test_only_an_account_of_the_own_tenant_is_a_member(
    account: dict[str, str], profile: dict[str, Any] | None, kind: PersonKind
) -> None:
    claim = claim_of(Payload({"from": {"id": "29:x", **account}}), tenant=TENANT)
    known: dict[str, Any] = {
        "object_id": ADA.object_id,
        "tenant": TENANT,
        "name": "Ada",
        "is_guest": False,
    }

    found = person(claim, Profile(**{**known, **profile}) if profile else None, home=TENANT)

    assert found.kind is kind


def test_a_person_is_tenant_and_directory_id_never_a_name() -> None:
    body = {"from": {"id": "29:x", "aadObjectId": ADA.object_id.upper(), "name": "The CFO"}}

    found = person(claim_of(Payload(body), tenant=TENANT), None, home=TENANT)

    assert found.principal == ADA.principal


def test_two_tenants_in_one_activity_are_none() -> None:
    both = {"channelData": {"tenant": {"id": TENANT}}, "conversation": {"tenantId": OTHER_TENANT}}

    assert tenant_of(Payload(both)) is None
    assert tenant_of(Payload({"channelData": {"tenant": {"id": TENANT.upper()}}})) == TENANT


@pytest.mark.parametrize("automatic", [False, True])
def test_what_a_client_does_by_itself_is_no_verdict(*, automatic: bool) -> None:
    body = activities.execute(
        ADA,
        GROUP,
        service_url=URL,
        message_id="1",
        verb="approval.approve",
        data={"id": "apr_3", "nonce": "n"},
        automatic=automatic,
    )
    click = read_click(Payload(body))

    assert click is not None
    decided = click.verdict(person(click.claim, None, home=TENANT))
    assert (decided is None) is automatic


def test_a_click_takes_who_and_where_from_the_envelope_and_ids_from_the_card() -> None:
    raw = activities.execute(
        ADA,
        GROUP,
        service_url=URL,
        message_id="17",
        verb="approval.approve",
        data={"id": "apr_1", "nonce": "n", "person": "teams:evil/boss", "surface": "console"},
    )

    click = read_click(Payload(raw))

    assert click is not None
    who = person(click.claim, None, home=click.reference.tenant)
    verdict = click.verdict(who)
    assert verdict is not None
    assert (verdict.approval, verdict.nonce, verdict.surface) == ("apr_1", "n", "teams")
    assert verdict.person.principal == ADA.principal
    assert click.card_id == "17"


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("status", "status"),
        ("Status 12", "Status 12"),
        ("approve 3 it is fine", "approve 3 it is fine"),
        ("approve 1a", "approve 1a"),
        ("reject 3", "reject 3"),
        ("baton", ""),
        ("/baton status 12", "status 12"),
        ("Baton buy laptops", "buy laptops"),
        ("run compare the offers", "run compare the offers"),
        ("help", "help"),
        ("help approve", "help approve"),
        ("help me choose a laptop", None),
        ("cost of 12 laptops", None),
        ("why is the sky blue?", None),
        ("approve the purchase if it is below 10k", None),
        ("Baton, buy laptops", None),
        ("buy 12 laptops", None),
        ("statuses of all runs", None),
        ("", None),
    ],
)
def test_commands_are_told_from_requests(text: str, command: str | None) -> None:
    assert command_line(text) == command


@pytest.mark.parametrize(
    ("url", "trusted"),
    [
        ("https://smba.trafficmanager.net/emea/", True),
        ("https://smba.trafficmanager.net/teams", True),
        ("https://SMBA.trafficmanager.net:443/amer/", True),
        ("https://smba.infra.gcc.teams.microsoft.com/teams", True),
        ("https://webchat.botframework.com/", True),
        ("https://botframework.com/", False),
        ("http://smba.trafficmanager.net/emea/", False),
        ("https://user@smba.trafficmanager.net/", False),
        ("https://smba.trafficmanager.net/?next=x", False),
        ("https://smba.trafficmanager.net#x", False),
        ("https://smba.trafficmanager.net:99999/", False),
        ("https://smba.trafficmanager.net\t.evil.example/", False),
        ("https://smba.trafficmanag\u0435r.net/", False),
        ("https://127.0.0.1/", False),
        ("", False),
    ],
)
def test_only_microsofts_connectors_are_trusted(url: str, trusted: bool) -> None:
    assert ServiceUrls().trusts(url) is trusted


@pytest.mark.parametrize(
    ("url", "trusted"),
    [
        ("http://127.0.0.1:5555/", True),
        ("http://localhost:56150/_connector", True),
        ("http://[::1]:5555/", True),
        ("http://[::ffff:127.0.0.1]:5555/", True),
        ("http://127.0.0.1.evil.example/", False),
        ("https://smba.trafficmanager.net/emea/", False),
        ("http://0.0.0.0:80/", False),
    ],
)
def test_in_loopback_mode_only_this_machine_is_trusted(url: str, trusted: bool) -> None:
    assert ServiceUrls(loopback=True).trusts(url) is trusted


@pytest.mark.parametrize(
    ("sign_in", "email", "proven"),
    [
        ("Ada@Example.com", "ada@example.com", "ada@example.com"),
        ("ada@example.com", "", "ada@example.com"),
        ("ben@example.com", "ada@example.com", ""),
        ("ada@example.com", "ada@gmail.example", ""),
        ("", "ada@example.com", ""),
        ("ada_example.com#EXT#@other.onmicrosoft.com", "ada@example.com", ""),
        ("ada_example.com#EXT#@other.onmicrosoft.com", "", ""),
    ],
)
def test_an_address_is_proven_where_it_is_what_somebody_signs_in_with(
    sign_in: str, email: str, proven: str
) -> None:
    answer = {"userPrincipalName": sign_in, "email": email, "name": "ada@example.com"}

    assert read_profile(Payload(answer)).email == proven
