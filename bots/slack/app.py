"""The front: bolt behind the edge, with our own identity, client and listeners."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse

from bots.bridge import Bridge
from bots.door import Door
from bots.slack.api import CallError, SlackApi, quiet_logger
from bots.slack.before_deciding import BeforeDeciding
from bots.slack.clicks import Clicks
from bots.slack.controls import Controls
from bots.slack.credentials import SlackCredentials
from bots.slack.directory import Directory
from bots.slack.doors import Doors
from bots.slack.edge import Body, Edge
from bots.slack.groups import Groups
from bots.slack.hand import Hand
from bots.slack.home_tab import HomeTab
from bots.slack.identity import Identity, read_identity
from bots.slack.install import Installs
from bots.slack.listeners import Listeners, NotTakenError
from bots.slack.manifest import EVENTS_PATH
from bots.slack.payload import Payload
from bots.slack.reachable import Reachable
from bots.slack.reassigning import Reassigning
from bots.slack.rest import Rest
from bots.slack.run_dialog import RunDialog
from bots.slack.skipping import Skipping
from bots.slack.socket import SocketFront
from bots.slack.speaking import installation_in, speak_for
from bots.slack.stop_button import StopButton
from bots.slack.switchboard import Switchboard
from bots.slack.tokens import InstalledTokens, Register
from bots.slack.trouble import spell_trouble
from bots.slack.unfurls import Unfurls
from bots.slack.viewing import Viewing
from bots.slack.whisper import Whisper
from runtime.domain.ports import Clock

log = logging.getLogger(__name__)

_LONGEST_PAUSE_SECONDS = 60.0


class SlackFront:
    """Takes what Slack sends, over HTTP and, with an app token, over a socket.

    ``mount`` before the application starts; it starts and stops with the application.
    """

    def __init__(
        self,
        credentials: SlackCredentials,
        runtime: Door,
        bridge: Bridge,
        *,
        clock: Clock,
        register: Register | None = None,
    ) -> None:
        credentials.require_events()
        self._credentials = credentials
        self._clock = clock
        self._identity: Identity | None = None
        self._asking: asyncio.Task[None] | None = None
        self._installs: Installs | None = None
        if credentials.bot_token or register is None:
            self._api = SlackApi(credentials)
        else:
            tokens = InstalledTokens(register, bridge)
            self._api = SlackApi(credentials, tokens)
            self._installs = Installs(
                credentials, self._api, tokens, register=register, bridge=bridge
            )
        self._whisper = Whisper(self._api, credentials)
        self._app = self._bolt()
        self._socket = SocketFront(self._app, credentials) if credentials.app_token else None
        self._reachable = Reachable(self._api, runtime, bridge)
        switchboard = Switchboard(
            runtime=runtime,
            bridge=bridge,
            api=self._api,
            directory=Directory(self._api),
            groups=Groups(self._api),
            reachable=self._reachable,
            whisper=self._whisper,
            whoami=lambda: self._identity,
        )
        hand, dialog, viewing = Hand(switchboard), RunDialog(switchboard), Viewing(switchboard)
        for each in (
            Listeners(switchboard, dialog),
            Clicks(hand),
            BeforeDeciding(hand),
            Reassigning(hand),
            Controls(hand),
            Skipping(hand),
            Doors(hand, dialog, viewing),
            HomeTab(hand),
            StopButton(switchboard),
            viewing,
            Unfurls(switchboard),
            *([self._installs] if self._installs else []),
            Rest(hand),
        ):
            each.register(self._app)

    @property
    def identity(self) -> Identity | None:
        """Give who Baton is in Slack; None until Slack has said so once."""
        return self._identity

    def mount(self, application: web.Application) -> None:
        """Add ``POST /slack/events``, and live as long as the application does."""
        if self._credentials.signing_secret:
            edge = Edge(
                secret=self._credentials.signing_secret, clock=self._clock, then=self._dispatch
            )
            application.router.add_post(EVENTS_PATH, edge.handle)
        if self._installs is not None:
            self._installs.mount(application)
        application.on_startup.append(self._started)
        application.on_cleanup.append(self._stopped)

    async def start(self) -> None:
        """Learn who Baton is, in the background, and open the socket where there is one."""
        self._api.session()
        if self._credentials.bot_token:
            self._asking = asyncio.get_running_loop().create_task(self._learn_identity())
        if self._socket is not None:
            await self._socket.start()

    async def stop(self) -> None:
        """Take nothing more, let what is being said be said, and hang up."""
        if self._asking is not None:
            self._asking.cancel()
        if self._socket is not None:
            await self._socket.stop()
        await self._whisper.close()
        await self._reachable.close()
        await self._api.close()

    async def _started(self, _: web.Application) -> None:
        await self.start()

    async def _stopped(self, _: web.Application) -> None:
        await self.stop()

    def _bolt(self) -> AsyncApp:
        # A closure: bolt hands a bound method's ``self`` over as an unknown argument.
        async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
            known = self._identity
            return AuthorizeResult(
                enterprise_id=enterprise_id,
                team_id=team_id,
                # Calls take their token from the installation they are made for.
                bot_token=self._credentials.bot_token or "xoxb-of-the-installation",
                bot_id=known.bot_id if known else None,
                bot_user_id=known.bot_user_id if known else None,
            )

        app = AsyncApp(
            name="baton",
            # Its warnings print parts of requests.
            logger=quiet_logger("bots.slack.bolt", level=logging.ERROR),
            client=self._api.web,
            # The stock authorisers ask Slack before they let an event in, and drop it when Slack
            # does not answer; this one knows already.
            authorize=authorize,
            # Answer after the work: a listener that fails answers 500, and Slack comes again.
            process_before_response=True,
            raise_error_for_unhandled_request=False,
            # The edge has verified the bytes.
            request_verification_enabled=False,
            # Nothing here talks through what these would attach to every request.
            attaching_conversation_kwargs_enabled=False,
            attaching_function_token_enabled=False,
        )
        app.error(_failed)
        app.use(_speak)
        return app

    async def _dispatch(self, body: Body) -> web.Response:
        if body.get("type") == "app_rate_limited":
            log.warning("Slack delivers no more events of a workspace for this minute")
            return web.Response()
        # Given as a dict, so that bolt parses nothing: it takes a command whose text holds the
        # word "payload" for an empty one.
        try:
            request = AsyncBoltRequest(mode="socket_mode", body=dict(body))
            answer = await self._app.async_dispatch(request)
        except (TypeError, AttributeError, LookupError, ValueError) as error:
            # bolt looks for ids wherever they may be, and trusts what it finds there.
            log.error("a Slack request could not be read: %s", spell_trouble(error))
            return web.json_response({"error": "unexpected_shape"}, status=400)
        if answer.status == 404:
            log.warning("nobody listens to a request of type %r", str(body.get("type"))[:40])
            return web.Response()
        content_type = (answer.headers.get("content-type") or ["text/plain"])[0]
        return web.Response(
            status=answer.status,
            text=answer.body,
            content_type=content_type.partition(";")[0],
        )

    async def _learn_identity(self) -> None:
        """Ask until Slack answers; until then, the signed envelopes say for whom they came."""
        pause = 1.0
        while self._identity is None:
            try:
                self._identity = read_identity(await self._api.call("auth.test"))
                problem = "the token is no bot's"
            except CallError as fault:
                problem = fault.code
            if self._identity is None:
                log.error(
                    "Slack did not say who Baton is (%s); asked again in %d s. "
                    "If it stays so, check SLACK_BOT_TOKEN.",
                    problem,
                    pause,
                )
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


async def _speak(
    body: Mapping[str, object],
    next: Callable[[], Awaitable[object]],
) -> None:
    """Let everything this request causes be said with the token of whoever it came from."""
    speak_for(installation_in(Payload(body)))
    await next()


async def _failed(error: Exception) -> BoltResponse:
    if isinstance(error, NotTakenError):
        log.error("an event was not taken, Slack delivers it again: %s", error)
        return BoltResponse(status=500, body={"error": "unavailable"})
    # Delivered again, it would fail again.
    log.error("a Slack request could not be read: %s", spell_trouble(error))
    return BoltResponse(status=400, body={"error": "unexpected_shape"})
