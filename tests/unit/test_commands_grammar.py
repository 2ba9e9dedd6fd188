from __future__ import annotations

import pytest

from bots.commands import Command, parse
from bots.commands.grammar import VERBS, help_text
from bots.commands.usage import NotUnderstood


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        ("", Command(verb="help")),
        ("HELP", Command(verb="help")),
        ("help run", Command(verb="help", text="run")),
        ("runs", Command(verb="runs")),
        ("status", Command(verb="status")),
        ("Status #12", Command(verb="status", target="12")),
        ("trace run_01k3v9", Command(verb="trace", target="run_01k3v9")),
        ("  cancel   12 ", Command(verb="cancel", target="12")),
        ("approve 3", Command(verb="approve", target="3")),
        ("approve 3 looks fine", Command(verb="approve", target="3", text="looks fine")),
        ('approve 3 "looks fine"', Command(verb="approve", target="3", text="looks fine")),
        (
            "approve 3 seen:AB12cd34 fine",
            Command(verb="approve", target="3", seen="ab12cd34", text="fine"),
        ),
        ("reject 3 it's too dear", Command(verb="reject", target="3", text="it's too dear")),
        ("resolve 3 happened", Command(verb="resolve", target="3", text="happened")),
        ("cost", Command(verb="cost")),
    ],
)
def test_a_line_is_understood(typed: str, command: Command) -> None:
    assert parse(typed) == command


@pytest.mark.parametrize(
    ("typed", "text", "agent"),
    [
        ("run compare the offers", "compare the offers", None),
        ('run "compare the offers"', "compare the offers", None),
        ("run “compare the offers”", "compare the offers", None),
        ("run 'what's new?'", "'what's new?'", None),
        ("run what's new?", "what's new?", None),
        ('run say "hi" and "bye"', 'say "hi" and "bye"', None),
        ("run compare --agent analyst", "compare", "analyst"),
        ("run compare —agent analyst", "compare", "analyst"),
        ("run –agent “analyst” compare", "compare", "analyst"),
        ("run --agent=analyst compare", "compare", "analyst"),
        ("run ask my --agent about it", "ask my --agent about it", None),
        ("run first\nsecond line", "first\nsecond line", None),
    ],
)
def test_the_text_of_a_run_is_kept_as_written(typed: str, text: str, agent: str | None) -> None:
    assert parse(typed) == Command(verb="run", text=text, agent=agent)


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("stauts 12", "status [RUN]"),
        ("aprove 3", "approve N"),
        ("order 20 laptops please", "run TEXT"),
        ("cancel", "cancel RUN"),
        ("cancel everything", "cancel RUN"),
        ("reject 3", "reject N reason"),
        ("resolve 3", "resolve N"),
        ("runs please", "runs"),
        ("run", "run TEXT"),
        ("run --agent analyst", "run TEXT"),
    ],
)
def test_what_is_not_understood_says_what_to_write(typed: str, hint: str) -> None:
    with pytest.raises(NotUnderstood) as refused:
        parse(typed)

    assert hint in refused.value.public


def test_help_lists_every_verb_and_explains_one() -> None:
    listed = help_text()

    assert all(verb.usage in listed and verb.summary in listed for verb in VERBS)
    assert max(map(len, listed.splitlines())) <= 110
    assert help_text("reject").startswith("reject N reason")
