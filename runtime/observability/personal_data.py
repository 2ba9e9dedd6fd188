"""Take out of texts what is about a person and nobody else's business: cards, accounts, addresses.

Card numbers and account numbers carry check digits, so that what looks like one and is none stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from runtime.domain.json import Json
from runtime.domain.personal import Personal
from runtime.domain.words import storable
from runtime.observability.redaction import Redactor

Clean = Callable[[str], str]
"""Gives a text without what must not be kept; applying it twice changes nothing more."""


_FORMS = {
    # 14 to 19 digits as networks give them out, in groups or not, and no part of a longer number.
    Personal.CARD: re.compile(r"(?<![\d.])[2-6](?:(?:[ -]|%20)?\d){13,18}(?![\d]|\.\d)"),
    # In one piece, or in capitals and groups of four as it is printed.
    Personal.IBAN: re.compile(
        r"(?<![A-Za-z0-9])(?:[A-Za-z]{2}\d{2}[A-Za-z0-9]{11,30}"
        r"|[A-Z]{2}\d{2}(?:(?: |%20)[A-Z0-9]{4}){2,7}(?:(?: |%20)[A-Z0-9]{1,3})?)(?![A-Za-z0-9])"
    ),
    Personal.EMAIL: re.compile(
        r"(?<![\w.+-])[\w.+-]{1,64}(?:@|%40)(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w-])"
    ),
    # With a plus, or with a leading zero and at least one break: bare numbers mean many things.
    Personal.PHONE: re.compile(
        r"(?<![\w+.])(?<!\d )(?:(?:\+|%2B)\d(?:(?:[ /().-]|%20){0,2}\d){7,13}"
        r"|\(?0\d{2,4}\)?[ /-](?:[ -]?\d){5,9})"
        r"(?![\w.]*\d)"
    ),
}


class PersonalData:
    """Hides these kinds of personal data; nothing where none are given."""

    def __init__(self, kinds: Iterable[Personal] = ()) -> None:
        # In one order, whatever was given: an account number may hold what looks like a card's.
        given = set(kinds)
        order = (Personal.IBAN, Personal.CARD, Personal.EMAIL, Personal.PHONE)
        self._kinds = [kind for kind in order if kind in given]

    def __call__(self, text: str) -> str:
        """Give ``text`` with a mark in the place of each, such as ``[card]``."""
        for kind in self._kinds:
            text = _FORMS[kind].sub(lambda found, kind=kind: _hidden(kind, found.group()), text)
        return text


def cleaner(
    hide: Clean = PersonalData(),  # noqa: B008 - it never changes
    *,
    secrets: Iterable[str] = (),
) -> Clean:
    """Give what makes people's words fit to be kept.

    People paste keys into chats; what looks like one, or is one of ``secrets``, is stored, shown
    and told to models nowhere.
    """
    redact = Redactor(secrets)
    return lambda text: hide(redact(storable(text)))


def cleaned(value: Json, clean: Clean) -> Json:
    """Give JSON with every text in it cleaned, keys and numbers too."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(key): cleaned(entry, clean) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(entry, clean) for entry in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        said = str(value)
        hidden = clean(said)
        return value if hidden == said else hidden
    return value


def unclean(value: Json, clean: Clean) -> frozenset[str]:
    """Give the texts in JSON that may not be kept as they are, keys and numbers too."""
    found: set[str] = set()

    def look(text: str) -> str:
        plain = storable(text)
        if clean(plain) != plain:
            found.add(plain)
        return text

    cleaned(value, look)
    return frozenset(found)


def _hidden(kind: Personal, found: str) -> str:
    plain = re.sub(r"[ -]|%20", "", found)
    if kind is Personal.CARD and not _luhn(plain):
        return found
    if kind is Personal.IBAN and not _mod_97(plain.upper()):
        return found
    return f"[{kind.value}]"


def _luhn(digits: str) -> bool:
    """Check a card number's last digit (ISO/IEC 7812-1); one digit alone repeated is nobody's."""
    doubled = [int(digit) * 2 for digit in digits[-2::-2]]
    total = sum(map(int, digits[-1::-2])) + sum(one - 9 if one > 9 else one for one in doubled)
    return total % 10 == 0 and len(set(digits)) > 1


def _mod_97(account: str) -> bool:
    """Check an account number's two check digits (ISO 13616)."""
    if not 15 <= len(account) <= 34:
        return False
    moved = account[4:] + account[:4]
    return int("".join(str(int(letter, 36)) for letter in moved)) % 97 == 1
