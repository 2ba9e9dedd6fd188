"""Run measurements by name, all of them by default, and print the table."""

from __future__ import annotations

import importlib
import sys
import time
import warnings

from bench.places import places
from bench.table import Measured, spelled

NAMES = (
    "sequential_step",
    "many_runs",
    "fan_out",
    "agent_turn",
    "idle_pickup",
    "slack_event",
    "teams_activity",
    "teams_memory",
    "approval_click",
    "policy",
    "pending_approvals",
    "footprint",
    "workflows",
    "sleepers",
)


def main(names: list[str]) -> int:
    """Measure; give 0 where every goal is met."""
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        print(f"no measurement {', '.join(unknown)}; there are {', '.join(NAMES)}")
        return 2
    warnings.simplefilter("ignore")
    rows: list[Measured] = []
    with places() as there:
        for name in names or NAMES:
            began = time.perf_counter()
            rows += importlib.import_module(f"bench.{name}").measure(there)
            print(f"{name}: {time.perf_counter() - began:.1f} s", file=sys.stderr, flush=True)
    print(spelled(rows))
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
