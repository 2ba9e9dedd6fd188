"""The file that is uploaded to Teams: the manifest and two icons in a zip."""

from __future__ import annotations

import io
import json
import zipfile

from bots.teams.icons import color_icon, outline_icon
from bots.teams.manifest import COLOR_FILE, OUTLINE_FILE, AppFacts, manifest, problems
from bots.teams.manifest_schema import breaches
from runtime.domain.errors import Refused

_MOMENT = (2026, 1, 1, 0, 0, 0)
"""The same facts give the same bytes."""


def package(facts: AppFacts) -> bytes:
    """Build the app.

    Raises:
        Refused: Teams would not take it; says why.
    """
    app = manifest(facts)
    wrong = problems(app) or breaches(app)
    if wrong:
        raise Refused(f"Teams would refuse this app: {'; '.join(wrong)}")
    spelled = json.dumps(app, indent=2, ensure_ascii=False)
    files = {
        "manifest.json": spelled.encode(),
        COLOR_FILE: color_icon(),
        OUTLINE_FILE: outline_icon(),
    }
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _MOMENT)
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return held.getvalue()
