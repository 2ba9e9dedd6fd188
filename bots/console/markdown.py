"""A small, safe reading of Markdown: text in, a tree of values out, never any HTML.

The page makes one element per node and sets its text, so nothing a model writes can become
markup. Links are kept only to http and https, and images are not loaded.
"""

from __future__ import annotations

import re

from runtime.domain.json import Json, JsonObject

_FENCE = re.compile(r"^\s{0,3}(```+|~~~+)\s*([\w+-]*)\s*$")
_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
_RULE = re.compile(r"^\s{0,3}([-*_])(?:\s*\1){2,}\s*$")
_ITEM = re.compile(r"^(\s*)(?:[-*+]|(\d{1,9})[.)])\s+(.*)$")
_QUOTE = re.compile(r"^\s{0,3}>\s?(.*)$")
_TABLE_LINE = re.compile(r"^\s*\|?(?:\s*:?-+:?\s*\|)+\s*(?::?-+:?\s*)?$")
_INLINE = re.compile(
    r"(?P<code>`+)(?P<code_text>.+?)(?P=code)"
    r"|\*\*(?P<strong>\S(?:.*?\S)?)\*\*"
    r"|(?<![\w*])\*(?P<em>[^\s*](?:[^*]*[^\s*])?)\*(?![\w*])"
    r"|(?<!\w)_(?P<em2>[^\s_](?:[^_]*[^\s_])?)_(?!\w)"
    r"|!?\[(?P<label>[^\]\n]{1,300})\]\((?P<href>[^)\s]{1,2000})\)"
    r"|(?P<bare>https?://[^\s<>\"')\]]{1,2000}[^\s<>\"')\].,;:!?])"
)
_DEEPEST = 4


def blocks(text: str) -> list[Json]:
    """Read Markdown into block nodes: ``{"tag", "children" | "text" | ...}``.

    Whatever is not understood stays as the text it was; nothing is dropped.
    """
    return _Reader(text.expandtabs(4).split("\n")).read()


def inline(text: str, depth: int = 0) -> list[Json]:
    """Read one paragraph's emphasis, code and links."""
    if depth > _DEEPEST:
        return [text] if text else []
    nodes: list[Json] = []
    at = 0
    for match in _INLINE.finditer(text):
        if match.start() > at:
            nodes.append(text[at : match.start()])
        nodes.append(_inline_node(match, depth))
        at = match.end()
    if at < len(text):
        nodes.append(text[at:])
    return nodes


def _inline_node(match: re.Match[str], depth: int) -> Json:
    found = match.groupdict()
    if found["code"]:
        return {"tag": "code", "children": [found["code_text"].strip()]}
    if found["strong"]:
        return {"tag": "strong", "children": inline(found["strong"], depth + 1)}
    if emphasis := found["em"] or found["em2"]:
        return {"tag": "em", "children": inline(emphasis, depth + 1)}
    if found["bare"]:
        return {"tag": "a", "href": found["bare"], "children": [found["bare"]]}
    href = found["href"]
    if not href.lower().startswith(("https://", "http://")):
        return match.group(0)
    # The address stands behind its label, so that a label cannot pretend to be another place.
    shown = found["label"] if found["label"] == href else f"{found['label']} ({href})"
    return {"tag": "a", "href": href, "children": [shown]}


class _Reader:
    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._at = 0

    def read(self) -> list[Json]:
        nodes: list[Json] = []
        while self._at < len(self._lines):
            node = self._block(self._lines[self._at])
            if node is not None:
                nodes.append(node)
        return nodes

    def _block(self, line: str) -> JsonObject | None:
        if not line.strip():
            self._at += 1
            return None
        if fence := _FENCE.match(line):
            return self._code(fence.group(1))
        if heading := _HEADING.match(line):
            self._at += 1
            return {"tag": f"h{len(heading.group(1))}", "children": inline(heading.group(2))}
        if _RULE.match(line):
            self._at += 1
            return {"tag": "hr", "children": []}
        if self._is_table():
            return self._table()
        if _QUOTE.match(line):
            return self._quote()
        if _ITEM.match(line):
            return self._list()
        return self._paragraph()

    def _code(self, fence: str) -> JsonObject:
        self._at += 1
        body: list[str] = []
        while self._at < len(self._lines):
            line = self._lines[self._at]
            self._at += 1
            if line.strip().startswith(fence) and not line.strip().strip(fence[0]):
                break
            body.append(line)
        return {"tag": "pre", "children": ["\n".join(body)]}

    def _is_table(self) -> bool:
        following = self._lines[self._at + 1] if self._at + 1 < len(self._lines) else ""
        return "|" in self._lines[self._at] and bool(_TABLE_LINE.match(following))

    def _table(self) -> JsonObject:
        head = _cells(self._lines[self._at])
        self._at += 2
        rows: list[list[str]] = []
        while self._at < len(self._lines) and "|" in self._lines[self._at]:
            rows.append(_cells(self._lines[self._at]))
            self._at += 1
        return {
            "tag": "table",
            "head": [inline(cell) for cell in head],
            "rows": [[inline(cell) for cell in row] for row in rows],
        }

    def _quote(self) -> JsonObject:
        inner: list[str] = []
        while self._at < len(self._lines) and (quote := _QUOTE.match(self._lines[self._at])):
            inner.append(quote.group(1))
            self._at += 1
        # One level is enough for people, and keeps hostile nesting from growing a deep tree.
        return {"tag": "blockquote", "children": inline("\n".join(inner))}

    def _list(self) -> JsonObject:
        first = _ITEM.match(self._lines[self._at])
        ordered = first is not None and first.group(2) is not None
        items: list[Json] = []
        while self._at < len(self._lines):
            line = self._lines[self._at]
            item = _ITEM.match(line)
            if item is not None:
                text = item.group(3)
                indent = min(len(item.group(1)) // 2, _DEEPEST)
                self._at += 1
                text += self._continued()
                items.append({"indent": indent, "children": inline(text)})
            elif not line.strip() and self._item_follows():
                self._at += 1
            else:
                break
        start = int(first.group(2)) if first is not None and ordered else 1
        return {"tag": "ol" if ordered else "ul", "start": start, "items": items}

    def _continued(self) -> str:
        text = ""
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if not line.startswith("  ") or not line.strip() or _ITEM.match(line):
                break
            text += "\n" + line.strip()
            self._at += 1
        return text

    def _item_follows(self) -> bool:
        following = self._lines[self._at + 1] if self._at + 1 < len(self._lines) else ""
        return bool(_ITEM.match(following))

    def _paragraph(self) -> JsonObject:
        body: list[str] = [self._lines[self._at]]
        self._at += 1
        while self._at < len(self._lines) and not self._starts_another():
            body.append(self._lines[self._at])
            self._at += 1
        return {"tag": "p", "children": inline("\n".join(body))}

    def _starts_another(self) -> bool:
        line = self._lines[self._at]
        return (
            not line.strip()
            or any(rule.match(line) for rule in (_FENCE, _HEADING, _RULE, _QUOTE, _ITEM))
            or self._is_table()
        )


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]
