"""What ``models.yaml`` says: which models serve a tier, in which order, within which limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import yaml

from runtime.domain.errors import Misconfigured
from runtime.models.choice import automatic, is_demonstration
from runtime.observability.redaction import secrets_of

EXAMPLE = "tiers: {planner: {model: auto}, light: {model: auto}, strong: {model: auto}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a model costs, in dollars for a million tokens."""

    input: float
    output: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model as LiteLLM names it, and where it lives if not at its provider's own address."""

    name: str
    api_base: str | None = None
    api_key: str | None = field(default=None, repr=False)
    price: Price | None = None
    """None: what LiteLLM's price list says, and nothing where the model is not on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A kind of work and the models for it; the later ones are fallbacks, in order."""

    name: str
    models: tuple[Model, ...]
    timeout_seconds: float = 60.0
    max_concurrency: int = 8
    """Calls of this tier at once, in one process."""
    max_retries: int = 1
    """How often the gateway asks the same model again before the next one."""
    temperature: float | None = None
    """None leaves it to the provider; some models accept no other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiers:
    """All tiers, and the secret values that no text about them may show."""

    tiers: Mapping[str, Tier]
    source: str = "models.yaml"
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def tier(self, name: str) -> Tier:
        """Give a tier. Raises ``Misconfigured`` with the names there are."""
        found = self.tiers.get(name)
        if found is None:
            known = ", ".join(sorted(self.tiers))
            raise Misconfigured(
                f"{self.source}: there is no tier {name!r}; add it, or use one of: {known}"
            )
        return found


def parse_tiers(
    text: str, *, source: str, environment: Mapping[str, str], override: str | None = None
) -> Tiers:
    """Read ``models.yaml``. ``override`` (BATON_MODEL) replaces every tier's models, fallbacks too.

    Raises ``Misconfigured`` with file, line and what to write.
    """
    tiers = _Reading(source=source, environment=environment, override=override or None).tiers(text)
    return Tiers(tiers=tiers, source=source, secrets=secrets_of(environment))


_Fields = dict[str, tuple[yaml.Node, yaml.Node]]
_TIER_FIELDS = (
    "model",
    "fallbacks",
    "timeout_seconds",
    "max_concurrency",
    "max_retries",
    "temperature",
)
_MODEL_FIELDS = ("model", "api_base", "api_key_variable", "price")
_PRICE_EXAMPLE = "price: {input: 0.25, output: 1.25}, in dollars for a million tokens"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """Walk the YAML nodes, which know their lines, instead of plain values, which do not."""

    source: str
    environment: Mapping[str, str]
    override: str | None

    def tiers(self, text: str) -> dict[str, Tier]:
        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            said = error.problem or "unreadable"
            raise Misconfigured(
                f"{self.source}:{line}: not YAML ({said}); write {EXAMPLE}"
            ) from None
        if root is None:
            raise Misconfigured(f"{self.source}:1: the file is empty; write {EXAMPLE}")
        fields = self._fields(root, known=("tiers",), example=EXAMPLE)
        if "tiers" not in fields:
            raise self._wrong(root, f"'tiers' is missing; write {EXAMPLE}")
        listed = self._fields(fields["tiers"][1], known=None, example=EXAMPLE)
        if not listed:
            raise self._wrong(fields["tiers"][1], f"no tier is named; write {EXAMPLE}")
        return {name: self._tier(name, value) for name, (_, value) in listed.items()}

    def _tier(self, name: str, node: yaml.Node) -> Tier:
        fields = self._fields(node, known=_TIER_FIELDS, example=f"{name}: {{model: auto}}")
        if "model" not in fields:
            raise self._wrong(node, f"tier {name!r} has no model; write {name}: {{model: auto}}")
        models = self._models(name, fields)
        limits = Tier(name=name, models=models)
        return Tier(
            name=name,
            models=models,
            timeout_seconds=self._number(
                fields, "timeout_seconds", limits.timeout_seconds, least=0.1, most=3600
            ),
            max_concurrency=int(
                self._number(
                    fields,
                    "max_concurrency",
                    limits.max_concurrency,
                    least=1,
                    most=1000,
                    whole=True,
                )
            ),
            max_retries=int(
                self._number(fields, "max_retries", limits.max_retries, least=0, most=5, whole=True)
            ),
            temperature=self._number(fields, "temperature", 0.0, least=0, most=2)
            if "temperature" in fields
            else None,
        )

    def _models(self, tier: str, fields: _Fields) -> tuple[Model, ...]:
        first = self._model(tier, fields["model"][1])
        later: list[tuple[yaml.Node, Model]] = []
        if "fallbacks" in fields:
            node = fields["fallbacks"][1]
            if not isinstance(node, yaml.SequenceNode):
                raise self._wrong(node, "'fallbacks' is no list; write fallbacks: [openai/NAME]")
            later = [(entry, self._model(tier, entry)) for entry in node.value]
        for entry, model in later:
            if is_demonstration(model.name) and not is_demonstration(first.name):
                raise self._wrong(
                    entry, f"{model.name!r} cannot stand in for a real model; remove it"
                )
        if self.override:
            return (Model(name=self.override),)
        return (first, *(model for _, model in later))

    def _model(self, tier: str, node: yaml.Node) -> Model:
        if isinstance(node, yaml.ScalarNode):
            return Model(name=self._name(tier, node))
        example = "{model: openai/NAME, api_base: http://host/v1, api_key_variable: MY_KEY}"
        fields = self._fields(node, known=_MODEL_FIELDS, example=example)
        if "model" not in fields:
            raise self._wrong(node, f"'model' is missing; write {example}")
        name = self._name(tier, fields["model"][1])
        return Model(
            name=name,
            api_base=self._text(fields, "api_base"),
            api_key=self._key(fields),
            price=self._price(fields["price"][1]) if "price" in fields else None,
        )

    def _price(self, node: yaml.Node) -> Price:
        fields = self._fields(node, known=("input", "output"), example=_PRICE_EXAMPLE)
        for name in ("input", "output"):
            if name not in fields:
                raise self._wrong(node, f"the price of {name} is missing; write {_PRICE_EXAMPLE}")
        return Price(
            input=self._number(fields, "input", 0.0, least=0, most=100_000),
            output=self._number(fields, "output", 0.0, least=0, most=100_000),
        )

    def _name(self, tier: str, node: yaml.Node) -> str:
        name = str(node.value).strip() if isinstance(node, yaml.ScalarNode) else ""
        if not name or any(character.isspace() for character in name):
            raise self._wrong(node, "no model name; write auto or PROVIDER/MODEL")
        return automatic(tier, environment=self.environment) if name == "auto" else name

    def _key(self, fields: _Fields) -> str | None:
        variable = self._text(fields, "api_key_variable")
        if variable is None or self.override:
            return None
        if not self.environment.get(variable):
            raise self._wrong(
                fields["api_key_variable"][1], f"the variable {variable!r} is not set; set it"
            )
        return self.environment[variable]

    def _text(self, fields: _Fields, name: str) -> str | None:
        if name not in fields:
            return None
        node = fields[name][1]
        if not isinstance(node, yaml.ScalarNode) or not str(node.value).strip():
            raise self._wrong(node, f"{name!r} is no text; write {name}: TEXT")
        return str(node.value).strip()

    def _number(
        self,
        fields: _Fields,
        name: str,
        default: float,
        *,
        least: float,
        most: float,
        whole: bool = False,
    ) -> float:
        if name not in fields:
            return default
        node = fields[name][1]
        try:
            value = float(str(node.value))
        except ValueError:
            value = float("nan")
        if not least <= value <= most or (whole and value != int(value)):
            kind = "whole number" if whole else "number"
            raise self._wrong(
                node, f"{name!r} is {str(node.value)!r}; write a {kind} from {least:g} to {most:g}"
            )
        return value

    def _fields(self, node: yaml.Node, *, known: tuple[str, ...] | None, example: str) -> _Fields:
        if not isinstance(node, yaml.MappingNode):
            raise self._wrong(node, f"a mapping belongs here; write {example}")
        fields: _Fields = {}
        for key, value in node.value:
            name = str(key.value)
            if known is not None and name not in known:
                raise self._wrong(key, f"unknown field {name!r}; write one of: {', '.join(known)}")
            if name in fields:
                raise self._wrong(key, f"{name!r} is there twice; remove one")
            fields[name] = (key, value)
        return fields

    def _wrong(self, node: yaml.Node, what: str) -> Misconfigured:
        return Misconfigured(f"{self.source}:{node.start_mark.line + 1}: {what}")
