"""Every setting, read from the environment and ``.env``; nothing else reads either."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from dotenv import dotenv_values
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from runtime.domain.budget import Budget
from runtime.domain.personal import Personal
from runtime.domain.retention import Periods

DOTENV = ".env"


class Settings(BaseSettings):
    """What a deployment decides. ``.env.example`` lists the same names, a test keeps them equal."""

    model_config = SettingsConfigDict(
        env_file=DOTENV, env_ignore_empty=True, extra="ignore", frozen=True, populate_by_name=True
    )

    database_url: str | None = Field(default=None, alias="BATON_DATABASE_URL")
    """SQLite file or PostgreSQL; a file below BATON_HOME where it is not set."""
    redis_url: str | None = Field(default=None, alias="BATON_REDIS_URL")
    """Redis for the queue; in this process where it is not set."""
    agents_path: Path = Field(default=Path("agents"), alias="BATON_AGENTS_PATH")
    """Folder of agents, policy, models and MCP servers."""
    home: Path = Field(default=Path(".baton"), alias="BATON_HOME")
    """Folder for the SQLite file and data files of tools."""
    host: str = Field(default="127.0.0.1", alias="BATON_HOST")
    """Address the server listens on."""
    port: int = Field(default=8484, alias="BATON_PORT", ge=0, le=65535)
    """Port the server listens on."""
    model: str | None = Field(default=None, alias="BATON_MODEL")
    """One LiteLLM model for every tier, such as ``openai/gpt-5``; models.yaml where not set."""
    worker_threads: int = Field(default=8, alias="BATON_WORKER_THREADS", ge=1, le=256)
    """Steps a worker process carries out at once."""
    lease_seconds: float = Field(default=15.0, alias="BATON_LEASE_SECONDS", ge=1, le=30)
    """How long a worker may be silent before its steps are given to another."""
    sweep_seconds: float = Field(default=2.0, alias="BATON_SWEEP_SECONDS", ge=0.05, le=5)
    """How often due timers and lost rings are looked for."""
    console_token: SecretStr | None = Field(default=None, alias="BATON_CONSOLE_TOKEN")
    """Lets browsers on other machines use the console; only this machine where not set."""
    http_allow: Annotated[tuple[str, ...], NoDecode] = Field(default=(), alias="BATON_HTTP_ALLOW")
    """Private ``host:port`` places, separated by commas, that HTTP tools may reach."""
    run_usd: float = Field(default=5.0, alias="BATON_RUN_USD", gt=0)
    """Money one run may spend on models, in US dollars."""
    run_tokens: int = Field(default=500_000, alias="BATON_RUN_TOKENS", gt=0)
    """Tokens one run may use."""
    run_seconds: float = Field(default=2_592_000, alias="BATON_RUN_SECONDS", gt=0)
    """Time one run may take, waiting for people included."""
    audit_key: Path | None = Field(default=None, alias="BATON_AUDIT_KEY")
    """File of the key that signs the audit; ``audit.key`` in BATON_HOME where not set."""
    audit_anchors: Path | None = Field(default=None, alias="BATON_AUDIT_ANCHORS")
    """File that signed heads are added to, best on another disk; in BATON_HOME where not set."""
    audit_anchor_seconds: float = Field(default=600.0, alias="BATON_AUDIT_ANCHOR_SECONDS", gt=0)
    """How often the audit's head is put on record in that file and told to its conversations."""
    audit_bucket: str | None = Field(default=None, alias="BATON_AUDIT_BUCKET")
    """Bucket that signed heads are put into as well, over S3, each once and never written over:
    ``https://HOST/BUCKET/FOLDER``."""
    audit_bucket_region: str = Field(default="us-east-1", alias="BATON_AUDIT_BUCKET_REGION")
    """The bucket's region."""
    audit_bucket_key_id: str | None = Field(default=None, alias="BATON_AUDIT_BUCKET_KEY_ID")
    """Access key that may put, get and list there."""
    audit_bucket_secret: SecretStr | None = Field(default=None, alias="BATON_AUDIT_BUCKET_SECRET")
    """That key's secret."""
    keep_audit_days: float = Field(default=2557, alias="BATON_KEEP_AUDIT_DAYS", gt=0)
    """How long the facts of audit records are kept; their hashes stay for ever."""
    keep_transcript_days: float = Field(default=30, alias="BATON_KEEP_TRANSCRIPT_DAYS", gt=0)
    """How long what agents were given and gave back is kept after a run's end."""
    keep_run_days: float = Field(default=180, alias="BATON_KEEP_RUN_DAYS", gt=0)
    """How long requests, answers, approvals and messages are kept after a run's end; that there was
    a run, and what it cost, stays."""
    keep_file_days: float = Field(default=180, alias="BATON_KEEP_FILE_DAYS", gt=0)
    """How long files of a run are kept after its end."""
    keep_memory_days: float | None = Field(default=None, alias="BATON_KEEP_MEMORY_DAYS", gt=0)
    """How long facts that agents remember are kept; until somebody forgets them where not set."""
    keep_event_days: float = Field(default=30, alias="BATON_KEEP_EVENT_DAYS", gt=0)
    """How long events are kept that everybody has looked at."""
    api_tokens: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        default=(), alias="BATON_API_TOKENS"
    )
    """``TOKEN=PERSON`` pairs, separated by commas: programs with the token start workflows and send
    events as that person, such as ``slack:T024/U061`` or ``http:local/shop``."""
    emit_url: str | None = Field(default=None, alias="BATON_EMIT_URL")
    """Address to which events that workflows emit are posted as well, as CloudEvents; one on a
    private network must be in BATON_HTTP_ALLOW."""
    emit_token: SecretStr | None = Field(default=None, alias="BATON_EMIT_TOKEN")
    """Bearer token that goes along there."""
    container_engine: str | None = Field(default=None, alias="BATON_CONTAINER_ENGINE")
    """Program that runs the containers of workflows: its name or path. Unset looks for docker, then
    podman; ``off`` runs none."""
    container_network: str = Field(default="none", alias="BATON_CONTAINER_NETWORK")
    """Network of the engine that these containers are in; ``none`` gives them none."""
    container_seconds: float = Field(default=300, alias="BATON_CONTAINER_SECONDS", gt=0)
    """Seconds after which a container is killed."""
    secret_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        default=(), alias="BATON_SECRET_KEYS"
    )
    """Keys of 32 characters or more, separated by commas, that seal stored secrets; the newest
    comes first."""
    hide: Annotated[tuple[Personal, ...], NoDecode] = Field(
        default=(Personal.CARD,), alias="BATON_HIDE"
    )
    """Personal data that is taken out of what people say, tools return and models answer, before it
    is stored, logged, shown or told to a model: card, iban, email, phone, separated by commas."""
    log_level: str = Field(default="INFO", alias="BATON_LOG_LEVEL")
    """DEBUG, INFO, WARNING or ERROR."""
    slack_signing_secret: SecretStr | None = Field(default=None, alias="SLACK_SIGNING_SECRET")
    """Proves that a request came from Slack; needed for ``/slack/events``."""
    slack_bot_token: SecretStr | None = Field(default=None, alias="SLACK_BOT_TOKEN")
    """``xoxb-…``; needed to speak in Slack."""
    slack_app_token: SecretStr | None = Field(default=None, alias="SLACK_APP_TOKEN")
    """``xapp-…``; set it to use Socket Mode instead of ``/slack/events``."""
    slack_client_id: str | None = Field(default=None, alias="SLACK_CLIENT_ID")
    """The app's client id; set it to let many workspaces install the app by ``/slack/install``."""
    slack_client_secret: SecretStr | None = Field(default=None, alias="SLACK_CLIENT_SECRET")
    """The app's client secret, for the same."""
    slack_api_url: str = Field(default="https://slack.com/api/", alias="SLACK_API_URL")
    """Base URL of Slack's Web API, for proxies and tests."""
    slack_streams: bool = Field(default=True, alias="BATON_SLACK_STREAM")
    """Whether answers may grow before people's eyes in Slack; ``off`` posts all of them whole."""
    microsoft_app_id: str | None = Field(default=None, alias="MICROSOFT_APP_ID")
    """The bot's Entra application id."""
    microsoft_app_password: SecretStr | None = Field(default=None, alias="MICROSOFT_APP_PASSWORD")
    """The application's client secret."""
    microsoft_app_certificate_file: Path | None = Field(
        default=None, alias="MICROSOFT_APP_CERTIFICATE_FILE"
    )
    """PEM file with a private key and its certificate; instead of the client secret."""
    microsoft_app_type: str = Field(
        default="SingleTenant",
        alias="MICROSOFT_APP_TYPE",
        pattern="^(SingleTenant|UserAssignedMSI)$",
    )
    """``SingleTenant``, or ``UserAssignedMSI`` for a managed identity, which needs no secret."""
    microsoft_app_tenant_id: str | None = Field(default=None, alias="MICROSOFT_APP_TENANT_ID")
    """The application's tenant."""
    public_url: str | None = Field(
        default=None, alias="BATON_PUBLIC_URL", pattern=r"^https?://[^\s/]+\S*$"
    )
    """Where people's browsers reach this server, such as ``https://baton.example.com``; with
    ``BATON_SECRET_KEYS``, Teams links files of runs there, for minutes."""
    link_email_domains: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), alias="BATON_LINK_EMAIL_DOMAINS"
    )
    """Domains of your own, separated by commas: accounts in Slack and Teams whose confirmed address
    there is the same are one person's. Not set: addresses link nobody."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let code name the fields, and the environment only our variables.

        By field name too, ``home`` would be read from HOME and ``port`` from PORT.
        """
        del settings_cls, file_secret_settings
        by_alias = cls.model_config.copy()
        by_alias["populate_by_name"] = False
        for source in (env_settings, dotenv_settings):
            source.config = by_alias
        return init_settings, env_settings, dotenv_settings

    @field_validator(
        "http_allow", "secret_keys", "api_tokens", "hide", "link_email_domains", mode="before"
    )
    @classmethod
    def _places(cls, given: object) -> object:
        if not isinstance(given, str):
            return given
        return tuple(place.strip() for place in given.split(",") if place.strip())

    @property
    def database(self) -> str:
        """Give the database's URL."""
        return self.database_url or f"sqlite:///{(self.home / 'baton.sqlite').absolute()}"

    @property
    def budget(self) -> Budget:
        """Give the caps of one run."""
        return Budget(usd=self.run_usd, tokens=self.run_tokens, seconds=self.run_seconds)

    @property
    def seal_keys(self) -> tuple[str, ...]:
        """Give the keys that seal stored secrets, newest first."""
        return tuple(key.get_secret_value() for key in self.secret_keys)

    @property
    def email_domains(self) -> frozenset[str]:
        """Give the domains whose addresses link accounts."""
        return frozenset(one.lower().lstrip("@") for one in self.link_email_domains)

    @property
    def periods(self) -> Periods:
        """Give how long each class of data is kept."""
        memories = self.keep_memory_days
        return Periods(
            transcript=timedelta(days=self.keep_transcript_days),
            files=timedelta(days=self.keep_file_days),
            words=timedelta(days=self.keep_run_days),
            memories=None if memories is None else timedelta(days=memories),
            events=timedelta(days=self.keep_event_days),
        )

    @property
    def embedded(self) -> bool:
        """Tell whether everything happens in one process on this machine."""
        return self.redis_url is None

    @property
    def signing_key(self) -> Path:
        """Give the file of the key that signs the audit."""
        return self.audit_key or self.home / "audit.key"

    @property
    def anchors(self) -> Path:
        """Give the file that the audit's heads are added to."""
        return self.audit_anchors or self.home / "audit-anchors.jsonl"

    @property
    def data(self) -> Path:
        """Give the folder of data files for tools."""
        return self.home / "data"


def environment() -> Mapping[str, str]:
    """Give the environment with ``.env`` beneath it: where tools' secrets and model keys are."""
    beneath = {name: value for name, value in dotenv_values(DOTENV).items() if value}
    return {**beneath, **os.environ}


def tool_environment() -> Mapping[str, str]:
    """Give what tools may be handed secrets from: never Baton's own or a chat's."""
    return {
        name: value
        for name, value in environment().items()
        if not name.startswith(("BATON_", "SLACK_", "MICROSOFT_"))
    }


def export_model_keys() -> None:
    """Put what ``.env`` says into the process environment, where LiteLLM looks for its keys."""
    for name, value in tool_environment().items():
        os.environ.setdefault(name, value)
