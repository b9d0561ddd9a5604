"""How many decisions one core takes, routing alone: 20 candidates, facts built beforehand, no database. And how long it
takes to find a company's tags in a lead.

    python -m bench.routing_core

Beside it the machine's own limit. For decisions: the same loop over the same candidates doing nothing but what none
can do without, reading the facts the gates and the ledger read and dividing a lead among the weights. For tags:
splitting the text at its blanks and looking every word up.
"""

from __future__ import annotations

import random
import string
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median
from time import perf_counter
from typing import Any
from uuid import UUID

from bench.table import line
from portal.routing import ledger
from portal.routing.facts import NANO, Asking, Candidate, Delivery, LeadFacts, PoolFacts, Rule
from portal.routing.route import hand_out, match_rules
from portal.routing.tags import Tag, Tagger

CANDIDATES = 20
SECONDS = 1.0
RUNS = 3
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SEED = random.Random(20)

LIMIT = "reading the facts of 20 candidates and dividing a lead among them"


def measure() -> list[dict[str, Any]]:
    """Both figures as rows with name, value, unit, reach, limit and limit_name; each the median of three runs."""
    pools = _pools()
    limit = _rate(_bare, pools)
    return [
        _row("routing decisions, 20 candidates", _rate(_decide, pools), 25_000, limit),
        _row("routing decisions with their explanation, 20 candidates", _rate(_explain, pools), 10_000, limit),
        *_tags(),
    ]


def _row(name: str, value: float, reach: int, limit: float) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": "1/s", "reach": reach, "limit": limit, "limit_name": LIMIT}


LEAD = LeadFacts(id=UUID(int=1), source="website", channel="form", has_phone=True)
RULES = [Rule(UUID(int=2), "Default", UUID(int=3), is_default=True)]
FIRST = Asking()


def _decide(pool: PoolFacts) -> None:
    hand_out(LEAD, pool, match_rules(LEAD, RULES), FIRST, NOW)


def _explain(pool: PoolFacts) -> None:
    hand_out(LEAD, pool, match_rules(LEAD, RULES), FIRST, NOW).as_data()


def _bare(pool: PoolFacts) -> None:
    total = 0
    for one in pool.members:
        if one.active and one.receives and one.available and one.open_cap is not None and one.asked is None:
            total += one.weight or 0
    for one in pool.members:
        _ = one.credit + NANO * (one.weight or 0) // total, one.open_leads


def _pools() -> list[PoolFacts]:
    """A pool as it stands before each of 200 leads, so that no two decisions in a row are the same."""
    pools = [pool_of(Delivery.ASSIGN)]
    for lead in range(199):
        now = NOW + timedelta(seconds=lead)
        pools.append(ledger.apply(pools[-1], hand_out(LEAD, pools[-1], None, FIRST, now), now))
    return pools


def pool_of(delivery: Delivery) -> PoolFacts:
    """A pool of 20 in rotation, of different weights."""
    members = tuple(_member(place) for place in range(CANDIDATES))
    return PoolFacts(UUID(int=3), "Buyers", delivery=delivery, members=members)


def _member(place: int) -> Candidate:
    return Candidate(
        UUID(int=SEED.getrandbits(128)),
        f"Agent {place}",
        open_leads=SEED.randrange(50),
        open_cap=1_000,
        last_lead_at=NOW - timedelta(minutes=SEED.randrange(600)),
        weight=SEED.randint(1, 10),
        tie_order=place,
    )


TAGS = 5_000
TEXT_BYTES = 64 * 1024
BARE_SEARCH = "splitting the text at its blanks and looking every word up"


def _tags() -> list[dict[str, Any]]:
    """Milliseconds to find tags in a lead of 64 KB in which every hundredth word or so is one, and their memory."""
    words = ["".join(SEED.choices(string.ascii_lowercase, k=SEED.randint(2, 9))) for _ in range(100_000)]
    tags = [Tag(" ".join(SEED.sample(words, SEED.choice((1, 1, 2, 3))))) for _ in range(TAGS)]
    text = " ".join(SEED.choice(words) + SEED.choice(("", "", ",", ".")) for _ in range(20_000))
    tracemalloc.start()
    tagger = Tagger(tags)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    plain = text[:TEXT_BYTES]
    accented = text.replace("a", "á").encode()[:TEXT_BYTES].decode(errors="ignore")
    known = {tag.text for tag in tags}
    limit = _milliseconds(lambda: [word for word in plain.split() if word in known])
    return [
        _least("5,000 tags in a lead of 64 KB, ASCII", _milliseconds(lambda: tagger.find(plain)), "ms", 2)
        | {"limit": limit, "limit_name": BARE_SEARCH},
        _least("5,000 tags in a lead of 64 KB, accented", _milliseconds(lambda: tagger.find(accented)), "ms", 8)
        | {"limit": limit, "limit_name": BARE_SEARCH},
        _least("memory of 5,000 tags", held / 1_000_000, "MB", None),
    ]


def _least(name: str, value: float, unit: str, reach: float | None) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, "reach": reach}


def _milliseconds(work: Callable[[], object]) -> float:
    """How long `work` takes, the median of 31 times."""
    times = []
    for _ in range(31):
        started = perf_counter()
        work()
        times.append((perf_counter() - started) * 1000)
    return median(times)


def _rate(work: Callable[[PoolFacts], None], pools: list[PoolFacts]) -> float:
    """Calls of `work` a second, the median of three runs of a second each after a short warm-up."""
    _run(work, pools, SECONDS / 10)
    return median(_run(work, pools, SECONDS) for _ in range(RUNS))


def _run(work: Callable[[PoolFacts], None], pools: list[PoolFacts], seconds: float) -> float:
    done, started = 0, perf_counter()
    while (spent := perf_counter() - started) < seconds:
        for pool in pools:
            work(pool)
        done += len(pools)
    return done / spent


def main() -> None:
    """Print the figures."""
    for row in measure():
        print(line(row))


if __name__ == "__main__":
    main()
