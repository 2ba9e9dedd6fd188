"""Who a request is made as: basic, bearer and the OAuth 2 grants that need no person."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast
from urllib.parse import urlencode

from runtime.domain.errors import ToolFailed
from runtime.domain.json import Json, JsonObject, object_of
from runtime.workflows.doing import Doing
from runtime.workflows.problem import fault
from runtime.workflows.secrets import secret

_GRANTS = ("client_credentials", "password", "refresh_token")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A scheme with what it needs. They are worked out anew for every request, and kept nowhere."""

    scheme: str
    parameter: str = ""
    """What stands behind the scheme; empty where a token is still to be fetched."""
    oauth: JsonObject | None = None

    def header(self, doing: Doing) -> str:
        """Give the value of the Authorization header; fetches a token where one is needed."""
        if self.oauth is None:
            return f"{self.scheme} {self.parameter}"
        return f"Bearer {_token(doing, self.oauth)}"


def credentials_of(doing: Doing, policy: JsonObject) -> Credentials:
    """Give the credentials that an authentication of the document stands for."""
    if "use" in policy:
        name = str(policy["use"])
        found = doing.act.workflow.use.authentications.get(name)
        if found is None:
            words = f"use.authentications has no {name!r}; add it"
            raise fault("configuration", words, at=doing.task.reference)
        policy = found
    scheme, value = next(iter(policy.items()))
    given = _filled(doing, object_of(value))
    if scheme == "basic":
        pair = f"{given.get('username')}:{given.get('password')}"
        return Credentials(scheme="Basic", parameter=base64.b64encode(pair.encode()).decode())
    if scheme == "bearer":
        return Credentials(scheme="Bearer", parameter=str(given.get("token")))
    if scheme in ("oauth2", "oidc"):
        return Credentials(scheme="Bearer", oauth={**given, "scheme": scheme})
    words = f"{scheme!r} is not supported here; use basic, bearer, oauth2 or oidc"
    raise fault("configuration", words, at=doing.task.reference)


def with_descriptor(doing: Doing, credentials: Credentials) -> Doing:
    """Give the task's scope with ``$authorization`` in it."""
    described: JsonObject = {"scheme": credentials.scheme, "parameter": credentials.parameter}
    return replace(doing, view=doing.view.with_(authorization=described))


def _filled(doing: Doing, value: JsonObject) -> JsonObject:
    if "use" in value:
        act = doing.act
        name, at = str(value["use"]), doing.task.reference
        found = secret(act.workflow, name, act.outfit.secrets, at=at)
        if not isinstance(found, Mapping):
            words = f"the secret {name!r} is no JSON object; set its fields, such as a username"
            raise fault("authentication", words, at=at)
        return found
    return object_of(doing.view.fill(value, doing.data))


def _token(doing: Doing, oauth: JsonObject) -> str:
    at = doing.task.reference
    grant = str(oauth.get("grant"))
    if grant not in _GRANTS:
        words = f"the grant {grant!r} needs a person; use {' or '.join(_GRANTS)}"
        raise fault("configuration", words, at=at)
    client = object_of(oauth.get("client"))
    fields = {
        "grant_type": grant,
        "client_id": client.get("id"),
        "client_secret": client.get("secret"),
        "username": oauth.get("username"),
        "password": oauth.get("password"),
        "scope": " ".join(str(scope) for scope in cast("list[Json]", oauth.get("scopes") or [])),
        "audience": " ".join(str(one) for one in cast("list[Json]", oauth.get("audiences") or [])),
    }
    sent = {name: str(value) for name, value in fields.items() if value}
    encoding = object_of(oauth.get("request")).get("encoding")
    as_json = encoding == "application/json"
    body = json.dumps(sent) if as_json else urlencode(sent)
    kind = "application/json" if as_json else "application/x-www-form-urlencoded"
    http = doing.act.outfit.http
    reply = http.send(
        "POST", _endpoint(doing, oauth), body.encode(), headers={"Content-Type": kind}
    )
    token = object_of(_parsed(reply.body)).get("access_token")
    if reply.status != 200 or not isinstance(token, str):
        words = f"the authority answered {reply.status} and gave no token; check the client"
        raise fault("authentication", words, at=at)
    return token


def _endpoint(doing: Doing, oauth: JsonObject) -> str:
    authority = str(oauth["authority"]).rstrip("/")
    if oauth["scheme"] == "oauth2":
        token = str(object_of(oauth.get("endpoints")).get("token") or "/oauth2/token")
        return f"{authority}/{token.lstrip('/')}"
    well_known = "/.well-known/openid-configuration"
    reply = doing.act.outfit.http.get(authority.removesuffix(well_known) + well_known)
    endpoint = object_of(_parsed(reply.body)).get("token_endpoint")
    if not isinstance(endpoint, str):
        raise ToolFailed(f"{authority!r} names no token endpoint; check the authority")
    return endpoint


def _parsed(body: bytes) -> Json:
    try:
        return cast("Json", json.loads(body))
    except ValueError:
        return None
