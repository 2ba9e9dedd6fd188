"""What the operator set is taken as it is, or refused with what to do."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from bots.slack.credentials import SlackCredentials
from bots.terminal.checks.slack import slack
from runtime.domain.errors import Misconfigured
from runtime.settings import Settings
from tests.worlds.slack.cast import CLIENT_ID, CLIENT_SECRET
from tests.worlds.slack.world import SlackWorld

pytest_plugins = ["tests.worlds.slack.fixtures"]

KEYS = (SecretStr("a-key-that-is-long-enough-for-this"),)


def test_where_nothing_of_slack_is_set_slack_is_not_wanted() -> None:
    assert SlackCredentials.of(settings()) is None


def test_everything_set_is_taken() -> None:
    credentials = SlackCredentials.of(
        settings(signing="s3cret", bot="xoxb-1", app="xapp-1", url="http://127.0.0.1:9/api")
    )

    assert credentials is not None
    credentials.require_events()
    assert credentials.signing_secret == "s3cret"
    assert credentials.bot_token == "xoxb-1"
    assert credentials.app_token == "xapp-1"
    assert credentials.base_url == "http://127.0.0.1:9/api/"


@pytest.mark.parametrize(
    ("signing", "bot", "named"),
    [("", "xoxb-1", "SLACK_SIGNING_SECRET"), ("s3cret", "", "SLACK_BOT_TOKEN")],
)
def test_what_is_set_by_half_is_refused_by_name_and_without_the_secret(
    signing: str, bot: str, named: str
) -> None:
    credentials = SlackCredentials.of(settings(signing=signing, bot=bot))
    assert credentials is not None

    with pytest.raises(Misconfigured, match=named) as refused:
        credentials.require_events()

    assert "s3cret" not in refused.value.public
    assert "xoxb-1" not in refused.value.public


def test_a_base_url_that_is_none_is_refused() -> None:
    credentials = SlackCredentials.of(settings(signing="s", bot="xoxb-1", url="slack.example"))
    assert credentials is not None

    with pytest.raises(Misconfigured, match="SLACK_API_URL"):
        credentials.require_events()


def test_a_front_that_could_not_keep_tokens_lets_nobody_install() -> None:
    credentials = SlackCredentials.of(
        settings(signing="s3cret").model_copy(update=oauth(client="1.2", secret="c", keys=()))
    )
    assert credentials is not None

    with pytest.raises(Misconfigured, match="BATON_SECRET_KEYS"):
        credentials.require_events()


@pytest.mark.parametrize(
    ("signing", "client", "secret", "keys", "wrong"),
    [
        ("s3cret", CLIENT_ID, CLIENT_SECRET, KEYS, []),
        ("", CLIENT_ID, "", (), ["SLACK_SIGNING_SECRET", "BATON_SECRET_KEYS", "CLIENT_SECRET"]),
        ("s3cret", "", CLIENT_SECRET, KEYS, ["SLACK_CLIENT_ID"]),
        ("s3cret", CLIENT_ID, "of another app", KEYS, ["bad_client_secret"]),
        ("s3cret", CLIENT_ID, CLIENT_SECRET, (), ["BATON_SECRET_KEYS"]),
        ("s3cret", "", "", KEYS, ["SLACK_BOT_TOKEN"]),
    ],
)
def test_the_doctor_says_what_installing_by_link_lacks(
    slack_world: SlackWorld,
    signing: str,
    client: str,
    secret: str,
    keys: tuple[SecretStr, ...],
    wrong: list[str],
) -> None:
    given = settings(signing=signing, url=slack_world.api_url).model_copy(
        update=oauth(client=client, secret=secret, keys=keys)
    )

    found = [one for one in slack(given, needed=[]) if not one.ok]

    assert len(found) == len(wrong)
    for check, words in zip(found, wrong, strict=True):
        assert words in check.line()
        assert check.todo
        assert "of another app" not in check.line()


def test_the_doctor_tells_that_a_slack_does_not_answer() -> None:
    given = settings(signing="s3cret", url="http://127.0.0.1:9/api").model_copy(
        update=oauth(client="1.2", secret="c", keys=KEYS)
    )

    (check,) = slack(given, needed=[])

    assert "no answer from http://127.0.0.1:9/api" in check.detail


def test_the_doctor_tells_which_of_two_ways_is_not_used(slack_world: SlackWorld) -> None:
    given = settings(
        signing="s3cret", bot=slack_world.bot_token, url=slack_world.api_url
    ).model_copy(update=oauth(client="1.2", secret="c", keys=KEYS))

    found = slack(given, needed=[])

    assert all(one.ok for one in found)
    assert "SLACK_CLIENT_ID is not used" in found[-1].line()


def oauth(*, client: str, secret: str, keys: tuple[SecretStr, ...]) -> dict[str, object]:
    return {
        "slack_client_id": client,
        "slack_client_secret": SecretStr(secret),
        "secret_keys": keys,
    }


def settings(
    *, signing: str = "", bot: str = "", app: str = "", url: str = "https://slack.com/api/"
) -> Settings:
    return Settings.model_construct(
        slack_signing_secret=SecretStr(signing),
        slack_bot_token=SecretStr(bot) if bot else None,
        slack_app_token=SecretStr(app) if app else None,
        slack_client_id=None,
        slack_client_secret=None,
        slack_api_url=url,
    )
