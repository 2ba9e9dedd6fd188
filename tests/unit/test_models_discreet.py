"""What models say is cleaned before anybody keeps it, and stays what it is: a text, or JSON."""

from __future__ import annotations

import json

import pytest

from runtime.domain.errors import Upstream
from runtime.domain.personal import Personal
from runtime.domain.step import Cost
from runtime.models.completion import Completion, Models, Prompt, ToolCall
from runtime.models.discreet import Discreet
from runtime.observability.personal_data import PersonalData

SECRET = "hunter22-hunter22"
CARD = "4111111111111111"
PROMPT = Prompt(tier="light", turns=())


class _Says(Models):
    def __init__(self, text: str, arguments: str = "{}") -> None:
        self._text, self._arguments = text, arguments

    def complete(self, prompt: Prompt) -> Completion:
        calls = (ToolCall(id="1", name="look", arguments=self._arguments),)
        cost = Cost(usd=0.0, tokens=1)
        return Completion(text=self._text, tool_calls=calls, model="m", cost=cost, finish="stop")


class _Breaks(Models):
    def complete(self, prompt: Prompt) -> Completion:
        raise Upstream(f"you sent {CARD} with {SECRET}", ambiguous=False)


def _said(text: str, arguments: str = "{}") -> tuple[str, str]:
    found = _discreet(_Says(text, arguments)).complete(PROMPT)
    return found.text, found.tool_calls[0].arguments


def _discreet(models: Models) -> Discreet:
    return Discreet(models, secrets=[SECRET, "postgres"], hide=PersonalData([Personal.CARD]))


def test_a_number_in_json_is_hidden_and_the_json_stays_whole() -> None:
    text, arguments = _said(f'{{"account": {CARD}}}', f'{{"pay": [{CARD}, 12]}}')

    assert json.loads(text) == {"account": "[card]"}
    assert json.loads(arguments) == {"pay": ["[card]", 12]}


def test_escapes_and_a_key_that_comes_twice_hide_nothing() -> None:
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in SECRET)

    text, arguments = _said(f'{{"a": "{escaped}"}}', f'{{"a": "{SECRET}", "a": "fine"}}')

    assert json.loads(text) == {"a": "[secret]"}
    assert SECRET not in arguments


def test_what_holds_nothing_of_it_is_given_letter_by_letter() -> None:
    plain = '{ "b":  [1.50, "postgres is a database", "password = read_it()"] }'

    assert _said(plain, plain) == (plain, plain)


def test_a_key_of_a_known_form_is_hidden_whoever_owns_it() -> None:
    text, _ = _said("take sk-live-4711471147114711, please")

    assert text == "take [secret], please"


@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", ["[", '{"a":', "4111 ", "hunter22-"])
def test_nonsense_of_any_length_breaks_nothing(piece: str) -> None:
    text, _ = _said(piece * (100_000 // len(piece)))

    assert text
    assert SECRET not in text


def test_errors_that_quote_what_was_sent_are_cleaned() -> None:
    with pytest.raises(Upstream) as caught:
        _discreet(_Breaks()).complete(PROMPT)

    assert caught.value.public == "you sent [card] with [secret]"
    assert str(caught.value) == caught.value.public
