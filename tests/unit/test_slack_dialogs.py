"""Dialogs that show a text as it is written."""

from __future__ import annotations

from typing import Any, cast

from bots.slack import dialogs


def test_a_document_in_a_dialog_is_shown_whole_and_as_it_is_written() -> None:
    text = "\n".join(f"  - step_{number}: *not bold* <!here>" for number in range(200)) + "\n"

    view = cast("dict[str, Any]", dialogs.document("Workflow", text))

    shown = [
        "".join(part["text"] for part in block["elements"][0]["elements"])
        for block in view["blocks"]
    ]
    assert "\n".join(shown) == text.removesuffix("\n")
    assert all(len(chunk) <= 3_000 for chunk in shown)
    assert {block["elements"][0]["type"] for block in view["blocks"]} == {"rich_text_preformatted"}
