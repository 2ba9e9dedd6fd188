from __future__ import annotations

import re
import tomllib
from typing import cast

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

from tests.worlds.source import ROOT, sources


def _contracts() -> list[dict[str, object]]:
    configured = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return cast("list[dict[str, object]]", configured["tool"]["importlinter"]["contracts"])


def test_every_contract_on_imports_is_kept() -> None:
    status = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)

    assert status == EXIT_STATUS_SUCCESS, "run lint-imports to read which import breaks it"


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
