"""Offers that end: from the end of the window to the next person being offered.

    python -m bench.expiry

10,000 offers stand open in 20 pools of 20 members. First 50 end every second; then 2,000 end within one second. One
quick and one outside worker run, as `portal up --workers 1` starts them. A trigger tells of each new offer when it is
committed, so the figures include everything up to the moment anybody else could see the next offer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg

from bench.bare_expiry import bare_pulse
from bench.open_offers import inside, let_end, open_offers
from bench.stage import Stage, stage
from portal.supervisor.processes import Command, Guardian, start, stop_in_stages
from portal.supervisor.up import worker_commands

OPEN = 10_000
A_SECOND = 50
SECONDS = 20
BURST = 2_000
REACH_P99, REACH_MAX, REACH_BURST = 0.6, 2.0, 5.0
BARE = "a bare loop every 200 ms, two statements, no logic"
_PATIENCE = 60.0

# Tells whoever listens which lead has a new offer, at the moment this is committed: looking for it again and again
# would take the time that is measured.
_TELL = """
    CREATE FUNCTION tell_next_offer() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_notify('next_offer', NEW.lead_id::text); RETURN NULL; END $$;
    CREATE TRIGGER tell_next_offer AFTER INSERT ON offers FOR EACH ROW EXECUTE FUNCTION tell_next_offer();
    LISTEN next_offer"""
_ENDING = "SELECT lead_id::text, extract(epoch FROM expires_at) FROM offers WHERE company_id = %s AND expires_at < %s"


@dataclass(frozen=True, slots=True)
class Lags:
    """Seconds from the end of each window to the next offer, in ascending order; and until the last was passed on."""

    each: list[float]
    all_done: float

    def percentile(self, share: float) -> float:
        return self.each[min(len(self.each) - 1, int(share * len(self.each)))]


Runs = Callable[[Stage, str], AbstractContextManager[None]]


def measure() -> list[dict[str, Any]]:
    """Lag at a steady pace, and the time a burst takes, beside a bare loop."""
    with stage(delivery="offer") as playing:
        steady, burst = _both(playing, workers)
        bare_steady, bare_burst = _both(playing, bare_pulse)
    told = f"of passing an offer on, {OPEN:,} open, {A_SECOND} ending per second"
    return [
        _row(f"p99 lag {told}", steady.percentile(0.99), REACH_P99, bare_steady.percentile(0.99)),
        _row(f"longest lag {told}", steady.each[-1], REACH_MAX, bare_steady.each[-1]),
        _row(f"median lag {told}", steady.percentile(0.5), None, bare_steady.percentile(0.5)),
        _row(f"until {BURST:,} offers ending within one second are all passed on", burst.all_done, REACH_BURST,
             bare_burst.all_done),
        _row("earliest passing on after the end of a window", min(steady.each[0], burst.each[0]), None, None),
    ]  # fmt: skip


def _row(name: str, value: float, reach: float | None, limit: float | None) -> dict[str, Any]:
    limit_name = BARE if limit is not None else None
    return {"name": name, "value": value, "unit": "s", "reach": reach, "limit": limit, "limit_name": limit_name}


def _both(playing: Stage, runs: Runs) -> tuple[Lags, Lags]:
    with playing.database() as database:
        open_offers(playing, database, OPEN)
        with runs(playing, database), inside(playing, database) as connection:
            connection.execute(_TELL)
            connection.commit()
            steady = _ending(playing, connection, A_SECOND * SECONDS, SECONDS)
            burst = _ending(playing, connection, BURST, 1.0)
    return steady, burst


def _ending(playing: Stage, connection: psycopg.Connection, many: int, seconds: float) -> Lags:
    """Let offers end and listen until all are passed on."""
    company = playing.cast.company_id
    starts = _clock(connection) + timedelta(seconds=2)
    let_end(connection, company, many, starts, seconds)
    soon = starts + timedelta(seconds=seconds + 1)
    rows = connection.execute(_ENDING, (company, soon)).fetchall()
    ends = {lead_id: float(at) for lead_id, at in rows if at >= starts.timestamp() - 0.001}
    connection.commit()
    lags = []
    connection.autocommit = True
    for told in connection.notifies(timeout=seconds + _PATIENCE):
        # The server runs on this machine, so this is its clock as well.
        if told.payload in ends:
            lags.append(time.time() - ends.pop(told.payload))
        if not ends:
            break
    all_done = time.time() - starts.timestamp()
    connection.autocommit = False
    if ends:
        raise SystemExit(f"{len(ends)} of {many} offers were not passed on within {_PATIENCE:.0f} s.")
    return Lags(sorted(lags), all_done)


def _clock(connection: psycopg.Connection) -> datetime:
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    connection.commit()
    assert row is not None
    at: datetime = row[0]
    return at


@contextmanager
def workers(playing: Stage, database: str) -> Iterator[None]:
    """One quick and one outside worker, started as `portal up` starts them."""
    guardian = Guardian()
    processes = []
    try:
        for command in worker_commands(1):
            complete = Command(
                command.name, command.arguments, environ=playing.environ(database), folder=command.folder
            )
            with (playing.folder / f"worker-{command.name}.log").open("wb") as output:
                processes.append(start(complete, guardian, output=output))
        _wait_for_signs_of_life(playing)
        yield
    finally:
        stop_in_stages(processes)
        guardian.dismiss()


def _wait_for_signs_of_life(playing: Stage) -> None:
    from portal.queue import OUTSIDE, QUICK, WorkQueue

    assert playing.settings.redis_url is not None
    queue = WorkQueue(playing.settings.redis_url)
    until = time.monotonic() + _PATIENCE
    while queue.heard_from() != {QUICK, OUTSIDE}:
        if time.monotonic() > until:
            raise SystemExit(f"The workers do not start; see {playing.folder}.")
        time.sleep(0.1)


def main() -> None:
    """Print the figures."""
    from bench.table import line

    for row in measure():
        print(line(row), flush=True)


if __name__ == "__main__":
    main()
