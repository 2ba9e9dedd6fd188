"""``models.yaml``: what it may say, and what it is told when it says something else."""

from __future__ import annotations

import pytest

from runtime.domain.errors import Misconfigured
from runtime.models.choice import PROVIDERS, automatic
from runtime.models.tiers import Price, Tiers, parse_tiers

FULL = """
tiers:
  planner:
    model: auto
    fallbacks: [anthropic/claude-haiku-5-5]
    timeout_seconds: 90
    max_concurrency: 4
    max_retries: 2
    temperature: 0.5
  light:
    model:
      model: openai/own
      api_base: "http://host/v1"
      api_key_variable: OWN_KEY
      price: {input: 0.25, output: 1}
"""


def parse(text: str, *, override: str | None = None, **environment: str) -> Tiers:
    return parse_tiers(text, source="models.yaml", environment=environment, override=override)


def test_a_tier_has_its_models_in_order_and_its_limits() -> None:
    tiers = parse(FULL, OWN_KEY="secret-of-mine", OPENAI_API_KEY="sk-of-mine-too")

    planner = tiers.tier("planner")
    assert [model.name for model in planner.models] == [
        automatic("planner", environment={"OPENAI_API_KEY": "x"}),
        "anthropic/claude-haiku-5-5",
    ]
    assert (planner.timeout_seconds, planner.max_concurrency) == (90, 4)
    assert (planner.max_retries, planner.temperature) == (2, 0.5)


def test_an_own_server_has_its_address_and_key_and_the_key_is_not_shown() -> None:
    tiers = parse(FULL, OWN_KEY="secret-of-mine", OPENAI_API_KEY="sk-of-mine-too")

    (own,) = tiers.tier("light").models
    assert (own.name, own.api_base, own.api_key) == (
        "openai/own",
        "http://host/v1",
        "secret-of-mine",
    )
    assert own.price == Price(input=0.25, output=1)
    assert set(tiers.secrets) == {"secret-of-mine", "sk-of-mine-too"}
    assert "of-mine" not in repr(tiers)


def test_the_override_replaces_the_models_of_every_tier() -> None:
    tiers = parse(FULL, override="openai/stub", OPENAI_API_KEY="sk-something")

    assert [[model.name for model in tier.models] for tier in tiers.tiers.values()] == [
        ["openai/stub"],
        ["openai/stub"],
    ]


@pytest.mark.parametrize("tier", ["planner", "light", "strong", "another"])
def test_auto_takes_the_first_provider_that_is_configured(tier: str) -> None:
    environment = {provider.variable: "set" for provider in PROVIDERS}

    chosen: list[str] = []
    for provider in PROVIDERS:
        chosen.append(automatic(tier, environment=environment))
        environment[provider.variable] = " "
    chosen.append(automatic(tier, environment=environment))

    assert [name.split("/")[0] for name in chosen] == [
        "openai",
        "anthropic",
        "gemini",
        "ollama_chat",
        "demo",
    ]


def test_planner_and_workers_use_different_models_of_a_provider() -> None:
    for provider in PROVIDERS[:3]:
        assert len({provider.model_for(tier) for tier in ("planner", "light", "strong")}) == 3


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "models.yaml:1: the file is empty; write tiers:"),
        ("tiers: {a: [", "models.yaml:1: not YAML"),
        ("- a", "models.yaml:1: a mapping belongs here"),
        ("tiers: {}", "no tier is named"),
        ("tires: {}", "unknown field 'tires'; write one of: tiers"),
        ("tiers:\n  light: {}", "models.yaml:2: tier 'light' has no model; write light:"),
        ("tiers:\n  light:\n    model:", "models.yaml:3: no model name; write auto or"),
        ("tiers:\n  a: {model: auto, speed: 9}", "models.yaml:2: unknown field 'speed'"),
        ("tiers:\n  a: {model: auto, fallbacks: x}", "'fallbacks' is no list"),
        (
            "tiers:\n  a: {model: openai/x, fallbacks: [demo/baton]}",
            "models.yaml:2: 'demo/baton' cannot stand in for a real model; remove it",
        ),
        ("tiers:\n  a: {model: auto}\n  a: {model: auto}", "models.yaml:3: 'a' is there twice"),
        ("tiers:\n  a:\n    model: auto\n    timeout_seconds: soon", "models.yaml:4: 'timeout_s"),
        ("tiers: {a: {model: auto, max_concurrency: 1.5}}", "write a whole number from 1 to"),
        ("tiers: {a: {model: auto, max_retries: 99}}", "write a whole number from 0 to 5"),
        ("tiers: {a: {model: auto, temperature: .nan}}", "write a number from 0 to 2"),
        (
            "tiers:\n  a: {model: {model: openai/x, api_key_variable: GONE}}",
            "models.yaml:2: the variable 'GONE' is not set; set it",
        ),
        (
            "tiers:\n  a: {model: {model: openai/x, price: {input: 1}}}",
            "models.yaml:2: the price of output is missing; write price: {input: 0.25",
        ),
        (
            "tiers:\n  a: {model: {model: openai/x, price: {input: -1, output: 1}}}",
            "models.yaml:2: 'input' is '-1'; write a number from 0",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_what_to_write(text: str, told: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        parse(text)

    assert told in caught.value.public


def test_an_unknown_tier_is_named_with_those_there_are() -> None:
    with pytest.raises(Misconfigured, match=r"'heavy'.*light, planner"):
        parse(FULL, OWN_KEY="secret-of-mine").tier("heavy")
