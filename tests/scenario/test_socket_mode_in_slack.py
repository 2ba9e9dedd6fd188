"""What only a socket can do: go away and come back. All else is played ``over_both`` carriers."""

from __future__ import annotations

import pytest

from tests.worlds.carriers import SOCKET
from tests.worlds.crew import Crew, plan, step
from tests.worlds.openai import Answer
from tests.worlds.scene import Scene
from tests.worlds.slack.cast import ADA, GENERAL

over_a_socket = pytest.mark.parametrize("carrier", [SOCKET], indirect=True)


@over_a_socket
def test_a_connection_that_is_cut_is_made_again_and_what_slack_sends_anew_is_taken(
    working: Scene, agents: Crew
) -> None:
    agents.plans(plan(step("a")))
    agents.works(Answer(text="it is done"))
    world = working.world
    world.configure(retries=True, retry_delays_seconds=[0.1, 1.0, 5.0])
    world.until(lambda: world.connections() == 2)
    assert world.abort_sockets() == 2
    world.until(lambda: len(world.calls_of("apps.connections.open")) > 2)
    world.until(lambda: world.connections() > 0)

    asked = world.mention(ADA, GENERAL, "do it")

    view, _ = working.answer(asked.ts)
    assert (asked.carrier, view.status) == (SOCKET, "succeeded")


@over_a_socket
def test_what_is_typed_while_a_connection_comes_anew_is_heard_by_the_other(working: Scene) -> None:
    world = working.world
    world.until(lambda: world.connections() == 2)

    assert world.disconnect_sockets(most=1) == 1
    typed = world.slash(ADA, GENERAL, "help")

    # Slack never repeats a command.
    assert (typed.carrier, len(typed.attempts), typed.attempts[0].status) == (SOCKET, 1, 200)
    world.until(lambda: world.connections() == 2)
