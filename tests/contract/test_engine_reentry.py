"""Re-entry: a handler is a function of its input and its journal."""

from __future__ import annotations

import pytest

from runtime.domain.effects import Effect
from runtime.domain.errors import ToolFailed
from runtime.domain.json import Json
from runtime.domain.states import StepStatus
from runtime.durable.context import Context, Pending
from runtime.durable.leaf import Child, Leaf
from runtime.storage import blobs, runs, signals
from tests.worlds.engine import Crash, EngineWorld, ask, root_of, side_by_side, unseen

QUESTION = Leaf(kind="question")
LARGE = "large " * 20_000


def test_effects_are_not_repeated_and_their_results_come_from_the_journal(
    world: EngineWorld,
) -> None:
    happened: list[str] = []
    seen: list[Json] = []

    def root(ctx: Context) -> Json:
        for effect in Effect:
            result = ctx.do(
                effect.value, lambda e=effect: happened.append(e) or e.value, Leaf(effect=effect)
            )
            seen.append(result)
        return ask(ctx)

    engine = world.process(root=root)
    run = world.accept()
    world.do(engine, run)

    world.answer(f"{run}:/question", "on")
    world.answer_rings(engine)

    assert happened == ["read", "write", "irreversible"]
    assert seen == ["read", "write", "irreversible"] * 2


def test_a_journalled_failure_is_raised_again_as_it_was(world: EngineWorld) -> None:
    raised: list[str] = []
    tries: list[int] = []

    def fail() -> Json:
        tries.append(1)
        raise ToolFailed("no such row")

    def root(ctx: Context) -> Json:
        for effect in Effect:
            try:
                ctx.do(effect.value, fail, Leaf(effect=effect))
            except ToolFailed as error:
                raised.append(error.public)
        return ask(ctx)

    engine = world.process(root=root)
    run = world.accept()
    world.do(engine, run)
    world.answer(f"{run}:/question", "on")
    world.answer_rings(engine)

    assert raised == ["no such row"] * 6
    assert len(tries) == 3


def test_time_chance_and_names_are_the_same_on_every_entry(world: EngineWorld) -> None:
    entries: list[tuple[object, ...]] = []

    def root(ctx: Context) -> Json:
        entries.append((ctx.now("now"), ctx.random("random"), ctx.new_id("id", "inv")))
        return ask(ctx)

    engine = world.process(root=root)
    run = world.accept()
    world.do(engine, run)
    world.clock.step(3600)
    world.answer(f"{run}:/question", "on")
    world.answer_rings(engine)

    assert len(entries) == 2
    assert entries[0] == entries[1]


def test_the_journal_is_read_once_per_entry_however_long_it_is(world: EngineWorld) -> None:
    def root(ctx: Context) -> Json:
        for number in range(60):
            ctx.do(f"value/{number}", lambda: "x")
        return ask(ctx)

    engine = world.process(root=root)
    run = world.accept()
    world.do(engine, run)
    world.answer(f"{run}:/question", "on")
    world.bell.take_steps()

    with world.counting() as said:
        engine.execute(root_of(run))

    assert world.step(run, "/").status == StepStatus.SUCCEEDED
    assert len([words for words in said if "parent_id = " in words]) == 1
    assert len(said) < 12


@pytest.mark.parametrize(
    ("effect", "statements"),
    [(Effect.READ, 1), (Effect.WRITE, 2), (Effect.IRREVERSIBLE, 2)],
)
def test_a_read_costs_one_statement_and_every_other_effect_two(
    world: EngineWorld, effect: Effect, statements: int
) -> None:
    counts: list[int] = []

    def root(ctx: Context) -> Json:
        ctx.do("warm", lambda: None, Leaf(effect=effect))
        for number in (1, 20):
            with world.counting() as said:
                ctx.do(f"effect/{number}", lambda: None, Leaf(effect=effect))
            counts.append(len(said))
        return None

    run = world.accept()
    world.do(world.process(root=root), run)

    assert counts == [statements, statements]


def test_a_handler_that_changed_is_stopped_before_its_new_effect(world: EngineWorld) -> None:
    happened: list[str] = []

    def before(ctx: Context) -> Json:
        ctx.do("look", lambda: None)
        return ask(ctx)

    def after(ctx: Context) -> Json:
        ctx.do("charge", lambda: happened.append("charged"), Leaf(effect=Effect.WRITE))
        return ask(ctx)

    run = world.accept()
    world.do(world.process(root=before), run)
    world.answer(f"{run}:/question", "on")
    world.answer_rings(world.process(root=after))

    assert happened == []
    assert (world.step(run, "/").error or {})["code"] == "handler_changed"


def test_a_handler_that_leaves_out_what_it_once_did_is_stopped(world: EngineWorld) -> None:
    def before(ctx: Context) -> Json:
        ctx.do("look", lambda: None)
        return ask(ctx)

    run = world.accept()
    world.do(world.process(root=before), run)
    world.answer(f"{run}:/question", "on")
    world.answer_rings(world.process(root=ask))

    assert (world.step(run, "/").error or {})["code"] == "handler_changed"


def test_a_handler_that_does_something_else_under_an_old_name_is_stopped(
    world: EngineWorld,
) -> None:
    def before(ctx: Context) -> Json:
        ctx.do("one", lambda: None, Leaf(kind="model"))
        return ask(ctx)

    def after(ctx: Context) -> Json:
        ctx.do("one", lambda: None, Leaf(kind="tool"))
        return ask(ctx)

    run = world.accept()
    world.do(world.process(root=before), run)
    world.answer(f"{run}:/question", "on")
    world.answer_rings(world.process(root=after))

    assert (world.step(run, "/").error or {})["code"] == "handler_changed"


def test_a_version_without_the_handler_says_so_and_begins_nothing(world: EngineWorld) -> None:
    run = world.accept(kind="gone")

    world.do(world.process(), run)

    assert (world.step(run, "/").error or {})["code"] == "handler_changed"


@pytest.mark.parametrize("effect", [Effect.READ, Effect.WRITE])
def test_a_large_result_is_kept_by_digest_and_comes_back_whole(
    world: EngineWorld, effect: Effect
) -> None:
    seen: list[Json] = []

    def root(ctx: Context) -> Json:
        seen.append(ctx.do("large", lambda: {"text": LARGE}, Leaf(effect=effect)))
        ask(ctx)
        return {"text": LARGE}

    engine = world.process(root=root)
    run = world.accept()
    world.do(engine, run)
    world.answer(f"{run}:/question", "on")
    world.answer_rings(engine)

    leaf, own = world.step(run, "/large"), world.step(run, "/")
    assert seen == [{"text": LARGE}] * 2
    assert leaf.output is None
    assert leaf.output_blob == own.output_blob
    assert leaf.output_blob is not None


def test_a_parent_gets_the_large_result_of_its_child(world: EngineWorld) -> None:
    seen: list[Json] = []

    def root(ctx: Context) -> Json:
        ends = ctx.gather(
            [
                Child(name="a", kind="child"),
                Child(name="b", kind="child", needs=("a",), input=lambda done: len(str(done["a"]))),
            ]
        )
        seen.append(ends[0].output)
        return None

    def child(ctx: Context) -> Json:
        return LARGE if ctx.input is None else ctx.input

    run = world.accept()
    world.do(world.process(root=root, child=child), run)

    assert seen == [LARGE]
    assert world.step(run, "/b").output == len(LARGE)


def test_identical_large_results_written_at_once_fail_nobody(world: EngineWorld) -> None:
    text = "the same " * 20_000
    engines = [world.process(root=lambda ctx: ctx.do("large", lambda: text)) for _ in range(6)]
    accepted = [world.accept() for _ in engines]

    side_by_side(
        [
            lambda engine=engine, run=run: engine.execute(root_of(run))
            for engine, run in zip(engines, accepted, strict=True)
        ]
    )

    assert {world.step(run, "/").status for run in accepted} == {StepStatus.SUCCEEDED}
    assert len({world.step(run, "/large").output_blob for run in accepted}) == 1


def test_storing_a_blob_twice_in_crossed_transactions_keeps_one(world: EngineWorld) -> None:
    with world.database.write() as connection:
        names = [blobs.put(connection, b"bytes"), blobs.put(connection, b"bytes")]

    with world.database.read() as connection:
        assert blobs.get(connection, names[0]) == b"bytes"
    assert names[0] == names[1]


def say(world: EngineWorld, run: str, *texts: str) -> None:
    for text in texts:
        with world.database.write() as connection:
            runs.lock(connection, run)
            signals.add(
                connection, run_id=run, name="reply", payload={"text": text}, now=world.clock.now()
            )


def test_signals_are_read_in_order_and_each_entry_sees_what_it_saw(world: EngineWorld) -> None:
    entries: list[list[Json]] = []

    def root(ctx: Context) -> Json:
        first = ctx.take_signals("news/0", of="reply", last="")
        ctx.do("work", lambda: None)
        last = str(first[-1]["id"])
        second = ctx.take_signals("news/1", of="reply", last=last)
        entries.append([[one["text"] for one in first], [one["text"] for one in second]])
        return ask(ctx)

    engine = world.process(root=root)
    run = world.accept()
    numbers = [str(number) for number in range(20)]
    say(world, run, *numbers)
    world.do(engine, run)
    say(world, run, "late")
    world.answer(f"{run}:/question", "on")
    world.answer_rings(engine)

    assert entries == [[numbers, []], [numbers, []]]


def test_a_signal_said_while_a_step_is_away_is_heard_at_its_next_safe_point(
    world: EngineWorld,
) -> None:
    def root(ctx: Context) -> Json:
        ctx.do("work", lambda: None)
        ask(ctx)
        return [one["text"] for one in ctx.take_signals("news", of="reply", last="")]

    engine = world.process(root=root)
    run = world.accept()
    world.do(engine, run)
    say(world, run, "hello")
    world.answer(f"{run}:/question", "on")
    world.answer_rings(engine)

    assert world.step(run, "/").output == ["hello"]


def test_a_crash_before_any_result_is_written_leaves_the_handler_to_begin_anew(
    world: EngineWorld,
) -> None:
    entries: list[int] = []

    def root(ctx: Context) -> Json:
        entries.append(1)
        if len(entries) == 1:
            raise Crash
        return ctx.do("look", lambda: "seen")

    engine = world.process(root=root)
    run = world.accept()
    world.crash(engine, run)
    world.later(engine, seconds=0)

    assert world.step(run, "/").output == "seen"


def test_text_that_no_database_keeps_as_it_is_stops_no_run(world: EngineWorld) -> None:
    odd = "zero \x00 byte, half \ud83d of a pair"

    def child(ctx: Context) -> Json:
        return ctx.do("read", lambda: {"text": odd}, Leaf(title=odd))

    def root(ctx: Context) -> Json:
        output = ctx.call(Child(name="child", kind="child", title=odd, input={"task": odd}))
        ctx.do("write", lambda: output, Leaf(effect=Effect.WRITE, title=odd))
        if isinstance(ctx.open("question", QUESTION, unseen), Pending):
            ctx.suspend(odd)
        return {"answer": odd}

    engine = world.process(root=root, child=child)
    run = world.accept()
    world.do(engine, run)
    world.answer(f"{run}:/question", odd)
    world.answer_rings(engine)

    assert world.run(run).status == "succeeded"
    assert world.run(run).answer == "zero � byte, half � of a pair"
    assert world.step(run, "/child").output == {"text": odd}
