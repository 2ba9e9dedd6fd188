"""What the operator set is taken as it is, or refused with what to do."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from bots.slack.credentials import SlackCredentials
from runtime.domain.errors import Misconfigured
from runtime.settings import Settings


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


def settings(
    *, signing: str = "", bot: str = "", app: str = "", url: str = "https://slack.com/api/"
) -> Settings:
    return Settings.model_construct(
        slack_signing_secret=SecretStr(signing),
        slack_bot_token=SecretStr(bot) if bot else None,
        slack_app_token=SecretStr(app) if app else None,
        slack_api_url=url,
    )
