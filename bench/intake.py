"""Taking in and routing leads over HTTP: how many a second, and how long one takes at a steady pace.

    python -m bench.intake [--long]

Beside it, measured in the same minute on copies of the same database: a Flask route without logic that runs the same
SQL, and pgbench running the same SQL. Rates are compared as the median of three rounds, each round running all three.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench import pgbench
from bench.load import Load, cores, post_leads
from bench.recorded import Recording, chosen, record
from bench.stage import Stage, other_web, portal_web, stage

ROUNDS = 3
WARM_UP = 200
LEADS = 1200
PACE = 100
SECONDS, LONG_SECONDS = 60, 300
REACH_OF_BARE, REACH_OF_PGBENCH, REACH_P99 = 0.60, 0.15, 60.0

BARE = "a Flask route without logic, same server, same SQL through psycopg"
PGBENCH = "pgbench, same SQL, one pool row that every lead locks"


@dataclass(frozen=True, slots=True)
class Round:
    """What one round measured. pgbench is None where it is missing."""

    portal: Load
    bare: Load
    pgbench: float | None


def measure(seconds: int = SECONDS) -> list[dict[str, Any]]:
    """The rates beside both limits, the share of the clients, and the answer times at a steady pace."""
    with stage() as playing:
        recording = record(playing, 0, WARM_UP + LEADS)
        rounds = [_round(playing, recording) for _ in range(ROUNDS)]
        paced = _portal(playing, PACE * seconds, PACE)
        bare_paced = _bare(playing, recording, LEADS, PACE)
    return [*_rates(rounds, len(recording.statements)), *_times(rounds, paced, bare_paced, seconds)]


def _round(playing: Stage, recording: Recording) -> Round:
    portal = _portal(playing, LEADS)
    bare = _bare(playing, recording, LEADS)
    with playing.database() as database:
        fastest = pgbench.rate(chosen(recording, 0, LEADS), playing.address(database))
    return Round(portal, bare, fastest)


def _portal(playing: Stage, count: int, pace: float | None = None) -> Load:
    key = playing.cast.api_key
    with playing.database() as database, portal_web(playing, database) as served:
        post_leads(served.port, served.pid, key, 0, WARM_UP)
        return post_leads(served.port, served.pid, key, WARM_UP, count, pace)


def _bare(playing: Stage, recording: Recording, count: int, pace: float | None = None) -> Load:
    file = playing.folder / "recording.pickle"
    chosen(recording, 0, WARM_UP + count).keep(file)
    with playing.database() as database:
        environ = {
            **playing.environ(database),
            "BENCH_RECORDING": str(file),
            "BENCH_ADDRESS": playing.address(database),
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        with other_web(playing, "bench.bare_intake:app", environ) as served:
            post_leads(served.port, served.pid, "", 0, WARM_UP)
            return post_leads(served.port, served.pid, "", WARM_UP, count, pace)


def _rates(rounds: list[Round], statements: int) -> list[dict[str, Any]]:
    name = f"leads taken in and routed over HTTP, 8 clients, 20 members, {statements} statements"
    rate = median(one.portal.rate for one in rounds)
    bare = median(one.bare.rate for one in rounds)
    rows = [_rate_row(name, rate, REACH_OF_BARE, bare, BARE)]
    fastest = [one.pgbench for one in rounds if one.pgbench is not None]
    if fastest:
        rows.append(_rate_row(name, rate, REACH_OF_PGBENCH, median(fastest), PGBENCH))
    else:
        print(f"Not compared: {pgbench.MISSING}.", file=sys.stderr)
    used = median(one.portal.clients_used for one in rounds)
    web = median(one.portal.web_milliseconds for one in rounds)
    bare_web = median(one.bare.web_milliseconds for one in rounds)
    rows.append(_plain_row("the clients' own use of the processor meanwhile", used, "cores", cores(), "the machine"))
    rows.append(_plain_row("the web process' processor time per lead", web, "ms", bare_web, BARE))
    return rows


def _rate_row(name: str, rate: float, share: float, limit: float, limit_name: str) -> dict[str, Any]:
    return {
        "name": name,
        "value": rate,
        "unit": "1/s",
        "reach": share * limit,
        "reach_text": f"{share:.0%} of the limit",
        "limit": limit,
        "limit_name": limit_name,
    }


def _plain_row(name: str, value: float, unit: str, limit: float, limit_name: str) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, "reach": None, "limit": limit, "limit_name": limit_name}


def _times(rounds: list[Round], paced: Load, bare_paced: Load, seconds: int) -> list[dict[str, Any]]:
    told = f"of taking in a lead at {PACE} leads/s held for {seconds} s"
    return [
        {
            "name": f"p99 {told}",
            "value": paced.percentile(0.99),
            "unit": "ms",
            "reach": REACH_P99,
            "limit": bare_paced.percentile(0.99),
            "limit_name": BARE,
        },
        {
            "name": f"median {told}",
            "value": paced.percentile(0.5),
            "unit": "ms",
            "reach": None,
            "limit": bare_paced.percentile(0.5),
            "limit_name": BARE,
        },
    ]


def main() -> None:
    """Print the figures."""
    from bench.table import line

    for row in measure(LONG_SECONDS if "--long" in sys.argv[1:] else SECONDS):
        print(line(row), flush=True)


if __name__ == "__main__":
    main()
