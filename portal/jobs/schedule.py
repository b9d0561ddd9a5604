"""All periodic work, as one table."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from portal.queue import OUTSIDE, Job, WorkQueue


@dataclass(frozen=True, slots=True)
class Periodic:
    """Work that is done again and again.

    Args:
        every: seconds from one time to the next.
    """

    every: int
    job: Job


PERIODIC = (
    Periodic(
        15 * 60,
        Job("purge_kept_answers", OUTSIDE, "portal.jobs.housekeeping.purge_kept_answers", seconds=300),
    ),
    Periodic(
        60 * 60,
        Job("purge_used_forms", OUTSIDE, "portal.jobs.housekeeping.purge_used_forms", seconds=300),
    ),
)


class Schedule:
    """When this process next asks for each periodic job; the queue lets one process of all have it.

    None of it is urgent: while the queue is away, nothing is done.
    """

    def __init__(self, table: Sequence[Periodic] = PERIODIC) -> None:
        self._next = dict.fromkeys(table, 0.0)

    def due(self, queue: WorkQueue) -> list[Job]:
        """The periodic jobs this process shall hand out now."""
        now = time.monotonic()
        mine = []
        for periodic, at in self._next.items():
            if now >= at:
                # A little sooner than the turn is free again, so that no time is left out.
                self._next[periodic] = now + periodic.every / 10
                if queue.is_my_turn(periodic.job.name, periodic.every):
                    mine.append(periodic.job)
        return mine
