"""HTTP for agents: fetching what is public, and sending after somebody said yes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from email.message import Message
from urllib.parse import urlsplit

from runtime.domain.approval import Preview
from runtime.domain.effects import Effect
from runtime.domain.errors import ToolFailed, Upstream
from runtime.domain.json import Json, JsonObject
from runtime.tools.builtin.page_text import page_text
from runtime.tools.decorator import tool
from runtime.tools.http import Http, Reply
from runtime.tools.tool import Call, Tool

_LONGEST_QUOTE = 500


def web_tools(http: Http) -> list[Tool]:
    """Give ``http_get`` and ``http_post``."""

    def http_get(url: str, limit: int = 20_000) -> JsonObject:
        """Fetch a public web address and give its text; pages come without their markup.

        Args:
            url: The whole address, with https:// or http://.
            limit: How many characters to give, at most 100000.
        """
        if not 1 <= limit <= 100_000:
            raise ToolFailed("limit lies between 1 and 100000; correct it")
        reply = http.get(url)
        text = _text(reply)
        if reply.status in (429, 502, 503, 504):
            raise Upstream(
                f"{_host(reply)!r} answered {reply.status}; try again later",
                retry_after_seconds=_retry_after(reply),
                ambiguous=False,
            )
        if reply.status >= 400:
            raise ToolFailed(f"{url!r} answered {reply.status}: {text[:_LONGEST_QUOTE]}")
        return {
            "url": reply.url,
            "status": reply.status,
            "content_type": reply.headers.get("content-type", ""),
            "text": text[:limit],
            "truncated": reply.truncated or len(text) > limit,
        }

    def http_post(url: str, body: dict[str, object] | list[object], call: Call) -> JsonObject:
        """Send JSON to a web address with POST. It cannot be taken back.

        Args:
            url: The whole address, with https:// or http://.
            body: What to send.
        """
        content = json.dumps(body, ensure_ascii=False).encode()
        reply = http.post(url, content, content_type="application/json", key=call.key)
        text = _text(reply)
        if reply.status == 429:
            raise Upstream(
                f"{_host(reply)!r} answered 429; try again later",
                retry_after_seconds=_retry_after(reply),
                ambiguous=False,
            )
        if reply.status >= 500:
            raise Upstream(f"{_host(reply)!r} answered {reply.status}; whether it acted is unknown")
        if reply.status >= 400:
            raise ToolFailed(f"{url!r} refused with {reply.status}: {text[:_LONGEST_QUOTE]}")
        answer: dict[str, Json] = {"status": reply.status, "text": text[:20_000]}
        if location := reply.headers.get("location"):
            answer["location"] = location
        return answer

    return [
        tool(effect=Effect.READ, untrusted=True)(http_get),
        tool(effect=Effect.IRREVERSIBLE, untrusted=True, preview=_post_preview)(http_post),
    ]


def _post_preview(url: str, body: dict[str, object] | list[object]) -> Preview:
    size = len(json.dumps(body, ensure_ascii=False).encode())
    return Preview(what=f"POST {size:,} bytes of JSON", where=url, reversible=False)


def _host(reply: Reply) -> str:
    return urlsplit(reply.url).hostname or reply.url


def _text(reply: Reply) -> str:
    kind = Message()
    kind["content-type"] = reply.headers.get("content-type", "text/plain")
    if reply.headers.get("content-encoding", "identity") != "identity":
        raise ToolFailed(
            f"{_host(reply)!r} answered in a packed form nobody asked for; use another"
        )
    if not _is_textual(kind.get_content_type()):
        return f"({len(reply.body)} bytes of {kind.get_content_type()})"
    charset = kind.get_content_charset("utf-8")
    try:
        text = reply.body.decode(charset, errors="replace")
    except LookupError:
        text = reply.body.decode(errors="replace")
    return page_text(text) if kind.get_content_type() == "text/html" else text


def _is_textual(kind: str) -> bool:
    return kind.startswith("text/") or kind.endswith(("json", "xml", "yaml", "javascript"))


def _retry_after(reply: Reply) -> float | None:
    headers: Mapping[str, str] = reply.headers
    value = headers.get("retry-after", "")
    return min(float(value), 3600.0) if value.isascii() and value.isdigit() else None
