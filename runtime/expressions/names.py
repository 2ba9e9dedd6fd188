"""What an expression may not name, found before it is evaluated anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator

_REFUSED = {
    **dict.fromkeys(("env", "$ENV"), "the environment; pass the value in as a variable"),
    **dict.fromkeys(("import", "include", "modulemeta", "get_search_list"), "other files"),
    **dict.fromkeys(("input", "inputs", "input_filename", "input_line_number"), "other inputs"),
    **dict.fromkeys(("halt", "halt_error"), "the evaluator's end; use error(…) instead"),
    **dict.fromkeys(("debug", "stderr"), "the evaluator's own output; leave it out"),
}
_TOKEN = re.compile(
    r"""
      (?P<space>\s+|\#(?:\\\\|\\\r?\n|[^\r\n])*)
    | (?P<word>[.$]?\s*(?:[A-Za-z_][A-Za-z0-9_]*::)*[A-Za-z_][A-Za-z0-9_]*)
    | (?P<format>@[A-Za-z0-9_]+)
    | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<quote>")
    | (?P<open>[\[({])
    | (?P<close>[\])}])
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_TEXT = re.compile(r'(?:[^"\\]|\\[^(])*', re.DOTALL)
_CLOSES = {"(": ")", "[": "]", "{": "}"}


def complaint(program: str) -> str | None:
    """Say what is wrong with a program that needs no jq to be seen, or None.

    A name counts where it would be called: not after a dot, not as the key of an object.
    """
    opened: list[str] = []
    before = ""
    for kind, text in _tokens(program):
        if kind == "open":
            opened.append(text)
        elif kind == "close":
            if not opened or _CLOSES[opened.pop()] != text:
                return f"{text!r} closes nothing; check the brackets"
        elif kind == "word" and text in _REFUSED and not _is_key(opened, before):
            return f"{text!r} would reach {_REFUSED[text]}"
        elif kind == "unended":
            return "a text is not closed; add the missing quote"
        before = text
    return f"{opened[-1]!r} is not closed; check the brackets" if opened else None


def variables(program: str) -> frozenset[str]:
    """Name the variables a program reads, without the dollar, its own among them."""
    return frozenset(
        text[1:] for kind, text in _tokens(program) if kind == "word" and text.startswith("$")
    )


def _is_key(opened: list[str], before: str) -> bool:
    return bool(opened) and opened[-1] == "{" and before in ("{", ",")


def _tokens(program: str) -> Iterator[tuple[str, str]]:
    """Give the words and brackets outside of texts; what is interpolated counts as outside."""
    at = 0
    inside: list[int] = []
    depth = 0
    while at < len(program):
        found = _TOKEN.match(program, at)
        assert found is not None, "the last alternative takes any character"
        kind, text = found.lastgroup or "other", "".join(found.group().split())
        at = found.end()
        if kind == "quote" or (kind == "close" and inside and inside[-1] == depth):
            if kind == "close":
                yield kind, text
                depth -= 1
                inside.pop()
            end = _TEXT.match(program, at)
            assert end is not None, "the pattern takes nothing at all"
            at = end.end()
            if at >= len(program):
                yield "unended", ""
                return
            if program[at] == '"':
                at += 1
                yield "text", '"'
                continue
            at += 2
            depth += 1
            inside.append(depth)
            yield "open", "("
            continue
        depth += (kind == "open") - (kind == "close")
        if kind != "space":
            yield kind, text
