"""From a person's decision to the waiting step at work again, in another process.

The decision is made through the front door, as a click is; the step runs in a ``baton worker``,
reached through Redis, on PostgreSQL. Both clocks are this machine's.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

from bench.agent_turn import ME, ended, said
from bench.places import POSTGRES, Places
from bench.processes import CONTENT, baton, scripted_model
from bench.table import Measured, median, quantile
from bots import process
from runtime.domain.approval import Approval, Decide, Verdict
from runtime.settings import Settings

_CLICKS = 40
_SOME_SECONDS = 60.0


def measure(places: Places) -> Iterator[Measured]:
    """Let runs wait for people, then decide one after another while the worker idles."""
    settings = Settings.model_validate(
        {
            "database_url": places.url(POSTGRES),
            "redis_url": places.redis_url,
            "agents_path": CONTENT,
            "home": places.folder / "clicks",
            "log_level": "ERROR",
        }
    )
    waits: list[float] = []
    base = process.open_base(settings, works=False)
    with scripted_model(places.folder / "model.log") as model_url:
        for_worker = {
            "BATON_DATABASE_URL": places.url(POSTGRES),
            "BATON_REDIS_URL": places.redis_url,
            "BATON_AGENTS_PATH": str(CONTENT),
            "BATON_HOME": str(places.folder / "worker"),
            "BATON_MODEL": "openai/stub",
            "BATON_LOG_LEVEL": "ERROR",
            "OPENAI_API_KEY": "not-a-key",
            "OPENAI_API_BASE": model_url,
        }
        with baton("worker", for_worker, log=places.folder / "worker.log"):
            runs = [said(base, "sign") for _ in range(_CLICKS)]
            for run in runs:
                _waiting(base, run)
            for run in runs:
                time.sleep(0.05)
                approval = _waiting(base, run)
                clicked = datetime.now(UTC)
                base.runtime.decide(
                    Decide(
                        approval=approval.id, person=ME, verdict=Verdict.APPROVE, surface="terminal"
                    )
                )
                ended(base, run)
                waits.append((_went_on(base, run) - clicked).total_seconds())
    base.broker.close()
    base.database.close()
    yield Measured(
        name="approval → waiting step running, p95", on="postgres, redis",
        value=quantile(waits, 0.95) * 1000, unit="ms", goal=100.0,
        beside=f"p50 {median(waits) * 1000:.1f} ms of {_CLICKS}; worker in its own process",
    )  # fmt: skip


def _waiting(base: process.Base, run: str) -> Approval:
    give_up_at = time.monotonic() + _SOME_SECONDS
    while not (found := base.runtime.approvals(workspace=None, run=run)):
        assert time.monotonic() < give_up_at, f"{run} asks for nothing"
        time.sleep(0.05)
    return found[0]


def _went_on(base: process.Base, run: str) -> datetime:
    """Give when the handler wrote its first new line after the approval."""
    rows = base.runtime.trace(run, workspace=None)
    times = [row.step.started_at for row in rows if "/recheck/" in row.step.path]
    assert len(times) == 1
    assert times[0] is not None
    return times[0]
