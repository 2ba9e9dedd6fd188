"""What a crash at each commit point means, for every class of effect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from sqlalchemy import Connection

from runtime.domain.effects import Effect
from runtime.domain.errors import BatonError, ToolFailed, Upstream
from runtime.domain.json import Json
from runtime.domain.states import StepStatus
from runtime.domain.step import Cost
from runtime.durable.context import Context
from runtime.durable.leaf import Found, Leaf
from runtime.durable.retry import Retry
from tests.worlds.engine import Crash, EngineWorld, root_of


@dataclass
class Shop:
    """The world outside: what was ordered, under which key, and how it answers."""

    orders: list[str] = field(default_factory=list[str])
    crashes: int = 0
    fails: list[Exception] = field(default_factory=list[Exception])
    asked: list[str] = field(default_factory=list[str])

    def order(self, key: str) -> Json:
        self.orders.append(key)
        if self.crashes:
            self.crashes -= 1
            raise Crash
        if self.fails:
            raise self.fails.pop(0)
        return f"receipt {len(self.orders)}"

    def doubted(self, _connection: Connection, leaf_id: str) -> None:
        self.asked.append(leaf_id)

    def buyer(
        self, effect: Effect, reconcile: Callable[[], Found | None] | None = None
    ) -> Callable[[Context], Json]:
        def root(ctx: Context) -> Json:
            leaf = Leaf(
                kind="tool", title="order", effect=effect, reconcile=reconcile, doubted=self.doubted
            )
            return ctx.do("order", lambda: self.order(ctx.key("order")), leaf)

        return root


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_the_intent_is_durable_before_the_effect_and_the_outcome_after(
    world: EngineWorld,
) -> None:
    seen: list[tuple[str, object]] = []

    def root(ctx: Context) -> Json:
        def effect() -> Json:
            leaf = world.step(ctx.run.id, "/order")
            seen.append((leaf.status, leaf.key))
            return "receipt"

        leaf = Leaf(effect=Effect.WRITE, decision={"outcome": "allow", "rule": "r", "policy": "p"})
        return ctx.do("order", effect, leaf)

    run = world.accept()
    world.do(world.process(root=root), run)

    leaf = world.step(run, "/order")
    assert seen == [(StepStatus.RUNNING, f"{run}:/order")]
    assert (leaf.status, leaf.output) == (StepStatus.SUCCEEDED, "receipt")
    assert leaf.decision == {"outcome": "allow", "rule": "r", "policy": "p"}


def test_a_read_cut_off_before_its_result_is_done_again(world: EngineWorld, shop: Shop) -> None:
    shop.crashes = 1
    engine = world.process(root=shop.buyer(Effect.READ))
    run = world.accept()

    world.crash(engine, run)
    world.later(engine, seconds=0)

    assert len(shop.orders) == 2
    assert world.step(run, "/").output == "receipt 2"


def test_a_write_cut_off_before_its_outcome_is_done_again_with_the_same_key(
    world: EngineWorld, shop: Shop
) -> None:
    shop.crashes = 1
    engine = world.process(root=shop.buyer(Effect.WRITE))
    run = world.accept()

    world.crash(engine, run)
    assert world.step(run, "/order").status == StepStatus.RUNNING
    world.later(engine, seconds=0)

    assert shop.orders == [f"{run}:/order"] * 2
    assert world.step(run, "/").output == "receipt 2"


def test_an_irreversible_effect_cut_off_before_its_outcome_is_not_repeated_but_asked_about(
    world: EngineWorld, shop: Shop
) -> None:
    shop.crashes = 1
    engine = world.process(root=shop.buyer(Effect.IRREVERSIBLE))
    run = world.accept()

    world.crash(engine, run)
    world.later(engine, seconds=0)

    assert len(shop.orders) == 1
    assert shop.asked == [f"{run}:/order"]
    assert world.states(run) == {"/": "waiting", "/order": "unknown"}
    assert world.step(run, "/").waits_for == "whether order happened"


def test_a_person_is_asked_once_however_often_the_step_is_entered(
    world: EngineWorld, shop: Shop
) -> None:
    shop.crashes = 1
    engine = world.process(root=shop.buyer(Effect.IRREVERSIBLE))
    run = world.accept()
    world.crash(engine, run)
    world.later(engine, seconds=0)

    world.nudge(root_of(run))
    world.answer_rings(engine)

    assert len(shop.asked) == 1
    assert len(shop.orders) == 1


def test_reconcile_that_finds_it_done_gives_its_result(world: EngineWorld, shop: Shop) -> None:
    shop.crashes = 1
    found = Found(happened=True, result="receipt 1, found")
    engine = world.process(root=shop.buyer(Effect.IRREVERSIBLE, lambda: found))
    run = world.accept()

    world.crash(engine, run)
    world.later(engine, seconds=0)

    assert len(shop.orders) == 1
    assert shop.asked == []
    assert world.step(run, "/").output == "receipt 1, found"


def test_reconcile_that_finds_it_undone_lets_it_be_done(world: EngineWorld, shop: Shop) -> None:
    shop.crashes = 1
    engine = world.process(root=shop.buyer(Effect.IRREVERSIBLE, lambda: Found(happened=False)))
    run = world.accept()

    world.crash(engine, run)
    world.later(engine, seconds=0)

    assert len(shop.orders) == 2
    assert world.step(run, "/").output == "receipt 2"


def cannot_tell() -> None:
    return None


def breaks() -> Found | None:
    raise RuntimeError("the hook is broken")


def is_away() -> Found | None:
    raise Upstream("the shop is away")


@pytest.mark.parametrize("reconcile", [cannot_tell, breaks, is_away])
def test_reconcile_that_cannot_tell_leaves_it_to_a_person(
    world: EngineWorld, shop: Shop, reconcile: Callable[[], Found | None]
) -> None:
    shop.crashes = 1
    engine = world.process(root=shop.buyer(Effect.IRREVERSIBLE, reconcile))
    run = world.accept()

    world.crash(engine, run)
    world.later(engine, seconds=0)

    assert len(shop.orders) == 1
    assert len(shop.asked) == 1
    assert world.step(run, "/order").status == StepStatus.UNKNOWN


def in_doubt(world: EngineWorld, shop: Shop) -> tuple[str, Callable[[], None]]:
    """Bring an order into doubt; give the run, and what lets its process go on."""
    shop.crashes = 1
    engine = world.process(root=shop.buyer(Effect.IRREVERSIBLE))
    run = world.accept()
    world.crash(engine, run)
    world.later(engine, seconds=0)
    return run, lambda: world.answer_rings(engine)


def test_a_doubt_answered_with_happened_goes_on_with_what_the_person_said(
    world: EngineWorld, shop: Shop
) -> None:
    run, go_on = in_doubt(world, shop)

    world.answer(f"{run}:/order", "receipt 77")
    go_on()

    assert len(shop.orders) == 1
    assert world.step(run, "/").output == "receipt 77"


def test_a_doubt_answered_with_repeat_is_done_once_more(world: EngineWorld, shop: Shop) -> None:
    run, go_on = in_doubt(world, shop)

    world.answer(f"{run}:/order", None, status=StepStatus.READY)
    go_on()

    assert len(shop.orders) == 2
    assert world.step(run, "/").output == "receipt 2"


def test_a_repeat_that_is_cut_off_again_is_in_doubt_again(world: EngineWorld, shop: Shop) -> None:
    run, _ = in_doubt(world, shop)
    shop.crashes = 1
    engine = world.process(root=shop.buyer(Effect.IRREVERSIBLE))
    world.answer(f"{run}:/order", None, status=StepStatus.READY)

    world.crash(engine, run)
    world.later(engine, seconds=0)

    assert len(shop.orders) == 2
    assert len(shop.asked) == 2
    assert world.step(run, "/order").status == StepStatus.UNKNOWN


def test_a_doubt_answered_with_abort_fails_the_call_and_repeats_nothing(
    world: EngineWorld, shop: Shop
) -> None:
    run, go_on = in_doubt(world, shop)

    world.answer(f"{run}:/order", None, status=StepStatus.FAILED)
    go_on()

    assert len(shop.orders) == 1
    assert world.step(run, "/").status == StepStatus.FAILED


def test_an_answer_lost_on_the_way_back_is_a_doubt_for_an_irreversible_effect(
    world: EngineWorld, shop: Shop
) -> None:
    shop.fails = [Upstream("no answer", ambiguous=True)]
    run = world.accept()

    world.do(world.process(root=shop.buyer(Effect.IRREVERSIBLE)), run)

    assert len(shop.orders) == 1
    assert world.step(run, "/order").status == StepStatus.UNKNOWN
    assert len(shop.asked) == 1


def test_a_request_that_was_surely_not_taken_is_tried_again(world: EngineWorld, shop: Shop) -> None:
    shop.fails = [Upstream("too many requests", ambiguous=False)]
    engine = world.process(root=shop.buyer(Effect.IRREVERSIBLE))
    run = world.accept()
    world.do(engine, run)

    world.later(engine, seconds=2)

    assert len(shop.orders) == 2
    assert world.step(run, "/").output == "receipt 2"


def test_an_irreversible_tool_that_breaks_half_way_is_in_doubt(
    world: EngineWorld, shop: Shop
) -> None:
    shop.fails = [ZeroDivisionError()]
    run = world.accept()

    world.do(world.process(root=shop.buyer(Effect.IRREVERSIBLE)), run)

    assert world.step(run, "/order").status == StepStatus.UNKNOWN
    assert len(shop.asked) == 1


@pytest.mark.parametrize("effect", [Effect.READ, Effect.WRITE, Effect.IRREVERSIBLE])
def test_a_tool_that_says_it_failed_is_believed_and_not_repeated(
    world: EngineWorld, shop: Shop, effect: Effect
) -> None:
    shop.fails = [ToolFailed("out of stock")]
    run = world.accept()

    world.do(world.process(root=shop.buyer(effect)), run)

    assert len(shop.orders) == 1
    assert world.step(run, "/order").error == {"code": "tool_failed", "message": "out of stock"}


@pytest.mark.parametrize("effect", [Effect.READ, Effect.WRITE])
def test_a_failing_service_is_tried_again_with_growing_pauses_that_show(
    world: EngineWorld, shop: Shop, effect: Effect
) -> None:
    shop.fails = [Upstream("busy"), Upstream("busy"), Upstream("busy", retry_after_seconds=60)]
    engine = world.process(root=shop.buyer(effect))
    run = world.accept()
    world.do(engine, run)

    pauses: list[float] = []
    for tries in (1, 2, 3):
        leaf, own = world.step(run, "/order"), world.step(run, "/")
        assert (leaf.status, leaf.failures, len(shop.orders)) == (StepStatus.WAITING, tries, tries)
        assert (leaf.error or {})["code"] == "upstream"
        assert own.due_at is not None
        assert own.waits_for.startswith("a retry: busy")
        pauses.append((own.due_at - world.clock.now()).total_seconds())
        world.later(engine, seconds=pauses[-1] - 0.1)
        assert len(shop.orders) == tries
        world.later(engine, seconds=0.2)

    assert pauses == pytest.approx([1, 3, 60], abs=0.3)
    assert world.step(run, "/").output == "receipt 4"


@pytest.mark.parametrize("effect", [Effect.READ, Effect.WRITE])
def test_a_service_that_stays_away_fails_the_effect_for_good(
    world: EngineWorld, shop: Shop, effect: Effect
) -> None:
    shop.fails = [Upstream(f"away {n}") for n in range(20)]
    engine = world.process(root=shop.buyer(effect))
    run = world.accept()
    world.do(engine, run)

    for _ in range(10):
        world.later(engine, seconds=400)

    leaf = world.step(run, "/order")
    assert len(shop.orders) == 5
    assert (leaf.status, leaf.failures) == (StepStatus.FAILED, 5)
    assert (leaf.error or {})["message"] == "away 4"
    assert world.step(run, "/").status == StepStatus.FAILED


def test_a_retry_woken_early_by_other_news_still_waits_its_time(
    world: EngineWorld, shop: Shop
) -> None:
    shop.fails = [Upstream("busy", retry_after_seconds=30)]
    engine = world.process(root=shop.buyer(Effect.READ))
    run = world.accept()
    world.do(engine, run)

    world.nudge(root_of(run))
    world.answer_rings(engine)
    assert len(shop.orders) == 1
    world.later(engine, seconds=31)

    assert world.step(run, "/").output == "receipt 2"


def test_a_retry_is_not_repeated_by_a_crash_of_its_pause(world: EngineWorld, shop: Shop) -> None:
    shop.fails = [Upstream("busy")]
    first, second = (world.process(root=shop.buyer(Effect.WRITE)) for _ in range(2))
    run = world.accept()
    world.do(first, run)

    world.later(second, seconds=2)

    assert shop.orders == [f"{run}:/order"] * 2
    assert world.step(run, "/").output == "receipt 2"


def test_reads_side_by_side_each_keep_their_own_result_or_error(world: EngineWorld) -> None:
    given: list[Json | BatonError] = []

    def fail() -> Json:
        raise ToolFailed("no")

    def root(ctx: Context) -> Json:
        given.extend(
            ctx.do_all(
                [("a", lambda: "A", Leaf()), ("b", fail, Leaf()), ("c", lambda: "C", Leaf())]
            )
        )
        return None

    run = world.accept()
    world.do(world.process(root=root), run)

    assert given[0] == "A"
    assert isinstance(given[1], ToolFailed)
    assert given[2] == "C"
    assert world.states(run) == {
        "/": "succeeded",
        "/a": "succeeded",
        "/b": "failed",
        "/c": "succeeded",
    }


def test_of_reads_side_by_side_only_the_one_that_waits_is_done_again(world: EngineWorld) -> None:
    count = {"a": 0, "b": 0}
    fails = [Upstream("busy")]

    def read(name: str) -> Json:
        count[name] += 1
        if name == "b" and fails:
            raise fails.pop()
        return name

    def root(ctx: Context) -> Json:
        given = ctx.do_all([(name, lambda name=name: read(name), Leaf()) for name in count])
        return [str(one) for one in given]

    engine = world.process(root=root)
    run = world.accept()
    world.do(engine, run)
    world.later(engine, seconds=2)

    assert count == {"a": 1, "b": 2}
    assert world.step(run, "/").output == ["a", "b"]


def test_an_effect_that_may_not_be_retried_fails_at_once(world: EngineWorld) -> None:
    tries: list[int] = []

    def away() -> Json:
        tries.append(1)
        raise Upstream("away")

    run = world.accept()
    leaf = Leaf(retry=Retry(tries=1))
    world.do(world.process(root=lambda ctx: ctx.do("look", away, leaf)), run)

    assert len(tries) == 1
    assert world.step(run, "/").status == StepStatus.FAILED


def test_what_an_effect_costs_is_on_its_step_and_in_its_runs_total(world: EngineWorld) -> None:
    seen: list[Cost] = []

    def root(ctx: Context) -> Json:
        leaf = Leaf(cost=lambda _: Cost(usd=0.25, tokens=100))
        for name in ("a", "b"):
            ctx.do(name, lambda: None, leaf)
            seen.append(ctx.run.spent)
        return None

    run = world.accept()
    world.do(world.process(root=root), run)

    assert [cost.tokens for cost in seen] == [100, 200]
    assert world.run(run).spent == Cost(usd=0.5, tokens=200)
    assert world.step(run, "/a").cost == Cost(usd=0.25, tokens=100)
