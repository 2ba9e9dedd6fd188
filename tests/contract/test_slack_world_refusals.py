"""What Slack refuses, the simulated Slack refuses and records."""

from __future__ import annotations

import json
import warnings

import pytest

from tests.worlds.slack.asking import client_of, refused, ts_of
from tests.worlds.slack.cast import (
    ADA,
    BEN,
    GENERAL,
)
from tests.worlds.slack.conformance import needs_data
from tests.worlds.slack.listener import Listener
from tests.worlds.slack.payload import table, tables, text
from tests.worlds.slack.samples import card, modal, section
from tests.worlds.slack.world import SlackWorld

pytest_plugins = ["tests.worlds.slack.fixtures"]


BAD_BLOCKS: dict[str, tuple[object, str]] = {
    "too many blocks": ([{"type": "divider"}] * 51, "invalid_blocks"),
    "too many characters": (
        [section(text={"type": "mrkdwn", "text": "y" * 2900})] * 5,
        "msg_blocks_too_long",
    ),
    "long section": ([section(text={"type": "mrkdwn", "text": "y" * 3001})], "invalid_blocks"),
    "long field": (
        [{"type": "section", "fields": [{"type": "mrkdwn", "text": "y" * 2001}]}],
        "invalid_blocks",
    ),
    "long header": (
        [{"type": "header", "text": {"type": "plain_text", "text": "y" * 151}}],
        "invalid_blocks",
    ),
    "empty text": ([section(text={"type": "mrkdwn", "text": ""})], "invalid_blocks"),
    "wrong text object": (
        [{"type": "header", "text": {"type": "mrkdwn", "text": "y"}}],
        "invalid_blocks",
    ),
    "unknown property": ([section(colour="red")], "invalid_blocks"),
    "unknown block": ([{"type": "fireworks"}], "invalid_blocks"),
    "null block": ([None], "invalid_blocks"),
    "repeated block id": ([section(block_id="a"), section(block_id="a")], "invalid_blocks"),
    "alert in a message": (
        [{"type": "alert", "text": {"type": "plain_text", "text": "x"}}],
        "invalid_blocks",
    ),
    "confirm without deny": (
        [
            {
                "type": "actions",
                "elements": [
                    {
                        "type": "button",
                        "action_id": "a",
                        "text": {"type": "plain_text", "text": "Go"},
                        "confirm": {
                            "title": {"type": "plain_text", "text": "Sure?"},
                            "text": {"type": "plain_text", "text": "Really?"},
                            "confirm": {"type": "plain_text", "text": "Yes"},
                        },
                    }
                ],
            }
        ],
        "invalid_blocks",
    ),
    "long button label": (card("y" * 76), "invalid_blocks"),
    "repeated action id": (
        [
            {
                "type": "actions",
                "elements": [
                    {
                        "type": "button",
                        "action_id": "same",
                        "text": {"type": "plain_text", "text": label},
                    }
                    for label in ("One", "Two")
                ],
            }
        ],
        "invalid_blocks",
    ),
    "too much markdown": (
        [{"type": "markdown", "text": "y" * 6001}, {"type": "markdown", "text": "y" * 6001}],
        "invalid_blocks",
    ),
}


OUT_OF_SHAPE = {"wrong text object", "unknown property", "unknown block"}


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, marks=needs_data if case in OUT_OF_SHAPE else ()) for case in BAD_BLOCKS],
)
def test_blocks_that_slack_refuses_are_refused_and_recorded(
    slack_world: SlackWorld, case: str
) -> None:
    blocks, error = BAD_BLOCKS[case]

    answered = refused(
        lambda: client_of(slack_world).chat_postMessage(
            channel=GENERAL, text="x", blocks=json.dumps(blocks)
        )
    )

    assert answered == error
    assert slack_world.violations[0].rule == error
    assert slack_world.messages(GENERAL) == []


def plain(written: str) -> dict[str, object]:
    return {"type": "plain_text", "text": written}


GOOD_BLOCKS: dict[str, dict[str, object]] = {
    "image": {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a"},
    "fields": {"type": "section", "fields": [plain("a"), {"type": "mrkdwn", "text": "*b*"}]},
    "markdown": {"type": "markdown", "text": "**x**"},
    "card": {"type": "card", "title": {"type": "mrkdwn", "text": "x"}},
    "table": {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}]]},
    "plan": {
        "type": "plan",
        "title": "Plan",
        "tasks": [{"type": "task_card", "task_id": "a", "title": "Do", "status": "pending"}],
    },
    "preformatted": {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "{}"}]}
        ],
    },
    "feedback": {
        "type": "context_actions",
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": "run.feedback",
                "positive_button": {"text": plain("Good"), "value": "good"},
                "negative_button": {"text": plain("Bad"), "value": "bad"},
            }
        ],
    },
}


@pytest.mark.parametrize("case", GOOD_BLOCKS)
def test_blocks_that_slack_takes_are_taken(slack_world: SlackWorld, case: str) -> None:
    blocks = json.dumps([GOOD_BLOCKS[case]])

    client_of(slack_world).chat_postMessage(channel=GENERAL, text="x", blocks=blocks)

    assert slack_world.violations == []


def test_properties_newer_than_the_schemas_pass(slack_world: SlackWorld) -> None:
    blocks = card()
    elements = tables(table(json.loads(json.dumps(blocks[2])))["elements"])
    elements[0]["visible_to_user_ids"] = [ADA, BEN]

    client_of(slack_world).chat_postMessage(
        channel=GENERAL, text="x", blocks=[*blocks[:2], {"type": "actions", "elements": elements}]
    )

    assert slack_world.violations == []


@needs_data
def test_unknown_and_missing_arguments_are_recorded(slack_world: SlackWorld) -> None:
    client = client_of(slack_world)

    client.chat_postMessage(channel=GENERAL, text="x", colour="red")
    missing = refused(lambda: client.api_call("chat.postMessage", json={"text": "x"}))

    assert missing == "invalid_arguments"
    assert [violation.rule for violation in slack_world.violations] == [
        "unknown_argument",
        "invalid_arguments",
    ]


def test_text_limits_differ_between_post_and_update(slack_world: SlackWorld) -> None:
    client = client_of(slack_world)
    long = "y" * 4001

    posted = client.chat_postMessage(channel=GENERAL, text=long)
    updating = refused(lambda: client.chat_update(channel=GENERAL, ts=ts_of(posted), text=long))

    assert updating == "msg_too_long"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert refused(lambda: client.chat_postMessage(channel=GENERAL)) == "no_text"


@pytest.mark.parametrize(
    "fault",
    [
        {"title": {"type": "plain_text", "text": "y" * 25}},
        {"private_metadata": "y" * 3001},
        {"submit": None},
        {"blocks": []},
        pytest.param({"colour": "red"}, marks=needs_data),
    ],
)
def test_views_that_slack_refuses_are_refused(
    slack_app: Listener, fault: dict[str, object]
) -> None:
    slack_app.world.shortcut(ADA, "run.new")
    view = {name: value for name, value in modal(**fault).items() if value is not None}

    opening = refused(
        lambda: client_of(slack_app.world).views_open(
            trigger_id=text(slack_app.heard[0]["trigger_id"]), view=view
        )
    )

    assert opening == "invalid_arguments"
    assert slack_app.world.violations
