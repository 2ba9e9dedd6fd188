from __future__ import annotations

import json
from typing import cast

import pytest

from bots.console.markdown import blocks, inline


def test_headings_lists_tables_and_code_are_read() -> None:
    text = (
        "# Offers\n\nTwo **good** ones:\n\n1. Nordlicht\n2. Castellan\n   fast\n\n"
        "| vendor | price |\n|---|--:|\n| Nordlicht | 949 |\n\n```sql\nselect *\n```\n> noted\n---"
    )

    tree = blocks(text)

    assert tree == [
        {"tag": "h1", "children": ["Offers"]},
        {"tag": "p", "children": ["Two ", {"tag": "strong", "children": ["good"]}, " ones:"]},
        {
            "tag": "ol",
            "start": 1,
            "items": [
                {"indent": 0, "children": ["Nordlicht"]},
                {"indent": 0, "children": ["Castellan\nfast"]},
            ],
        },
        {
            "tag": "table",
            "head": [["vendor"], ["price"]],
            "rows": [[["Nordlicht"], ["949"]]],
        },
        {"tag": "pre", "children": ["select *"]},
        {"tag": "blockquote", "children": ["noted"]},
        {"tag": "hr", "children": []},
    ]


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[click](javascript:alert(1))",
        "![x](data:text/html,<script>)",
    ],
)
def test_markup_and_odd_addresses_stay_text(hostile: str) -> None:
    (paragraph,) = blocks(hostile)

    assert isinstance(paragraph, dict)
    children = cast(list[str], paragraph["children"])
    assert "".join(children) == hostile


def test_a_link_shows_where_it_leads() -> None:
    assert inline("see [your bank](https://evil.example/x).") == [
        "see ",
        {
            "tag": "a",
            "href": "https://evil.example/x",
            "children": ["your bank (https://evil.example/x)"],
        },
        ".",
    ]


def test_snake_case_names_are_not_emphasis() -> None:
    assert inline("use record_purchase_order and 2*3*4") == ["use record_purchase_order and 2*3*4"]


@pytest.mark.parametrize(
    "hostile",
    [
        "*" * 20_000,
        "[" * 20_000,
        "`" * 20_000,
        "> " * 5_000,
        "_a" * 10_000,
        "|-" * 10_000 + "\n|-|",
    ],
)
@pytest.mark.timeout(5)
def test_hostile_text_is_read_quickly_and_flatly(hostile: str) -> None:
    assert json.dumps(blocks(hostile))


def test_an_unclosed_fence_keeps_its_text() -> None:
    assert blocks("```\nrest") == [{"tag": "pre", "children": ["rest"]}]
