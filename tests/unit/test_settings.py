from __future__ import annotations

from pathlib import Path

import pytest

from runtime.settings import Settings


def test_a_variable_that_is_not_ours_decides_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "HOST", "PORT", "MODEL", "DATABASE_URL", "REDIS_URL"):
        monkeypatch.setenv(name, "65000")

    settings = Settings()

    assert settings.home == Path(".baton")
    assert settings.host == "127.0.0.1"
    assert settings.port == 8484
    assert settings.model is None
    assert settings.database_url is None
    assert settings.redis_url is None


def test_places_that_http_tools_may_reach_are_separated_by_commas(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BATON_HTTP_ALLOW", "127.0.0.1:9000, intranet.example:443,")

    assert Settings().http_allow == ("127.0.0.1:9000", "intranet.example:443")


def test_an_empty_line_in_dotenv_leaves_the_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BATON_PORT", raising=False)
    (tmp_path / ".env").write_text("BATON_PORT=\n", encoding="utf-8")

    assert Settings().port == 8484


def test_code_may_name_the_fields(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BATON_PORT", "1")

    assert Settings.model_validate({"port": 2, "home": tmp_path}).port == 2
