"""Before a step that costs: is there enough left, and if not, what now?

A breach asks people what to do, by a question with choices, and the step waits for their word like
for any other answer. Every entry below is named after the step that costs, so that a crash anywhere
finds the same question again; what was answered is in the journal and is not asked twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NoReturn, cast

import yaml

from runtime.agent.kit import Services
from runtime.agent.question import KIND, asking
from runtime.agent.spent import THE_RUN, Spender, cap_of_run, read_cap
from runtime.audit import chain
from runtime.domain.budget import Breach, Budget, Spends
from runtime.domain.errors import OverBudget
from runtime.domain.json import Json, JsonObject, object_of
from runtime.domain.run import Run
from runtime.domain.states import StepStatus
from runtime.domain.step import Cost, Step
from runtime.durable import outside
from runtime.durable.context import Context, Pending
from runtime.durable.leaf import Leaf
from runtime.models.completion import Prompt
from runtime.policy.budgets import Cap, Of
from runtime.storage import conversations, deliveries, runs, trees
from runtime.storage.connection import Connection
from runtime.storage.database import again_when_contended

_MOST_ROUNDS: Final = 16
_LETTERS_A_TOKEN: Final = 4
_LIGHTER: Final = "light"
_OPEN: Final = "open"
_REASON: Final = "a word about the budget"
_A_NEW_DAY: Final = "a new day has begun, and with it the budget"
_LOOK_AGAIN: Final = timedelta(minutes=1)
"""In case whoever asked was cancelled before it was answered."""


class Action(StrEnum):
    """What may be answered."""

    ADD = "add"
    LIGHTER = "lighter"
    FINISH = "finish"
    STOP = "stop"
    ANEW = "anew"
    """Said by no person: the day of the budget is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Short:
    """A budget that is too small for the next step."""

    cap: Cap
    key: str
    """Whose spending, and of which day: what is added counts for this alone."""
    breach: Breach
    anew_at: datetime | None
    """When it begins anew by itself; None for a run's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Costly:
    """A step that will cost something."""

    run: Run
    agent: str
    tokens: int
    """About how many it will take."""
    now: datetime

    def breach_of(self, limit: Budget, spent: Cost, *, who: str) -> Breach | None:
        """Say which limit stands in the way, at the price of what was bought before."""
        return limit.breach(
            spent=spent,
            started_at=self.run.created_at,
            now=self.now,
            who=who,
            forecast=_priced(self.tokens, self.run.spent, spent),
        )


def afford(ctx: Context, services: Services, name: str, prompt: Prompt, *, actor: str) -> Prompt:
    """Give the prompt as it may be asked: as it is, or for a lighter model. Waits for people.

    Raises:
        OverBudget: people said to finish with what is there.
    """
    for number in range(_MOST_ROUNDS):
        entry = f"{name}/budget/{number}"
        if ctx.holds(entry):
            told = ctx.open(entry, _leaf(ctx, entry), _never)
        elif ctx.holds(name):
            return prompt
        else:
            _refuse_again(ctx, name)
            short, settled = _short(ctx, services, prompt, actor)
            if short is None:
                return prompt
            if _OPEN in settled:
                # Asked beside us; the answer wakes the whole run.
                ctx.suspend(_REASON, wake_at=services.clock.now() + _LOOK_AGAIN)
            if Action.FINISH in settled:
                raise _over(ctx, name, short.breach.words)
            if Action.LIGHTER in settled and not short.breach.reached:
                return replace(prompt, tier=_LIGHTER)
            told = _ask(ctx, services, entry, short, prompt, actor)
        if isinstance(told, Pending):
            _wait(ctx, services, entry)
        action = told.get("action") if isinstance(told, Mapping) else None
        if action in (Action.FINISH, Action.STOP):
            raise _over(ctx, name, "the budget was used up, and nothing was added to it")
        if action == Action.LIGHTER:
            prompt = replace(prompt, tier=_LIGHTER)
    raise _over(ctx, name, "the budget was used up again and again")


def _wait(ctx: Context, services: Services, entry: str) -> NoReturn:
    """Wait for a word, or for the next day where the budget is one of the day.

    What is asked about a day that is over is answered by that; entered again, the step looks at the
    new day's budget. A crash before the answer leaves a step that is due, which comes here again.
    """
    with services.database.read() as connection:
        leaves = trees.leaves(connection, ctx.run.id, kind=KIND)
    own = [one for one in leaves if one.parent_id == ctx.step.id]
    leaf = next((one for one in own if one.path.endswith(f"/{entry}")), None)
    told = (about_budget(leaf) or {}).get("anew_at") if leaf else None
    if leaf is None or not isinstance(told, str):
        ctx.suspend(_REASON)
    anew_at = datetime.fromisoformat(told)
    if services.clock.now() >= anew_at:
        _begin_anew(services, ctx.run.id, leaf)
    ctx.suspend(_REASON, wake_at=anew_at)


@again_when_contended
def _begin_anew(services: Services, run_id: str, leaf: Step) -> None:
    now, cap = services.clock.now(), (about_budget(leaf) or {}).get("cap")
    output: JsonObject = {"answer": _A_NEW_DAY, "by": "", "action": Action.ANEW.value}
    with services.database.write() as connection:
        runs.lock(connection, run_id)
        answered = outside.answer(
            connection, leaf.id, status=StepStatus.SUCCEEDED, output=output, now=now
        )
        if answered is None:
            # Somebody said something at the last moment, and that counts.
            return
        facts: JsonObject = {"step": leaf.id, "budget": cap}
        chain.append(connection, run_id, "BudgetBegunAnew", facts, now=now)
        for subject in (leaf.id, run_id):
            deliveries.touch(connection, subject, now=now)
        # Steps beside the one that asked look again as well.
        outside.wake_all(connection, run_id, now=now)


def _short(
    ctx: Context, services: Services, prompt: Prompt, actor: str
) -> tuple[_Short | None, frozenset[str]]:
    """Find the first budget that is too small, and what was said about it in this run before."""
    policy, now = services.current_policy(), services.clock.now()
    step = _Costly(run=ctx.run, agent=actor.split("@", 1)[0], tokens=forecast(prompt), now=now)
    caps = (cap_of_run(ctx.run, policy), *policy.budgets)
    # Nearly always the run's own budget is the only one, and what the run knows of it is enough.
    if len(caps) == 1 and step.breach_of(caps[0].limit, ctx.run.spent, who=THE_RUN) is None:
        return None, frozenset()
    with services.database.read() as connection:
        for cap in caps:
            found = _look(connection, cap, step)
            if found is not None:
                leaves = trees.leaves(connection, ctx.run.id, kind=KIND)
                return found, frozenset(_settled(leaves, found))
    return None, frozenset()


def forecast(prompt: Prompt) -> int:
    """Guess how many tokens a step will take: its prompt's, and a quarter of its longest answer."""
    letters = sum(len(turn.text) for turn in prompt.turns)
    return letters // _LETTERS_A_TOKEN + prompt.max_tokens // 4


def _priced(tokens: int, *known: Cost) -> Cost:
    """Give what tokens will cost, at what those before have cost; at first nothing is known."""
    usd = next((tokens * one.usd / one.tokens for one in known if one.tokens), 0.0)
    return Cost(usd=usd, tokens=tokens)


def _look(connection: Connection, cap: Cap, step: _Costly) -> _Short | None:
    run = step.run
    place = (
        conversations.read(connection, run.conversation_id).place if cap.of is Of.CHANNEL else None
    )
    spender = Spender(
        workspace=run.workspace,
        principal=run.requester,
        name=run.requester_name,
        place=place,
        agent=step.agent,
        run=run,
    )
    found = read_cap(connection, cap, spender, now=step.now)
    if found is None:
        return None
    breach = step.breach_of(found.limit, found.spent, who=found.whose)
    if breach is None:
        return None
    return _Short(cap=cap, key=found.key, breach=breach, anew_at=found.anew_at)


def _settled(leaves: Iterable[Step], short: _Short) -> Iterable[str]:
    for leaf in leaves:
        about = about_budget(leaf)
        if about is not None and (about["cap"], about["key"]) == (short.cap.id, short.key):
            open_still = leaf.status == StepStatus.WAITING
            yield _OPEN if open_still else str(object_of(leaf.output).get("action"))


def about_budget(leaf: Step) -> JsonObject | None:
    """Give what a question is about where it is about a budget: cap, key, amounts, who may say."""
    return object_of(object_of(leaf.input).get("budget")) or None


def _ask(
    ctx: Context, services: Services, entry: str, short: _Short, prompt: Prompt, actor: str
) -> Json | Pending:
    eligible = short.cap.eligible or services.current_policy().default_eligible
    lighter = not short.breach.reached and prompt.tier != _LIGHTER
    lighter = lighter and _LIGHTER in _tiers(ctx, services)
    offered = {
        Action.ADD: f"Add {_amount(short.cap.limit, short.breach.by)}",
        **({Action.LIGHTER: "Use a lighter model"} if lighter else {}),
        Action.FINISH: "Finish with what is there",
        Action.STOP: "Stop",
    }
    words = short.breach.words
    text = f"{words[0].upper()}{words[1:]}. What now? It is for {', '.join(eligible)} to say."
    asked: JsonObject = {
        "question": text,
        "choices": list(offered.values()),
        "budget": {
            "cap": short.cap.id,
            "key": short.key,
            "actions": [action.value for action in offered],
            "eligible": list(eligible),
            "by": short.breach.by.value,
            "anew_at": short.anew_at.isoformat() if short.anew_at else None,
            **_added(short.cap.limit, short.breach.by),
        },
    }
    leaf = Leaf(kind=KIND, title=text, actor=actor, input=asked)
    choices = list(offered.values())
    opened = asking(ctx.run, text=text, choices=choices, now=services.clock.now())
    return ctx.open(entry, leaf, opened)


def _added(limit: Budget, by: Spends) -> dict[str, Json]:
    """Say what adding adds: once more what there was of that which is used up."""
    return {
        "usd": limit.usd if by is Spends.MONEY else 0.0,
        "tokens": limit.tokens if by is Spends.TOKENS else 0,
        "seconds": limit.seconds if by is Spends.TIME else 0.0,
    }


def _amount(limit: Budget, by: Spends) -> str:
    if by is Spends.MONEY:
        return f"${limit.usd:,.2f}"
    if by is Spends.TOKENS:
        return f"{limit.tokens:,} tokens"
    return f"{limit.seconds / 3600:,.1f} hours"


def _tiers(ctx: Context, services: Services) -> Mapping[str, object]:
    text = services.kits.of(ctx.run).catalog.models_text
    told = cast("Mapping[str, Mapping[str, object]]", yaml.safe_load(text or "tiers: {}"))
    return told.get("tiers") or {}


def _over(ctx: Context, name: str, words: str) -> OverBudget:
    """Put it on record first: whoever goes on without the step must, on entering again, too."""
    entry = f"{name}/budget/over"
    told = ctx.do(entry, lambda: words, Leaf(kind="budget"))
    return OverBudget(str(told))


def _refuse_again(ctx: Context, name: str) -> None:
    if ctx.holds(f"{name}/budget/over"):
        raise _over(ctx, name, "")


def _leaf(ctx: Context, entry: str) -> Leaf:
    return Leaf(kind=KIND, title=entry, actor=ctx.step.actor)


def _never(_connection: Connection, _leaf_id: str) -> None:
    raise AssertionError("what is in the journal is not asked again")
