"""The tools that ship, each as an agent uses it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.domain.effects import Effect
from runtime.domain.errors import ToolFailed, Upstream
from runtime.domain.json import JsonObject
from runtime.tools.builtin import builtin_tools
from runtime.tools.builtin.csv_table import parse_csv
from runtime.tools.http import Http
from runtime.tools.network import Network
from runtime.tools.registry import Registry
from runtime.tools.runner import Runner
from runtime.tools.tool import Call
from tests.worlds.calls import MemoryFiles, call_with
from tests.worlds.web_server import Page, WebServer


@dataclass(frozen=True)
class Noon:
    def now(self) -> datetime:
        return datetime(2026, 7, 1, 12, tzinfo=UTC)


class Desk:
    """An agent's view of the tools: by name, through the runner."""

    def __init__(self, *, call: Call, allowed: frozenset[str] = frozenset()) -> None:
        http = Http(network=Network(allowed=allowed), timeout_seconds=5)
        self.registry = Registry(builtin_tools(clock=Noon(), http=http))
        self.call = call

    def use(self, tool_name: str, /, **arguments: object) -> JsonObject:
        tool = self.registry.find(tool_name)
        assert tool is not None
        result = Runner(secrets={}).run(tool, arguments, self.call)  # pyright: ignore[reportArgumentType] - as a model would send
        assert isinstance(result, dict)
        return result


def desk(files: dict[str, bytes] | None = None) -> Desk:
    return Desk(call=call_with(files=files))


def test_every_tool_declares_what_it_does_to_the_world() -> None:
    effects = {tool.name: tool.effect for tool in desk().registry.all()}

    assert effects == {
        "ask": Effect.READ,
        "calculate": Effect.READ,
        "forget": Effect.WRITE,
        "hand_off": Effect.READ,
        "http_get": Effect.READ,
        "http_post": Effect.IRREVERSIBLE,
        "list_files": Effect.READ,
        "now": Effect.READ,
        "query_database": Effect.READ,
        "query_table": Effect.READ,
        "read_file": Effect.READ,
        "read_table": Effect.READ,
        "recall": Effect.READ,
        "run_python": Effect.READ,
        "remember": Effect.WRITE,
        "write_artifact": Effect.WRITE,
    }


def test_what_comes_from_outside_is_marked() -> None:
    untrusted = {tool.name for tool in desk().registry.all() if tool.untrusted}

    assert untrusted == {
        "http_get",
        "http_post",
        "list_files",
        "query_database",
        "query_table",
        "read_file",
        "read_table",
        "recall",
    }


def test_files_are_listed_and_read_in_parts() -> None:
    at = desk({"notes.txt": "äbcdef".encode(), "offers.csv": b"a\n1\n"})

    assert at.use("list_files") == {"files": ["notes.txt", "offers.csv"]}
    first = at.use("read_file", name="notes.txt", limit=4)
    rest = at.use("read_file", name="notes.txt", offset=first["next_offset"])

    assert (first["text"], first["total_characters"]) == ("äbcd", 6)
    assert (rest["text"], rest["next_offset"]) == ("ef", None)


def test_a_file_that_is_missing_or_no_text_is_told_to_the_model() -> None:
    at = desk({"photo.png": b"\x89PNG\xff\xfe"})

    with pytest.raises(ToolFailed, match="no file"):
        at.use("read_file", name="absent")
    with pytest.raises(ToolFailed, match="no UTF-8 text"):
        at.use("read_file", name="photo.png")


def test_an_artifact_is_stored_with_its_media_type() -> None:
    at = desk()

    answer = at.use("write_artifact", name="report.md", content="# Grüße")

    assert answer == {"name": "report.md", "media_type": "text/markdown", "size_bytes": 9}
    assert isinstance(at.call.files, MemoryFiles)
    assert at.call.files.stored["report.md"].decode() == "# Grüße"


@pytest.mark.parametrize("name", ["", "../x", "a/b", "/x", ".hidden", "a\x00", "a..b", "x" * 200])
def test_an_artifact_has_a_plain_name(name: str) -> None:
    at = desk()

    with pytest.raises(ToolFailed, match="no plain file name"):
        at.use("write_artifact", name=name, content="x")


def test_a_table_is_read_with_its_types() -> None:
    text = b"\xef\xbb\xbfvendor,price,stock,article,note\nAcme,10.5,3,007,\nBeta,9,4,008,late\n"

    answer = desk({"offers.csv": text}).use("read_table", name="offers.csv", limit=1)

    assert answer["columns"] == [
        {"name": "vendor", "type": "text"},
        {"name": "price", "type": "number"},
        {"name": "stock", "type": "integer"},
        {"name": "article", "type": "text"},
        {"name": "note", "type": "text"},
    ]
    assert answer["rows"] == [
        {"vendor": "Acme", "price": 10.5, "stock": 3, "article": "007", "note": None}
    ]
    assert (answer["total_rows"], answer["truncated"]) == (2, True)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("a,b\n1,2,3\n", "row 2: 3 cells"),
        ('a,b\n"open,1\n', "this is no CSV"),
    ],
)
def test_a_broken_table_is_told_with_its_line(text: str, complaint: str) -> None:
    with pytest.raises(ToolFailed, match=complaint):
        parse_csv(text, name="x.csv")


@given(text=st.text(alphabet='ab1,;"\n\t| .-é', max_size=80))
def test_every_text_is_a_table_or_a_complaint(text: str) -> None:
    try:
        table = parse_csv(text, name="x.csv")
    except ToolFailed:
        return
    assert all(len(row) == len(table.columns) for row in table.rows)
    names = [column.name.lower() for column in table.columns]
    assert len(set(names)) == len(names)


def test_a_page_is_fetched_as_its_text() -> None:
    markup = (
        "<html><head><title>x</title><style>p{}</style></head><body><h1>Offers</h1>"
        "<script>steal()</script><p>Acme &amp; Co</p><ul><li>one<li>two</ul></body></html>"
    )
    page = Page(headers={"Content-Type": "text/html; charset=utf-8"}, body=markup.encode())
    with WebServer({"/": page}) as server:
        at = Desk(call=call_with(), allowed=frozenset({server.place}))

        answer = at.use("http_get", url=server.url("/"), limit=12)
        whole = at.use("http_get", url=server.url("/"))

    assert whole["text"] == "Offers\n\nAcme & Co\n\none\ntwo"
    assert (answer["text"], answer["truncated"]) == ("Offers\n\nAcme", True)


def test_answers_of_a_server_are_sorted_by_who_must_act() -> None:
    pages = {
        "/gone": Page(status=404, body=b"no such offer"),
        "/busy": Page(status=503, headers={"Retry-After": "7"}),
        "/zip": Page(headers={"Content-Encoding": "gzip"}, body=b"\x1f\x8b"),
        "/picture": Page(headers={"Content-Type": "image/png"}, body=b"\x89PNG"),
    }
    with WebServer(pages) as server:
        at = Desk(call=call_with(), allowed=frozenset({server.place}))

        with pytest.raises(ToolFailed, match="404: no such offer"):
            at.use("http_get", url=server.url("/gone"))
        with pytest.raises(Upstream) as busy:
            at.use("http_get", url=server.url("/busy"))
        with pytest.raises(ToolFailed, match="packed form"):
            at.use("http_get", url=server.url("/zip"))
        picture = at.use("http_get", url=server.url("/picture"))

    assert busy.value.retry_after_seconds == 7
    assert picture["text"] == "(4 bytes of image/png)"


def test_an_agent_cannot_reach_this_machine() -> None:
    with WebServer({"/": Page(body=b"inside")}) as server:
        with pytest.raises(ToolFailed, match="this machine"):
            desk().use("http_get", url=server.url("/"))
        with pytest.raises(ToolFailed, match="this machine"):
            desk().use("http_post", url=server.url("/"), body={"a": 1})

    assert server.seen == []


def test_sending_goes_out_once_with_its_key_and_follows_no_redirect() -> None:
    with WebServer({"/other": Page(body=b"stolen")}) as server:
        server.pages["/"] = Page(status=303, headers={"Location": server.url("/other")})
        at = Desk(call=call_with(), allowed=frozenset({server.place}))

        answer = at.use("http_post", url=server.url("/"), body={"order": 5})

    (seen,) = server.seen
    assert answer == {"status": 303, "text": "", "location": server.url("/other")}
    assert (seen.method, seen.body) == ("POST", b'{"order": 5}')
    assert seen.headers["idempotency-key"] == at.call.key


@pytest.mark.parametrize(
    ("status", "kind", "ambiguous"),
    [(400, ToolFailed, None), (429, Upstream, False), (500, Upstream, True)],
)
def test_a_failed_sending_says_whether_it_may_have_acted(
    status: int, kind: type[Exception], ambiguous: bool | None
) -> None:
    with WebServer({"/": Page(status=status)}) as server:
        at = Desk(call=call_with(), allowed=frozenset({server.place}))

        with pytest.raises(kind) as caught:
            at.use("http_post", url=server.url("/"), body={})

    assert getattr(caught.value, "ambiguous", None) is ambiguous


def test_sending_is_previewed_in_words_drawn_from_the_call() -> None:
    at = desk()
    tool = at.registry.find("http_post")
    assert tool is not None

    shown = Runner(secrets={}).preview(
        tool, {"url": "https://bank.example/pay", "body": {"a": 1}}, at.call
    )

    assert shown is not None
    assert (shown.what, shown.where) == ("POST 8 bytes of JSON", "https://bank.example/pay")
    assert not shown.reversible


def test_the_time_comes_from_the_clock() -> None:
    assert desk().use("now", timezone="Europe/Berlin") == {
        "time": "2026-07-01T14:00:00+02:00",
        "timezone": "Europe/Berlin",
        "weekday": "Wednesday",
    }
    for wrong in ("Mars/Base", "../../etc/passwd", ""):
        with pytest.raises(ToolFailed, match="no time zone"):
            desk().use("now", timezone=wrong)


def test_facts_are_remembered_recalled_and_forgotten() -> None:
    at = desk()
    at.use("remember", name="preferred vendor", value="Acme, since March")

    assert at.use("recall", query="vendor") == {
        "facts": [{"name": "preferred vendor", "value": "Acme, since March"}]
    }
    assert at.use("forget", name="preferred vendor") == {"forgotten": True}
    assert at.use("forget", name="preferred vendor") == {"forgotten": False}
    with pytest.raises(ToolFailed):
        at.use("remember", name=" ", value="x")


def test_asking_and_handing_off_belong_to_the_agent_loop() -> None:
    at = desk()
    ask, hand_off = at.registry.granted(["ask", "hand_off"])

    assert (ask.labels, hand_off.labels) == ({"loop": "ask"}, {"loop": "hand_off"})
    assert ask.parameters["required"] == ["question"]
    assert hand_off.parameters["required"] == ["agent", "task"]
    with pytest.raises(ToolFailed, match="only while an agent"):
        at.use("ask", question="Which?")
