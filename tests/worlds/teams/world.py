"""The simulated Teams, as tests hold it: sync, on loops and a port of its own."""

from __future__ import annotations

import io
import json
import time
import urllib.parse
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.error import HTTPError

import aiohttp
from aiohttp import web

from bots.teams.credentials import TeamsCredentials
from tests.worlds.slack.loop_thread import LoopThread
from tests.worlds.teams import activities
from tests.worlds.teams.cards import Button, buttons, inputs_of, readable
from tests.worlds.teams.cast import APP_ID, PASSWORD, TENANT, Chat, Member
from tests.worlds.teams.connector import Connector, Fault, Posted
from tests.worlds.teams.signing import Signer

T = TypeVar("T")

_LOGIN = "https://login.microsoftonline.com"
_MACHINE = "http://169.254.169.254"
_LOOK_SECONDS = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the bot's endpoint answered."""

    status: int
    body: Any
    activity: dict[str, Any]


@dataclass(slots=True)
class TeamsWorld:
    """One tenant with the bot in it. ``endpoint`` is where the bot listens."""

    connector: Connector
    loop: LoopThread
    endpoint: str = ""
    views: dict[tuple[str, str], dict[str, Any]] = field(
        default_factory=dict[tuple[str, str], dict[str, Any]]
    )
    """Cards that one person alone sees: by person and message."""
    told: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """What a press answered in words, by person."""
    _session: aiohttp.ClientSession | None = None

    @property
    def url(self) -> str:
        """Give the serviceUrl, with the slash at its end that Teams gives it."""
        return f"{self.connector.url}/"

    @property
    def credentials(self) -> TeamsCredentials:
        """Give what the operator would copy from Azure."""
        return TeamsCredentials(
            app_id=APP_ID,
            password=PASSWORD,
            tenant_id=TENANT,
            openid_url=f"{self.connector.url}/v1/.well-known/openidconfiguration",
            service_origins=frozenset({self.connector.url}),
        )

    def say(self, person: Member, chat: Chat, text: str, *, mention: bool | None = None) -> Answer:
        """Write something; outside a personal chat, to the bot."""
        named = chat.kind != "personal" if mention is None else mention
        return self.deliver(
            activities.message(person, chat, text, service_url=self.url, mention=named)
        )

    def press(
        self,
        person: Member,
        message: Posted,
        verb: str,
        chat: Chat,
        *,
        inputs: dict[str, str] | None = None,
    ) -> Answer:
        """Press a button of the card as this person sees it now; its answer becomes their view."""
        card = self.seen_by(person, message)
        button = self.button(person, message, verb)
        data = {**button.data, **self._typed(button, card, inputs or {})}
        answer = self.deliver(
            activities.execute(
                person,
                chat,
                service_url=self.url,
                message_id=message.id,
                verb=verb,
                data=data,
            )
        )
        return self._shown(person, message, answer)

    def press_old(
        self,
        person: Member,
        message: Posted,
        verb: str,
        chat: Chat,
        *,
        inputs: dict[str, str] | None = None,
    ) -> Answer:
        """Press a button in a client that knows no ``Action.Execute``."""
        card = self.seen_by(person, message)
        button = self.button(person, message, verb)
        data = {**button.fallback["data"], **self._typed(button, card, inputs or {})}
        return self.deliver(
            activities.submit(person, chat, service_url=self.url, message_id=message.id, data=data)
        )

    def look(self, person: Member, message: Posted, chat: Chat) -> Answer:
        """Let the card come into somebody's view, which asks the bot for the present one."""
        action = self.seen_by(person, message)["refresh"]["action"]
        answer = self.deliver(
            activities.execute(
                person,
                chat,
                service_url=self.url,
                message_id=message.id,
                verb=action["verb"],
                data=action["data"],
                automatic=True,
            )
        )
        return self._shown(person, message, answer)

    def seen_by(self, person: Member, message: Posted) -> dict[str, Any]:
        """Give the card as one person sees it."""
        return self.views.get((person.id, message.id)) or message.card

    def button(self, person: Member, message: Posted, verb: str) -> Button:
        """Give a button one person sees."""
        found = [one for one in buttons(self.seen_by(person, message)) if one.verb == verb]
        assert len(found) == 1, f"{len(found)} buttons say {verb}"
        return found[0]

    def deliver(
        self,
        activity: Any,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Send an activity, signed as Microsoft does unless a test says otherwise."""
        given = {"Content-Type": "application/json", **(headers or {})}
        if token is None and self.connector.signed:
            token = self.connector.signer.token(self.url)
        if token:
            given.setdefault("Authorization", f"Bearer {token}")
        raw = activity if isinstance(activity, bytes) else json.dumps(activity).encode()
        status, body = self.loop.run(self._post(raw, given))
        return Answer(
            status=status, body=body, activity={} if isinstance(activity, bytes) else activity
        )

    def fault(
        self,
        method: str,
        part: str = "",
        *,
        status: int = 0,
        after: bool = False,
        retry_after: str = "",
        code: str = "ServiceError",
        location: str = "",
    ) -> None:
        """Let the next such request fail; without a status the line is cut."""
        self.connector.wishes.append(
            Fault(
                method=method,
                part=part,
                status=status,
                after=after,
                retry_after=retry_after,
                code=code,
                location=location,
            )
        )

    def messages(self, chat: Chat | str) -> list[Posted]:
        """Give the bot's messages in a conversation, oldest first."""
        conversation = chat if isinstance(chat, str) else chat.id
        return [one for one in self.connector.messages if one.conversation == conversation]

    def message(self, chat: Chat | str, part: str) -> Posted:
        """Wait for the one message in a conversation whose card now holds these words."""

        def only() -> Posted | None:
            found = [one for one in self.messages(chat) if part in readable(one.card)]
            assert len(found) < 2, f"{len(found)} messages hold {part!r}"
            return found[0] if found else None

        return self.until(only)

    def told_privately(self, person: Member, part: str) -> Posted:
        """Wait for words in somebody's own chat with the bot."""

        def heard() -> Posted | None:
            chats = [chat for chat, user in self.connector.chats.items() if user == person.id]
            found = [one for chat in chats for one in self.messages(chat)]
            return next((one for one in found if part in readable(one.card)), None)

        return self.until(heard)

    def until(self, found: Callable[[], T | None], *, seconds: float = 90.0) -> T:
        """Give what ``found`` gives as soon as it is something."""
        deadline = time.monotonic() + seconds
        while True:
            result = found()
            if result:
                return result
            if time.monotonic() > deadline:
                said = [readable(one.card)[:200] for one in self.connector.messages]
                raise TimeoutError(f"it did not happen; said so far: {said}")
            time.sleep(_LOOK_SECONDS)

    def msal_http(self) -> MsalHttp:
        """Give MSAL's way to this world's token endpoint."""
        return MsalHttp(self.connector.url)

    async def open(self) -> None:
        """Listen."""
        runner = web.AppRunner(self.connector.application(), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.connector.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self._runner = runner
        self._session = aiohttp.ClientSession()

    async def close(self) -> None:
        """Listen no more."""
        if self._session is not None:
            await self._session.close()
        await self._runner.cleanup()

    _runner: web.AppRunner = field(init=False)

    async def _post(self, raw: bytes, headers: dict[str, str]) -> tuple[int, Any]:
        assert self._session is not None
        async with self._session.post(
            self.endpoint, data=io.BytesIO(raw), headers=headers
        ) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text else None

    def _typed(
        self, button: Button, card: dict[str, Any], inputs: dict[str, str]
    ) -> dict[str, Any]:
        if not button.takes_inputs:
            return {}
        fields = inputs_of(card, button.verb)
        filled = {one["id"]: one["value"] for one in fields if "value" in one} | inputs
        must = [one["id"] for one in fields if one.get("isRequired")]
        missing = [name for name in must if filled.get(name) in (None, "")]
        assert not missing, f"the client does not send this card: {missing} must be filled in"
        return filled

    def _shown(self, person: Member, message: Posted, answer: Answer) -> Answer:
        body = answer.body
        if answer.status == 200 and body["type"].endswith("card.adaptive"):
            self.views[person.id, message.id] = body["value"]
        elif answer.status == 200 and body["type"].endswith("activity.message"):
            self.told[person.id].append(body["value"])
        return answer


class MsalHttp:
    """The port MSAL calls the network through, with Microsoft's host led to the world."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.requests: list[str] = []

    def get(self, url: str, params: Any = None, headers: Any = None, **_: Any) -> MsalAnswer:
        """Fetch."""
        asked = f"{url}?{urllib.parse.urlencode(params)}" if params else url
        return self._ask(asked, None, headers)

    def post(
        self, url: str, params: Any = None, data: Any = None, headers: Any = None, **_: Any
    ) -> MsalAnswer:
        """Send a form."""
        return self._ask(url, urllib.parse.urlencode(data or {}).encode(), headers)

    def close(self) -> None:
        """Keep nothing open."""

    def _ask(self, url: str, data: bytes | None, headers: Any) -> MsalAnswer:
        self.requests.append(url)
        host = next(one for one in (_LOGIN, _MACHINE) if url.startswith(one))
        request = urllib.request.Request(
            url.replace(host, self._url, 1), data=data, headers=headers or {}
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return MsalAnswer(answer.status, answer.read().decode(), dict(answer.headers))
        except HTTPError as error:
            return MsalAnswer(error.code, error.read().decode(), dict(error.headers))


@dataclass(frozen=True, slots=True)
class MsalAnswer:
    """What MSAL reads of an answer."""

    status_code: int
    text: str
    headers: dict[str, str]

    def raise_for_status(self) -> None:
        """Raise as the usual library does."""
        if self.status_code >= 400:
            raise OSError(f"HTTP {self.status_code}")


@contextmanager
def teams_world(*, signed: bool = True) -> Generator[TeamsWorld]:
    """Run a Teams; ``signed`` False is Microsoft's playground on this machine, without keys."""
    loop = LoopThread("teams-world")
    world = TeamsWorld(Connector(Signer(), signed), loop)
    loop.run(world.open())
    try:
        yield world
    finally:
        loop.run(world.close())
        loop.stop()
