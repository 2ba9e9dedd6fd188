"""Draw the reference pages that follow from the code: ``python docs/generate.py``.

A test compares what lies in ``docs/reference`` with what this gives, so a setting, a verb or an
error that changes without its page fails the build.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import inspect
import pkgutil
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import bots
import runtime
from bots.commands.grammar import VERBS
from bots.terminal.arguments import build_parser
from runtime.domain.errors import BatonError
from runtime.expressions.evaluator import LIMITS
from runtime.models.choice import PROVIDERS
from runtime.settings import Settings
from runtime.workflows.awaited import MOST_GATHERED
from runtime.workflows.calls.function import call_function
from runtime.workflows.perform import MOST_VISITS
from runtime.workflows.tasks import KEYS, KINDS
from runtime.workflows.tasks.call import CALLED, NOT_CALLED
from runtime.workflows.tasks.loop import PART
from tests.worlds.conformance import recorded, write_record
from tests.worlds.specification import features

FOLDER = Path(__file__).parent / "reference"
_DRAWN = "<!-- Drawn by docs/generate.py; change the code and run `make references`. -->"
_ROLE = re.compile(r"(The [\w' ]+?|Nobody) must act")
_OUTSIDE = ("runtime.storage.migrations",)

# Codes that the journal or an HTTP answer carries although no exception has them.
_CODES_ONLY = {
    "bug": ("The operator", "the code stopped unexpectedly; the log has the trace"),
    "cancelled": ("Nobody", "somebody cancelled the run; the words say who"),
    "decided_already": ("The person", "somebody else was faster; the answer shows what they said"),
    "internal": ("The operator", "a page or its API failed unexpectedly; the log has the trace"),
    "poison": ("The operator", "the step stopped its process three times and was set aside"),
    "skipped": ("Nobody", "a step that this one needs did not succeed"),
    "skipped_by_person": ("Nobody", "somebody had the run go on without the step, and may say why"),
    "unknown_outcome": ("The person", "an effect was cut off; an approval asks what became of it"),
}


def pages() -> dict[str, str]:
    """Give every drawn page by its file name."""
    return {
        "settings.md": settings(),
        "commands.md": commands(),
        "errors.md": errors(),
        "workflows.md": workflows(),
    }


def settings() -> str:
    """Draw the settings, with the words that stand below each field."""
    words = _field_docs(Settings)
    lines = [
        "# Settings",
        _DRAWN,
        "",
        "Read from the environment and from `.env` in the working folder; the environment wins, and"
        " an empty value counts as not set. `.env.example` has them all to copy.",
        "",
        "| Variable | Default | Meaning |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        default = "not set" if field.default in (None, ()) else f"`{_plain(field.default)}`"
        lines.append(f"| `{field.alias}` | {default} | {_cell(words[name])}{_bounds(name)} |")
    lines += [
        "",
        "Everything else in the environment of a worker is passed on: to LiteLLM, which finds the"
        " keys of its providers there, and to tools, each of which gets only the variables it"
        " declares. With `auto` in `agents/models.yaml`, the first of these that is set chooses"
        " the provider:",
        "",
        *(f"- `{provider.variable}`" for provider in PROVIDERS),
    ]
    return "\n".join(lines) + "\n"


def commands() -> str:
    """Draw the verbs and what the terminal has besides."""
    known = _subcommands()
    verbs = {verb.name for verb in VERBS}
    only_here = [(name, parser) for name, parser in known.items() if name not in verbs]
    lines = [
        "# Commands",
        _DRAWN,
        "",
        "One grammar everywhere: after `baton` in a terminal, after `/baton` in Slack, as text"
        " to the bot in Teams. RUN and"
        " N are numbers, as in `status 12` and `approve 3`.",
        "",
        "| Command | What it does |",
        "|---|---|",
        *(f"| `{_cell(verb.usage)}` | {_cell(verb.summary)} |" for verb in VERBS),
        "",
        "A message to the bot that is no command is a request: it starts a run, or goes to the run"
        " that is at work in that thread.",
        "",
        "## In the terminal",
        "",
        "`--json` after a command prints one JSON object. The exit status is 0 when it succeeded,"
        " 1 when it was refused or failed, 2 when it was not understood, 3 when the run has not"
        " ended. These commands exist in the terminal only:",
        "",
        "| Command | What it does |",
        "|---|---|",
        *(f"| `baton {name}` | {_cell(parser.description or '')} |" for name, parser in only_here),
        "",
        "`baton up` and `baton front` take:",
        "",
        "| Option | Meaning |",
        "|---|---|",
        *_options(known["up"]),
        "",
        "`baton run` takes:",
        "",
        "| Option | Meaning |",
        "|---|---|",
        *_options(known["run"]),
    ]
    return "\n".join(lines) + "\n"


def errors() -> str:
    """Draw every error code and who must act on it."""
    rows = {
        error.code: (_who(error), f"`{error.__name__}`: {_meaning(error)}", error.retryable)
        for error in _all_errors()
    }
    for code, (who, meaning) in _CODES_ONLY.items():
        rows[code] = (who, meaning, False)
    lines = [
        "# Errors",
        _DRAWN,
        "",
        "Every error has a code that stays, words that may be shown in a chat, and somebody who"
        " must act. Where nobody must act, Baton does by itself. A run's own error and those of its"
        " steps are in `baton status RUN --json` and `baton trace RUN --json`.",
        "",
        "| Code | Who acts | Meaning | Tried again by itself |",
        "|---|---|---|---|",
    ]
    for code, (who, meaning, retried) in sorted(rows.items()):
        again = "yes" if retried else "no"
        lines.append(f"| `{code}` | {who} | {_cell(meaning)} | {again} |")
    return "\n".join(lines) + "\n"


def _field_docs(owner: type) -> dict[str, str]:
    """Read the texts below a class's fields, which Python itself forgets."""
    body = ast.parse(textwrap.dedent(inspect.getsource(owner))).body[0]
    assert isinstance(body, ast.ClassDef)
    found: dict[str, str] = {}
    for field, below in zip(body.body, body.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
        ):
            found[field.target.id] = " ".join(str(below.value.value).split())
    return found


def _bounds(name: str) -> str:
    limits = {
        word: getattr(limit, word)
        for limit in Settings.model_fields[name].metadata
        for word in ("ge", "gt", "le")
        if getattr(limit, word, None) is not None
    }
    words = {"ge": "at least", "gt": "more than", "le": "at most"}
    told = ", ".join(f"{words[word]} {_plain(limit)}" for word, limit in limits.items())
    return f" ({told})" if told else ""


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) and value < 1e6 else str(value)


def _subcommands() -> dict[str, argparse.ArgumentParser]:
    actions = build_parser()._actions
    commands = next(one for one in actions if isinstance(one, argparse._SubParsersAction))
    return dict(commands.choices)


def _options(parser: argparse.ArgumentParser) -> list[str]:
    # From the actions and not from the help text, whose form differs between Python versions.
    return [
        f"| `{' '.join([*action.option_strings[:1], action.metavar or '']).strip()}` |"
        f" {_cell(action.help or '')} |"
        for action in parser._actions
        if action.dest != "help"
    ]


def workflows() -> str:
    """Draw what is supported of the workflow language, from what carries it out."""
    lines = [
        "# Workflows",
        _DRAWN,
        "",
        "Documents of the Open Workflow Specification 1.0.3. The grammar agrees with its schema on"
        " thousands of examples with one thing changed, which is a test. One rule is stricter: a"
        " key at the top of a document that the specification does not know is refused.",
        "",
        "The conformance kit of the specification, as it went when it was carried out last; a test"
        " holds this table against what it sees:",
        "",
        "| Feature | Scenarios that hold | |",
        "|---|---|---|",
        *_conformance(),
        "",
        "| Task | What it does |",
        "|---|---|",
        *(f"| `{KEYS[kind]}` | {_summary(work)} |" for kind, work in KINDS.items()),
        "",
        "| `call` | What it does |",
        "|---|---|",
        *(f"| `{name}` | {_summary(work)} |" for name, work in sorted(CALLED.items())),
        f"| a name in `use.functions`, `name:version@catalog`, a URL | {_summary(call_function)} |",
        *(
            f"| `{name}` | not supported here; the task fails with a word about what is |"
            for name in NOT_CALLED
        ),
        "",
        "| `run` | What it does |",
        "|---|---|",
        "| `script` | JavaScript (`js`) or Python, walled in: no network, no files |",
        "| `shell` | a command, walled in the same way |",
        "| `workflow` | another workflow of the versions the run began with |",
        "| `container` | an image, by docker or podman where one is there: no network unless the"
        " operator gives one, no files but named volumes; no `cleanup: eventually` |",
        "",
        "`await: false` is not supported here: fork, or emit an event. Authentication is basic,"
        " bearer, OAuth 2 and OpenID Connect with the grants that need no person; digest is not"
        " supported. Of the lifecycle events none are published; the trace of the run has them.",
        "",
        "In `schedule.on`, `one` and `any` start a run with each event, and `all` with each set."
        " `any` with `until` gathers events until the condition holds over their list, or until the"
        " events it names have come, which are not part of the list; then one run starts with all"
        " of them. Where nothing was gathered, nothing starts.",
        "",
        "| Limit | Value |",
        "|---|---|",
        f"| turns of a loop in one step | {PART} |",
        f"| visits of one task by `then` | {MOST_VISITS} |",
        f"| computing time of an expression | {LIMITS.cpu_seconds} seconds |",
        f"| memory of an expression | {LIMITS.memory_bytes // 1024 // 1024} MiB |",
        "| retries of a policy without a limit | 10 |",
        f"| events that `until` in a schedule gathers for one run | {MOST_GATHERED} |",
    ]
    return "\n".join(lines) + "\n"


def _conformance() -> Iterator[str]:
    for feature, told in sorted(recorded().items()):
        names = "; ".join(
            name if holds else f"{name} (**does not hold**)" for name, holds in sorted(told.items())
        )
        yield f"| `{feature}` | {sum(told.values())} of {len(told)} | {_cell(names)} |"


def _summary(work: object) -> str:
    first = (inspect.getdoc(work) or "").split("\n\n")[0]
    return _cell(" ".join(first.split()))


def _all_errors() -> Iterator[type[BatonError]]:
    for package in (bots, runtime):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.startswith(_OUTSIDE):
                importlib.import_module(module.name)
    waiting = [BatonError]
    while waiting:
        error = waiting.pop()
        waiting += error.__subclasses__()
        own = "code" in vars(error)
        if own and error is not BatonError and not error.__name__.startswith("_"):
            yield error


def _who(error: type[BatonError]) -> str:
    for one in error.__mro__:
        found = _ROLE.search(inspect.getdoc(one) or "") if issubclass(one, BatonError) else None
        if found:
            return found[1]
    return "The operator"


def _meaning(error: type[BatonError]) -> str:
    first = (inspect.getdoc(error) or "").split("\n\n")[0]
    text = _ROLE.sub("", " ".join(first.split()), count=1).lstrip(":; ").rstrip(".")
    return text[:1].lower() + text[1:]


def _cell(text: str) -> str:
    return text.replace("``", "`").replace("|", "\\|")


def main() -> None:
    """Write the pages."""
    FOLDER.mkdir(exist_ok=True)
    if features():
        # Only where the kit lies; elsewhere what was seen last stands.
        write_record()
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
        sys.stdout.write(f"docs/reference/{name}\n")


if __name__ == "__main__":
    main()
