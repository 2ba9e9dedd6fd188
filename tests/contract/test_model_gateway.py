"""What the gateway promises, whatever a provider does; against a scripted server on loopback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runtime.domain.errors import Misconfigured, Refused, TimedOut, Upstream
from runtime.models.choice import PROVIDERS
from runtime.models.completion import Prompt, ToolCall, ToolSpec, Turn
from runtime.models.gateway import Gateway
from runtime.models.library import Loader
from runtime.models.tiers import Model, Tier, Tiers, parse_tiers
from tests.worlds.openai import Answer, OpenAIWorld, Rule
from tests.worlds.openai.leftovers import tidied

KEY = "sk-canary-4f1f2c9d8e7b"
ROOT = Path(__file__).parents[2]


class FrozenClock:
    """Time that moves when told to."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


@pytest.fixture(autouse=True, scope="module")
def _tidied() -> Iterator[None]:
    with tidied():
        yield


@pytest.fixture
def world() -> Iterator[OpenAIWorld]:
    with OpenAIWorld() as world:
        yield world


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def open_gateway(world: OpenAIWorld, clock: FrozenClock, tmp_path: Path) -> Callable[..., Gateway]:
    def build(
        *names: str, timeout_seconds: float = 10, max_concurrency: int = 8, max_retries: int = 0
    ) -> Gateway:
        tier = Tier(
            name="light",
            models=tuple(
                Model(name=name, api_base=world.base_url, api_key=KEY)
                for name in (names or ("openai/stub",))
            ),
            timeout_seconds=timeout_seconds,
            max_concurrency=max_concurrency,
            max_retries=max_retries,
        )
        return Gateway(
            Tiers(tiers={"light": tier}), clock=clock, dialogues=tmp_path, pause=lambda _: None
        )

    return build


def ask(text: str = "hello", *, tools: tuple[ToolSpec, ...] = ()) -> Prompt:
    return Prompt(tier="light", turns=(Turn(role="user", text=text),), tools=tools)


def tool(name: str) -> ToolSpec:
    return ToolSpec(name=name, description="d", parameters={"type": "object", "properties": {}})


def test_an_answer_comes_with_its_tokens_and_its_model(
    world: OpenAIWorld, open_gateway: Callable[..., Gateway]
) -> None:
    world.script.add(Rule(answers=[Answer(text="good day", tokens=30)]))

    said = open_gateway().complete(ask())

    assert (said.text, said.model, said.finish) == ("good day", "openai/stub", "stop")
    assert (said.cost.tokens, said.cost.usd, said.demonstration) == (30, 0.0, False)


def test_tool_names_with_dots_reach_the_provider_without_and_come_back_with(
    world: OpenAIWorld, open_gateway: Callable[..., Gateway]
) -> None:
    world.script.add(Rule(answers=[Answer(tools=[{"name": "files__read", "arguments": {"a": 1}}])]))
    earlier = ToolCall(id="c1", name="files.list", arguments="{}")
    turns = (
        Turn(role="user", text="hi"),
        Turn(role="assistant", tool_calls=(earlier,)),
        Turn(role="tool", text='{"ok": true}', tool_call_id="c1"),
    )

    said = open_gateway().complete(
        Prompt(tier="light", turns=turns, tools=(tool("files.read"), tool("files.list")))
    )

    assert [(call.name, json.loads(call.arguments)) for call in said.tool_calls] == [
        ("files.read", {"a": 1})
    ]
    assert said.finish == "tool_calls"
    sent = world.requests[0].body
    assert [one["function"]["name"] for one in sent["tools"]] == ["files__read", "files__list"]
    assert sent["messages"][1]["tool_calls"][0]["function"]["name"] == "files__list"
    assert "metadata" not in sent


def test_a_tool_that_the_model_made_up_keeps_its_name(
    world: OpenAIWorld, open_gateway: Callable[..., Gateway]
) -> None:
    world.script.add(Rule(answers=[Answer(tools=[{"name": "no__such", "arguments": "{broken"}])]))

    said = open_gateway().complete(ask(tools=(tool("files.read"),)))

    assert (said.tool_calls[0].name, said.tool_calls[0].arguments) == ("no__such", "{broken")


def test_a_schema_is_asked_for_in_words_where_the_model_cannot_be_held_to_it(
    world: OpenAIWorld, open_gateway: Callable[..., Gateway]
) -> None:
    world.script.add(Rule(answers=[Answer(text='```json\n{"a": 1}\n```')]))
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    turns = (Turn(role="user", text="hi"),)

    said = open_gateway().complete(Prompt(tier="light", turns=turns, schema=schema))
    open_gateway("openai/gpt-4o").complete(Prompt(tier="light", turns=turns, schema=schema))

    assert json.loads(said.text) == {"a": 1}
    worded, held = (received.body for received in world.requests)
    assert '"integer"' in worded["messages"][-1]["content"]
    assert "response_format" not in worded
    assert held["response_format"]["json_schema"]["schema"] == schema


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(status=500), Upstream),
        (Answer(status=502), Upstream),
        (Answer(status=503), Upstream),
        (Answer(status=529), Upstream),
        (Answer(status=409), Upstream),
        (Answer(status=408), TimedOut),
        (Answer(status=504), TimedOut),
        (Answer(cut="before"), Upstream),
        (Answer(cut="middle"), Upstream),
        (Answer(body=""), Upstream),
        (Answer(body='{"id": "x", "choi'), Upstream),
        (Answer(body="{}"), Upstream),
        (Answer(body="[1, 2]"), Upstream),
        (Answer(body='{"choices": []}'), Upstream),
        (Answer(body='{"choices": [{"message": null}]}'), Upstream),
        (Answer(body='{"choices": [{"message": {"content": null}}]}'), Upstream),
        (Answer(body="<html>502</html>"), Upstream),
        (Answer(tools=[{"name": None}]), Upstream),
        (Answer(status=401), Misconfigured),
        (Answer(status=402), Misconfigured),
        (Answer(status=403), Misconfigured),
        (Answer(status=404), Misconfigured),
        (Answer(status=429, error_code="insufficient_quota"), Misconfigured),
        (Answer(status=400), Refused),
        (Answer(status=413), Refused),
        (Answer(status=422), Refused),
    ],
    ids=lambda value: str(value)[:60] if isinstance(value, Answer) else value.__name__,
)
def test_a_failure_is_laid_at_the_right_door(
    world: OpenAIWorld,
    open_gateway: Callable[..., Gateway],
    answer: Answer,
    kind: type[Exception],
) -> None:
    world.script.add(Rule(answers=[answer]))

    with pytest.raises(Exception) as caught:
        open_gateway().complete(ask())

    assert type(caught.value) is kind
    assert "openai/stub" in str(caught.value)
    assert "Traceback" not in str(caught.value)


@pytest.mark.parametrize("said", ["7", "Sun, 01 Mar 2026 12:00:07 GMT"])
def test_a_rate_limit_tells_when_to_come_back_and_is_kept_without_asking_again(
    world: OpenAIWorld, open_gateway: Callable[..., Gateway], clock: FrozenClock, said: str
) -> None:
    world.script.add(Rule(answers=[Answer(status=429, retry_after=said), Answer(text="well")]))
    gateway = open_gateway()

    with pytest.raises(Upstream) as first:
        gateway.complete(ask())
    clock.time += timedelta(seconds=2)
    waits: list[float] = []
    for _ in range(3):
        with pytest.raises(Upstream) as held:
            gateway.complete(ask())
        waits.append(held.value.retry_after_seconds or 0)
    clock.time += timedelta(seconds=6)

    assert first.value.retry_after_seconds == 7.0
    assert waits == sorted(set(waits))
    assert all(5 < wait < 7 for wait in waits)
    assert len(world.requests) == 1
    assert gateway.complete(ask()).text == "well"


def test_a_model_that_does_not_answer_in_time_is_given_up(
    world: OpenAIWorld, open_gateway: Callable[..., Gateway]
) -> None:
    world.script.add(Rule(answers=[Answer(hold=True)]))

    with pytest.raises(TimedOut, match="no answer in time"):
        open_gateway(timeout_seconds=0.3, max_retries=3).complete(ask())

    assert len(world.requests) == 1


def test_a_server_that_is_not_there_is_upstream(clock: FrozenClock, tmp_path: Path) -> None:
    model = Model(name="openai/stub", api_base="http://127.0.0.1:9/v1", api_key=KEY)
    tier = Tier(name="light", models=(model,), max_retries=0)

    with pytest.raises(Upstream) as caught:
        Gateway(Tiers(tiers={"light": tier}), clock=clock, dialogues=tmp_path).complete(ask())

    assert caught.value.ambiguous is False


@pytest.mark.parametrize("name", ["nonsense", "nonsense/model"])
def test_a_model_of_no_known_provider_is_the_operators_to_mend(
    open_gateway: Callable[..., Gateway], name: str
) -> None:
    with pytest.raises(Misconfigured, match=r"models\.yaml"):
        open_gateway(name).complete(ask())


@pytest.mark.parametrize(
    "name", ["openai/gpt-4o", "anthropic/claude-haiku-4-5", "gemini/gemini-2.5-flash"]
)
def test_a_missing_key_is_the_operators_to_mend(
    name: str, clock: FrozenClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.delenv(variable, raising=False)
    tier = Tier(name="light", models=(Model(name=name),))

    with pytest.raises(Misconfigured, match="key"):
        Gateway(Tiers(tiers={"light": tier}), clock=clock, dialogues=tmp_path).complete(ask())


def test_too_long_a_conversation_is_refused_with_the_limit(
    world: OpenAIWorld, open_gateway: Callable[..., Gateway]
) -> None:
    message = "This model's maximum context length is 8192 tokens. Yours had 9000 tokens."
    world.script.add(
        Rule(answers=[Answer(status=400, message=message, error_code="context_length_exceeded")])
    )

    with pytest.raises(Refused, match="8,192 tokens"):
        open_gateway().complete(ask())


def test_a_broken_model_is_asked_again_and_then_the_next_one(
    world: OpenAIWorld, open_gateway: Callable[..., Gateway]
) -> None:
    world.script.add(Rule(model="^first$", answers=[Answer(status=500)]))
    world.script.add(Rule(model="^second$", answers=[Answer(text="from the second")]))

    said = open_gateway("openai/first", "openai/second", max_retries=2).complete(ask())

    assert (said.text, said.model) == ("from the second", "openai/second")
    assert [one.body["model"] for one in world.requests] == ["first"] * 3 + ["second"]


def test_a_wrong_key_is_not_hidden_by_a_fallback(
    world: OpenAIWorld, open_gateway: Callable[..., Gateway]
) -> None:
    world.script.add(Rule(answers=[Answer(status=401)]))

    with pytest.raises(Misconfigured):
        open_gateway("openai/first", "openai/second").complete(ask())

    assert len(world.requests) == 1


def test_when_every_model_fails_the_words_of_each_are_kept(
    world: OpenAIWorld, open_gateway: Callable[..., Gateway]
) -> None:
    limited = Answer(status=429, retry_after="9", message="slow down please")
    world.script.add(Rule(model="first", answers=[limited]))
    world.script.add(Rule(model="second", answers=[Answer(status=401, message="who are you")]))

    with pytest.raises(Upstream) as caught:
        open_gateway("openai/first", "openai/second").complete(ask())

    assert "slow down please" in caught.value.public
    assert "who are you" in caught.value.public
    assert caught.value.retry_after_seconds == 9


def test_no_secret_of_ours_comes_back_in_an_error(
    world: OpenAIWorld, clock: FrozenClock, tmp_path: Path
) -> None:
    other = "plain-looking-value-778"
    echoed = f"bad key {KEY} or {other}, Bearer abcdef123456, xoxb-1234-abcdef"
    world.script.add(Rule(answers=[Answer(status=401, message=echoed)]))
    model = Model(name="openai/stub", api_base=world.base_url, api_key=KEY)
    tiers = Tiers(tiers={"light": Tier(name="light", models=(model,))}, secrets=(other,))

    with pytest.raises(Misconfigured) as caught:
        Gateway(tiers, clock=clock, dialogues=tmp_path).complete(ask())

    assert "bad key [secret] or [secret], Bearer [secret], [secret]" in caught.value.public
    assert world.requests[0].headers["Authorization"] == f"Bearer {KEY}"
    assert KEY not in repr(tiers)
    assert other not in repr(tiers)


def test_an_own_address_is_never_given_the_providers_key(
    world: OpenAIWorld, clock: FrozenClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    world.script.add(Rule())
    model = Model(name="openai/stub", api_base=world.base_url)
    tiers = Tiers(tiers={"light": Tier(name="light", models=(model,))})

    Gateway(tiers, clock=clock, dialogues=tmp_path).complete(ask())

    assert KEY not in world.requests[0].headers["Authorization"]


def test_the_providers_own_variables_pass_through(
    world: OpenAIWorld, clock: FrozenClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {"OPENAI_API_KEY": KEY, "OPENAI_API_BASE": world.base_url}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    world.script.add(Rule(answers=[Answer(status=401, message=f"bad key {KEY}")]))
    tiers = parse_tiers(
        "tiers: {light: {model: auto}}",
        source="models.yaml",
        environment=environment,
        override="openai/stub",
    )

    with pytest.raises(Misconfigured, match=r"bad key \[secret\]"):
        Gateway(tiers, clock=clock, dialogues=tmp_path).complete(ask())

    assert world.requests[0].headers["Authorization"] == f"Bearer {KEY}"


def test_no_more_calls_than_allowed_are_under_way_at_once(
    world: OpenAIWorld, open_gateway: Callable[..., Gateway]
) -> None:
    world.script.add(
        Rule(
            answers=[
                Answer(text="alone"),
                Answer(text="first", hold=True),
                Answer(text="later", hold=True),
            ]
        )
    )
    gateway = open_gateway(max_concurrency=2)
    # Two first calls at once would each open a client, and the library forgets to close one.
    gateway.complete(ask())

    with ThreadPoolExecutor(5) as pool:
        waiting = [pool.submit(gateway.complete, ask()) for _ in range(5)]
        world.wait_for_requests(3)
        world.release()
        said = [one.result(20) for one in waiting]

    assert len(said) == len(world.requests) - 1 == 5
    assert world.most_at_once == 2


def test_whoever_gets_no_place_in_time_is_sent_away(
    world: OpenAIWorld, open_gateway: Callable[..., Gateway]
) -> None:
    world.script.add(Rule(answers=[Answer(hold=True)]))
    # Two silent models keep the only place for twice as long as anybody waits for it.
    gateway = open_gateway("openai/first", "openai/second", max_concurrency=1, timeout_seconds=1)

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(gateway.complete, ask("slow"))
        world.wait_for_requests(1, seconds=30)
        with pytest.raises(Upstream, match="places of tier 'light'"):
            gateway.complete(ask("quick"))
        with pytest.raises(Upstream, match="no answer in time"):
            holding.result(20)

    sent = [one.body["messages"][0]["content"] for one in world.requests]
    assert sent == ["slow", "slow"]


def test_a_huge_answer_is_cut_and_says_so(
    world: OpenAIWorld, open_gateway: Callable[..., Gateway]
) -> None:
    world.script.add(Rule(answers=[Answer(huge=3_000_000)]))

    said = open_gateway().complete(ask())

    assert (len(said.text), said.finish) == (1_000_000, "length")


def test_an_unknown_tier_is_named_with_those_there_are(
    open_gateway: Callable[..., Gateway],
) -> None:
    with pytest.raises(Misconfigured, match=r"'heavy'.*light"):
        open_gateway().complete(Prompt(tier="heavy", turns=()))


def test_the_library_is_loaded_at_the_first_call_only_and_without_a_network(tmp_path: Path) -> None:
    program = """
import os, socket, sys
from datetime import UTC, datetime
from pathlib import Path

tried = []
real = socket.socket.connect
def connect(self, address):
    tried.append(address)
    raise OSError("no network here")
socket.socket.connect = connect
def resolve(*args, **kwargs):
    tried.append(args)
    raise OSError("no names here")
socket.getaddrinfo = resolve

from runtime.models.completion import Prompt, Turn
from runtime.models.gateway import Gateway
from runtime.models.tiers import parse_tiers

class Clock:
    def now(self):
        return datetime.now(UTC)

text = "tiers: {light: {model: auto}}"
tiers = parse_tiers(text, source="models.yaml", environment={})
gateway = Gateway(tiers, clock=Clock(), dialogues=Path(sys.argv[1]))
assert "litellm" not in sys.modules, "loaded too early"
said = gateway.complete(Prompt(tier="light", turns=(Turn(role="user", text="hello"),)))
assert "litellm" in sys.modules
assert said.demonstration and said.cost.tokens > 0
assert tried == [], tried
assert "STRAY_SETTING" not in os.environ, "a .env was read behind our back"
"""
    (tmp_path / ".env").write_text("STRAY_SETTING=1\n")

    ended = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_the_models_that_auto_chooses_are_known_with_limits_and_schemas() -> None:
    library = Loader()()

    chosen = {
        provider.model_for(tier)
        for provider in PROVIDERS[:3]
        for tier in ("planner", "light", "strong", "another")
    }

    assert {name for name in chosen if not library.limit_tokens(name)} == set()
    assert {name for name in chosen if not library.takes_schema(name)} == set()


DIALOGUE = """
- said: Count the offers
  match: count the offers
  purpose: work
  calls: [{tool: files.read, arguments: {name: offers.csv}}]
  answered: "There are ${calls.0.count}."
"""


@pytest.fixture
def demonstration(clock: FrozenClock, tmp_path: Path) -> Gateway:
    (tmp_path / "analyst").mkdir()
    (tmp_path / "analyst" / "dialogue.yaml").write_text(DIALOGUE)
    tier = Tier(name="light", models=(Model(name="demo/baton"),))
    return Gateway(Tiers(tiers={"light": tier}), clock=clock, dialogues=tmp_path)


def demonstrate(*later: Turn, schema: dict[str, str] | None = None) -> Prompt:
    return Prompt(
        tier="light",
        turns=(Turn(role="user", text='{"task": "Count the offers"}'), *later),
        tools=(tool("files.read"),),
        labels={"agent": "analyst@3f2a91", "purpose": "work"},
        schema=schema,
    )


def test_the_demonstration_model_speaks_through_the_same_call(demonstration: Gateway) -> None:
    first = demonstration.complete(demonstrate())
    (call,) = first.tool_calls
    later = (
        Turn(role="assistant", tool_calls=first.tool_calls),
        Turn(role="tool", tool_call_id=call.id, text='{"ok": true, "result": {"count": 3}}'),
    )
    last = demonstration.complete(demonstrate(*later))
    shaped = demonstration.complete(demonstrate(*later, schema={"type": "string"}))

    assert (call.name, json.loads(call.arguments)) == ("files.read", {"name": "offers.csv"})
    assert first.finish == "tool_calls"
    assert last.text.startswith("There are 3.")
    assert last.text.endswith("demonstration model, which follows scripts.")
    assert json.loads(shaped.text) == last.text
    assert (last.model, last.demonstration, last.cost.usd) == ("demo/baton", True, 0.0)
    assert last.cost.tokens > 0


def test_a_broken_script_is_the_operators_to_mend(demonstration: Gateway, tmp_path: Path) -> None:
    (tmp_path / "analyst" / "dialogue.yaml").write_text("- said: [")

    with pytest.raises(Misconfigured, match=r"analyst/dialogue\.yaml"):
        demonstration.complete(demonstrate())


def test_the_scripted_server_also_runs_by_itself(clock: FrozenClock, tmp_path: Path) -> None:
    script = tmp_path / "script.yaml"
    script.write_text("- contains: hel+o\n  answers: [{json: {a: 1}}, {status: 500}]\n")
    command = [sys.executable, "-m", "tests.worlds.openai", "--script", str(script)]

    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        model = Model(name="openai/stub", api_base=address)
        tiers = Tiers(tiers={"light": Tier(name="light", models=(model,), max_retries=0)})
        gateway = Gateway(tiers, clock=clock, dialogues=tmp_path)
        said = gateway.complete(ask())
        with pytest.raises(Upstream):
            gateway.complete(ask())
        server.send_signal(signal.SIGTERM)

    assert json.loads(said.text) == {"a": 1}
    assert server.returncode == 0
