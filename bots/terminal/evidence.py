"""``baton audit export`` and ``baton audit verify``: evidence as files, and whether it holds."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from bots.commands.reply import CommandReply
from bots.terminal.wiring import Wiring
from runtime.domain.conversation import Person
from runtime.domain.errors import NotFound, Refused
from runtime.domain.json import Json, JsonObject
from runtime.policy.access import Right

_USAGE = "baton audit export RUN, verify FILE, verify --all, tell RUN or erase PERSON"


def is_about_evidence(words: list[str], *, everything: bool) -> bool:
    """Tell whether ``baton audit`` was followed by something other than a run."""
    return everything or words[:1] in (["export"], ["verify"], ["tell"], ["erase"])


def about_evidence(arguments: argparse.Namespace, wiring: Wiring, *, by: Person) -> CommandReply:
    """Do what ``baton audit`` was asked for; ``by`` is who types, and sees what they may."""
    words = cast("list[str]", arguments.words)
    typist = f"{by.channel}:{by.external_id}"
    match words:
        case ["export", run]:
            wiring.open().sight.check(run, by)
            return _export(run, Path(cast("str", arguments.output)), wiring)
        case ["verify"] if arguments.all:
            wiring.open().sight.check(None, by)
            return _verify_everything(wiring)
        case ["verify", file] if not arguments.all:
            return _verify(Path(file), cast("str | None", arguments.key))
        case ["tell", run]:
            _require_administer(run, wiring, by=by)
            number = wiring.evidence().tell(run, by=typist)
            told = f"the conversation of run #{number} is told the audit's head from now on"
            return CommandReply(text=told, data={"number": number})
        case ["erase", person]:
            _require_administer(None, wiring, by=by)
            return _erase(person, wiring, by=typist)
        case _:
            raise Refused(f"that is not clear; write {_USAGE}")


def _require_administer(run: str | None, wiring: Wiring, *, by: Person) -> None:
    runtime = wiring.open()
    runtime.sight.check(run, by)
    runtime.governing.require(by, Right.ADMINISTER)


def _erase(person: str, wiring: Wiring, *, by: str) -> CommandReply:
    erased = wiring.evidence().erase(person, by=by)
    lines = [
        f"{person} is erased: {erased.runs} runs of theirs with their files, what they said in"
        f" {erased.others} runs of others, {erased.memories} remembered facts, and the key of their"
        " words in the audit"
    ]
    if erased.left:
        numbers = ", ".join(f"#{number}" for number in erased.left)
        lines.append(f"still at work, and not theirs: {numbers}; erase again when these have ended")
    return CommandReply(
        text="\n".join(lines),
        data={
            "person": person,
            "runs": erased.runs,
            "others": erased.others,
            "memories": erased.memories,
            "left": list(erased.left),
        },
    )


def _export(run: str, folder: Path, wiring: Wiring) -> CommandReply:
    exported = wiring.evidence().export(run, workspace=None)
    name = f"run-{exported.number}"
    pack, page = folder / f"{name}.jsonl", folder / f"{name}.html"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        pack.write_bytes(exported.pack)
        page.write_bytes(exported.page)
    except OSError as error:
        raise Refused(f"cannot write to {str(folder)!r}: {error.strerror}") from error
    return CommandReply(
        text=f"{pack}  the records with their proofs\n{page}  the same, to be read",
        data={"pack": str(pack), "page": str(page), "number": exported.number},
    )


def _verify(file: Path, key: str | None) -> CommandReply:
    """Check a file alone: neither settings nor database are opened."""
    from runtime.audit.page import check_page
    from runtime.audit.verify import check_pack

    try:
        content = file.read_bytes()
    except OSError as error:
        raise NotFound(f"cannot read {str(file)!r}: {error.strerror}") from error
    check = check_page if content[:1] == b"<" else check_pack
    checked = check(content, key=key)
    statement = checked.statement
    signer = str(statement.get("key"))
    data: dict[str, Json] = {
        "holds": checked.holds,
        "problems": list(checked.problems),
        "run": statement.get("run"),
        "records": len(checked.records),
        "key": signer,
    }
    if not checked.holds:
        return _broken(f"{file} was changed", checked.problems, data)
    expired = (
        f"\n{checked.expired} of them have lost their facts to time" if checked.expired else ""
    )
    trust = "the key you named" if key else f"key {signer}; compare it with the one you were given"
    return CommandReply(
        text=f"{file} holds: {len(checked.records)} records of run {statement.get('number')},"
        f" signed with {trust}{expired}",
        data=data,
    )


def _verify_everything(wiring: Wiring) -> CommandReply:
    found = wiring.evidence().inspect()
    data: dict[str, Json] = {
        "holds": not found.problems,
        "problems": list(found.problems),
        "runs": found.runs,
        "records": found.records,
        "root": found.head.root if found.head else None,
        "keys": list(found.keys),
    }
    if found.problems:
        return _broken("The audit was changed", found.problems, data)
    root = found.head.root if found.head else "none yet"
    return CommandReply(
        text=f"The audit holds: {found.records} records of {found.runs} runs\nroot {root}\n"
        f"key {', '.join(found.keys) or 'none yet'}",
        data=data,
    )


def _broken(what: str, problems: Sequence[str], data: JsonObject) -> CommandReply:
    text = "\n".join([f"{what}:", *(f"  {problem}" for problem in problems)])
    return CommandReply(text=text, ok=False, code="broken", data=data)
