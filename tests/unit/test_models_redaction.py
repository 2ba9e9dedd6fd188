"""Secrets do not survive in any text."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest

from runtime.observability.redaction import Redactor, secrets_of

SECRET = "p4ss/word+with=signs"


@pytest.mark.parametrize(
    "form",
    [SECRET, quote(SECRET, safe=""), base64.b64encode(SECRET.encode()).decode()],
    ids=["plain", "url", "base64"],
)
def test_a_known_secret_is_hidden_in_whatever_spelling(form: str) -> None:
    hidden = Redactor([SECRET])(f"before {form} after")

    assert hidden == "before [secret] after"


@pytest.mark.parametrize(
    "text",
    [
        "sk-proj-abc123DEF456",
        "sk-ant-api03-abcdef",
        "sk-abc*****xyz",
        "sk_live_abc123DEF456",
        "xoxb-123456-abcdef",
        "xapp-1-A0-abcdef",
        "AIzaSyA1234567890abcdefghijk",
        "ghp_abcdefghijklmnopqrst",
        "AKIAIOSFODNN7EXAMPLE",
        "eyJhbGciOiJI.eyJzdWIiOiIx.sig-nature",
        "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_what_looks_like_a_key_is_hidden(text: str) -> None:
    assert Redactor()(f"got {text}, sorry") == "got [secret], sorry"


def test_what_stands_after_a_label_is_hidden_and_the_label_stays() -> None:
    redact = Redactor()

    assert redact("Authorization: Basic YWJjZGVm") == "Authorization: Basic [secret]"
    assert redact("Authorization: Bearer abcdef.123456") == "Authorization: Bearer [secret]"
    assert redact('{"api_key": "abcdef123456"}') == '{"api_key": "[secret]"}'
    assert redact("postgresql://me:hunter22@db/x") == "postgresql://me:[secret]@db/x"


def test_ordinary_words_stay_and_twice_is_as_once() -> None:
    redact = Redactor(["hunter-22", "test", ""])
    plain = (
        "the task-runner asked risk-management to test password rules of the ask-agent by pk_table"
    )

    assert redact(plain) == plain
    once = redact("Bearer abcdef123456 and hunter-22")
    assert redact(once) == once


def test_a_secret_within_another_leaves_no_tail() -> None:
    assert Redactor(["abcdef", "abcdef-ghijkl"])("x abcdef-ghijkl y") == "x [secret] y"


def test_secrets_are_told_by_the_names_of_their_variables() -> None:
    found = secrets_of(
        {
            "OPENAI_API_KEY": "value-one",
            "SLACK_BOT_TOKEN": "value-two",
            "MICROSOFT_APP_PASSWORD": "value-three",
            "BATON_DATABASE_URL": "postgresql://me:value%2Dfour@db/x",
            "MICROSOFT_APP_ID": "an-id",
            "TOKEN_URL": "https://host/token",
            "PATH": "/usr/bin",
            "SHORT_KEY": "abc",
        }
    )

    assert set(found) == {"value-one", "value-two", "value-three", "value-four"}


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "piece",
    ["a", "http://", "http://a:", "password ", "eyJabcdefgh-", "-----BEGIN PRIVATE KEY-----"],
)
def test_a_long_text_takes_no_long_time(piece: str) -> None:
    text = piece * (500_000 // len(piece))

    assert Redactor(["some-secret"])(text)
