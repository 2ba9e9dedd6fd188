from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from typing import cast

from tests.worlds.source import ROOT, sources


def _contracts() -> list[dict[str, object]]:
    configured = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return cast("list[dict[str, object]]", configured["tool"]["importlinter"]["contracts"])


def test_every_contract_on_imports_is_kept() -> None:
    # In a process of its own: the linter switches off every logger there is in the one it runs in.
    code = (
        "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    )

    linted = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert linted.returncode == 0, linted.stdout[-3000:]


def test_every_channel_is_in_the_contract_that_keeps_channels_apart() -> None:
    channels = {f"bots.{path.parent.name}" for path in (ROOT / "bots").glob("*/channel.py")}

    apart = next(one for one in _contracts() if one["type"] == "independence")

    assert channels <= set(cast("list[str]", apart["modules"]))


def test_the_model_library_is_named_in_one_file_only() -> None:
    # The library is imported by name, at the first call; the contract on imports cannot see that.
    named = [
        source.name
        for source in sources("runtime", "bots")
        if re.search(r"""(import litellm|import_module\(["']litellm|from litellm)""", source.text)
    ]

    assert named == ["runtime/models/library.py"]
