"""What proves to Entra that we are the application: a secret, a certificate, or the machine."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol, cast

from bots.teams.credentials import TeamsCredentials

_AUTHORITY = "https://login.microsoftonline.com/"
_TIMEOUT_SECONDS = 10.0


class Identity(Protocol):
    """Asks for tokens. Blocks; may be called from any thread, one call at a time."""

    def acquire(self, resource: str) -> object:
        """Give what was answered: ``access_token`` and ``expires_in``, or ``error``."""
        ...

    def forget(self) -> None:
        """Keep no token of an earlier answer."""
        ...


class Application:
    """A single-tenant application, through MSAL, with its secret or its certificate."""

    def __init__(self, credentials: TeamsCredentials, *, http_client: object = None) -> None:
        """``http_client`` is MSAL's port to the network; its own where None."""
        self._credentials = credentials
        self._http_client = http_client
        self._application: object = None

    def acquire(self, resource: str) -> object:
        """Ask with the client credentials grant."""
        # Late: a process without Teams never loads it.
        import msal

        if self._application is None:
            self._application = msal.ConfidentialClientApplication(
                self._credentials.app_id,
                client_credential=_proof(self._credentials),
                authority=_AUTHORITY + self._credentials.tenant_id,
                # The authority is Microsoft's own: nobody needs to be asked whether it is.
                instance_discovery=False,
                http_client=self._http_client,
                timeout=_TIMEOUT_SECONDS if self._http_client is None else None,
            )
        application = cast("msal.ConfidentialClientApplication", self._application)
        return cast("object", application.acquire_token_for_client([f"{resource}/.default"]))

    def forget(self) -> None:
        """Drop MSAL's cache; a certificate that was replaced is read again."""
        self._application = None


class ManagedIdentity:
    """A user-assigned identity of the machine, which Azure's own endpoint gives tokens to."""

    def __init__(self, client_id: str, *, http_client: object = None) -> None:
        self._client_id = client_id
        self._http_client = http_client
        self._client: object = None

    def acquire(self, resource: str) -> object:
        """Ask the machine's identity endpoint."""
        import msal

        if self._client is None:
            self._client = msal.ManagedIdentityClient(
                msal.UserAssignedManagedIdentity(client_id=self._client_id),
                http_client=self._http_client or _patient_session(),
            )
        client = cast("msal.ManagedIdentityClient", self._client)
        return cast("object", client.acquire_token_for_client(resource=resource))

    def forget(self) -> None:
        """Drop MSAL's cache."""
        self._client = None


def identity_of(credentials: TeamsCredentials, *, http_client: object = None) -> Identity:
    """Choose by what the operator set."""
    if credentials.managed_identity:
        return ManagedIdentity(credentials.app_id, http_client=http_client)
    return Application(credentials, http_client=http_client)


def _proof(credentials: TeamsCredentials) -> str | Mapping[str, str]:
    file: Path | None = credentials.certificate
    if file is None:
        return credentials.password
    text = file.read_text(encoding="utf-8")
    # MSAL takes the thumbprint, SHA-256, from the certificate.
    return {"private_key": text, "public_certificate": text}


def _patient_session() -> object:
    # MSAL's own dependency; by itself it would wait for ever.
    import requests

    session = requests.Session()
    cast("Any", session).request = partial(session.request, timeout=_TIMEOUT_SECONDS)
    return session
