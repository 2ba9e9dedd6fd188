"""A process that lost its lease may be asleep in the middle of a call; it is not taken for dead."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest

from runtime.domain.effects import Effect
from runtime.domain.json import Json
from runtime.domain.states import StepStatus
from runtime.durable.context import Context
from runtime.durable.leaf import Found, Leaf
from runtime.storage.database import Database
from runtime.storage.presence import presence
from tests.worlds.engine import LEASE_SECONDS, Crash, EngineWorld, root_of, unseen

_SOME_SECONDS = 20.0
_LIVE = """
import sys, time
from runtime.storage.database import Database
from runtime.storage.presence import presence
one = presence(Database(sys.argv[1]), process=sys.argv[2])
one.keep()
print("alive", flush=True)
time.sleep(60)
"""


class Signing:
    """A far side without keys, which can be looked at; its calls take as long as they are held."""

    def __init__(self) -> None:
        self.signed: list[str] = []
        self.begun = threading.Event()
        self.held = threading.Event()
        self.held.set()
        self.crashes = 0

    def handler(self, name: str, *, hook: bool = True) -> Callable[[Context], Json]:
        def sign() -> Json:
            self.begun.set()
            assert self.held.wait(_SOME_SECONDS)
            if self.crashes:
                self.crashes -= 1
                raise Crash
            self.signed.append(name)
            return f"signed by {name}"

        def look() -> Found:
            return Found(happened=bool(self.signed), result="looked up")

        leaf = Leaf(
            kind="tool",
            title="sign",
            effect=Effect.IRREVERSIBLE,
            reconcile=look if hook else None,
            doubted=unseen,
        )
        return lambda ctx: ctx.do("sign", sign, leaf)


@pytest.fixture
def signing() -> Signing:
    return Signing()


def test_a_call_its_sleeper_is_in_the_middle_of_is_waited_for_and_not_made_again(
    world: EngineWorld, signing: Signing
) -> None:
    signing.held.clear()
    sleeper = world.process(root=signing.handler("the sleeper"))
    sleeper.presence.keep()
    other = world.process(root=signing.handler("the other"))
    run = world.accept()
    asleep = threading.Thread(target=sleeper.execute, args=(root_of(run),))
    asleep.start()
    assert signing.begun.wait(_SOME_SECONDS)

    world.later(other, seconds=LEASE_SECONDS + 1)
    waits_for = world.step(run, "/").waits_for
    signing.held.set()
    asleep.join(_SOME_SECONDS)
    world.later(other, seconds=3)

    assert waits_for == "word from whoever began sign"
    assert signing.signed == ["the sleeper"]
    assert world.step(run, "/").output == "signed by the sleeper"


def test_a_hook_that_found_nothing_is_believed_once_the_process_is_dead(
    world: EngineWorld, signing: Signing
) -> None:
    signing.crashes = 1
    sleeper = world.process(root=signing.handler("the sleeper"))
    sleeper.presence.keep()
    other = world.process(root=signing.handler("the other"))
    run = world.accept()
    world.crash(sleeper, run)
    world.later(other, seconds=0)
    assert world.states(run) == {"/": "waiting", "/sign": "running"}

    sleeper.presence.close()
    world.later(other, seconds=3)

    assert signing.signed == ["the other"]
    assert world.step(run, "/").status == StepStatus.SUCCEEDED


def test_what_the_hook_found_is_taken_even_from_a_process_that_lives(
    world: EngineWorld, signing: Signing
) -> None:
    signing.crashes = 1
    sleeper = world.process(root=signing.handler("the sleeper"))
    sleeper.presence.keep()
    run = world.accept()
    world.crash(sleeper, run)
    signing.signed.append("the sleeper")

    world.later(world.process(root=signing.handler("the other")), seconds=0)

    assert signing.signed == ["the sleeper"]
    assert world.step(run, "/").output == "looked up"


@pytest.mark.parametrize("hook", [True, False])
def test_a_person_is_asked_where_a_living_process_says_nothing_for_too_long(
    world: EngineWorld, signing: Signing, hook: bool
) -> None:
    signing.crashes = 1
    sleeper = world.process(root=signing.handler("the sleeper", hook=hook))
    sleeper.presence.keep()
    other = world.process(root=signing.handler("the other", hook=hook))
    run = world.accept()
    world.crash(sleeper, run)
    world.later(other, seconds=0)
    assert world.step(run, "/sign").status == StepStatus.RUNNING

    world.later(other, seconds=130)

    assert signing.signed == []
    assert world.step(run, "/sign").status == StepStatus.UNKNOWN


def test_a_process_counts_as_living_until_it_is_dead_and_not_while_it_sleeps(
    database: Database,
) -> None:
    url = database.url.render_as_string(hide_password=False)
    there = subprocess.Popen(
        [sys.executable, "-c", _LIVE, url, "there"], stdout=subprocess.PIPE, text=True
    )
    here = presence(database, process="here")
    try:
        assert there.stdout is not None
        assert there.stdout.readline() == "alive\n"
        os.kill(there.pid, signal.SIGSTOP)
        asleep = here.lives("there")
    finally:
        there.kill()
        there.wait(_SOME_SECONDS)
        if there.stdout is not None:
            there.stdout.close()

    assert asleep
    give_up_at = time.monotonic() + _SOME_SECONDS
    while here.lives("there"):
        assert time.monotonic() < give_up_at, "the dead still count as living"
    assert not here.lives("nobody")


def test_a_sign_of_life_that_broke_is_shown_again(database: Database) -> None:
    kept, other = presence(database, process="kept"), presence(database, process="other")
    kept.keep()
    kept.close()
    assert not other.lives("kept")

    kept.keep()
    kept.keep()

    assert other.lives("kept")
    kept.close()
