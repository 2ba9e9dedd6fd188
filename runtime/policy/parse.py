"""policy.yaml, read strictly: what is not understood is not ignored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from runtime.domain.approval import OnExpiry
from runtime.domain.effects import Effect
from runtime.expressions import names
from runtime.policy import stages
from runtime.policy.access import read_access
from runtime.policy.budgets import read_budgets
from runtime.policy.condition import Comparison, Condition
from runtime.policy.decision import Outcome
from runtime.policy.expression import Expression
from runtime.policy.located import Located, read_located
from runtime.policy.on_call import read_on_call
from runtime.policy.pattern import complaint_about
from runtime.policy.policy import STANDARD_ELIGIBLE, STANDARD_OUTCOMES, Policy
from runtime.policy.rule import Rule
from runtime.policy.stages import check_principal, duration
from runtime.policy.window import read_window

_SECTIONS: Final = ("roles", "on_call", "access", "defaults", "default_eligible")
_TOP: Final = ("version", *_SECTIONS, "rules", "budgets")
_SELECTORS: Final = ("tools", "agents", "effects", "requesters", "channels", "labels", "times")
_RULE: Final = (
    *("id", *_SELECTORS, "where", "when", "outcome", "stages", *stages.ALL, *stages.TIME, "reason"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What rules may refer to."""

    roles: stages.Names
    on_call: frozenset[str]


def parse_policy(
    text: str,
    *,
    file: str,
    roles: stages.Names | None = None,
    on_call: frozenset[str] = frozenset(),
) -> Policy:
    """Read a policy. A file that holds nothing gives the standard policy with no roles.

    ``roles`` and ``on_call`` are what may be referred to beside the file's own: with them it is
    one agent's, and holds rules only.

    Raises:
        Misconfigured: with file, line and what to write.
    """
    top = read_located(text, file=file)
    if top is None:
        return Policy(roles={})
    fields = top.fields(_TOP if roles is None else ("version", "rules"))
    if "version" not in fields:
        top.wrong("say which format this is: `version: 1`")
    if fields["version"].scalar() != 1:
        fields["version"].wrong("only version 1 is known; write `version: 1`")
    roles = {**(roles or {}), **_roles(fields.get("roles"))}
    tables = read_on_call(fields.get("on_call"))
    known = _Known(roles=roles, on_call=frozenset(tables) | on_call)
    eligible = fields.get("default_eligible")
    return Policy(
        roles=roles,
        on_call=tables,
        access=read_access(fields.get("access"), roles),
        rules=_rules(fields.get("rules"), known),
        budgets=read_budgets(fields.get("budgets"), roles=roles, on_call=known.on_call),
        defaults=_defaults(fields.get("defaults")),
        default_eligible=stages.eligible_entries(eligible, roles=roles, on_call=known.on_call)
        if eligible
        else STANDARD_ELIGIBLE,
    )


def _roles(place: Located | None) -> stages.Names:
    if place is None:
        return {}
    roles: dict[str, tuple[str, ...]] = {}
    for name, people in place.entries().items():
        roles[name] = people.texts()
        for person in roles[name]:
            check_principal(person, people)
    return roles


def _defaults(place: Located | None) -> Mapping[Effect, Outcome]:
    outcomes = dict(STANDARD_OUTCOMES)
    if place is not None:
        for name, outcome in place.fields([effect.value for effect in Effect]).items():
            outcomes[Effect(name)] = outcome.one_of(Outcome, lambda choice: choice.value)
    return outcomes


def _rules(place: Located | None, known: _Known) -> tuple[Rule, ...]:
    if place is None:
        return ()
    rules: list[Rule] = []
    for item in place.items():
        rule = _rule(item, known)
        if rule.id == "default" or any(other.id == rule.id for other in rules):
            item.wrong(f"the id {rule.id!r} is taken; give every rule its own")
        rules.append(rule)
    return tuple(rules)


def _rule(place: Located, known: _Known) -> Rule:
    fields = place.fields(_RULE)
    for needed in ("id", "outcome"):
        if needed not in fields:
            place.wrong(f"a rule needs {needed!r}; write `{needed}: …`")
    if not any(name in fields for name in (*_SELECTORS, "where", "when")):
        place.wrong("this rule would apply to every call; say to which, or use `defaults`")
    outcome = fields["outcome"].one_of(Outcome, lambda choice: choice.value)
    _check_ask_only(fields, outcome)
    effects = fields.get("effects")
    expires = fields.get("expires_after")
    on_expiry = fields.get("on_expiry")
    then = on_expiry.one_of(OnExpiry, lambda choice: choice.value) if on_expiry else OnExpiry.DENY
    if then is OnExpiry.ESCALATE:
        if on_expiry is not None and "eligible" not in fields:
            on_expiry.wrong("write `escalate` at the stage that escalates, with `escalate_to`")
        # The one stage has taken the time over; after its last rung the question is held.
        expires, then = None, OnExpiry.HOLD
    reason = fields.get("reason")
    return Rule(
        id=fields["id"].text(),
        outcome=outcome,
        tools=_names(fields.get("tools")),
        agents=_names(fields.get("agents")),
        effects=tuple(item.one_of(Effect, lambda choice: choice.value) for item in _each(effects)),
        requesters=_names(fields.get("requesters")),
        channels=_names(fields.get("channels")),
        labels=_names(fields.get("labels")),
        times=tuple(read_window(item) for item in _each(fields.get("times"))),
        where=_conditions(fields.get("where")),
        when=_expression(fields.get("when")),
        stages=stages.read_stages(fields, roles=known.roles, on_call=known.on_call),
        on_expiry=then,
        expires_after_seconds=duration(expires) if expires else None,
        reason=reason.text() if reason else "",
    )


def _check_ask_only(fields: Mapping[str, Located], outcome: Outcome) -> None:
    if outcome is Outcome.ASK:
        return
    for name in ("stages", *stages.ALL, *stages.TIME):
        if name in fields:
            fields[name].wrong(f"{name!r} belongs to rules whose outcome is ask; remove it")


def _names(place: Located | None) -> tuple[str, ...]:
    if place is None:
        return ()
    names = place.texts()
    if not names:
        place.wrong("an empty list fits nothing; name something or remove the line")
    return names


def _each(place: Located | None) -> list[Located]:
    if place is None:
        return []
    items = place.items()
    if not items:
        place.wrong("an empty list fits nothing; name something or remove the line")
    return items


def _conditions(place: Located | None) -> tuple[Condition, ...]:
    if place is None:
        return ()
    conditions: list[Condition] = []
    for path, tests in place.entries().items():
        known = tests.fields([test.value for test in Comparison])
        if not known:
            tests.wrong("say what is compared, such as {over: 10000}")
        conditions += [_condition(path, Comparison(name), value) for name, value in known.items()]
    if not conditions:
        place.wrong("an empty condition says nothing; remove it")
    return tuple(conditions)


def _expression(place: Located | None) -> Expression | None:
    if place is None:
        return None
    text = place.text()
    complaint = names.complaint(text)
    if complaint is not None:
        place.wrong(f"this is no usable jq: {complaint}")
    return Expression(text=text, place=place.where)


def _condition(path: str, test: Comparison, place: Located) -> Condition:
    if test is Comparison.IN:
        return Condition(path=path, test=test, value=[item.scalar() for item in _each(place)])
    if test is Comparison.MATCHES:
        pattern = place.text()
        complaint = complaint_about(pattern)
        if complaint:
            place.wrong(complaint)
        return Condition(path=path, test=test, value=pattern)
    if test in (Comparison.EQUALS, Comparison.NOT):
        return Condition(path=path, test=test, value=place.scalar())
    return Condition(path=path, test=test, value=place.number())
