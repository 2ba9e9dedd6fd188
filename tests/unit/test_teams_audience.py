"""Whose view of an approval's card is their own: sixty people, those who may decide first."""

from __future__ import annotations

from dataclasses import replace

from bots.approval_builder import approval_card
from bots.teams.approval_card import MOST_VIEWERS, draw_approval, viewed_by
from bots.teams.audience import Audience
from bots.teams.connector import Connector
from bots.teams.elements import CARD_BYTES, size_bytes
from bots.teams.identity import Application
from bots.teams.reference import Reference
from bots.teams.tokens_out import EntraTokens
from tests.worlds.front_door import an_approval
from tests.worlds.teams.cast import ADA, BEN, BOT, CHANNEL, TENANT, Member
from tests.worlds.teams.world import teams_world


async def test_those_who_may_decide_come_first_and_sixty_have_a_view_of_their_own() -> None:
    with teams_world() as world:
        crowd = [_somebody(number) for number in range(100)]
        world.connector.members = {one.id: one for one in [*crowd, BEN, ADA]}
        tokens = EntraTokens(Application(world.credentials, http_client=world.msal_http()))
        connector = Connector(tokens=tokens, service_urls=world.credentials.service_urls)
        there = Reference(
            service_url=world.url, conversation=f"{CHANNEL.id};messageid=17", kind="channel",
            tenant=TENANT, bot=BOT, team=CHANNEL.team,
        )  # fmt: skip
        seconds = [0.0]
        audience = Audience(connector, now=lambda: seconds[0])

        world.fault("GET", "pagedmembers", status=500)
        assert await audience.of(there, frozenset({ADA.principal})) == ()
        named = await audience.of(there, frozenset({ADA.principal, "slack:T024/U061"}))
        again = await audience.of(there, frozenset({BEN.principal}))

        assert (named[0], again[0], len(named)) == (ADA.id, BEN.id, 102)
        asked = [one.path for one in world.connector.calls if "pagedmembers" in one.path]
        assert len(asked) == 2
        assert asked[0].startswith("/v3/conversations/19%3Ateam0001%40thread.tacv2/pagedmembers")
        seconds[0] = 601.0
        world.connector.members = {BEN.id: BEN}
        assert await audience.of(there, frozenset()) == (BEN.id,)
        await connector.close()

    card = viewed_by(draw_approval(approval_card(an_approval())).card, named)
    refresh = card["refresh"]
    assert isinstance(refresh, dict)
    assert refresh["userIds"] == list(named[:MOST_VIEWERS])


def test_names_take_only_the_room_that_a_card_leaves() -> None:
    view = approval_card(an_approval())
    full = draw_approval(
        replace(view, what="w " * 300, arguments=view.arguments * 9, title="t" * 140)
    ).card
    padded = {**full, "fallbackText": "x" * (CARD_BYTES - size_bytes(full) - 500)}
    names = [f"29:{number:0100d}" for number in range(60)]

    told = viewed_by(padded, names)

    refresh = told["refresh"]
    assert isinstance(refresh, dict)
    assert size_bytes(told) <= CARD_BYTES
    assert refresh["userIds"] == names[:4]
    assert viewed_by(padded, ["29:" + "x" * 600]) == padded


def _somebody(number: int) -> Member:
    object_id = f"cccccccc-0000-4000-8000-{number:012d}"
    return Member(id=f"29:1c{number:03d}", object_id=object_id, name=f"Cyd {number}")
