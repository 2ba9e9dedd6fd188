"""What Slack delivers is read exactly: who, where, what was said, and whether it counts."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bots.slack.identity import Identity, Installation, identity_in_event, installation_in_click
from bots.slack.inbound import Heard, names, read_click, read_command, read_event, readable
from bots.slack.payload import Payload
from bots.slack.people import Claim, Profile, claim_in_interaction, person
from runtime.domain.approval import Verdict
from runtime.domain.conversation import PersonKind

HOME = Installation(team_id="T024")
GRID = Installation(team_id="T024", enterprise_id="E1")
ME = Identity(bot_id="B1", bot_user_id="UBOT", installation=HOME)
MEMBER = Profile(
    team_id="T024",
    enterprise_id="",
    name="Ada",
    is_bot=False,
    is_guest=False,
    is_stranger=False,
    is_deleted=False,
)


def test_a_mention_starts_a_thread_of_its_own() -> None:
    heard = read(mention("<@UBOT> compare the offers"))

    assert heard is not None
    assert heard.text == "compare the offers"
    assert heard.addressed
    message = heard.message(person(heard.claim, HOME, MEMBER))
    assert message.place.key == "C024/1700000000.000100"
    assert message.place.address == {
        "channel": "C024",
        "thread_ts": "1700000000.000100",
        "team": "T024",
    }
    assert message.person.principal == "slack:T024/U061"
    assert message.event_key == "slack:Ev1"
    assert message.also_known_as == "slack:T024:C024:1700000000.000100"


def test_a_mention_in_a_thread_belongs_to_that_thread() -> None:
    heard = read(mention("<@UBOT> go on", thread_ts="1699.1"))

    assert heard is not None
    assert heard.thread_ts == "1699.1"


def test_the_same_message_has_one_second_key_under_two_event_ids() -> None:
    first = read(mention("<@UBOT> hi"))
    second = read(body(event("message", "<@UBOT> hi"), event_id="Ev2"))

    assert first is not None
    assert second is not None
    assert first.event_key != second.event_key
    assert first.also_known_as == second.also_known_as
    assert second.addressed


def test_every_direct_message_starts_a_new_thread() -> None:
    heard = read(message("hello", channel="D1", channel_type="im"))

    assert heard is not None
    assert heard.addressed
    assert heard.thread_ts == "1700000000.000100"


def test_a_reply_in_a_thread_is_heard_but_starts_nothing() -> None:
    heard = read(message("the second one", thread_ts="1699.1"))

    assert heard is not None
    assert not heard.addressed


def test_talk_in_a_channel_is_not_heard() -> None:
    assert read(message("lunch?")) is None


@pytest.mark.parametrize(
    "spoiled",
    [
        {"subtype": "message_changed"},
        {"subtype": "message_deleted"},
        {"subtype": "channel_join"},
        {"subtype": "bot_message"},
        {"bot_id": "B9"},
        {"bot_profile": {"id": "B9"}},
        {"user": "UBOT"},
        {"user": "USLACKBOT"},
        {"user": None},
        {"user": {"id": "U061"}},
        {"hidden": True},
        {"channel": "not a channel!"},
        {"ts": "soon"},
    ],
)
def test_what_no_person_said_is_not_heard(spoiled: dict[str, object]) -> None:
    assert read(message("hello", channel_type="im", **spoiled)) is None


@pytest.mark.parametrize("subtype", ["file_share", "thread_broadcast"])
def test_files_and_shared_replies_are_heard(subtype: str) -> None:
    heard = read(
        message("see this", channel_type="im", subtype=subtype, files=[{"name": "offers.csv"}])
    )

    assert heard is not None
    assert heard.text == "see this\n\n(attached: offers.csv)"


@pytest.mark.parametrize(
    ("wire", "said"),
    [
        ("<@UBOT> hello", "hello"),
        ("hello <@UBOT>", "hello"),
        ("<@UBOT|baton>: hello", ": hello"),
        ("<@UBOT2> hello", "@UBOT2 hello"),
        ("ask <@U9|ben>", "ask @ben"),
        ("in <#C1|general>", "in #general"),
        ("<!here> look", "@here look"),
        ("<!subteam^S1|@ops>", "@ops"),
        ("<https://x.example/?a=1&amp;b=2|x.example>", "https://x.example/?a=1&b=2"),
        ("&lt;@UBOT&gt; &amp;lt;", "<@UBOT> &lt;"),
        ("nul\x00 and \ud800", "nul\ufffd and \ufffd"),
        ("1 < 2", "1 < 2"),
    ],
)
def test_wire_text_becomes_what_was_typed(wire: str, said: str) -> None:
    assert readable(wire, "UBOT") == said


def test_only_the_exact_account_is_named() -> None:
    assert names("<@UBOT> hi", "UBOT")
    assert names("hi <@UBOT|baton>", "UBOT")
    assert not names("<@UBOT2> hi", "UBOT")
    assert not names("&lt;@UBOT&gt;", "UBOT")


@pytest.mark.parametrize(
    ("claim", "installation", "profile", "kind"),
    [
        (Claim(user_id="U1", team_id="T024"), HOME, MEMBER, PersonKind.MEMBER),
        (Claim(user_id="U1", team_id="T024"), HOME, None, PersonKind.MEMBER),
        (Claim(user_id="U1", team_id="T999"), HOME, MEMBER, PersonKind.EXTERNAL),
        (Claim(user_id="U1", team_id=""), HOME, MEMBER, PersonKind.EXTERNAL),
        (Claim(user_id="U1", team_id="T999"), HOME, None, PersonKind.EXTERNAL),
        (
            Claim(user_id="U1", team_id="T024"),
            HOME,
            replace(MEMBER, is_guest=True),
            PersonKind.GUEST,
        ),
        (
            Claim(user_id="U1", team_id="T024"),
            HOME,
            replace(MEMBER, is_stranger=True),
            PersonKind.EXTERNAL,
        ),
        (
            Claim(user_id="U1", team_id="T024"),
            HOME,
            replace(MEMBER, is_deleted=True),
            PersonKind.EXTERNAL,
        ),
        (
            Claim(user_id="U1", team_id="T024"),
            HOME,
            replace(MEMBER, team_id="T999"),
            PersonKind.EXTERNAL,
        ),
        (Claim(user_id="U1", team_id="T024"), HOME, replace(MEMBER, is_bot=True), PersonKind.BOT),
        (
            Claim(user_id="U1", team_id="T777"),
            GRID,
            replace(MEMBER, team_id="T777", enterprise_id="E1"),
            PersonKind.MEMBER,
        ),
        (
            Claim(user_id="U1", team_id="T777"),
            GRID,
            replace(MEMBER, team_id="T777", enterprise_id="E2"),
            PersonKind.EXTERNAL,
        ),
    ],
)
def test_only_people_of_the_installation_are_members(
    claim: Claim, installation: Installation, profile: Profile | None, kind: PersonKind
) -> None:
    assert person(claim, installation, profile).kind is kind


def test_a_principal_of_an_organisation_names_the_organisation() -> None:
    someone = person(Claim(user_id="U1", team_id="T024"), GRID, None)

    assert someone.principal == "slack:E1/U1"


def test_an_outsider_never_gets_a_principal_of_the_house() -> None:
    outsider = person(Claim(user_id="U061", team_id="T999"), HOME, MEMBER)

    assert outsider.principal == "slack:T999/U061"


def test_in_a_shared_channel_the_authors_own_team_counts() -> None:
    shared = body(
        {**event("app_mention", "<@UBOT> hi"), "user_team": "T999", "team": "T999"},
        is_ext_shared_channel=True,
    )

    heard = read(shared)

    assert heard is not None
    assert heard.claim.team_id == "T999"
    assert heard.installation.team_id == "T024"


def test_in_a_shared_channel_an_author_without_a_team_is_external() -> None:
    heard = read(body(event("app_mention", "<@UBOT> hi"), is_ext_shared_channel=True))

    assert heard is not None
    assert person(heard.claim, HOME, None).kind is PersonKind.EXTERNAL


def test_an_event_says_who_the_bot_is_before_slack_was_asked() -> None:
    found = identity_in_event(
        Payload({"authorizations": [{"team_id": "T1", "user_id": "UB", "is_bot": True}]}), None
    )

    assert found is not None
    assert found.bot_user_id == "UB"
    assert found.installation.team_id == "T1"


def test_a_click_counts_for_the_person_in_the_envelope_only() -> None:
    clicked = {
        "user": {"id": "U061", "team_id": "T024", "name": "ada"},
        "team": {"id": "T024"},
        "channel": {"id": "C024"},
        "message": {"ts": "1700.2", "thread_ts": "1700.1", "user": "UBOT"},
        "container": {"is_ephemeral": False},
        "trigger_id": "1.2.3",
        "actions": [
            {
                "action_id": "approval.approve",
                "value": json.dumps(
                    {"id": "apr_1", "nonce": "n", "person": "slack:T024/UBOSS", "verdict": "reject"}
                ),
            }
        ],
    }

    click = read_click(Payload(clicked), installation_in_click(Payload(clicked), ME))

    decide = click.verdict(person(click.claim, click.installation, MEMBER))
    assert decide is not None
    assert decide.person.principal == "slack:T024/U061"
    assert decide.verdict is Verdict.APPROVE
    assert (decide.approval, decide.nonce, decide.surface) == ("apr_1", "n", "slack")
    assert (click.channel, click.thread_ts) == ("C024", "1700.1")


def test_a_right_user_id_under_another_team_is_another_person() -> None:
    claim = claim_in_interaction(Payload({"user": {"id": "U061", "team_id": "T999"}}))

    assert person(claim, HOME, MEMBER).kind is PersonKind.EXTERNAL


@pytest.mark.parametrize(
    "value", ["", "apr_1", "[]", "{}", '{"id":"apr_1"}', '{"id":7,"nonce":"n"}', "[" * 100_000]
)
def test_a_button_without_an_approval_decides_nothing(value: str) -> None:
    click = read_click(
        Payload({"actions": [{"action_id": "approval.approve", "value": value}]}), HOME
    )

    assert click.verdict(person(Claim(user_id="U1", team_id="T024"), HOME, MEMBER)) is None


def test_a_command_is_read_with_its_place() -> None:
    typed = read_command(
        Payload(
            {
                "command": "/baton",
                "text": "status 12 &amp; more",
                "user_id": "U061",
                "team_id": "T024",
                "channel_id": "C024",
                "trigger_id": "1.2.3",
            }
        ),
        HOME,
    )

    assert typed.text == "status 12 & more"
    assert typed.place.key == "C024"
    assert typed.event_key == "slack:command:1.2.3"


def event(kind: str, text: str, **more: object) -> dict[str, object]:
    return {
        "type": kind,
        "user": "U061",
        "text": text,
        "ts": "1700000000.000100",
        "channel": "C024",
        **more,
    }


def body(event: dict[str, object], *, event_id: str = "Ev1", **more: object) -> dict[str, object]:
    return {
        "type": "event_callback",
        "team_id": "T024",
        "event_id": event_id,
        "authorizations": [{"team_id": "T024", "user_id": "UBOT", "is_bot": True}],
        "event": event,
        **more,
    }


def mention(text: str, **more: object) -> dict[str, object]:
    return body(event("app_mention", text, **more))


def message(text: str, **more: object) -> dict[str, object]:
    return body(event("message", text, **more))


def read(payload: dict[str, object]) -> Heard | None:
    wrapped = Payload(payload)
    identity = identity_in_event(wrapped, ME)
    assert identity is not None
    return read_event(wrapped, identity)
