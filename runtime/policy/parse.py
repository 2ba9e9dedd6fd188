"""policy.yaml, read strictly: what is not understood is not ignored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

from runtime.domain.approval import OnExpiry, Stage
from runtime.domain.effects import Effect
from runtime.policy.condition import Comparison, Condition
from runtime.policy.decision import Outcome
from runtime.policy.located import Located, read_located
from runtime.policy.pattern import complaint_about
from runtime.policy.policy import STANDARD_ELIGIBLE, STANDARD_OUTCOMES, Policy
from runtime.policy.rule import Rule

_TOP: Final = ("version", "roles", "defaults", "default_eligible", "rules")
_SELECTORS: Final = ("tools", "agents", "effects", "requesters", "channels")
_RULE: Final = (
    *("id", *_SELECTORS, "where", "outcome", "stages", "eligible", "quorum"),
    *("expires_after", "on_expiry", "reason"),
)
_SECONDS: Final[Mapping[str, int]] = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_Roles = Mapping[str, tuple[str, ...]]


def parse_policy(text: str, *, file: str) -> Policy:
    """Read a policy. A file that holds nothing gives the standard policy with no roles.

    Raises:
        Misconfigured: with file, line and what to write.
    """
    top = read_located(text, file=file)
    if top is None:
        return Policy(roles={})
    fields = top.fields(_TOP)
    if "version" not in fields:
        top.wrong("say which format this is: `version: 1`")
    if fields["version"].scalar() != 1:
        fields["version"].wrong("only version 1 is known; write `version: 1`")
    roles = _roles(fields.get("roles"))
    eligible = fields.get("default_eligible")
    return Policy(
        roles=roles,
        rules=_rules(fields.get("rules"), roles),
        defaults=_defaults(fields.get("defaults")),
        default_eligible=_eligible(eligible, roles) if eligible else STANDARD_ELIGIBLE,
    )


def _roles(place: Located | None) -> _Roles:
    if place is None:
        return {}
    roles: dict[str, tuple[str, ...]] = {}
    for name, people in place.entries().items():
        roles[name] = people.texts()
        for person in roles[name]:
            _check_principal(person, people)
    return roles


def _check_principal(name: str, place: Located) -> None:
    if re.fullmatch(r"[^\s:/]+:[^\s/]+/\S+", name) is None or name.startswith(("role:", "!")):
        place.wrong(
            f"{name!r} names nobody; write channel:workspace/person, such as 'slack:T024/U061' "
            "or 'terminal:local/*'"
        )


def _defaults(place: Located | None) -> Mapping[Effect, Outcome]:
    outcomes = dict(STANDARD_OUTCOMES)
    if place is not None:
        for name, outcome in place.fields([effect.value for effect in Effect]).items():
            outcomes[Effect(name)] = outcome.one_of(Outcome, lambda choice: choice.value)
    return outcomes


def _rules(place: Located | None, roles: _Roles) -> tuple[Rule, ...]:
    if place is None:
        return ()
    rules: list[Rule] = []
    for item in place.items():
        rule = _rule(item, roles)
        if rule.id == "default" or any(other.id == rule.id for other in rules):
            item.wrong(f"the id {rule.id!r} is taken; give every rule its own")
        rules.append(rule)
    return tuple(rules)


def _rule(place: Located, roles: _Roles) -> Rule:
    fields = place.fields(_RULE)
    for needed in ("id", "outcome"):
        if needed not in fields:
            place.wrong(f"a rule needs {needed!r}; write `{needed}: …`")
    if not any(name in fields for name in (*_SELECTORS, "where")):
        place.wrong("this rule would apply to every call; say to which, or use `defaults`")
    outcome = fields["outcome"].one_of(Outcome, lambda choice: choice.value)
    _check_ask_only(fields, outcome)
    effects = fields.get("effects")
    expires = fields.get("expires_after")
    on_expiry = fields.get("on_expiry")
    reason = fields.get("reason")
    return Rule(
        id=fields["id"].text(),
        outcome=outcome,
        tools=_names(fields.get("tools")),
        agents=_names(fields.get("agents")),
        effects=tuple(item.one_of(Effect, lambda choice: choice.value) for item in _each(effects)),
        requesters=_names(fields.get("requesters")),
        channels=_names(fields.get("channels")),
        where=_conditions(fields.get("where")),
        stages=_stages(fields, roles),
        on_expiry=on_expiry.one_of(OnExpiry, lambda c: c.value) if on_expiry else OnExpiry.DENY,
        expires_after_seconds=_duration(expires) if expires else None,
        reason=reason.text() if reason else "",
    )


def _check_ask_only(fields: Mapping[str, Located], outcome: Outcome) -> None:
    if outcome is Outcome.ASK:
        return
    for name in ("stages", "eligible", "quorum", "expires_after", "on_expiry"):
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


def _stages(fields: Mapping[str, Located], roles: _Roles) -> tuple[Stage, ...]:
    stages, eligible, quorum = (fields.get(name) for name in ("stages", "eligible", "quorum"))
    if stages is not None:
        for other in (eligible, quorum):
            if other is not None:
                other.wrong("write either `stages` or the short `eligible` and `quorum`")
        return tuple(_stage(item, roles) for item in _each(stages))
    if quorum is not None and eligible is None:
        quorum.wrong("say whose: add `eligible: [...]`")
    if eligible is None:
        return ()
    return (_one_stage(eligible, quorum, roles),)


def _stage(place: Located, roles: _Roles) -> Stage:
    fields = place.fields(("eligible", "quorum"))
    if "eligible" not in fields:
        place.wrong("say who may decide: `eligible: [requester, 'role:approver']`")
    return _one_stage(fields["eligible"], fields.get("quorum"), roles)


def _one_stage(eligible: Located, quorum: Located | None, roles: _Roles) -> Stage:
    count = quorum.number() if quorum else 1
    if not isinstance(count, int) or not 1 <= count <= 20:
        (quorum or eligible).wrong("a quorum is a whole number from 1 to 20")
    return Stage(eligible=_eligible(eligible, roles), quorum=count)


def _eligible(place: Located, roles: _Roles) -> tuple[str, ...]:
    entries = place.texts()
    if all(entry.startswith("!") for entry in entries):
        place.wrong("nobody could ever decide; name who may, such as [requester, 'role:approver']")
    for entry in entries:
        name = entry.removeprefix("!")
        if name == "requester":
            continue
        if not name.startswith("role:"):
            _check_principal(name, place)
            continue
        role = name.removeprefix("role:")
        if role not in roles:
            near = get_close_matches(role, roles, n=1)
            hint = f"did you mean 'role:{near[0]}'?" if near else f"add `{role}` under `roles`"
            place.wrong(f"the role {role!r} is not defined; {hint}")
    return entries


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


def _duration(place: Located) -> float:
    raw = place.scalar()
    if not isinstance(raw, str) or re.fullmatch(r"(\d{1,4}[smhdw])+", raw) is None:
        place.wrong("write a duration such as 45m, 12h, 3d or 1d12h")
    seconds = sum(int(n) * _SECONDS[unit] for n, unit in re.findall(r"(\d+)([smhdw])", raw))
    if seconds <= 0:
        place.wrong("a duration is longer than nothing")
    return float(seconds)
