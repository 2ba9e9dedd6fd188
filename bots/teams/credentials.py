"""What Microsoft gave the operator, checked before anything starts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from bots.teams.service import ServiceUrls, is_loopback
from runtime.domain.errors import Misconfigured
from runtime.settings import Settings

OPENID_URL = "https://login.botframework.com/v1/.well-known/openidconfiguration"
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_WHERE = "It is on the Azure Bot's page, Configuration."


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamsCredentials:
    """A single-tenant application with what proves that we are it; or nothing, for trying on one
    machine.
    """

    app_id: str = ""
    """Empty in loopback mode: unsigned activities of this machine, and only of it."""
    password: str = field(default="", repr=False)
    certificate: Path | None = None
    """PEM file with a private key and its certificate."""
    managed_identity: bool = False
    """The machine itself is the application: Azure gives it tokens without a secret."""
    tenant_id: str = ""
    openid_url: str = OPENID_URL
    """Where Microsoft publishes the keys it signs with; another one for tests."""
    service_origins: frozenset[str] = frozenset()
    """Connectors beside Microsoft's own, as exact origins; for tests."""

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """Take what the operator set; None where Teams is not wanted.

        Without an application id, Teams is there for this machine alone: only where the server
        listens on loopback.
        """
        if not settings.microsoft_app_id:
            if not is_loopback(settings.host.strip("[]")):
                return None
            return cls(tenant_id=(settings.microsoft_app_tenant_id or "").strip().lower())
        password = settings.microsoft_app_password
        return cls(
            app_id=settings.microsoft_app_id.strip(),
            password=password.get_secret_value().strip() if password else "",
            certificate=settings.microsoft_app_certificate_file,
            managed_identity=settings.microsoft_app_type == "UserAssignedMSI",
            tenant_id=(settings.microsoft_app_tenant_id or "").strip().lower(),
        )

    @property
    def loopback(self) -> bool:
        """Say whether there is no application, so nothing but loopback is let in or called."""
        return not self.app_id

    @property
    def service_urls(self) -> ServiceUrls:
        """Give the connectors that may be called."""
        return ServiceUrls(loopback=self.loopback, origins=self.service_origins)

    def require(self) -> None:
        """Refuse to start what could not tell Microsoft from a stranger, or could not answer.

        Raises:
            Misconfigured: says which setting is missing, and where to find it.
        """
        if self.loopback:
            return
        if not _GUID.fullmatch(self.app_id):
            raise Misconfigured(f"MICROSOFT_APP_ID is {self.app_id!r}, which is no id. {_WHERE}")
        if not _GUID.fullmatch(self.tenant_id):
            raise Misconfigured(
                "MICROSOFT_APP_TENANT_ID is missing or no id: nobody could tell your people from "
                f"strangers. {_WHERE}"
            )
        if self.managed_identity:
            return
        if self.certificate is not None:
            self._require_certificate(self.certificate)
        elif not self.password:
            raise Misconfigured(
                "MICROSOFT_APP_PASSWORD is empty: Baton could not answer anybody. Make a client "
                "secret on the application's page, Certificates & secrets; or name a certificate "
                "in MICROSOFT_APP_CERTIFICATE_FILE."
            )

    def _require_certificate(self, file: Path) -> None:
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Misconfigured(
                f"MICROSOFT_APP_CERTIFICATE_FILE is {str(file)!r}, which cannot be read "
                f"({type(error).__name__}). Name a PEM file that this process may read."
            ) from None
        if "PRIVATE KEY-----" not in text or "BEGIN CERTIFICATE-----" not in text:
            raise Misconfigured(
                f"MICROSOFT_APP_CERTIFICATE_FILE {str(file)!r} must hold a private key and its "
                "certificate, both in PEM. Put the two into one file."
            )
