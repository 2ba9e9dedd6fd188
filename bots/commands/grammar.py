"""The verbs, and the way from typed text to a command. Never guesses a task from a mistype."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches

from bots.commands.changes import take_changes
from bots.commands.governing_verbs import GOVERNING
from bots.commands.usage import NotUnderstood
from bots.commands.verb import Verb
from runtime.domain.json import JsonObject

# Phones and chat clients replace what was typed: curly quotes, and one long dash for two.
_COLUMN = 17
"""Characters; what most verbs need."""
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'"})
_AGENT = r"(?:--|[—–])agent(?:=|\s+)([\"'“”„‘’]?[\w.-]+[\"'“”„‘’]?)"
_AGENT_LAST = re.compile(rf"(?:^|\s){_AGENT}\s*$", re.IGNORECASE)
_AGENT_FIRST = re.compile(rf"^\s*{_AGENT}(?=\s|$)", re.IGNORECASE)
_REFERENCE = re.compile(r"#?\d{1,12}|(?:run|apr|approval)_\w+", re.IGNORECASE)
_QUESTION = re.compile(r"(#?\d{1,12}|run_\w+?)(?:\.(\d{1,3}))?", re.IGNORECASE)
_SEEN = re.compile(r"^seen:([0-9a-fA-F]{4,64})(?:\s+|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What somebody wants, understood."""

    verb: str
    target: str | None = None
    text: str = ""
    nth: int | None = None
    """Which of a run's open questions is meant, counted from 1."""
    changes: tuple[tuple[str, str], ...] = ()
    """Arguments to approve instead, as ``--set name=value`` was typed, in order."""
    arguments: JsonObject | None = None
    """All arguments to approve instead."""
    seen: str = ""
    """The digits a person copied after reading all arguments of a long call."""
    agent: str | None = None
    workflow: str | None = None
    input: JsonObject | None = None
    values: tuple[tuple[str, str], ...] = ()
    """Inputs of a workflow by name, as they were typed; ``input`` holds those with types."""


VERBS: tuple[Verb, ...] = (
    Verb(name="help", usage="help [VERB]", summary="say what can be asked", rest="verb"),
    Verb(
        name="run",
        usage="run TEXT [--agent NAME] | run WORKFLOW [NAME=VALUE …]",
        summary="start a run: a plan is made, or an agent or a workflow is named",
        rest="text",
        rest_required=True,
    ),
    Verb(name="runs", usage="runs", summary="list the latest runs"),
    Verb(
        name="status",
        usage="status [RUN]",
        summary="show how a run stands; without RUN the latest one here",
        target="run",
    ),
    Verb(
        name="trace",
        usage="trace RUN",
        summary="show every step of a run",
        target="run",
        target_required=True,
    ),
    Verb(
        name="why",
        usage="why RUN",
        summary="explain what a run waits for, what failed and which rules applied",
        target="run",
        target_required=True,
    ),
    Verb(
        name="cancel",
        usage="cancel RUN",
        summary="stop a run for good",
        target="run",
        target_required=True,
    ),
    Verb(
        name="pause",
        usage="pause RUN",
        summary="start nothing new in a run until it is resumed",
        target="run",
        target_required=True,
    ),
    Verb(
        name="resume",
        usage="resume RUN",
        summary="go on with a paused run",
        target="run",
        target_required=True,
    ),
    Verb(
        name="retry",
        usage="retry RUN",
        summary="go on with a failed run where it failed",
        target="run",
        target_required=True,
    ),
    Verb(
        name="skip",
        usage="skip RUN [STEP [reason]]",
        summary="go on without a step of the plan; STEP is its number on the card",
        target="run",
        target_required=True,
        rest="step",
    ),
    Verb(
        name="approvals",
        usage="approvals [N]",
        summary="list what waits for a decision; with N show one with all its arguments",
        target="approval",
    ),
    Verb(
        name="approve",
        usage="approve N [CODE] [--set NAME=VALUE] [--arguments JSON] [reason]",
        summary="let a call be made; with other arguments, somebody else must agree as well",
        target="approval",
        target_required=True,
        rest="reason",
    ),
    Verb(
        name="reject",
        usage="reject N reason",
        summary="refuse a call; the agent is told the reason",
        target="approval",
        target_required=True,
        rest="reason",
        rest_required=True,
    ),
    Verb(
        name="resolve",
        usage="resolve N happened|repeat|abort",
        summary="say what became of a call whose outcome nobody knows",
        target="approval",
        target_required=True,
        rest="outcome",
        rest_required=True,
    ),
    Verb(
        name="answer",
        usage="answer RUN TEXT",
        summary="answer what an agent asks; RUN.2 means the second of several questions",
        target="question",
        target_required=True,
        rest="answer",
        rest_required=True,
    ),
    Verb(name="agents", usage="agents", summary="list the agents and what they can do"),
    Verb(
        name="workflows",
        usage="workflows [show NAME | diff NAME | from-run RUN [NAME]]",
        summary="list the workflows, show one or what changed in it, or make one of a run",
        rest="name",
    ),
    Verb(
        name="schedules",
        usage="schedules [start NAME [NAME=VALUE …] | pause, resume or approvals NAME]",
        summary="list workflows that start by themselves, or set one going here, in your name",
        rest="name",
    ),
    Verb(
        name="cost",
        usage="cost [RUN]",
        summary="show what a run, or the latest runs, have cost",
        target="run",
    ),
    Verb(
        name="budget",
        usage="budget [RUN]",
        summary="show what is left to spend; without RUN, for you, here, today",
        target="run",
    ),
    Verb(
        name="audit",
        usage="audit RUN",
        summary="show a run's audit records",
        target="run",
        target_required=True,
    ),
    Verb(
        name="evidence",
        usage="evidence RUN",
        summary="have what a run did, with proofs that it is so, as files here",
        target="run",
        target_required=True,
    ),
    Verb(
        name="link",
        usage="link [CODE [yes]]",
        summary="join your Slack and Teams accounts: get a code here, say it there",
        rest="code",
    ),
    Verb(name="unlink", usage="unlink", summary="let this account stand by itself again"),
    *GOVERNING,
)
BY_NAME = {verb.name: verb for verb in VERBS}


def parse(text: str) -> Command:
    """Understand one line. Empty text asks for help.

    Raises:
        NotUnderstood: with the verb that was probably meant, or the verb's usage.
    """
    word, rest = _split(text.strip())
    if not word:
        return Command(verb="help")
    verb = BY_NAME.get(word.lower())
    if verb is None:
        raise NotUnderstood(_unknown(word))
    if verb.name == "run":
        return _parse_run(verb, rest)
    if verb.name == "help":
        return Command(verb="help", text=unquote(rest).lower())
    if verb.target == "question":
        return _parse_answer(verb, rest)
    target, rest = _parse_target(verb, rest)
    seen = ""
    if verb.name == "approve" and (match := _SEEN.match(rest)):
        seen, rest = match.group(1).lower(), rest[match.end() :]
    changes, arguments = (), None
    if verb.name == "approve":
        changes, arguments, rest = take_changes(rest, usage=verb.usage)
    if rest and not verb.rest:
        raise NotUnderstood(f"{rest!r} is too much here; write: {verb.usage}")
    if verb.rest_required and not rest:
        raise NotUnderstood(f"the {verb.rest} is missing; write: {verb.usage}")
    return Command(
        verb=verb.name, target=target, text=unquote(rest), seen=seen, changes=changes,
        arguments=arguments,
    )  # fmt: skip


def unquote(text: str) -> str:
    """Take one pair of quotes off text that is quoted as a whole, straight or curly."""
    stripped = text.strip()
    plain = stripped.translate(_QUOTES)
    whole = len(plain) >= 2 and plain[0] == plain[-1] and plain[0] in "\"'"
    return stripped[1:-1].strip() if whole and plain[0] not in plain[1:-1] else stripped


def help_text(about: str = "") -> str:
    """Give the list of verbs, or one verb's usage."""
    if about:
        verb = BY_NAME.get(about)
        if verb is None:
            raise NotUnderstood(_unknown(about))
        return f"{verb.usage}\n  {verb.summary}"
    lines = [line for verb in VERBS for line in _listed(verb)]
    return "\n".join(["What you can ask:", *lines, "RUN and N are numbers, as in: status 12"])


def _listed(verb: Verb) -> list[str]:
    """Give what a verb does beside it, or beneath it where it is long: chats are narrow."""
    if len(verb.usage) > _COLUMN:
        return [f"  {verb.usage}", f"{'':{_COLUMN + 4}}{verb.summary}"]
    return [f"  {verb.usage:<{_COLUMN}}  {verb.summary}"]


def _parse_run(verb: Verb, rest: str) -> Command:
    # Only at either end: what stands inside the request is the request's own.
    agent: str | None = None
    for pattern in (_AGENT_LAST, _AGENT_FIRST):
        if agent is None and (match := pattern.search(rest)):
            agent = unquote(match.group(1))
            rest = rest[: match.start()] + rest[match.end() :]
    text = unquote(rest)
    if not text:
        raise NotUnderstood(f"the text is missing; write: {verb.usage}")
    return Command(verb="run", text=text, agent=agent)


def _parse_answer(verb: Verb, rest: str) -> Command:
    word, text = _split(rest)
    if not word:
        raise NotUnderstood(f"the run's number is missing; write: {verb.usage}")
    match = _QUESTION.fullmatch(unquote(word))
    if match is None:
        raise NotUnderstood(f"{word!r} is no run's number; write: {verb.usage}")
    if not text:
        raise NotUnderstood(f"the {verb.rest} is missing; write: {verb.usage}")
    return Command(
        verb=verb.name,
        target=match.group(1).lower().removeprefix("#"),
        nth=int(match.group(2)) if match.group(2) else None,
        text=unquote(text),
    )


def _parse_target(verb: Verb, rest: str) -> tuple[str | None, str]:
    if not verb.target:
        return None, rest
    word, after = _split(rest)
    word = unquote(word)
    if not word:
        if verb.target_required:
            raise NotUnderstood(f"the {verb.target}'s number is missing; write: {verb.usage}")
        return None, ""
    if not _REFERENCE.fullmatch(word):
        raise NotUnderstood(f"{word!r} is no {verb.target}'s number; write: {verb.usage}")
    return word.lower().removeprefix("#"), after


def _split(text: str) -> tuple[str, str]:
    parts = text.split(None, 1)
    return (parts[0] if parts else "", parts[1].strip() if len(parts) > 1 else "")


def _unknown(word: str) -> str:
    nearest = get_close_matches(word.lower(), list(BY_NAME), n=1, cutoff=0.65)
    hint = f"did you mean {BY_NAME[nearest[0]].usage!r}? " if nearest else ""
    return (
        f"{word[:40]!r} is not a command; {hint}To start a task, write: run TEXT. "
        "All commands: help"
    )
