"""How long routing takes to replay 100,000 leads of days gone by through a drafted set-up, and in how much memory.

    python -m bench.replay

A pool of 20 that offers its leads in turn; a tenth of the people are away at each lead, and one offer in five is missed
and passed on. Leads are made as they are replayed, as the portal reads them from the database page by page.

Beside it the machine's own limit: the same number of single hand-outs of one such pool, each from facts that stand
ready, and nothing kept of what they came to.
"""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from statistics import median
from time import perf_counter
from typing import Any

from bench.routing_core import FIRST, LEAD, NOW, RULES, pool_of
from bench.table import line
from portal.routing.facts import Asked, Delivery
from portal.routing.replay import PastLead, Setup, Tally, replay
from portal.routing.route import hand_out, match_rules

LEADS = 100_000
RUNS = 3
REACH_S = 20
REACH_MB = 300

POOL = pool_of(Delivery.OFFER)
PEOPLE = [one.user_id for one in POOL.members]


def measure() -> list[dict[str, Any]]:
    """Both figures as rows; the time is the median of three runs, the memory what one run adds at its peak."""
    spent = median(_timed() for _ in range(RUNS))
    return [
        {
            "name": "replay of 100,000 leads, pool of 20 that offers in turn",
            "value": spent,
            "unit": "s",
            "reach": REACH_S,
            "limit": _limit(),
            "limit_name": "as many single hand-outs of such a pool",
        },
        {"name": "memory of such a replay", "value": _memory(), "unit": "MB", "reach": REACH_MB},
    ]


def _timed() -> float:
    started = perf_counter()
    tally = _replay(LEADS)
    spent = perf_counter() - started
    if sum(tally.received.values()) != LEADS or not tally.missed:
        raise AssertionError(f"this was no replay: {tally}")
    return spent


def _memory() -> float:
    # Every allocation is noted, which takes many times as long: what a tenth needs at its peak, the whole does.
    tracemalloc.start()
    _replay(LEADS // 10)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most / 1_000_000


def _limit() -> float:
    started = perf_counter()
    for _ in range(LEADS):
        hand_out(LEAD, POOL, match_rules(LEAD, RULES), FIRST, NOW)
    return perf_counter() - started


def _replay(count: int) -> Tally:
    return replay(_leads(count), Setup(RULES, {POOL.id: POOL}, POOL.members))


def _leads(count: int) -> Iterator[PastLead]:
    chance = random.Random(7)
    for place in range(count):
        away = frozenset(chance.sample(PEOPLE, 2))
        answers = dict.fromkeys(chance.sample(PEOPLE, 4), Asked.MISSED)
        yield PastLead(LEAD, NOW + timedelta(seconds=place), answers, away)


def main() -> None:
    """Print the figures."""
    for row in measure():
        print(line(row))


if __name__ == "__main__":
    main()
