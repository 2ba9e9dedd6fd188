"""Installing the app into a workspace or an organisation, from a link, by OAuth.

https://docs.slack.dev/authentication/installing-with-oauth
"""

from __future__ import annotations

import base64
import hmac
import logging
from collections.abc import Mapping
from html import escape
from typing import cast
from urllib.parse import urlencode, urljoin

import aiohttp
from aiohttp import web
from slack_bolt.async_app import AsyncAck, AsyncApp

from bots.bridge import Bridge
from bots.slack.api import SlackApi
from bots.slack.credentials import SlackCredentials
from bots.slack.manifest import INSTALL_PATH, REDIRECT_PATH
from bots.slack.payload import Payload
from bots.slack.speaking import installation_in
from bots.slack.surface import scopes
from bots.slack.tokens import InstalledTokens, Register
from bots.slack.trouble import spell_trouble
from runtime.domain.json import JsonObject

log = logging.getLogger(__name__)

_COOKIE = "baton_slack_install"
_STATE_SECONDS = 600
_LONGEST_CODE = 500


class Installs:
    """Two pages and two events: in, and out again."""

    def __init__(
        self,
        credentials: SlackCredentials,
        api: SlackApi,
        tokens: InstalledTokens,
        *,
        register: Register,
        bridge: Bridge,
    ) -> None:
        self._credentials = credentials
        self._api = api
        self._tokens = tokens
        self._register = register
        self._bridge = bridge

    def mount(self, application: web.Application) -> None:
        """Add the two pages."""
        application.router.add_get(INSTALL_PATH, self.begin)
        application.router.add_get(REDIRECT_PATH, self.finish)

    def register(self, app: AsyncApp) -> None:
        """Hear of those who remove the app."""
        app.event("app_uninstalled")(self.removed)
        app.event("tokens_revoked")(self.revoked)

    async def begin(self, request: web.Request) -> web.StreamResponse:
        """Send a browser to Slack, with a state that is good once and in this browser only."""
        state = await self._bridge(self._register.begin_install, "slack")
        asked = urlencode(
            {
                "client_id": self._credentials.client_id,
                "scope": ",".join(scopes(addresses=self._credentials.addresses)),
                "state": state,
            }
        )
        there = f"{urljoin(self._credentials.base_url, '../oauth/v2/authorize')}?{asked}"
        answer = web.Response(status=302, headers={"Location": there})
        answer.set_cookie(
            _COOKIE,
            state,
            max_age=_STATE_SECONDS,
            path=REDIRECT_PATH,
            httponly=True,
            secure=request.headers.get("X-Forwarded-Proto", request.scheme) == "https",
            samesite="Lax",
        )
        return answer

    async def finish(self, request: web.Request) -> web.StreamResponse:
        """Take Slack's code for a token, once, and keep it sealed."""
        state, code = request.query.get("state", ""), request.query.get("code", "")
        kept = request.cookies.get(_COOKIE, "")
        if not state or not hmac.compare_digest(state.encode(), kept.encode()):
            return _page(
                400, "This link was not opened in the browser that began the installation."
            )
        if not await self._bridge(self._register.end_install, "slack", state):
            return _page(400, "This link was used already, or is too old. Begin again.")
        if not code or len(code) > _LONGEST_CODE:
            return _page(400, "Slack did not install the app. Nothing was changed.")
        try:
            answer = await self._exchange(code)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            log.error("an installation failed: %s", spell_trouble(error))
            return _page(502, "Slack did not answer. Begin again.")
        problem = await self._keep(answer)
        if problem:
            return _page(400, problem)
        return _page(200, "Baton is installed. Invite it to a channel, and mention it.")

    async def removed(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Forget the token of whoever removed the app."""
        await self._drop(Payload(body))
        await ack()

    async def revoked(self, body: Mapping[str, object], ack: AsyncAck) -> None:
        """Forget the bot's token where it was revoked; people's tokens we do not have."""
        payload = Payload(body)
        if payload.items("event", "tokens", "bot"):
            await self._drop(payload)
        await ack()

    async def _drop(self, body: Payload) -> None:
        there = installation_in(body)
        granted = next(iter(body.items("authorizations")), Payload(None))
        whole = granted.flag("is_enterprise_install") or not there.team_id
        workspace = there.enterprise_id if whole and there.enterprise_id else there.team_id
        await self._bridge(self._register.drop_installation, "slack", workspace)
        self._tokens.forget()

    async def _exchange(self, code: str) -> Payload:
        url = urljoin(self._credentials.base_url, "oauth.v2.access")
        login = f"{self._credentials.client_id}:{self._credentials.client_secret}".encode()
        headers = {"Authorization": f"Basic {base64.b64encode(login).decode()}"}
        async with self._api.session().post(
            url, data={"code": code}, headers=headers, allow_redirects=False
        ) as answer:
            return Payload(cast("object", await answer.json(content_type=None)))

    async def _keep(self, answer: Payload) -> str:
        token = answer.text("access_token")
        whole = answer.flag("is_enterprise_install")
        workspace = answer.identifier("enterprise" if whole else "team", "id")
        if not answer.flag("ok") or not token.startswith("xoxb-") or not workspace:
            log.warning("Slack refused an installation: %s", answer.text("error")[:80])
            return "Slack refused to install the app. Begin again, or ask whoever runs Baton."
        secret: JsonObject = {"token": token, "bot_user_id": answer.identifier("bot_user_id")}
        await self._bridge(
            self._register.keep_installation,
            "slack",
            workspace,
            secret,
            by=answer.identifier("authed_user", "id"),
        )
        self._tokens.forget()
        return ""


def _page(status: int, words: str) -> web.Response:
    text = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Baton</title>'
        '<body style="font: 1.1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto;'
        f' padding: 0 1rem"><h1>Baton</h1><p>{escape(words)}</p>'
    )
    return web.Response(
        status=status,
        text=text,
        content_type="text/html",
        headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"},
    )
