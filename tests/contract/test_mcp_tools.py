"""Tools of MCP servers, over both transports, with servers that die, hang and change."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

import pytest

from runtime.domain.effects import Effect
from runtime.domain.errors import Misconfigured, TimedOut, ToolFailed, Upstream
from runtime.domain.json import JsonObject
from runtime.tools.mcp import McpServers, ServerConfig, parse_servers
from runtime.tools.registry import Registry
from runtime.tools.runner import Runner
from runtime.tools.tool import Tool
from tests.worlds.calls import call_with
from tests.worlds.mcp.http_server import HttpServer, free_port

SECRET = "tok-5f0c2e91ab"
ENVIRONMENT = MappingProxyType({"CRM_TOKEN": SECRET})
ROOT = str(Path(__file__).parents[2])


def process_environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": ROOT, "CRM_TOKEN": SECRET}


def stdio(state: Path, **more: object) -> ServerConfig:
    return ServerConfig(
        name="crm",
        command=sys.executable,
        args=("-m", "tests.worlds.mcp.server", str(state)),
        env={"CRM_TOKEN": "${CRM_TOKEN}", "PYTHONPATH": ROOT},
        **more,  # pyright: ignore[reportArgumentType] - a test's shorthand
    )


class World:
    """One server behind one of the transports."""

    def __init__(self, state: Path, *, http: HttpServer | None) -> None:
        self.state = state
        self.http = http

    def config(self, **more: object) -> ServerConfig:
        if self.http is None:
            return stdio(self.state, **more)
        return ServerConfig(
            name="crm",
            url=self.http.url,
            headers={"Authorization": "Bearer ${CRM_TOKEN}"},
            **more,  # pyright: ignore[reportArgumentType] - a test's shorthand
        )

    def recorded(self) -> list[str]:
        log = self.state / "recorded"
        return log.read_text().split() if log.exists() else []


@pytest.fixture(params=["stdio", "http"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    if request.param == "stdio":
        yield World(tmp_path, http=None)
        return
    server = HttpServer(tmp_path, environment=process_environment())
    yield World(tmp_path, http=server)
    server.kill()


@pytest.fixture
def start() -> Iterator[Callable[..., McpServers]]:
    begun: list[McpServers] = []

    def begin(*configs: ServerConfig) -> McpServers:
        servers = McpServers(configs, environment=ENVIRONMENT)
        begun.append(servers)
        servers.start()
        return servers

    yield begin
    for servers in begun:
        servers.close()


def use(servers: McpServers, name: str, arguments: JsonObject) -> object:
    tool = Registry(servers.tools, missing=servers.problems).find(name)
    assert tool is not None
    return Runner(secrets={}).run(tool, arguments, call_with())


def named(servers: McpServers, name: str) -> Tool:
    return next(tool for tool in servers.tools if tool.name == name)


def test_every_tool_of_a_server_is_offered_under_its_name(
    world: World, start: Callable[..., McpServers]
) -> None:
    servers = start(world.config())

    tools = Registry(servers.tools).granted(["crm.*"])

    assert "crm.customer" in [tool.name for tool in tools]
    assert servers.problems == {}
    customer = named(servers, "crm.customer")
    assert customer.description == "Look a customer up."
    assert customer.parameters["required"] == ["number"]
    assert customer.untrusted
    assert customer.source == "mcp:crm"


def test_results_come_back_as_json(world: World, start: Callable[..., McpServers]) -> None:
    servers = start(world.config())

    structured = use(servers, "crm.customer", {"number": 7})
    text = use(servers, "crm.shout", {"text": "hello"})
    mixed = use(servers, "crm.picture", {})

    assert structured == {"number": 7, "name": "Ada"}
    assert text == "HELLO"
    assert mixed == ["a dot", {"type": "image", "media_type": "image/png", "base64_size": 8}]


def test_arguments_that_do_not_fit_never_reach_the_server(
    world: World, start: Callable[..., McpServers]
) -> None:
    servers = start(world.config())

    with pytest.raises(ToolFailed, match=r"\$\.note: expected string, got number 5"):
        use(servers, "crm.record", {"note": 5})

    assert world.recorded() == []


def test_a_failure_the_server_reports_is_told_to_the_model(
    world: World, start: Callable[..., McpServers]
) -> None:
    servers = start(world.config())

    with pytest.raises(ToolFailed, match="the customer is locked"):
        use(servers, "crm.refuse", {})


def test_a_server_that_dies_in_the_middle_of_a_call_leaves_the_outcome_in_doubt(
    world: World, start: Callable[..., McpServers]
) -> None:
    servers = start(world.config(timeout_seconds=5.0))

    with pytest.raises(Upstream) as caught:
        use(servers, "crm.die", {"note": "once"})

    assert caught.value.ambiguous
    assert world.recorded() == ["once"]


def test_a_server_that_came_back_is_used_again(
    world: World, start: Callable[..., McpServers]
) -> None:
    servers = start(world.config(timeout_seconds=10.0))
    with pytest.raises(Upstream):
        use(servers, "crm.die", {"note": "first"})
    if world.http is not None:
        world.http.kill()
        world.http.start()

    answer = use(servers, "crm.shout", {"text": "back"})

    assert answer == "BACK"


def test_a_server_that_stays_away_is_a_passing_trouble_and_no_call(
    tmp_path: Path, start: Callable[..., McpServers]
) -> None:
    server = HttpServer(tmp_path, environment=process_environment())
    world = World(tmp_path, http=server)
    servers = start(world.config(timeout_seconds=5.0))
    server.kill()

    with pytest.raises(Upstream) as caught:
        use(servers, "crm.record", {"note": "lost"})

    assert not caught.value.ambiguous
    assert world.recorded() == []


def test_a_hanging_call_ends_at_its_limit_and_the_server_stays_usable(
    world: World, start: Callable[..., McpServers]
) -> None:
    servers = start(world.config(timeout_seconds=1.5))

    with pytest.raises(TimedOut) as caught:
        use(servers, "crm.hang", {})

    assert caught.value.ambiguous
    assert (world.state / "hanging").exists()
    assert use(servers, "crm.shout", {"text": "still here"}) == "STILL HERE"


def test_a_definition_changed_after_listing_is_not_called(
    world: World, start: Callable[..., McpServers]
) -> None:
    servers = start(world.config())
    use(servers, "crm.rewrite", {})

    with pytest.raises(ToolFailed, match="changed the definition"):
        use(servers, "crm.record", {"note": "never"})

    assert world.recorded() == []


def test_a_definition_changed_across_a_restart_is_not_called(
    tmp_path: Path, start: Callable[..., McpServers]
) -> None:
    world = World(tmp_path, http=None)
    servers = start(world.config())
    with pytest.raises(Upstream):
        use(servers, "crm.die", {"note": "first"})
    (tmp_path / "description").write_text("Write a note down, and mail it to me.")

    with pytest.raises(ToolFailed, match="changed the definition"):
        use(servers, "crm.record", {"note": "second"})

    assert world.recorded() == ["first"]


def test_what_was_injected_does_not_come_back(tmp_path: Path) -> None:
    with McpServers([stdio(tmp_path)], environment=ENVIRONMENT) as servers:
        answer = use(servers, "crm.leak", {})

    assert answer == "the token is [secret]"


def test_an_effect_is_irreversible_until_an_operator_says_otherwise(
    tmp_path: Path, start: Callable[..., McpServers]
) -> None:
    plain = start(stdio(tmp_path))
    trusting = start(stdio(tmp_path, trust_annotations=True))
    declared = start(stdio(tmp_path, effects={"record": Effect.WRITE}))

    assert named(plain, "crm.customer").effect is Effect.IRREVERSIBLE
    assert named(trusting, "crm.customer").effect is Effect.READ
    assert named(trusting, "crm.record").effect is Effect.IRREVERSIBLE
    assert named(declared, "crm.record").effect is Effect.WRITE


def test_only_allowed_tools_exist(tmp_path: Path, start: Callable[..., McpServers]) -> None:
    servers = start(stdio(tmp_path, allow=("cust*", "shout")))

    assert [tool.name for tool in servers.tools] == ["crm.customer", "crm.shout"]


def test_a_server_that_is_down_stops_nothing_and_is_reported(
    tmp_path: Path, start: Callable[..., McpServers]
) -> None:
    gone = ServerConfig(name="gone", url=f"http://127.0.0.1:{free_port()}/mcp")
    absent = ServerConfig(name="absent", command="/no/such/program")
    broken = ServerConfig(
        name="broken", command=sys.executable, args=("-c", "raise SystemExit('no licence')")
    )
    unset = ServerConfig(name="unset", command=sys.executable, env={"KEY": "${NOT_SET}"})

    servers = start(gone, absent, broken, unset, stdio(tmp_path))

    assert sorted(servers.problems) == ["absent", "broken", "gone", "unset"]
    assert "cannot be reached" in servers.problems["gone"]
    assert "no licence" in servers.problems["broken"]
    assert "NOT_SET is not set" in servers.problems["unset"]
    registry = Registry(servers.tools, missing=servers.problems)
    assert [tool.name for tool in registry.granted(["gone.*", "crm.shout"])] == ["crm.shout"]
    assert "cannot be reached" in registry.absent(["gone.*", "crm.shout"])["gone.*"]


def test_a_server_that_was_down_is_offered_after_another_start(tmp_path: Path) -> None:
    server = HttpServer(tmp_path, environment=process_environment())
    server.kill()
    config = World(tmp_path, http=server).config(timeout_seconds=5.0)
    servers = McpServers([config], environment=ENVIRONMENT)
    servers.start()
    missing = dict(servers.problems)
    server.start()

    servers.start()

    assert "crm" in missing
    assert servers.problems == {}
    assert use(servers, "crm.shout", {"text": "here"}) == "HERE"
    servers.close()
    server.kill()


def test_calls_from_many_threads_do_not_mix(world: World, start: Callable[..., McpServers]) -> None:
    servers = start(world.config())
    answers: dict[int, object] = {}

    def ask(number: int) -> None:
        answers[number] = use(servers, "crm.customer", {"number": number})

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert answers == {n: {"number": n, "name": "Ada"} for n in range(12)}


def test_closing_ends_the_processes(tmp_path: Path) -> None:
    servers = McpServers([stdio(tmp_path)], environment=ENVIRONMENT)
    others = _children()
    servers.start()
    started = _children() - others

    servers.close()

    assert len(started) == 1
    assert not started & _children()
    with pytest.raises(Upstream, match="is closed") as caught:
        use(servers, "crm.shout", {"text": "too late"})
    assert not caught.value.ambiguous


def _children() -> set[int]:
    tasks = Path(f"/proc/{os.getpid()}/task")
    found: set[int] = set()
    for task in tasks.iterdir():
        # A thread may end between being listed and being asked.
        with suppress(FileNotFoundError, ProcessLookupError):
            found.update(int(pid) for pid in (task / "children").read_text().split())
    return found


def test_the_configuration_is_read_strictly() -> None:
    text = """{
      "mcpServers": {
        "crm": {
          "command": "crm-server",
          "args": ["--fast"],
          "env": {"TOKEN": "${CRM_TOKEN}"},
          "baton": {"effects": {"lookup": "read"}, "timeout_seconds": 12, "allow": ["look*"]}
        },
        "web": {"url": "https://mcp.example/mcp", "headers": {"X-Key": "${KEY}"}}
      }
    }"""

    crm, web = parse_servers(text, file="agents/mcp.json")

    assert crm.effects == {"lookup": Effect.READ}
    assert (crm.timeout_seconds, crm.allow, crm.args) == (12.0, ("look*",), ("--fast",))
    assert (web.url, web.references()) == ("https://mcp.example/mcp", ("KEY",))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"mcpServers": {', r"mcp\.json:1: this is not JSON"),
        ('{\n"servers": {}}', r"mcp\.json:2: servers: 'servers' is not known"),
        ('{"mcpServers": {"a": {}}}', 'either a "command" or a "url"'),
        ('{"mcpServers": {"a b": {"command": "x"}}}', "no server name"),
        ('{"mcpServers": {"a": {"url": "ftp://x"}}}', "https://"),
        ('{"mcpServers": {"a": {"url": "https://u:p@x/"}}}', "without credentials"),
        ('{"mcpServers": {\n"a": {"comand": "x"}}}', r"mcp\.json:2: .*did you mean 'command'"),
        (
            '{"mcpServers": {"a": {"command": "x", "baton": {"effects": {"t": "reed"}}}}}',
            "one of: read, write, irreversible",
        ),
        (
            '{"mcpServers": {"a": {"command": "x", "baton": {"timeout_seconds": 0}}}}',
            "above 0",
        ),
    ],
)
def test_a_mistake_in_the_configuration_is_named_with_its_line(text: str, complaint: str) -> None:
    with pytest.raises(Misconfigured, match=complaint):
        parse_servers(text, file="agents/mcp.json")
