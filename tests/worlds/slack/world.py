"""``SlackWorld``: a simulated Slack as tests hold it in their hands."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Concatenate, Generic, ParamSpec, Self, TypeVar

from tests.worlds.slack.cast import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET
from tests.worlds.slack.control import control_routes
from tests.worlds.slack.far_side import Inside, Outside
from tests.worlds.slack.loop_thread import LoopThread
from tests.worlds.slack.server import Server
from tests.worlds.slack.values import Call, Violation
from tests.worlds.slack.wishes import Wishes

_LONGEST_NAP_SECONDS = 0.1
"""What is waited for may also happen outside the world, which cannot wake anybody."""

P = ParamSpec("P")
T = TypeVar("T")


class Asked(Generic[P, T]):
    """A wish about to be made: call it to block, ``await x.soon(…)`` where a loop runs."""

    def __init__(
        self,
        world: SlackWorld,
        wish: Callable[Concatenate[Wishes, P], Coroutine[object, object, T]],
    ) -> None:
        self._world = world
        self._wish = wish

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._world.loop.run(self._wish(self._world.wishes, *args, **kwargs))

    async def soon(self, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._world.loop.soon(self._wish(self._world.wishes, *args, **kwargs))


class Wish(Generic[P, T]):
    """Offers one of ``Wishes`` on a ``SlackWorld``."""

    def __init__(
        self, wish: Callable[Concatenate[Wishes, P], Coroutine[object, object, T]]
    ) -> None:
        self._wish = wish
        self.__doc__ = wish.__doc__

    def __get__(self, world: SlackWorld, owner: type[SlackWorld] | None = None) -> Asked[P, T]:
        return Asked(world, self._wish)


class SlackWorld:
    """A Slack of our own, in this process or another one.

    Every method blocks; from async code use its awaitable form: ``await world.mention.soon(…)``.
    Close it, or use it as a context manager.
    """

    signing_secret = SIGNING_SECRET
    bot_token = BOT_TOKEN
    app_token = APP_TOKEN

    def __init__(self, *, loop: LoopThread, wishes: Wishes, url: str) -> None:
        self.loop = loop
        self.wishes = wishes
        self.url = url

    @classmethod
    def start(cls, *, port: int = 0) -> Self:
        """Run a new world on a background thread of this process."""
        loop = LoopThread("slack-world")
        server = loop.run(started_server(port))
        return cls(loop=loop, wishes=Wishes(Inside(server)), url=server.url)

    @classmethod
    def connect(cls, url: str) -> Self:
        """Hold a world that ``python -m tests.worlds.slack`` runs elsewhere."""
        return cls(loop=LoopThread("slack-world-client"), wishes=Wishes(Outside(url)), url=url)

    @property
    def api_url(self) -> str:
        """The base URL for Slack clients."""
        return f"{self.url}/api/"

    @property
    def calls(self) -> list[Call]:
        return self.calls_of()

    @property
    def violations(self) -> list[Violation]:
        return self.loop.run(self.wishes.violations())

    def until(self, found: Callable[[], T | None], *, timeout_seconds: float = 90.0) -> T:
        """Give what ``found`` gives as soon as it is neither None, False nor empty.

        Raises:
            TimeoutError: it never was; the message shows the threads there are.
        """
        deadline = time.monotonic() + timeout_seconds
        version = -1
        while True:
            version = self.changed_since(version, 0.0)
            result = found()
            if result:
                return result
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"it did not happen; the world shows:\n{self.plain_all()}")
            self.changed_since(version, min(left, _LONGEST_NAP_SECONDS))

    async def until_soon(self, found: Callable[[], T | None], *, timeout_seconds: float = 90) -> T:
        """Wait as ``until`` does, from async code; ``found`` may use the blocking methods."""
        return await asyncio.to_thread(self.until, found, timeout_seconds=timeout_seconds)

    def plain_all(self) -> str:
        """Write every thread as text."""
        roots = [item for item in self.messages() if item.thread_ts in (None, item.ts)]
        return "\n\n".join(f"{item.channel}: {self.plain(item.channel, item.ts)}" for item in roots)

    def close(self) -> None:
        self.loop.run(self.wishes.far_side.close())
        self.loop.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    calls_of = Wish(Wishes.calls)
    messages = Wish(Wishes.messages)
    thread = Wish(Wishes.thread)
    message = Wish(Wishes.message)
    revisions = Wish(Wishes.revisions)
    ephemerals = Wish(Wishes.ephemerals)
    cards = Wish(Wishes.cards)
    views = Wish(Wishes.views)
    home = Wish(Wishes.home)
    sessions = Wish(Wishes.sessions)
    status_line = Wish(Wishes.status_line)
    execution = Wish(Wishes.execution)
    file = Wish(Wishes.file)
    unfurls = Wish(Wishes.unfurls)
    plain = Wish(Wishes.plain)
    readable = Wish(Wishes.readable)
    changed_since = Wish(Wishes.changed_since)

    mention = Wish(Wishes.mention)
    say = Wish(Wishes.say)
    reply = Wish(Wishes.reply)
    direct_message = Wish(Wishes.direct_message)
    edit = Wish(Wishes.edit)
    delete = Wish(Wishes.delete)
    react = Wish(Wishes.react)
    click = Wish(Wishes.click)
    click_view = Wish(Wishes.click_view)
    slash = Wish(Wishes.slash)
    submit_view = Wish(Wishes.submit_view)
    close_view = Wish(Wishes.close_view)
    shortcut = Wish(Wishes.shortcut)
    message_shortcut = Wish(Wishes.message_shortcut)
    open_home = Wish(Wishes.open_home)
    stop_session = Wish(Wishes.stop_session)
    run_function = Wish(Wishes.run_function)
    emit = Wish(Wishes.emit)
    verify_url = Wish(Wishes.verify_url)
    limit_app = Wish(Wishes.limit_app)
    post_raw = Wish(Wishes.post_raw)

    target = Wish(Wishes.target)
    configure = Wish(Wishes.configure)
    fault = Wish(Wishes.fault)
    clear_faults = Wish(Wishes.clear_faults)
    pass_time = Wish(Wishes.pass_time)
    hold = Wish(Wishes.hold)
    release = Wish(Wishes.release)
    add_team = Wish(Wishes.add_team)
    join = Wish(Wishes.join)
    grant = Wish(Wishes.grant)
    revoke = Wish(Wishes.revoke)
    put_user = Wish(Wishes.put_user)
    put_channel = Wish(Wishes.put_channel)
    put_group = Wish(Wishes.put_group)
    connections = Wish(Wishes.connections)
    disconnect_sockets = Wish(Wishes.disconnect_sockets)
    abort_sockets = Wish(Wishes.abort_sockets)


async def started_server(port: int) -> Server:
    """Start a world on the running loop, its control routes included."""
    server = Server()
    await server.start(port=port, extra_routes=control_routes(server))
    return server
