"""Threads as plain text for failing tests, and as a small page for people."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

from tests.worlds.slack.interactions import buttons_in
from tests.worlds.slack.messages import Stored
from tests.worlds.slack.payload import Json, Payload, rows, table, tables, text
from tests.worlds.slack.state import State

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem;
  color: #1d1c1d; background: #fff }
article { border-top: 1px solid #ddd; padding: .75rem 0 } article.reply { margin-left: 2rem }
h1 { font-size: 1.3rem } header { color: #555 } header b { color: #1d1c1d }
pre { white-space: pre-wrap; font: inherit; margin: .25rem 0 }
.button { border: 1px solid #888; border-radius: 4px; padding: 0 .5rem; margin-right: .5rem }
@media (prefers-color-scheme: dark) { body { background: #1a1d21; color: #e8e8e8 }
  header, header b { color: #ccc } article { border-color: #444 } a { color: #6cb4ee } }
"""


def plain_thread(state: State, channel: str, ts: str) -> str:
    """Write a thread as text: who, when, what, and the buttons."""
    thread = state.messages.of_thread(channel, state.message(channel, ts).root)
    return "\n\n".join(_plain_message(state, item) for item in thread)


def readable(blocks: Json) -> str:
    """Give the words of blocks, a line for each text, without markup of our own."""
    return "\n".join(line for block in tables(blocks) for line in _lines(block))


def view_page(state: State, channel: str | None, ts: str | None) -> str:
    """Draw the list of channels, one channel, or one thread."""
    if channel is None:
        links = "".join(
            f'<li><a href="/view/{escape(item.id)}">{escape(item.name)}</a> '
            f"({len(state.messages.of_channel(item.id))} messages)</li>"
            for item in state.directory.channels.values()
        )
        return _page("Channels", f"<ul>{links}</ul>")
    place = state.channel(channel)
    messages = state.messages.of_thread(channel, ts) if ts else state.messages.of_channel(channel)
    drawn = "".join(_drawn_message(state, item) for item in messages)
    return _page(f"#{place.name}", f'<p><a href="/view">All channels</a></p>{drawn}')


def _plain_message(state: State, item: Stored) -> str:
    indent = "    " if item.root != item.ts else ""
    edited = ", edited" if "edited" in item.raw else ""
    lines = [f"{_author(state, item.raw)}  {_moment(item.ts)}{edited}"]
    lines += _content(item.raw).splitlines()
    pressed = [
        f"[{button.label or button.action_id}]" for button in buttons_in(item.raw.get("blocks"))
    ]
    if pressed:
        lines.append(" ".join(pressed))
    return "\n".join(indent + line for line in lines)


def _drawn_message(state: State, item: Stored) -> str:
    buttons = "".join(
        f'<span class="button">{escape(button.label or button.action_id)}</span>'
        for button in buttons_in(item.raw.get("blocks"))
    )
    kind = "reply" if item.root != item.ts else "root"
    link = f"/view/{escape(item.channel)}/{escape(item.root)}"
    return (
        f'<article class="{kind}"><header><b>{escape(_author(state, item.raw))}</b> '
        f'<a href="{link}">{_moment(item.ts)}</a></header>'
        f"<pre>{escape(_content(item.raw))}</pre>{buttons}</article>"
    )


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style><h1>{escape(title)}</h1>{body}"
    )


def _content(raw: Payload) -> str:
    shown = readable(raw.get("blocks")) or text(raw.get("text"))
    files = [f"(file {text(item.get('name'))})" for item in tables(raw.get("files"))]
    return "\n".join([part for part in [shown, *files] if part])


def _lines(node: Payload) -> list[str]:
    kind = text(node.get("type"))
    if kind == "divider":
        return ["----"]
    if kind in {"rich_text_section", "rich_text_preformatted", "rich_text_quote"}:
        return ["".join(_leaf(table(item)) for item in rows(node.get("elements")))]
    if kind in {"plain_text", "mrkdwn", "markdown", "raw_text"}:
        return [text(node.get("text"))]
    if "action_id" in node:
        return []
    # In the order the app wrote the properties, apart from titles, which people read first.
    names = sorted(node, key=lambda name: name not in {"title", "label"})
    return [line for name in names for line in _inner(name, node[name])]


def _inner(name: str, value: Json) -> list[str]:
    if isinstance(value, dict):
        return _lines(value)
    if isinstance(value, list):
        return [line for item in value for line in _inner(name, item)]
    return [text(value)] if name in {"title", "alt_text"} and value else []


def _leaf(leaf: Payload) -> str:
    match leaf.get("type"):
        case "user":
            return f"@{text(leaf.get('user_id'))}"
        case "usergroup":
            return f"@{text(leaf.get('usergroup_id'))}"
        case "channel":
            return f"#{text(leaf.get('channel_id'))}"
        case "emoji":
            return f":{text(leaf.get('name'))}:"
        case "link":
            return text(leaf.get("text")) or text(leaf.get("url"))
        case _:
            return text(leaf.get("text")) or text(leaf.get("fallback"))


def _author(state: State, raw: Payload) -> str:
    user = state.directory.users.get(text(raw.get("user")))
    return user.real_name if user else text(raw.get("user"))


def _moment(ts: str) -> str:
    return datetime.fromtimestamp(float(ts), UTC).strftime("%H:%M:%S")
