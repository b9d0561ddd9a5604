"""Keeps docs/benchmarks.md: one section per benchmark, each with the date and machine it was measured on.

Sections of benchmarks that did not run, and sections somebody wrote by hand, stay as they are.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.machine import described
from bench.table import cells

FILE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
HEADER = """# Benchmarks

Written by `bench/run`. Each figure stands beside the machine's own limit, measured in the same run: what the same
hardware does when nothing is left but the work nobody can avoid. Rates are the median of three rounds. Shares of a
limit can be compared between machines, and survive other programs running meanwhile; absolute figures do neither. The
load is the five-minute average when a benchmark ended: well above the number of cores means that others were busy.
"""
_TITLES = {
    "routing_core": "Routing alone",
    "replay": "Replay of leads of days gone by",
    "stored_replay": "Replay of stored leads, from end to end",
    "bulk_hand_out": "Handing out many waiting leads",
    "intake": "Taking in a lead",
    "list_page": "The lead list",
    "expiry": "Offers that run out",
    "offer_page": "The offer page",
    "live": "Live updates",
    "portal_up": "Everything `portal up` starts",
}


def keep(name: str, rows: list[dict[str, Any]], seconds: float, load: float) -> None:
    """Write the section of one benchmark.

    Args:
        seconds: how long it took.
        load: how busy the machine was.
    """
    sections = _sections()
    sections[_TITLES[name]] = _section(rows, seconds, load)
    ordered = [title for title in _TITLES.values() if title in sections]
    ordered += [title for title in sections if title not in ordered]
    parts = [HEADER, *(f"## {title}\n\n{sections[title].strip()}\n" for title in ordered)]
    FILE.write_text("\n".join(parts), encoding="utf-8")


def _sections() -> dict[str, str]:
    if not FILE.exists():
        return {}
    parts = re.split(r"^## (.+)\n", FILE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _section(rows: list[dict[str, Any]], seconds: float, load: float) -> str:
    at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    lines = [
        f"{at}, load {load:.1f}, took {seconds:.0f} s. {described()}.",
        "",
        "| work | figure | reach | | limit of the machine | what that is |",
        "|---|---|---|---|---|---|",
        *("| " + " | ".join((row["name"], *cells(row))) + " |" for row in rows),
    ]
    return "\n".join(lines)
