from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from runtime.storage.database import Database
from runtime.storage.migrate import migrate
from tests.worlds.source import ROOT

_FRONT = """
import json, sys
from pathlib import Path
from bots.bridge import Bridge
from bots.process import make_app, open_base
from runtime.settings import Settings

home = Path(sys.argv[1])
settings = Settings(
    home=home,
    database_url=sys.argv[2],
    agents_path=Path(sys.argv[3]),
    slack_signing_secret="a" * 32,
    slack_bot_token="xoxb-1-a",
)
bridge = Bridge()
base = open_base(settings, works=False)
app = make_app(base, bridge)
print(json.dumps([sorted(sys.modules), [str(route.resource) for route in app.router.routes()]]))
base.broker.close()
base.database.close()
bridge.close()
"""

_HEAVY = ["litellm", "mcp", "alembic", "openai", "httpx", "httpx2"]


def _run(code: str, *arguments: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "-c", code, *arguments],
        cwd=cwd,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_front_never_loads_what_only_a_worker_needs(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'baton.sqlite'}"
    database = Database(url)
    migrate(database)
    database.close()

    told = _run(_FRONT, str(tmp_path), url, str(ROOT / "agents"), cwd=tmp_path)
    loaded, routes = json.loads(told)

    assert [name for name in _HEAVY if name in loaded] == []
    assert "runtime.worker" not in loaded
    assert any("/slack/events" in route for route in routes)


def test_the_front_door_loads_no_vendor_but_the_database(tmp_path: Path) -> None:
    code = "import json, sys, runtime.service; print(json.dumps(sorted(sys.modules)))"

    loaded = json.loads(_run(code, cwd=tmp_path))

    vendors = ["aiohttp", "dramatiq", "jwt", "msal", "redis", "slack_bolt", "slack_sdk"]
    assert [name for name in [*_HEAVY, *vendors] if name in loaded] == []
    assert "runtime.worker" not in loaded
    assert "runtime.queue" not in loaded


def test_asking_for_help_loads_next_to_nothing(tmp_path: Path) -> None:
    code = """
import json, sys
from bots.terminal.main import main
try:
    main(["--help"])
except SystemExit:
    pass
print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    loaded = json.loads(done.stderr)

    assert "usage: baton" in done.stdout
    assert [
        name for name in [*_HEAVY, "sqlalchemy", "slack_bolt", "aiohttp"] if name in loaded
    ] == []
