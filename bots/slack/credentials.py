"""What Slack gave the operator, checked before anything starts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from runtime.domain.errors import Misconfigured
from runtime.settings import Settings

DEFAULT_API_URL = "https://slack.com/api/"
_FILES = "https://files.slack.com"
_HOOKS = frozenset({"https://hooks.slack.com", "https://hooks.slack-gov.com"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackCredentials:
    """Secrets stay out of ``repr``, and so out of logs and error texts."""

    signing_secret: str = field(repr=False)
    bot_token: str = field(repr=False)
    app_token: str = field(default="", repr=False)
    """Set for Socket Mode."""
    client_id: str = ""
    """Set with the client secret where many workspaces install the app by OAuth."""
    client_secret: str = field(default="", repr=False)
    api_url: str = DEFAULT_API_URL
    """Base URL of the Web API; another one for tests and proxies."""
    may_keep_tokens: bool = True
    """Whether there is a key to seal the tokens of workspaces that install the app."""
    addresses: bool = False
    """Whether members' e-mail addresses are asked for, because accounts are linked by them."""

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """Take what the operator set; None where nothing of Slack is set, so Slack is not wanted.

        What is set by half is refused by ``require_events`` and ``require_posting``.
        """
        secrets = (
            settings.slack_signing_secret,
            settings.slack_bot_token,
            settings.slack_app_token,
            settings.slack_client_secret,
        )
        given = any(secret and secret.get_secret_value() for secret in secrets)
        if not given and not settings.slack_client_id:
            return None
        signing_secret, bot_token, app_token, client_secret = (
            secret.get_secret_value().strip() if secret else "" for secret in secrets
        )
        return cls(
            signing_secret=signing_secret,
            bot_token=bot_token,
            app_token=app_token,
            client_id=settings.slack_client_id or "",
            client_secret=client_secret,
            api_url=settings.slack_api_url,
            may_keep_tokens=bool(settings.secret_keys),
            addresses=bool(settings.email_domains),
        )

    def require_events(self) -> None:
        """Refuse to start a front that could not tell Slack from a stranger.

        Raises:
            Misconfigured: a secret is missing; says which, and where to find it.
        """
        if not self.signing_secret and not self.app_token:
            raise Misconfigured(
                "SLACK_SIGNING_SECRET is empty: nobody could tell Slack's requests from forged "
                "ones. Copy it from your app's page, Basic Information, App Credentials."
            )
        if bool(self.client_id) != bool(self.client_secret):
            raise Misconfigured(
                "of SLACK_CLIENT_ID and SLACK_CLIENT_SECRET one is empty: copy both from your "
                "app's page, Basic Information, App Credentials"
            )
        if self.client_id and not self.bot_token and not self.may_keep_tokens:
            raise Misconfigured(
                "BATON_SECRET_KEYS is not set: no token of a workspace that installs the app could "
                "be kept. Make a key with: openssl rand -hex 32"
            )
        self.require_posting()

    def require_posting(self) -> None:
        """Refuse to start a courier that Slack would not let speak."""
        if not self.bot_token and not self.client_id:
            raise Misconfigured(
                "SLACK_BOT_TOKEN is empty: Baton could not answer anybody. Copy the bot token "
                "(xoxb-…) from your app's page, OAuth & Permissions."
            )
        if urlsplit(self.api_url).scheme not in ("http", "https"):
            raise Misconfigured(
                f"SLACK_API_URL is {self.api_url!r}: write an http or https URL, such as "
                f"{DEFAULT_API_URL}"
            )

    @property
    def base_url(self) -> str:
        """Give the API's base URL with the slash at its end that the client expects."""
        return self.api_url.rstrip("/") + "/"

    def may_answer_at(self, url: str) -> bool:
        """Say whether a ``response_url`` leads to Slack; anything else is never called."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if self.base_url != DEFAULT_API_URL:
            api = urlsplit(self.base_url)
            if origin == f"{api.scheme}://{api.netloc}":
                return True
        return origin in _HOOKS

    def may_upload_to(self, url: str) -> bool:
        """Say whether an upload's address is Slack's; bytes of a run go nowhere else."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if self.base_url != DEFAULT_API_URL:
            api = urlsplit(self.base_url)
            return origin in (f"{api.scheme}://{api.netloc}", _FILES)
        return origin == _FILES
