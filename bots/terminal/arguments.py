"""What may be typed after ``baton``. Imports the grammar only, so that help is quick."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import cast

from bots.commands.grammar import VERBS
from runtime.domain.json import JsonObject

_SERVERS = {
    "up": "run everything in this process: console, channels, worker, courier",
    "front": "run the part that answers HTTP and chats",
    "worker": "run the part that works on runs",
    "courier": "run the part that posts what is to be said",
    "migrate": "bring the database to this version's tables",
}
_TEAMS = "build the app for Microsoft Teams: baton teams package --url URL"
_RETENTION = "say how long each class of data is kept, what goes now, and when the next will"
_SLACK = "print the Slack app's manifest: baton slack manifest [--url URL | --socket]"
WITH_OPTIONS = frozenset({"grant", "halt", "policy"})
_EPILOG = (
    "exit status: 0 it succeeded, 1 it was refused or failed, 2 it was not understood, "
    "3 the run has not ended: it waits for a person, an event or a time, or a server goes on with "
    "it"
)


class _InAnyOrder(argparse.ArgumentParser):
    """Takes options before, between and behind the words of a command."""

    def parse_known_args(  # pyright: ignore[reportIncompatibleMethodOverride] - its overloads
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        found, left = super().parse_known_args(args, namespace or argparse.Namespace())
        words = cast("list[str] | None", getattr(found, "words", None))
        if words is not None:
            # The library takes words in one piece only, and leaves those behind an option over.
            words += [one for one in left if not one.startswith("-")]
            left = [one for one in left if one.startswith("-")]
        return found, left


def build_parser() -> argparse.ArgumentParser:
    """Give the parser: servers, then the verbs that every chat knows too, then ``doctor``."""
    parser = argparse.ArgumentParser(
        prog="baton", description="A governed runtime for agentic work.", epilog=_EPILOG
    )
    parser.set_defaults(host=None, port=None, json=False)
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", required=True, parser_class=_InAnyOrder
    )
    for name, summary in _SERVERS.items():
        server = commands.add_parser(name, help=summary, description=summary)
        if name in {"up", "front"}:
            server.add_argument("--host", help="address to listen on")
            server.add_argument("--port", type=int, help="port to listen on")
    for verb in VERBS:
        if verb.name == "run":
            _add_run(commands.add_parser("run", help=verb.summary, description=verb.summary))
            continue
        spoken = commands.add_parser(
            verb.name,
            help=f"{verb.summary}: baton {verb.usage}",
            description=verb.summary,
            usage=f"baton {verb.usage} [--json]",
        )
        # What has options of its own is understood by the grammar, as in every chat.
        free = verb.name in WITH_OPTIONS
        spoken.add_argument(
            "words", nargs=argparse.REMAINDER if free else "*", help=argparse.SUPPRESS
        )
        if verb.name == "approve":
            spoken.add_argument(
                "--set", action="append", metavar="NAME=VALUE", help="approve with this instead"
            )
            spoken.add_argument(
                "--arguments", type=_json_object, metavar="JSON", help="approve with these instead"
            )
        if verb.name == "audit":
            _add_evidence(spoken)
        if verb.name == "workflows":
            _add_check(spoken)
        _add_json(spoken)
    retention = commands.add_parser("retention", help=_RETENTION, description=_RETENTION)
    _add_json(retention)
    _add_teams(commands.add_parser("teams", help=_TEAMS, description=_TEAMS))
    _add_slack(commands.add_parser("slack", help=_SLACK, description=_SLACK))
    doctor = commands.add_parser(
        "doctor", help="say what is set up and what is not", description="Check this installation."
    )
    _add_json(doctor)
    return parser


def _add_slack(parser: argparse.ArgumentParser) -> None:
    topics = parser.add_subparsers(dest="topic", metavar="TOPIC", required=True)
    manifest = topics.add_parser(
        "manifest",
        help="print the manifest of the Slack app",
        description="Print the manifest of the Slack app, made of what the code uses.",
    )
    reached = manifest.add_mutually_exclusive_group()
    reached.add_argument("--url", metavar="URL", help="the https address at which Slack calls")
    reached.add_argument("--socket", action="store_true", help="for Socket Mode, without one")


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words", nargs="*", metavar="TEXT", help="what should be done; or WORKFLOW NAME=VALUE …"
    )
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--agent", metavar="NAME", help="give it to this agent, without a plan")
    chosen.add_argument("--workflow", metavar="NAME", help="run this workflow")
    parser.add_argument(
        "--input", type=_json_object, metavar="JSON", help="further input, a JSON object"
    )
    parser.add_argument(
        "--wait", action="store_true", help="stay until it has ended, also through approvals"
    )
    _add_json(parser)


def _add_teams(parser: argparse.ArgumentParser) -> None:
    topics = parser.add_subparsers(dest="topic", metavar="TOPIC", required=True)
    package = topics.add_parser(
        "package",
        help="build the zip file that is uploaded to Teams",
        description="Build the app for Teams: its manifest and icons, checked by Teams' rules.",
    )
    package.add_argument(
        "--url", required=True, metavar="URL", help="your https page about Baton, named in the app"
    )
    package.add_argument(
        "--organisation", default="Your organisation", metavar="NAME", help="who offers the app"
    )
    package.add_argument(
        "--out", default="baton-teams.zip", metavar="FILE", help="where to write it"
    )
    package.add_argument(
        "--slash",
        action="store_true",
        help="with slash commands, which not every tenant takes yet (manifest 1.29)",
    )


def _add_evidence(parser: argparse.ArgumentParser) -> None:
    parser.usage = (
        "baton audit RUN [--json]\n"
        "       baton audit export RUN [--output FOLDER]\n"
        "       baton audit verify FILE [--key KEY]\n"
        "       baton audit verify --all\n"
        "       baton audit tell RUN\n"
        "       baton audit erase PERSON"
    )
    parser.add_argument("--output", metavar="FOLDER", default=".", help="where to write the export")
    parser.add_argument("--key", metavar="KEY", help="the public key it must be signed with")
    parser.add_argument("--all", action="store_true", help="check the whole log in the database")


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.usage = (
        "baton workflows [list] [--json]\n"
        "       baton workflows show NAME [--json]\n"
        "       baton workflows diff NAME [--json]\n"
        "       baton workflows from-run RUN [NAME] [--json]\n"
        "       baton workflows check [FILE | FOLDER …] [--json]"
    )
    parser.epilog = (
        "check prints FILE:LINE: POINTER: what is wrong; what to write. Exit status: 0 all are"
        " sound, 1 something is wrong; without a file it checks those of the installation"
    )


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _json_object(text: str) -> JsonObject:
    try:
        value = cast(object, json.loads(text))
    except ValueError as broken:
        raise argparse.ArgumentTypeError(f"this is not JSON: {broken}") from broken
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError('this is not a JSON object, such as {"item": "laptop"}')
    return cast(JsonObject, value)
