"""The head of ``agent.md``: YAML between two lines of dashes, and the prompt below it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from runtime.catalog.agent import DEFAULT_TIER, Role
from runtime.catalog.located import Located, read_yaml
from runtime.catalog.problems import Problems, near
from runtime.catalog.schema import check_schema
from runtime.domain.json import JsonObject

KEYS = frozenset(
    {
        *("name", "role", "description", "capabilities", "tier", "tools", "max_turns", "max_usd"),
        *("input_schema", "output_schema", "hand_off_to"),
    }
)
_MEANT = {"model": "tier", "input": "input_schema", "output": "output_schema", "system": "role"}
_GRANT = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(\.([A-Za-z_][A-Za-z0-9_-]*|\*))?")
_FENCE = re.compile(r"---[ \t]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontMatter:
    """What an agent's author declares, and where; fields as in ``Agent``."""

    role: Role
    description: str
    capabilities: tuple[str, ...]
    tier: str
    tools: tuple[str, ...]
    max_turns: int
    max_usd: float | None
    input_schema: JsonObject | None
    output_schema: JsonObject | None
    hand_off_to: tuple[str, ...]
    prompt: str
    place: Located


def read_front_matter(text: str, *, file: str, name: str, problems: Problems) -> FrontMatter | None:
    """Read ``agent.md``; problems are noted, and None is given where there are any."""
    before = len(problems.found)
    parts = _split(text, file=file, problems=problems)
    if parts is None:
        return None
    head, prompt = parts
    place = read_yaml(head, file=file, problems=problems, first_line=2)
    if place is None:
        return None
    if not isinstance(place.value, Mapping):
        problems.add(file, 2, "the front matter must be keys and values; write 'role: worker'")
        return None
    fields = _Fields(place=place, values=place.value, problems=problems)
    fields.refuse_unknown()
    fields.must_be_called(name)
    role = fields.role()
    matter = FrontMatter(
        role=role,
        description=fields.text("description", needed="say in a sentence what the agent does"),
        capabilities=fields.words("capabilities"),
        tier=fields.text("tier") or DEFAULT_TIER[role],
        tools=fields.grants(),
        max_turns=fields.turns(),
        max_usd=fields.usd(),
        input_schema=fields.schema("input_schema", objects_only=True),
        output_schema=fields.schema("output_schema", objects_only=False),
        hand_off_to=fields.words("hand_off_to"),
        prompt=prompt,
        place=place,
    )
    if not prompt:
        last = text.count("\n") + 1
        problems.add(file, last, "there is no prompt; write it in Markdown below the second '---'")
    return matter if len(problems.found) == before else None


def _split(text: str, *, file: str, problems: Problems) -> tuple[str, str] | None:
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    if _FENCE.fullmatch(lines[0]) is None:
        problems.add(file, 1, "the file must begin with a line '---' and its front matter below")
        return None
    for at, line in enumerate(lines[1:], start=1):
        if _FENCE.fullmatch(line):
            return "\n".join(lines[1:at]), "\n".join(lines[at + 1 :]).strip()
    problems.add(file, 1, "the front matter has no end; write a line '---' above the prompt")
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fields:
    """Takes one key after another and notes what does not fit."""

    place: Located
    values: JsonObject
    problems: Problems

    def wrong(self, key: str, text: str) -> None:
        self.problems.add(self.place.file, self.place.line(key), text)

    def refuse_unknown(self) -> None:
        for key in self.values:
            if key not in KEYS:
                meant = f"write {_MEANT[key]!r}" if key in _MEANT else near(key, KEYS)
                self.wrong(key, f"unknown key {key!r}; {meant}")

    def must_be_called(self, name: str) -> None:
        given = self.values.get("name", name)
        if given != name:
            self.wrong("name", f"name is {given!r} but the folder is {name!r}; make them equal")

    def role(self) -> Role:
        given = self.values.get("role")
        roles = [role.value for role in Role]
        if given is None:
            self.wrong("role", f"key 'role' is missing; write one of {', '.join(roles)}")
        elif not isinstance(given, str) or given not in roles:
            self.wrong("role", f"role is {given!r}; {near(str(given), roles)}")
        else:
            return Role(given)
        return Role.WORKER

    def text(self, key: str, *, needed: str = "") -> str:
        given = self.values.get(key)
        if given is None:
            if needed:
                self.wrong(key, f"key {key!r} is missing; {needed}")
            return ""
        if not isinstance(given, str) or not given.strip():
            self.wrong(key, f"{key} is {given!r}; write text")
            return ""
        return given.strip()

    def words(self, key: str) -> tuple[str, ...]:
        given = self.values.get(key)
        if given is None:
            return ()
        if not isinstance(given, list):
            self.wrong(key, f"{key} must be a list; write {key}: [one, another]")
            return ()
        found: list[str] = []
        for at, word in enumerate(given):
            line = self.place.line(key, at)
            if not isinstance(word, str) or not word.strip():
                self.problems.add(self.place.file, line, f"{key} has {word!r}; write a word")
            elif word.strip() in found:
                self.problems.add(self.place.file, line, f"{key} has {word!r} twice; keep one")
            else:
                found.append(word.strip())
        return tuple(found)

    def grants(self) -> tuple[str, ...]:
        words = self.words("tools")
        for at, word in enumerate(words):
            if _GRANT.fullmatch(word) is None:
                self.problems.add(
                    self.place.file,
                    self.place.line("tools", at),
                    f"tools has {word!r}; write a tool's name, 'server.tool' or 'server.*'",
                )
        return words

    def turns(self) -> int:
        given = self.values.get("max_turns")
        if given is None:
            return 12
        if not isinstance(given, int) or isinstance(given, bool) or not 1 <= given <= 100:
            self.wrong("max_turns", f"max_turns is {given!r}; write a whole number from 1 to 100")
            return 12
        return given

    def usd(self) -> float | None:
        given = self.values.get("max_usd")
        if given is None:
            return None
        if not isinstance(given, int | float) or isinstance(given, bool) or given <= 0:
            self.wrong("max_usd", f"max_usd is {given!r}; write an amount above 0, such as 0.50")
            return None
        return float(given)

    def schema(self, key: str, *, objects_only: bool) -> JsonObject | None:
        given = self.values.get(key)
        if given is None:
            return None
        if not isinstance(given, Mapping):
            self.wrong(key, f"{key} is {given!r}; write a JSON schema, such as {{type: object}}")
            return None
        check_schema(given, key=key, place=self.place, problems=self.problems)
        if objects_only and given.get("type") != "object":
            self.wrong(key, f"{key} must describe an object; write 'type: object' in it")
        return given
