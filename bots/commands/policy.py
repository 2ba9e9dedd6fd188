"""The verb ``policy``: is it sound, and what does it do about a call."""

from __future__ import annotations

import json
import re
from typing import cast

from bots.commands.asked import Asked
from bots.commands.explain import reasons
from bots.commands.grammar import Command
from bots.commands.reply import CommandReply
from bots.commands.usage import NotUnderstood
from bots.spelling import exact, one_line
from runtime.domain.effects import Effect
from runtime.domain.json import JsonObject
from runtime.policy.explained import Explained, WhatIf

_USAGE = "policy check | explain RUN | explain --tool T [--args JSON] [--as USER]"
_OPTION = re.compile(r"(?:--|[—–])(tool|as|agent|effect|label)[\s=]+(\S+)", re.IGNORECASE)
_ARGS = re.compile(r"(?:--|[—–])args\s+", re.IGNORECASE)
_DOES = {"allow": "It would be made.", "ask": "People would be asked.", "deny": "It is forbidden."}


def policy(command: Command, asked: Asked) -> CommandReply:
    """Check it, or explain it."""
    word, _, rest = command.text.strip().partition(" ")
    if word.lower() == "check":
        return _check(asked)
    if word.lower() != "explain" or not rest.strip():
        raise NotUnderstood(f"write: {_USAGE}")
    rest = rest.strip()
    return _explain_run(rest, asked) if re.fullmatch(r"#?\w+", rest) else _what_if(rest, asked)


def _check(asked: Asked) -> CommandReply:
    problems = asked.runtime.governing.check_policy()
    return CommandReply(
        text="\n".join(problems) or "The policy is sound, and somebody could decide each rule.",
        ok=not problems,
        code="misconfigured" if problems else "",
        data={"problems": list(problems)},
    )


def _explain_run(ref: str, asked: Asked) -> CommandReply:
    view = asked.runtime.sight.view(ref.removeprefix("#"), asked.person)
    rows = asked.runtime.sight.trace(view.run.id, asked.person)
    told = [f"- {reason}" for reason in reasons(view, rows)]
    by_rule = [
        f"- {row.step.path}: {exact(row.step.title)} {row.step.decision.get('outcome')} by rule"
        f" {exact(str(row.step.decision.get('rule')))} of policy"
        f" {str(row.step.decision.get('policy'))[:12]}"
        for row in rows
        if row.step.decision is not None
    ]
    return CommandReply(
        text="\n".join([f"Run #{view.run.number}:", *told, *by_rule]),
        data={"run": view.run.id, "decisions": [row.step.decision for row in rows]},
        run_id=view.run.id,
    )


def _what_if(text: str, asked: Asked) -> CommandReply:
    arguments: JsonObject = {}
    if match := _ARGS.search(text):
        arguments, after = _json_at(text[match.end() :])
        text = f"{text[: match.start()]} {after}"
    options = {name.lower(): value for name, value in _OPTION.findall(text)}
    if "tool" not in options:
        raise NotUnderstood(f"say which tool; write: {_USAGE}")
    effect = options.get("effect")
    if effect is not None and effect not in {one.value for one in Effect}:
        raise NotUnderstood(f"{effect!r} is no effect; write read, write or irreversible")
    explained = asked.runtime.governing.explain(
        WhatIf(
            tool=options["tool"],
            arguments=arguments,
            person=options.get("as", asked.person.principal),
            agent=options.get("agent", ""),
            effect=None if effect is None else Effect(effect),
            labels=(options["label"],) if "label" in options else (),
        )
    )
    return CommandReply(text=_words(explained), data=_object(explained))


def _json_at(text: str) -> tuple[JsonObject, str]:
    quoted = text[:1] in {"'", "`"}
    try:
        value, end = json.JSONDecoder().raw_decode(text[1:] if quoted else text)
    except (ValueError, RecursionError):
        raise NotUnderstood("what follows --args is not JSON; write a JSON object") from None
    if not isinstance(value, dict):
        raise NotUnderstood("--args wants a JSON object, such as {}")
    return cast("JsonObject", value), text[end + 2 :] if quoted else text[end:]


def _words(explained: Explained) -> str:
    decision = explained.decision
    lines = [f"{_DOES[decision.outcome.value]} Rule {exact(decision.rule)}: {decision.reason}"]
    for number, names in enumerate(explained.asked, start=1):
        quorum = decision.stages[number - 1].quorum
        who = ", ".join(map(exact, names)) or "nobody"
        lines.append(f"  Stage {number}: {quorum} of {one_line(who, 300)}")
    if explained.problem:
        lines.append(f"  But {explained.problem}.")
    lines += [
        f"  {'applies' if one.applies else 'does not apply'}: {exact(one.rule)}"
        f" ({one.outcome.value}), {one_line(one.because, 300)}"
        for one in explained.heard
    ]
    lines.append(f"  Effect: {explained.effect.value} ({exact(explained.effect_from)})")
    return "\n".join([*lines, f"  Policy {decision.policy[:12]}"])


def _object(explained: Explained) -> JsonObject:
    decision = explained.decision
    return {
        "outcome": decision.outcome.value,
        "rule": decision.rule,
        "reason": decision.reason,
        "policy": decision.policy,
        "stages": [
            {"eligible": list(names), "quorum": stage.quorum}
            for names, stage in zip(explained.asked, decision.stages, strict=True)
        ],
        "effect": explained.effect.value,
        "effect_from": explained.effect_from,
        "problem": explained.problem,
        "rules": [
            {
                "rule": one.rule,
                "outcome": one.outcome.value,
                "applies": one.applies,
                "because": one.because,
            }
            for one in explained.heard
        ],
    }
