"""Many workspaces, one Baton: installed from a link, each with its own token, and removed again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from bots.manifests import slack_scopes
from bots.terminal.checks.slack_installed import MOST_WORKSPACES, slack_installed
from runtime.domain.errors import Misconfigured
from runtime.door.install import Installing
from runtime.storage.channel_tables import installation
from runtime.storage.seal import Seal
from tests.worlds.product import Product, product
from tests.worlds.scene import Scene
from tests.worlds.slack.cast import CLIENT_ID, CLIENT_SECRET, OTHER_TEAM, TEAM
from tests.worlds.slack.oauth import code_for
from tests.worlds.slack.world import SlackWorld

KEYS = "a-first-key-that-is-long-enough-for-this"
ORGANISATION = "E0ORG"
BUY = "Buy 12 laptops from the best vendor"
OTHER_CHANNEL, OTHER_PERSON, OTHER_BOT = "C0OTHER", "U0OTHERADA", "U0BATONOTHER"


@pytest.fixture
def domains() -> str:
    return ""


@pytest.fixture
def scene(tmp_path: Path, domains: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """Give the product without any token of its own."""
    monkeypatch.setenv("BATON_LINK_EMAIL_DOMAINS", domains)
    with (
        SlackWorld.start() as world,
        product(
            tmp_path / "home",
            world=world,
            slack_bot_token=None,
            slack_client_id=CLIENT_ID,
            slack_client_secret=CLIENT_SECRET,
            secret_keys=KEYS,
        ) as running,
    ):
        world.put_user(OTHER_PERSON, OTHER_TEAM, name="oda")
        world.put_channel(OTHER_CHANNEL, OTHER_TEAM, members=[OTHER_BOT, OTHER_PERSON])
        yield Scene(running, world)


async def begin(url: str, browser: aiohttp.ClientSession) -> URL:
    """Follow the link as far as Slack; give where it leads."""
    async with browser.get(f"{url}/slack/install", allow_redirects=False) as answer:
        assert answer.status == 302
        return URL(answer.headers["Location"])


async def finish(url: str, browser: aiohttp.ClientSession, **query: str) -> tuple[int, str]:
    async with browser.get(f"{url}/slack/oauth_redirect", params=query) as answer:
        return answer.status, await answer.text()


def browsing() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))


async def install(running: Product, team: str, *, number: int = 1) -> tuple[int, str]:
    async with browsing() as browser:
        there = await begin(running.url, browser)
        code = code_for(team, number=number)
        return await finish(running.url, browser, state=there.query["state"], code=code)


async def test_two_workspaces_install_it_and_each_is_answered_with_its_own_token(
    scene: Scene,
) -> None:
    for team in (TEAM, OTHER_TEAM):
        status, page = await install(scene.product, team)
        assert status == 200
        assert "Baton is installed" in page

    asked = await scene.world.mention.soon("U061ADA", "C0GENERAL", "Order 3 docking stations")
    other = await scene.world.say.soon(
        OTHER_PERSON, OTHER_CHANNEL, f"<@{OTHER_BOT}> Order 3 docking stations"
    )

    for channel, ts, team in (
        ("C0GENERAL", asked.ts, TEAM),
        (OTHER_CHANNEL, other.ts, OTHER_TEAM),
    ):
        card = await scene.world.until_soon(
            lambda channel=channel, ts=ts: scene.cards(ts, "Run ", channel=channel)
        )
        assert card[0].raw["team"] == team
    posts = {call.team for call in await scene.world.calls_of.soon("chat.postMessage")}
    assert posts == {TEAM, OTHER_TEAM}
    assert scene.world.violations == []


async def test_what_is_stored_is_sealed_and_an_old_key_can_be_retired(scene: Scene) -> None:
    await install(scene.product, TEAM)
    database = scene.product.runtime.database
    with database.read() as connection:
        stored = connection.execute(installation.select()).mappings().all()
    assert "xoxb" not in str(stored)

    clock = scene.product.clock
    for keys in (["n" * 40, KEYS], ["n" * 40]):
        again = Installing(database=database, clock=clock, seal=Seal(keys))
        found = again.find("slack", [TEAM])
        assert found is not None
        assert found["token"] == scene.world.bot_token
    with pytest.raises(Misconfigured, match="BATON_SECRET_KEYS"):
        Installing(database=database, clock=clock, seal=Seal([KEYS])).find("slack", [TEAM])


async def test_a_link_is_good_once_and_in_the_browser_that_began(scene: Scene) -> None:
    url = scene.product.url
    async with browsing() as browser, browsing() as another:
        there = await begin(url, browser)
        state = there.query["state"]
        assert there.path == "/oauth/v2/authorize"
        assert there.query["client_id"] == CLIENT_ID
        assert "chat:write" in there.query["scope"]

        stolen = await finish(url, another, state=state, code=code_for(TEAM))
        first = await finish(url, browser, state=state, code=code_for(TEAM))
        again = await finish(url, browser, state=state, code=code_for(TEAM, number=2))

    assert stolen[0] == 400
    assert first[0] == 200
    assert again[0] == 400
    assert "used already" in again[1]


@pytest.mark.parametrize("domains", ["", "example.com"])
async def test_a_link_asks_for_addresses_only_where_accounts_are_linked_by_them(
    scene: Scene, domains: str
) -> None:
    async with browsing() as browser:
        there = await begin(scene.product.url, browser)

    asked = there.query["scope"].split(",")
    assert asked == slack_scopes(scene.product.settings)
    assert ("users:read.email" in asked) is bool(domains)


@pytest.mark.parametrize("query", [{}, {"error": "access_denied"}, {"code": "code-for-NOBODY.1"}])
async def test_what_slack_refuses_installs_nothing(scene: Scene, query: dict[str, str]) -> None:
    async with browsing() as browser:
        there = await begin(scene.product.url, browser)
        status, page = await finish(scene.product.url, browser, state=there.query["state"], **query)

    assert status == 400
    assert "<h1>Baton</h1>" in page
    assert scene.product.runtime.installation("slack", [TEAM]) is None


@pytest.mark.parametrize(
    ("event", "stays"),
    [
        ({"type": "app_uninstalled"}, False),
        ({"type": "tokens_revoked", "tokens": {"bot": [OTHER_BOT]}}, False),
        ({"type": "tokens_revoked", "tokens": {"oauth": ["U061ADA"]}}, True),
    ],
)
async def test_who_removes_the_app_is_forgotten(
    scene: Scene, event: dict[str, object], stays: bool
) -> None:
    for team in (TEAM, OTHER_TEAM):
        await install(scene.product, team)

    await scene.world.emit.soon(event, OTHER_TEAM)  # pyright: ignore[reportArgumentType] - a plain event

    runtime = scene.product.runtime
    assert (runtime.installation("slack", [OTHER_TEAM]) is not None) is stays
    assert runtime.installation("slack", [TEAM]) is not None


async def test_an_organisations_token_speaks_for_its_workspaces(scene: Scene) -> None:
    runtime = scene.product.runtime
    runtime.keep_installation("slack", "E0ORG", {"token": "xoxb-of-the-organisation"}, by="U1")

    found = runtime.installation("slack", ["T0ANYWHERE", "E0ORG"])

    assert found is not None
    assert found["token"] == "xoxb-of-the-organisation"
    assert runtime.installation("slack", ["T0ANYWHERE"]) is None


async def test_an_organisation_installs_it_for_all_of_its_workspaces(scene: Scene) -> None:
    world = scene.world
    await world.join.soon(OTHER_TEAM, ORGANISATION)
    assert (await install(scene.product, ORGANISATION))[0] == 200
    assert scene.product.runtime.installation("slack", [OTHER_TEAM]) is None

    asked = await world.say.soon(OTHER_PERSON, OTHER_CHANNEL, f"<@{OTHER_BOT}> {BUY}")
    card = await asyncio.to_thread(scene.approval_card, asked.ts, channel=OTHER_CHANNEL)
    typed = await world.slash.soon(OTHER_PERSON, OTHER_CHANNEL, "status 1")
    await world.click.soon(OTHER_PERSON, card, "approval.approve")
    view = await asyncio.to_thread(scene.product.until_ended)

    assert "Run #1" in typed.body
    assert view.run.workspace == ORGANISATION
    assert view.approvals[0].decided_by == f"slack:{ORGANISATION}/{OTHER_PERSON}"
    assert {call.team for call in await world.calls_of.soon("chat.postMessage")} == {OTHER_TEAM}
    await world.emit.soon({"type": "app_uninstalled"}, OTHER_TEAM)
    assert scene.product.runtime.installation("slack", [ORGANISATION]) is None
    assert world.violations == []


async def test_the_doctor_says_which_workspace_needs_what(scene: Scene) -> None:
    for team in (TEAM, OTHER_TEAM):
        await install(scene.product, team)
    settings, register = scene.product.settings, scene.product.runtime
    needed = slack_scopes(settings)

    def look(*scopes: str) -> list[str]:
        return [one.line() for one in slack_installed(settings, scopes, register)]

    (sound,) = await asyncio.to_thread(look, *needed)
    held = [one for one in needed if one != "files:write"]
    await scene.world.grant.soon(held, OTHER_TEAM)
    lacking = await asyncio.to_thread(look, *needed)
    await scene.world.grant.soon(None, OTHER_TEAM)
    await scene.world.fault.soon("auth.test", "error", error="token_revoked", times=1)
    refused = await asyncio.to_thread(look, *needed)

    assert "2 of 2 workspaces" in sound
    assert any(f"in workspace {OTHER_TEAM}" in one and "files:write" in one for one in lacking)
    assert "1 of 2 workspaces" in lacking[-1]
    # Whoever installed last is asked about first.
    assert f"refuses the token of workspace {OTHER_TEAM} (token_revoked)" in refused[0]
    assert "/slack/install again" in refused[0]
    assert "1 of 2 workspaces" in refused[-1]
    assert "xoxb" not in f"{sound}{lacking}{refused}"


class Register:
    """Many workspaces, of which nothing is kept."""

    asked = 0

    def installed(self, channel: str) -> list[str]:
        return [f"T{channel}{number}" for number in range(MOST_WORKSPACES + 5)]

    def installation(self, channel: str, workspaces: Sequence[str]) -> None:
        del channel, workspaces
        self.asked += 1


def test_the_doctor_ends_however_many_workspaces_there_are(scene: Scene) -> None:
    many, slow = Register(), Register()
    moments = iter([0.0, 1.0, 9.0, 21.0, 22.0])

    found = slack_installed(scene.product.settings, [], many)
    late = slack_installed(scene.product.settings, [], slow, now=lambda: next(moments))

    assert (many.asked, slow.asked) == (MOST_WORKSPACES, 2)
    assert "5 more were not asked about" in found[-1].line()
    assert "0 of 2 workspaces" in late[-1].line()
