"""Runs benchmarks by name and writes their figures into docs/benchmarks.md. What `bench/run` calls."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from bench.machine import is_quiet, load
from bench.report import keep
from bench.table import line, reached

NAMES = (
    "routing_core",
    "replay",
    "stored_replay",
    "bulk_hand_out",
    "intake",
    "list_page",
    "expiry",
    "offer_page",
    "live",
    "portal_up",
)


def main() -> int:
    """Exit status 0 when everything that was measured is where it should be, 2 for an unknown name, 1 otherwise."""
    names = sys.argv[1:] or list(NAMES)
    unknown = sorted(set(names) - set(NAMES))
    if unknown:
        print(f"No such benchmark: {', '.join(unknown)}. There are {', '.join(NAMES)}.", file=sys.stderr)
        return 2
    if not is_quiet():
        print("The machine is busy with something else: shares of a limit stay true, other figures do not.")
    everything = [_one(name) for name in names]
    return 0 if all(reached(row) is not False for rows in everything for row in rows) else 1


def _one(name: str) -> list[dict[str, Any]]:
    measure: Callable[[], list[dict[str, Any]]] = import_module(f"bench.{name}").measure
    print(f"{name} …", flush=True)
    began = time.monotonic()
    rows = measure()
    for row in rows:
        print(f"  {line(row)}", flush=True)
    keep(name, rows, time.monotonic() - began, load())
    return rows


if __name__ == "__main__":
    sys.exit(main())
