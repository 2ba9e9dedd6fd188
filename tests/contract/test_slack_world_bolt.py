"""Slack's own framework understands what the simulated Slack sends, by HTTP and by socket."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond, AsyncSay
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.complete.async_complete import AsyncComplete
from slack_sdk.web.async_client import AsyncWebClient

from tests.worlds.slack.cast import ADA, BEN, BOT, BOT_TOKEN, BOT_USER, GENERAL, TEAM
from tests.worlds.slack.payload import Payload, table, text
from tests.worlds.slack.samples import card, modal
from tests.worlds.slack.world import SlackWorld

pytest_plugins = ["tests.worlds.slack.fixtures"]


async def _authorize() -> AuthorizeResult:
    return AuthorizeResult(
        enterprise_id=None, team_id=TEAM, bot_token=BOT_TOKEN, bot_id=BOT, bot_user_id=BOT_USER
    )


async def _mentioned(event: Payload, say: AsyncSay) -> None:
    await say(text="On it", thread_ts=text(event["ts"]), blocks=card())


async def _message(event: Payload) -> None:
    """Take plain messages silently, so that none is answered with 404."""


async def _approved(
    ack: AsyncAck, body: Payload, respond: AsyncRespond, client: AsyncWebClient
) -> None:
    await ack()
    await client.views_open(trigger_id=text(body["trigger_id"]), view=modal())
    await respond(text="Approved", blocks=[], replace_original=True)


async def _submitted(ack: AsyncAck, view: Payload) -> None:
    given = table(table(table(view["state"])["values"])["why"])
    too_short = len(text(table(given["reason"])["value"])) < 3
    if too_short:
        await ack(response_action="errors", errors={"why": "Say more"})
    else:
        await ack()


async def _typed(ack: AsyncAck, command: Payload) -> None:
    await ack(text=f"You typed {text(command['text'])}")


async def _ran(complete: AsyncComplete) -> None:
    await complete(outputs={"run": "1"})


def _bolt_app(world: SlackWorld) -> AsyncApp:
    app = AsyncApp(
        signing_secret=world.signing_secret,
        authorize=_authorize,
        process_before_response=True,
        client=AsyncWebClient(base_url=world.api_url),
    )
    app.event("app_mention")(_mentioned)
    app.event("message")(_message)
    app.action("approval.approve")(_approved)
    app.view("reject")(_submitted)
    app.command("/baton")(_typed)
    app.function("start_run", auto_acknowledge=True)(_ran)
    return app


@asynccontextmanager
async def _connected(world: SlackWorld, carrier: str) -> AsyncGenerator[None]:
    app = _bolt_app(world)
    if carrier == "socket":
        handler = AsyncSocketModeHandler(app, app_token=world.app_token)
        await handler.connect_async()
        await world.until_soon(lambda: world.connections() == 1)
        yield
        await handler.close_async()
        return
    runner = web.AppRunner(app.web_app("/slack/events"))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await world.target.soon(f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
    yield
    await runner.cleanup()


@pytest.mark.parametrize("carrier", ["http", "socket"])
async def test_bolt_takes_part_in_a_whole_conversation(
    slack_world: SlackWorld, carrier: str
) -> None:
    async with _connected(slack_world, carrier):
        mentioned = await slack_world.mention.soon(ADA, GENERAL, "hello")
        answer = (await slack_world.thread.soon(GENERAL, mentioned.ts))[1]
        clicked = await slack_world.click.soon(BEN, answer, "Approve")
        opened = (await slack_world.views.soon(BEN))[0]
        refused = await slack_world.submit_view.soon(BEN, opened, {"Reason": "no"})
        taken = await slack_world.submit_view.soon(BEN, opened, {"Reason": "because"})
        typed = await slack_world.slash.soon(ADA, GENERAL, "list")
        ran = await slack_world.run_function.soon("start_run", {"task": "x"}, ADA)

    deliveries = [mentioned, *mentioned.also, clicked, refused, taken, typed, ran]
    assert {delivery.carrier for delivery in deliveries} == {carrier}
    assert [delivery.status for delivery in deliveries] == [200] * 7
    assert slack_world.message(GENERAL, answer.ts).text == "Approved"
    assert table(refused.json)["response_action"] == "errors"
    assert slack_world.views(BEN) == []
    assert [message.text for message in slack_world.ephemerals(ADA)] == ["You typed list"]
    execution = text(table(ran.payload["event"])["function_execution_id"])
    assert table(slack_world.execution(execution))["status"] == "completed"
    assert slack_world.violations == []
