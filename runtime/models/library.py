"""The only place that imports litellm; nothing here loads it before the first use."""

from __future__ import annotations

import importlib
import logging
import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

from runtime.catalog.dialogue import parse_dialogue
from runtime.models.conversation import understand
from runtime.models.demonstration import Demonstration, Spoken
from runtime.models.tiers import Price
from runtime.models.wire import tools_from_wire, turns_from_wire

if TYPE_CHECKING:
    from litellm import ModelResponse, Usage
    from litellm.litellm_core_utils.litellm_logging import Logging
    from litellm.llms.custom_llm import CustomLLM
    from litellm.types.llms.custom_llm import CustomLLMItem

_CHARACTERS_PER_TOKEN = 4
_A_MILLION = 1_000_000
_FREE = Price(input=0.0, output=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """LiteLLM, loaded and quiet."""

    complete: Callable[[dict[str, object]], object]
    takes_schema: Callable[[str], bool]
    """The model's provider can be held to a JSON schema."""
    limit_tokens: Callable[[str], int | None]
    """How much the model reads at most, where that is known."""
    set_price: Callable[[str, Price | None], None]
    """Say once what a model costs. Without a price, one that nobody has listed costs nothing."""


class Loader:
    """Load LiteLLM once, however many threads ask for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._library: Library | None = None

    def __call__(self) -> Library:
        """Give the library. The first call takes seconds and some 200 MiB."""
        with self._lock:
            if self._library is None:
                self._library = _load()
            return self._library


def _load() -> Library:
    _hush()

    import litellm
    from litellm import utils

    litellm.suppress_debug_info = True
    litellm.drop_params = True
    item = {"provider": "demo", "custom_handler": _demonstration_handler()}
    litellm.custom_provider_map = cast("list[CustomLLMItem]", [item])
    cast("Callable[[], None]", utils.custom_llm_setup)()

    prices: dict[str, Price] = {}
    # It keeps an account of each call for callbacks, of which there are none, and finishes it on
    # threads of its own after the call. Both together take as much of the processor as the call.
    keeper = _account_keeper(prices)
    setattr(utils, "get_litellm_logging_class", lambda: keeper)  # noqa: B010 - not declared
    setattr(utils, "executor", _Nobody())  # noqa: B010 - not declared either

    call = cast("Callable[..., object]", litellm.completion)
    info = cast("Callable[..., Mapping[str, object]]", litellm.get_model_info)

    def limit_tokens(model: str) -> int | None:
        try:
            limit = info(model).get("max_input_tokens")
        except Exception:
            return None
        return limit if isinstance(limit, int) else None

    def takes_schema(model: str) -> bool:
        return litellm.supports_response_schema(model=model)

    def set_price(model: str, price: Price | None) -> None:
        # A model without an entry is searched for by every pattern there is, at every call.
        if price is None and not _is_unlisted(info, model):
            return
        prices[model] = price or _FREE
        entry = {
            "litellm_provider": litellm.get_llm_provider(model)[1],
            "mode": "chat",
            "input_cost_per_token": prices[model].input / _A_MILLION,
            "output_cost_per_token": prices[model].output / _A_MILLION,
        }
        litellm.register_model({model: entry})

    return Library(
        complete=lambda arguments: call(**arguments),
        # Looked up in its price list, which takes a while and never changes.
        takes_schema=lru_cache(maxsize=256)(takes_schema),
        limit_tokens=limit_tokens,
        set_price=lru_cache(maxsize=256)(set_price),
    )


def _hush() -> None:
    """Say before the import what LiteLLM is to leave alone."""
    # Without these two LiteLLM downloads a price list at import, and reads any .env it finds
    # above its own folder into this process.
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    os.environ["LITELLM_MODE"] = "PRODUCTION"
    for name in ("LiteLLM", "LiteLLM Proxy", "LiteLLM Router"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL)
        logger.propagate = False
    # At INFO it writes every URL, and some providers take the key in the URL.
    logging.getLogger("httpx").setLevel(logging.WARNING)


def _is_unlisted(info: Callable[..., Mapping[str, object]], model: str) -> bool:
    try:
        info(model)
    except Exception:
        return True
    return False


class _Nobody:
    """Stands where LiteLLM hands over work for its callbacks, and lets it lie."""

    def submit(self, *_: object, **__: object) -> Future[None]:
        done: Future[None] = Future()
        done.set_result(None)
        return done


def _account_keeper(prices: Mapping[str, Price]) -> type[Logging]:
    """Make what LiteLLM notes each call down in. It keeps nothing but what the call costs.

    A price that was stated is two multiplications; LiteLLM's own list knows of caches, tiers and
    regions, and is asked for the rest.
    """
    from litellm.litellm_core_utils.litellm_logging import Logging

    class AccountKeeper(Logging):
        def pre_call(self, *_: object, **__: object) -> None:
            pass

        def post_call(self, *_: object, **__: object) -> None:
            pass

        def failure_handler(self, *_: object, **__: object) -> None:
            pass

        def response_cost_calculator(
            self,
            result: object,
            cache_hit: bool | None = None,
            litellm_model_name: str | None = None,
            router_model_id: str | None = None,
        ) -> float | None:
            price = prices.get(litellm_model_name or "")
            usage = cast("Usage | None", getattr(result, "usage", None))
            if price is not None and usage is not None:
                asked, answered = usage.prompt_tokens, usage.completion_tokens
                return (asked * price.input + answered * price.output) / _A_MILLION
            return super().response_cost_calculator(
                result, cache_hit, litellm_model_name, router_model_id
            )

    return AccountKeeper


def _demonstration_handler() -> CustomLLM:
    """Make the provider ``demo``. Its "address" (api_base) is the folder of the dialogues."""
    litellm = importlib.import_module("litellm")
    base = cast("type[CustomLLM]", litellm.CustomLLM)
    respond = cast("Callable[..., ModelResponse]", litellm.ModelResponse)

    # A memory of what texts say: each turn reads the file again, and parses it only if changed.
    parse = lru_cache(maxsize=128)(parse_dialogue)

    class DemonstrationHandler(base):
        def completion(  # pyright: ignore[reportIncompatibleMethodOverride] - called by keyword
            self,
            *,
            model: str,
            messages: list[dict[str, object]],
            api_base: str,
            optional_params: dict[str, object],
            litellm_params: dict[str, object],
            **_: object,
        ) -> ModelResponse:
            form = cast(
                "dict[str, dict[str, object]]", optional_params.get("response_format") or {}
            )
            asked = form.get("json_schema", {})
            heard = understand(
                turns_from_wire(messages),
                labels=cast("dict[str, str]", litellm_params.get("metadata") or {}),
                tools=tools_from_wire(optional_params.get("tools")),
                schema=cast("dict[str, None] | None", asked.get("schema")),
            )
            spoken = Demonstration(Path(api_base), parse=parse).speak(heard)
            return respond(model=model, **_as_response(spoken, read=str(messages)))

    return DemonstrationHandler()


def _as_response(spoken: Spoken, *, read: str) -> dict[str, object]:
    calls = [
        {
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        }
        for call in spoken.tool_calls
    ]
    message: dict[str, object] = {"role": "assistant", "content": spoken.text or None}
    finish = "stop"
    if calls:
        message["tool_calls"] = calls
        finish = "tool_calls"
    prompt = max(len(read) // _CHARACTERS_PER_TOKEN, 1)
    answer = max(len(str(message)) // _CHARACTERS_PER_TOKEN, 1)
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": answer,
        "total_tokens": prompt + answer,
    }
    choice = {"index": 0, "finish_reason": finish, "message": message}
    return {"choices": [choice], "usage": usage}
