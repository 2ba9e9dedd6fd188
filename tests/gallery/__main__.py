"""Draw every card of Teams with Microsoft's own renderer, and tell what it finds wrong.

``python -m tests.gallery --out FOLDER`` leaves a picture of each to look at; words name the cards
to draw, all of them by default. ``--schema FILE`` checks each against the published schema of
Adaptive Cards 1.5 as well: https://github.com/microsoft/AdaptiveCards, ``schemas/1.5.0``. The app's
manifests are checked against the schemas that Microsoft publishes for them. All this needs npm and
a Chromium, so no test that everybody runs does it; it ends with 1 where something is wrong.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator, Draft6Validator

from bots.teams.manifest import AppFacts, manifest
from tests.gallery.fetched import (
    HOST_CONFIG,
    MANIFEST_SCHEMAS,
    RENDERER,
    MissingError,
    browser,
    fetched,
)
from tests.gallery.page import WIDTH, Noted, page, read_noted, without_teams_only
from tests.gallery.shown import Drawing, drawings
from tests.worlds.teams.cards import faults
from tests.worlds.teams.cast import APP_ID

_LOWEST = 300
"""Windows can be lower; what is drawn in them then is not whole."""
_FACTS = AppFacts(app_id=APP_ID, organisation="Nordlicht", url="https://baton.example.com")


def main(arguments: list[str]) -> int:
    """Draw, tell, and give how it ended."""
    parser = argparse.ArgumentParser(prog="python -m tests.gallery", description=__doc__)
    parser.add_argument("--out", type=Path, help="where to leave the pictures")
    parser.add_argument("--schema", type=Path, help="adaptive-card.json of version 1.5")
    parser.add_argument("names", nargs="*", help="parts of the names of cards")
    asked = parser.parse_args(arguments)
    chosen = [
        one
        for one in drawings()
        if not asked.names or any(part in one.name for part in asked.names)
    ]
    schema = json.loads(asked.schema.read_text(encoding="utf-8")) if asked.schema else None
    try:
        wrong = sum(_drawn(one, out=asked.out, schema=schema) for one in chosen)
        unfit = 0 if asked.names else sum(_unfit(slash=slash) for slash in (False, True))
    except MissingError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{len(chosen) - wrong} of {len(chosen)} cards are fine\n")
    return 1 if wrong or unfit else 0


def _drawn(drawing: Drawing, *, out: Path | None, schema: Any) -> bool:
    """Draw one card; say whether anything is wrong with it."""
    with tempfile.TemporaryDirectory(prefix="baton-gallery-") as folder:
        file = Path(folder) / "card.html"
        spelled = page(drawing, renderer=fetched(RENDERER), host_config=fetched(HOST_CONFIG))
        file.write_text(spelled, encoding="utf-8")
        wide = f"--window-size={WIDTH},1000"
        noted = read_noted(_browse(folder, wide, "--dump-dom", file.as_uri()))
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            size = f"--window-size={WIDTH},{max(noted.height, _LOWEST)}"
            target = (out / f"{drawing.name}.png").resolve()
            _browse(folder, size, f"--screenshot={target}", file.as_uri())
    wrong = [*faults(drawing.card), *_against(schema, drawing), *noted.events]
    sys.stdout.write(f"{drawing.name}: {_told(noted)}{''.join(f'; WRONG: {x}' for x in wrong)}\n")
    sys.stdout.flush()
    return bool(wrong)


def _told(noted: Noted) -> str:
    return f"{noted.height} px, {noted.fields} fields, buttons {', '.join(noted.titles) or 'none'}"


def _against(schema: Any, drawing: Drawing) -> list[str]:
    if schema is None:
        return []
    return _violations(Draft6Validator(schema), without_teams_only(drawing.card))


def _unfit(*, slash: bool) -> bool:
    """Check one manifest; say whether anything is wrong with it."""
    app = json.loads(json.dumps(manifest(replace(_FACTS, slash=slash))))
    version = str(app["manifestVersion"])
    schema = json.loads(fetched(MANIFEST_SCHEMAS[version]).read_text(encoding="utf-8"))
    wrong = _violations(Draft4Validator(schema), app)
    sys.stdout.write(f"manifest {version}{''.join(f'; WRONG: {one}' for one in wrong)}\n")
    return bool(wrong)


def _violations(validator: Any, value: Any) -> list[str]:
    return [
        f"{'/'.join(map(str, one.absolute_path))}: {one.message[:200]}"
        for one in validator.iter_errors(value)
    ]


def _browse(folder: str, *words: str) -> str:
    ended = subprocess.run(
        [
            browser(), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
            "--disable-background-networking", f"--user-data-dir={folder}/profile", *words,
        ],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    return ended.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
