"""The model gateway: one call, the tier's models in order, whatever the providers do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from runtime.domain.errors import BatonError, Refused, Upstream
from runtime.domain.ports import Clock
from runtime.garbage import settle
from runtime.models.choice import DEMONSTRATION, is_demonstration
from runtime.models.completion import Completion, Models, Prompt, ToolSpec, Turn
from runtime.models.failures import Failure, classify, combined
from runtime.models.library import Loader
from runtime.models.pace import Pace
from runtime.models.tiers import Model, Tier, Tiers
from runtime.models.wire import from_wire, names_of, to_wire
from runtime.observability.redaction import Redactor

_FIRST_PAUSE_SECONDS = 0.1


class Gateway(Models):
    """Answer prompts through LiteLLM.

    Safe to share between threads. Each call is bounded: it waits for its turn no longer than the
    tier's time limit, and then for each model in turn no longer than that. A rate-limited model
    is left alone until its provider wants to be asked again, and the caller is told when; the
    wait itself is the caller's, who can wait without a thread.
    """

    def __init__(
        self,
        tiers: Tiers,
        *,
        clock: Clock,
        dialogues: Path,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._tiers = tiers
        self._clock = clock
        self._dialogues = dialogues
        self._pause = pause
        self._load = Loader()
        self._pace = Pace()
        self._redact = Redactor([*tiers.secrets, *_keys(tiers)])
        self._gates = {
            name: threading.BoundedSemaphore(tier.max_concurrency)
            for name, tier in tiers.tiers.items()
        }

    def complete(self, prompt: Prompt) -> Completion:
        """Ask the prompt's tier. Raises ``Refused`` too, where the conversation is too long."""
        tier = self._tiers.tier(prompt.tier)
        gate = self._gates[tier.name]
        if not gate.acquire(timeout=tier.timeout_seconds):
            raise Upstream(
                f"all {tier.max_concurrency} places of tier {tier.name!r} were taken for"
                f" {tier.timeout_seconds:g} seconds; it is tried again",
                retry_after_seconds=1.0,
                ambiguous=False,
            )
        try:
            return self._first_answer(prompt, tier)
        finally:
            gate.release()

    def warm(self) -> None:
        """Load LiteLLM in the background, so that the first call does not wait for it."""
        threading.Thread(target=self._warm, name="baton-warm-models", daemon=True).start()

    def _warm(self) -> None:
        # The library loads parts of itself at the first call, more at the first with tools.
        tool = ToolSpec(name="warm", description="", parameters={"type": "object"})
        turns = (Turn(role="user", text="warm"),)
        model = Model(name=DEMONSTRATION)
        tier = Tier(name="warm", models=(model,), max_retries=0)
        try:
            self._try(Prompt(tier="warm", turns=turns, tools=(tool,)), tier, model)
        finally:
            settle()

    def _first_answer(self, prompt: Prompt, tier: Tier) -> Completion:
        failures: list[tuple[str, BatonError]] = []
        for model in tier.models:
            pause = self._pace.wait_seconds(model.name, now=self._clock.now())
            if pause > 0:
                failures.append((model.name, _paused(model, pause)))
                continue
            outcome = self._ask(prompt, tier, model)
            if isinstance(outcome, Completion):
                return outcome
            if not outcome.tries_next and (not failures or isinstance(outcome.error, Refused)):
                raise outcome.error
            failures.append((model.name, outcome.error))
        raise combined(failures)

    def _ask(self, prompt: Prompt, tier: Tier, model: Model) -> Completion | Failure:
        for attempt in range(tier.max_retries + 1):
            outcome = self._try(prompt, tier, model)
            if isinstance(outcome, Completion):
                return outcome
            if not outcome.tries_again or attempt == tier.max_retries:
                return outcome
            self._pause(_FIRST_PAUSE_SECONDS * 2**attempt)
        raise AssertionError("unreachable: the last attempt always returns")

    def _try(self, prompt: Prompt, tier: Tier, model: Model) -> Completion | Failure:
        library = self._load()
        names = names_of(prompt)
        demonstration = is_demonstration(model.name)
        arguments = to_wire(
            prompt,
            tier=tier,
            model=replace(model, api_base=str(self._dialogues)) if demonstration else model,
            names=names,
            takes_schema=demonstration or library.takes_schema(model.name),
        )
        try:
            if not demonstration:
                library.set_price(model.name, model.price)
            response = library.complete(arguments)
            if response is None:
                # What LiteLLM 1.106 makes of a 422, after asking twice.
                raise Refused(
                    f"the provider of {model.name!r} could not process the request; change it"
                )
            return from_wire(response, prompt=prompt, model=model.name, names=names)
        except Exception as error:
            # answers nonsense; the step is tried again a bounded number of times, then fails.
            failure = classify(
                error,
                model=model.name,
                now=self._clock.now(),
                redact=self._redact,
                limit_tokens=lambda: library.limit_tokens(model.name),
            )
        if isinstance(failure.error, Upstream) and failure.error.retry_after_seconds:
            pause = failure.error.retry_after_seconds
            self._pace.hold(model.name, now=self._clock.now(), seconds=pause)
        return failure


def _paused(model: Model, seconds: float) -> Upstream:
    return Upstream(
        f"{model.name!r} is rate-limited for another {seconds:.1f} seconds; it is tried again then",
        retry_after_seconds=seconds,
        ambiguous=False,
    )


def _keys(tiers: Tiers) -> list[str]:
    models = (model for tier in tiers.tiers.values() for model in tier.models)
    return [model.api_key for model in models if model.api_key]
